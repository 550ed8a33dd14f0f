"""Before and after: two sessions of one runner as a page, as JSON, and for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from station import __version__
from station.export import documents
from station.export.analysis_json import filled, measure_json, number
from station.export.beside import Difference, Setup, differences
from station.export.earlier import Earlier
from station.export.pages import page
from station.export.plots import Say, range_bar
from station.export.report_plots import verdict
from station.export.report_rows import Unknown, named, together
from station.export.written import number as written
from station.export.written import sided, span
from station.faults import norms
from station.language import Catalogue
from station.types import KMH_PER_MPS, QUANTITIES
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
        return together((name, found.reason) for name, found in self.changes.items())

    def sayer(self, spoken: Catalogue) -> Say:
        """Near and far legs become left and right where both were filmed from one side."""
        sides = {setup.near_side for setup in self.setups}
        near_side = sides.pop() if len(sides) == 1 and sides <= {"left", "right"} else None
        return lambda english: spoken.text(sided(english, near_side))

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
    return filled(
        documents.Compared,
        one.setup,
        name=name,
        session_id=one.session_id or None,
        started_utc=one.started_utc or None,
        near_side=one.setup.near_side or None,
        pelvic_source=one.setup.pelvic_source or None,
        model_sha256=one.setup.model_sha256 or None,
    )


def compare_table(one: Comparison, spoken: Catalogue) -> str:
    """Lines for the terminal."""
    say = one.sayer(spoken)
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
    return page("station.export", "compare.html.jinja", one.sayer(spoken), shown)


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
    decimals, usual = QUANTITIES[name].decimals, norms.band(name, one.after.setup.speed_mps)
    both = one.before.measures[name], one.after.measures[name]
    before, after = (written(measure.value, decimals) for measure in both)
    return named(name) | {
        "before": before,
        "after": after,
        "bars": [Markup(range_bar(measure.value, *measure.ci95_change, usual)) for measure in both],
        "verdict": verdict(found, decimals),
        "changed": found.clear,
        "usual": "" if math.isnan(usual[0]) else f"Usual: {span(*usual, decimals)}.",
    }
