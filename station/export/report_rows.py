"""The tables of the report: what was measured, what changed, what the rules saw, what was said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from station.export import wording
from station.export.beside import difference
from station.export.plots import range_bar
from station.export.report_plots import verdict
from station.export.written import clock, number, span
from station.faults import BY_NAME, norms
from station.types import QUANTITIES, FaultReport, Measure, Recording, SessionPage, Stretch


@dataclass(frozen=True, slots=True)
class Unknown:
    """Quantities that cannot be told for one reason."""

    labels: tuple[str, ...]
    reason: str


def measures(recording: Recording) -> list[dict[str, Any]]:
    return [_row(name, m, recording.speed.mps) for name, m in recording.summary.items() if m.measured]


def _row(name: str, measure: Measure, speed_mps: float) -> dict[str, Any]:
    """`usual`: of healthy runners at that speed, "–" where nobody was measured; `bar`: the value on
    the usual range, an <svg>; `place`: where the value lies in it."""
    quantity, usual = QUANTITIES[name], norms.band(name, speed_mps)
    return named(name) | {
        "meaning": quantity.meaning,
        "value": number(measure.value, quantity.decimals),
        "interval": span(measure.low, measure.high, quantity.decimals),
        "usual": span(*usual, quantity.decimals),
        "place": place(measure, usual) if np.isfinite(usual[0]) else "",
        "bar": Markup(range_bar(measure.value, measure.low, measure.high, usual)),
    }


def named(name: str) -> dict[str, Any]:
    """What the rows of every table say of their measure, beside its values."""
    quantity = QUANTITIES[name]
    leg = "near leg" if "_near" in name else "far leg" if "_far" in name else ""
    return {"label": quantity.label, "unit": quantity.mark, "leg": leg}


def place(measure: Measure, usual: tuple[float, float]) -> str:
    """Where a value lies against the usual range, as surely as its interval allows: an interval
    wider than the range cannot place it there.
    """
    if measure.high < usual[0]:
        return "below"
    if measure.low > usual[1]:
        return "above"
    if measure.high - measure.low > usual[1] - usual[0]:
        return wording.STATES["cannot_tell"]
    return "inside" if usual[0] <= measure.value <= usual[1] else "at the edge"


def unknown(summary: Mapping[str, Measure]) -> list[Unknown]:
    return together((name, measure.reason) for name, measure in summary.items())


def together(reasons: Iterable[tuple[str, str]]) -> list[Unknown]:
    """Measures (name, reason) with the same reason in one; without a reason in none."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in reasons:
        if reason:
            by_reason.setdefault(reason, []).append(QUANTITIES[name].label)
    return [Unknown(tuple(labels), reason) for reason, labels in by_reason.items()]


def changes(page: SessionPage | None) -> tuple[list[dict[str, Any]], list[Unknown]]:
    """From baseline to retention, and what could not be told in one of the two. The verdict speaks
    only of what the intervals carry."""
    made, untold = [], {}
    for name, before, after in page.rows if page else ():
        decimals = QUANTITIES[name].decimals
        if not (before.measured and after.measured):
            untold[name] = after if before.measured else before
            continue
        found = verdict(difference(before, after), decimals)
        shown = {"before": _with_change(before, decimals), "after": _with_change(after, decimals), "verdict": found}
        made.append(named(name) | shown)
    return made, unknown(untold)


def _with_change(measure: Measure, decimals: int) -> str:
    """With the interval that holds for a change, as the verdict does."""
    low, high = (number(end, decimals) for end in measure.ci95_change)
    return f"{number(measure.value, decimals)} ({low} to {high})"


def patterns(recording: Recording) -> list[dict[str, Any]]:
    """Each rule over the recording, with its worst and its best stretch."""
    worst = {one.rule: one for one in recording.stretches if one.strides}
    best = {one.rule: one for one in recording.best_stretches if one.strides}
    return [_pattern(fault, worst.get(fault.rule), best.get(fault.rule)) for fault in recording.faults]


def _pattern(fault: FaultReport, worst: Stretch | None, best: Stretch | None) -> dict[str, Any]:
    # A rule of an earlier version.
    label = BY_NAME[fault.rule].title if fault.rule in BY_NAME else fault.rule
    detail = fault.reason
    if fault.state == "on":
        detail = f"first at {clock(fault.first_on_s)}, {fault.on_fraction:.0%} of the time it was judged"
    shown = worst or best
    usual = ""
    if shown is not None and np.isfinite(shown.usual_low):
        decimals = QUANTITIES[BY_NAME[fault.rule].measure].decimals
        usual = f"Usual: {span(shown.usual_low, shown.usual_high, decimals)}."
    return {
        "label": label,
        "state": wording.STATES[fault.state],
        "kind": fault.state,
        "detail": detail,
        "worst": worst and _stretch(worst),
        "best": best and _stretch(best),
        "usual": usual,
    }


def _stretch(one: Stretch) -> dict[str, str]:
    quantity = QUANTITIES[BY_NAME[one.rule].measure]
    return {
        "time": f"{clock(one.start_s)}–{clock(one.end_s)}",
        "what": quantity.label,
        "value": number(one.value, quantity.decimals),
        "unit": quantity.mark,
        "interval": span(one.low, one.high, quantity.decimals),
        "state": wording.STATES[one.state],
        "kind": one.state,
        "reason": one.reason,
    }


def cues(recording: Recording) -> dict[str, Any]:
    """Corrections and praise in order with whether each correction helped, and the counts; what
    only leads through the session is left out."""
    helped = {outcome.cue_seq: outcome for outcome in recording.outcomes}
    rows = []
    for cue in recording.cues:
        if cue.action == "stop" or cue.rule not in BY_NAME:
            continue
        outcome = helped.get(cue.seq)
        result = ""
        if outcome is not None:
            result = f"cleared after {outcome.strides} strides" if outcome.cleared else "did not clear within 20 strides"
        rows.append((clock(cue.t_ns / 1e9), cue.text, "praise" if cue.action == "praise" else "correction", result))
    corrections = sum(cue.action == "start" and cue.rule in BY_NAME for cue in recording.cues)
    cleared = sum(outcome.cleared for outcome in recording.outcomes)
    given = "1 correction given" if corrections == 1 else f"{corrections} corrections given"
    return {"rows": rows, "count": f"{given}; {cleared} cleared within 20 strides."}


def best_block(page: SessionPage | None) -> str:
    if page is None or not page.best_block:
        return ""
    return f"Best block: {page.best_block}, with {page.best_block_on_fraction:.0%} of the time in a fault."


def next_time(recording: Recording) -> str:
    """The session's own choice, else the first rule that was on, else plain encouragement."""
    rule = recording.page.next_focus if recording.page else ""
    on: Sequence[FaultReport | Stretch] = (*recording.faults, *recording.stretches)
    if rule not in BY_NAME:
        rule = next((one.rule for one in on if one.state == "on" and _coached(one.rule)), "")
    if rule in BY_NAME:
        return BY_NAME[rule].advice
    if any(fault.state == "ok" for fault in recording.faults):
        return "Keep what you do: nothing asked for a cue."
    return "Run a little longer in view: there was not enough to judge."


def _coached(rule: str) -> bool:
    return rule in BY_NAME and BY_NAME[rule].coaching is not None
