"""Before and after: two sessions of one runner as a page, as JSON, and for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from station import __version__
from station.export import documents
from station.export.analysis_json import measure_json, number
from station.export.beside import Difference, Setup, differences
from station.export.earlier import Earlier
from station.export.pages import page
from station.export.plots import range_bar
from station.export.report_plots import verdict
from station.export.report_rows import Unknown, leg_of
from station.export.written import number as written
from station.export.written import sided, span
from station.faults import norms
from station.language import Catalogue
from station.types import KMH_PER_MPS, NAN, QUANTITIES, Measure
from station.wall_clock import local


@dataclass(frozen=True, slots=True)
class Comparison:
    """`before` and `after` with the names they were asked for by, and what changed."""

    names: tuple[str, str]
    before: Earlier
    after: Earlier
    time_zone: str = "UTC"

    @property
    def setups(self) -> tuple[Setup, Setup]:
        return self.before.setup, self.after.setup

    @property
    def changes(self) -> dict[str, Difference]:
        return differences(self.before.measures, self.after.measures, self.setups)

    @property
    def compared(self) -> dict[str, Difference]:
        return {name: found for name, found in self.changes.items() if not found.reason}

    @property
    def unknown(self) -> list[Unknown]:
        """What cannot be compared, together by reason."""
        by_reason: dict[str, list[str]] = {}
        for name, found in self.changes.items():
            if found.reason:
                by_reason.setdefault(found.reason, []).append(QUANTITIES[name].label)
        return [Unknown(tuple(labels), reason) for reason, labels in by_reason.items()]

    @property
    def near_side(self) -> str | None:
        """Of both, None where they differ or nobody knows."""
        sides = {setup.near_side for setup in self.setups}
        return sides.pop() if len(sides) == 1 and sides <= {"left", "right"} else None

    def summary(self) -> str:
        """In one sentence: how many measures surely changed."""
        clear = sum(found.clear for found in self.compared.values())
        return f"{clear} of {len(self.compared)} measures have changed by more than the method errs."


def compare_json(one: Comparison, created_utc: str) -> documents.Comparison:
    return {
        "schema": "station.compare/1",
        "created_utc": created_utc,
        "station_version": __version__,
        "before": _head(one.names[0], one.before),
        "after": _head(one.names[1], one.after),
        "changes": {name: _change(name, one, found) for name, found in one.changes.items()},
    }


def _change(name: str, one: Comparison, found: Difference) -> documents.MeasureChange:
    return {
        "before": measure_json(one.before.measures[name]),
        "after": measure_json(one.after.measures[name]),
        "change": number(found.value),
        "ci95": [number(found.value - found.half), number(found.value + found.half)],
        "state": "cannot_tell" if found.reason else "changed" if found.clear else "no_clear_change",
        "reason": found.reason or None,
        "unit": QUANTITIES[name].unit,
    }


def _head(name: str, one: Earlier) -> documents.Compared:
    setup = one.setup
    return {
        "name": name,
        "session_id": one.session_id or None,
        "started_utc": one.started_utc or None,
        "near_side": setup.near_side or None,
        "speed_mps": number(setup.speed_mps),
        "pelvic_source": setup.pelvic_source or None,
        "model_sha256": setup.model_sha256 or None,
        "azimuth_deg": number(setup.azimuth_deg),
        "fps": number(setup.fps),
    }


def compare_table(one: Comparison, spoken: Catalogue) -> str:
    """Lines for the terminal."""

    def say(english: str) -> str:
        return spoken.text(sided(english, one.near_side))

    lines = [say(one.summary()), ""]
    for row in _rows(one):
        unit = f" ({say(row['unit'])})" if row["unit"] else ""
        leg = f", {say(row['leg'])}" if row["leg"] else ""
        before, after = say(row["before"]), say(row["after"])
        lines.append(f"  {say(row['label'])}{unit}{leg}: {before} -> {after}  {say(row['verdict'])}")
    lines += [f"  {'; '.join(map(say, unknown.labels))}: {say(f'cannot tell: {unknown.reason}')}" for unknown in one.unknown]
    return "\n".join(lines)


def compare_html(one: Comparison, created_utc: str, spoken: Catalogue) -> bytes:
    """The page, in the language of the catalogue."""

    def say(english: str) -> str:
        return spoken.text(sided(english, one.near_side))

    shown = {
        "language": spoken.code,
        "sessions": [
            (label, *_session(name, session, spoken, one.time_zone))
            for label, name, session in zip(("Before", "After"), one.names, (one.before, one.after), strict=True)
        ],
        "summary": one.summary(),
        "rows": _rows(one),
        "unknown": one.unknown,
        "created": spoken.date(created_utc),
        "version": __version__,
    }
    return page("station.export", "compare.html.jinja", say, shown)


def _session(name: str, one: Earlier, spoken: Catalogue, time_zone: str) -> tuple[str, Sequence[str]]:
    """Its name, and date, speed and side as far as they are known."""
    date = local(one.started_utc, time_zone).strftime(spoken.tongue.date) if one.started_utc else ""
    speed = one.setup.speed_mps
    facts = [Markup.escape(date), f"{speed * KMH_PER_MPS:.1f} km/h" if not math.isnan(speed) else "belt speed unknown"]
    side = {"left": "filmed from the left", "right": "filmed from the right"}.get(one.setup.near_side, "")
    return name, [fact for fact in (*facts, side) if fact]


def _rows(one: Comparison) -> list[dict[str, Any]]:
    return [_row(name, one, found) for name, found in one.compared.items()]


def _row(name: str, one: Comparison, found: Difference) -> dict[str, Any]:
    quantity, speed_mps = QUANTITIES[name], one.after.setup.speed_mps
    usual = norms.band(name, speed_mps) if name in norms.MEASURES else (NAN, NAN)
    there = not math.isnan(usual[0])

    def bar(measure: Measure) -> Markup:
        return Markup(range_bar(measure.value, *measure.ci95_change, usual) if there else "")

    before, after = one.before.measures[name], one.after.measures[name]
    return {
        "label": quantity.label,
        "unit": quantity.mark,
        "leg": leg_of(name),
        "before": written(before.value, quantity.decimals),
        "after": written(after.value, quantity.decimals),
        "bars": (bar(before), bar(after)),
        "verdict": verdict(found, quantity.decimals),
        "changed": found.clear,
        "usual": f"Usual: {span(*usual, quantity.decimals)}." if there else "",
    }
