"""report.html: one page for the runner. Self-contained: no script, no network, prints on A4 and Letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
import numpy as np
from numpy.typing import NDArray

from station import __version__
from station.export import wording as words
from station.export.earlier import Earlier
from station.export.plots import Line, Plot, binned, svg
from station.export.range_card import cards, range_rows
from station.faults import BY_NAME, norms
from station.record.summary import main_strides
from station.stats import FEWEST
from station.types import NAN, QUANTITIES, FaultReport, Measure, Mode, Recording, SessionPage, Stretch
from station.wall_clock import local

PHASES = 51  # points of the mean curve over a stride
BRIEF_S = 180.0  # a recording so short has seconds on its time axis
BINS = 120  # points of a line over the session
MODE_WORDS = {
    Mode.IDLE: "waiting",
    Mode.FRAMING: "framing",
    Mode.DRILL: "drill",
    Mode.CONTRAST: "contrast",
    Mode.BASELINE: "baseline",
    Mode.COACH: "coached",
    Mode.REST: "on your own",
    Mode.RETENTION: "retention",
    Mode.DONE: "done",
    Mode.LOST: "view lost",
}
PELVIS_SEEN_BY = {
    "hip_belt": "the hip belt",
    "pixels": "the pelvis model, from the pixels round the hips",
    "landmarks": "the hip landmarks alone",
}
# A change of less than the method can be off by must not fill a plot.
LEAST_SPAN = 10.0  # °, steps a minute
TREND = ("cadence_spm", "tle_near_deg", "thigh_excursion_near_deg", "pelvic_turn_deg")


@dataclass(frozen=True, slots=True)
class Row:
    """A quantity with its words and numbers as text; `reason` when it is not measured."""

    label: str
    unit: str
    meaning: str
    value: str = ""
    interval: str = ""
    n: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A quantity from baseline to retention. `verdict` speaks only of what the intervals carry."""

    label: str
    unit: str
    before: str
    after: str
    difference: str
    verdict: str


def report_html(recording: Recording, created_utc: str, earlier: Sequence[Earlier] = ()) -> bytes:
    """The page. `earlier` sessions of the same runner make the trend."""
    shown = {
        "recording": recording,
        "words": words,
        "how_to_read": words.HOW_TO_READ if recording.model and recording.model.errors else words.HOW_TO_READ_STRIDES,
        "version": __version__,
        "created_utc": created_utc,
        "date": _date(recording),
        "facts": _facts(recording),
        "focus": _focus(recording),
        "best": _best(recording.page),
        "changes": _changes(recording.page) if recording.page else [],
        "rows": [_row(name, measure) for name, measure in recording.summary.items()],
        "faults": [_fault(fault) for fault in recording.faults],
        "stretches": [_stretch(one) for one in recording.stretches if one.strides],
        "cues": _cues(recording),
        "curves": [plot for plot in map(svg, _curves(recording)) if plot],
        "over_time": [plot for plot in map(svg, _over_time(recording)) if plot],
        "trend": [plot for plot in map(svg, _trend(recording, earlier)) if plot],
        "range_rows": [(row, number(row.seen_deg, 0)) for row in range_rows(recording)],
        "cards": cards(recording),
        "warnings": _warnings(recording),
    }
    return _template().render(shown).encode()


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(files("station.export").joinpath("report.html.jinja").read_text(encoding="utf-8"))


def number(value: float, decimals: int) -> str:
    """As printed, with a true minus sign; an en dash when it is not known."""
    return f"{value + 0.0:.{decimals}f}".replace("-", "−") if np.isfinite(value) else "–"


def clock(seconds: float) -> str:
    """Minutes and seconds, m:ss."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def _date(recording: Recording) -> str:
    if recording.dated:
        said_by = {"clock": "", "film": "", "file": " (date of the file)", "given": " (date as given)"}[recording.date_from]
        return f"{local(recording.started_utc, recording.time_zone):%Y-%m-%d %H:%M} {recording.time_zone}{said_by}"
    return "date not known: the station's clock was not set" if recording.session_id else ""


def _facts(recording: Recording) -> list[tuple[str, str]]:
    speed, source = recording.speed, recording.source
    facts = [("Recorded", clock(source.duration_s) + " min" if np.isfinite(source.duration_s) else "–")]
    facts.append(("Running", f"{recording.running_fraction:.0%} of it"))
    origin = {"given": "given", "picture": "from the feet on the belt", "ftms": "from the treadmill", "unknown": ""}[speed.origin]
    belt = f"{number(speed.mps * 3.6, 1)} km/h ({origin})" if np.isfinite(speed.mps) else "not known"
    facts.append(("Belt speed", belt))
    facts.append(("Near side", recording.near_side or "not known"))
    facts.append(("Pelvis seen by", PELVIS_SEEN_BY[recording.pelvic_source]))
    facts.append(("Strides", str(len(recording.strides))))
    return facts


def _focus(recording: Recording) -> str:
    """One sentence: the session's own choice, else the first rule that was on, else encouragement without a claim."""
    rule = recording.page.next_focus if recording.page else ""
    if not rule:
        rule = next((fault.rule for fault in recording.faults if fault.state == "on" and _coached(fault.rule)), "")
    if rule in BY_NAME:
        return BY_NAME[rule].advice
    worst = [one.rule for one in recording.stretches if one.state == "on" and _coached(one.rule)]
    if worst:
        return BY_NAME[worst[0]].advice
    if any(fault.state == "ok" for fault in recording.faults):
        return "Keep what you do: nothing asked for a cue."
    return "Run a little longer in view: there was not enough to judge."


def _coached(rule: str) -> bool:
    return rule in BY_NAME and BY_NAME[rule].coaching is not None


def _best(page: SessionPage | None) -> str:
    if page is None or not page.best_block:
        return ""
    return f"Best block: {page.best_block}, with {page.best_block_on_fraction:.0%} of the time in a fault."


def _row(name: str, measure: Measure) -> Row:
    quantity = QUANTITIES[name]
    if not measure.measured:
        return Row(quantity.label, quantity.mark, quantity.meaning, n=measure.n, reason=measure.reason)
    return Row(
        quantity.label,
        quantity.mark,
        quantity.meaning,
        number(measure.value, quantity.decimals),
        f"{number(measure.low, quantity.decimals)} to {number(measure.high, quantity.decimals)}",
        measure.n,
    )


def _changes(page: SessionPage) -> list[Change]:
    changes = []
    for name, before, after in page.rows:
        quantity = QUANTITIES[name]
        first, last = (_with_interval(measure, quantity.decimals) for measure in (before, after))
        difference, verdict = _difference(before, after, quantity.decimals)
        changes.append(Change(quantity.label, quantity.mark, first, last, difference, verdict))
    return changes


def _with_interval(measure: Measure, decimals: int) -> str:
    if not measure.measured:
        return "cannot tell"
    return f"{number(measure.value, decimals)} ({number(measure.low, decimals)} to {number(measure.high, decimals)})"


def _difference(before: Measure, after: Measure, decimals: int) -> tuple[str, str]:
    """Retention minus baseline, and whether its 95 % interval leaves out zero (half-widths added in quadrature)."""
    if not (before.measured and after.measured):
        return "–", "cannot tell: " + (before.reason or after.reason)
    change = after.value - before.value
    halves = [(measure.ci95_change[1] - measure.ci95_change[0]) / 2 for measure in (before, after)]
    half = float(np.hypot(halves[0], halves[1]))
    sign = "+" if change > 0 else ""
    text = f"{sign}{number(change, decimals)} ± {number(half, decimals)}"
    return text, "changed" if abs(change) > half else "no clear change"


def _fault(fault: FaultReport) -> dict[str, str]:
    label = BY_NAME[fault.rule].title if fault.rule in BY_NAME else fault.rule  # a rule of an earlier version
    detail = fault.reason
    if fault.state == "on":
        detail = f"first at {clock(fault.first_on_s)}, {fault.on_fraction:.0%} of the time it was judged"
    return {"label": label, "state": words.STATES[fault.state], "kind": fault.state, "detail": detail}


def _stretch(one: Stretch) -> dict[str, str]:
    """The worst strides in a row of a rule, with where healthy runners lie at that speed."""
    rule = BY_NAME[one.rule]
    quantity = QUANTITIES[rule.measure]
    usual = "–"
    if np.isfinite(one.usual_low):
        usual = f"{number(one.usual_low, quantity.decimals)} to {number(one.usual_high, quantity.decimals)}"
    value = f"{number(one.value, quantity.decimals)} {quantity.mark}"
    return {
        "label": rule.title,
        "state": words.STATES[one.state],
        "kind": one.state,
        "time": f"{clock(one.start_s)}–{clock(one.end_s)}",
        "strides": str(one.strides),
        "value": f"{quantity.label} {value}",
        "interval": f"{number(one.low, quantity.decimals)} to {number(one.high, quantity.decimals)}",
        "usual": usual,
        "reason": one.reason,
    }


def _cues(recording: Recording) -> dict[str, Any]:
    """Corrections and praise in order with whether each correction helped, and the counts; what only leads through the session
    is left out.
    """
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
    return {"rows": rows, "corrections": corrections, "cleared": cleared}


def _curves(recording: Recording) -> list[Plot]:
    near = mean_curve(recording, "thigh_near_deg")
    far = mean_curve(recording, "thigh_far_deg")
    knee = mean_curve(recording, "knee_flexion_near_deg")
    return [
        Plot("Thigh over one stride", "% of the stride, from the foremost thigh", "thigh, °, forward +", [
            _band("near leg", near), _band("far leg", far)]),
        Plot("Knee over one stride", "% of the stride, from the foremost thigh", "knee bend, °", [_band("near leg", knee)]),
    ]  # fmt: skip


def _band(label: str, curve: NDArray[np.float64]) -> Line:
    mean, spread = curve
    return Line(label, np.linspace(0, 100, PHASES), mean, mean - spread, mean + spread)


def mean_curve(recording: Recording, name: str) -> NDArray[np.float64]:
    """(2, 51) mean and SD of an angle over the strides of the summary, phase 0..1; NaN where fewer than FEWEST know it."""
    curves = []
    known = np.isfinite(recording.angles[name])
    t_s, values = recording.t_s[known], recording.angles[name][known]
    for stride in main_strides(recording.strides):
        inside = slice(*np.searchsorted(t_s, (stride["start_s"], stride["start_s"] + stride["duration_s"])))
        # Half of the usual frames must know it, or a straight line would stand in for the curve.
        if len(t_s[inside]) >= 8:
            phase = (t_s[inside] - stride["start_s"]) / stride["duration_s"]
            curves.append(np.interp(np.linspace(0, 1, PHASES), phase, values[inside], period=1.0))
    if len(curves) < FEWEST:
        return np.full((2, PHASES), NAN)
    return np.array([np.mean(curves, axis=0), np.std(curves, axis=0)])


def _over_time(recording: Recording) -> list[Plot]:
    strides = recording.strides
    brief = recording.source.duration_s < BRIEF_S
    per_s = 1.0 if brief else 1 / 60
    parts = _mode_shades(recording, per_s)
    plots = []
    for name in ("cadence_spm", "tle_near_deg", "tle_share_near"):
        quantity = QUANTITIES[name]
        bins = max(1, len(strides) // (1 if brief else 4))
        x, y = binned(strides["start_s"] * per_s, strides[name], min(BINS, bins))
        y_label = f"{quantity.label}, {quantity.mark}"
        title = f"{quantity.label} over the session"
        lines = [Line("measured", x, y), *_usual_band(name, x, recording.speed.mps)]
        shades = parts or _stretch_shades(recording, name, per_s)
        span = LEAST_SPAN if quantity.decimals < 2 else LEAST_SPAN / 100
        plots.append(Plot(title, "seconds" if brief else "minutes", y_label, lines, shades, least_span=span))
    return plots


def _usual_band(name: str, x: NDArray[np.float64], speed_mps: float) -> list[Line]:
    """Where healthy runners lie at the belt speed, 5th to 95th percentile; none at a speed without norms."""
    known = x[np.isfinite(x)]
    if not (norms.judged(speed_mps) and len(known) > 1):
        return []
    norm, ends = norms.at(name, speed_mps), known[[0, -1]]
    mean, low, high = (np.full(2, value) for value in (norm.mean, norm.p5, norm.p95))
    return [Line("usual at this speed", ends, mean, low, high)]


def _stretch_shades(recording: Recording, name: str, per_s: float) -> list[tuple[float, float, str]]:
    """The stretches in which a fault of that quantity was seen, in time order; where two overlap, the one that began first."""
    shown: list[tuple[float, float, str]] = []
    seen = [s for s in recording.stretches if s.state == "on" and name in (BY_NAME[s.rule].measure, *BY_NAME[s.rule].needs)]
    for one in sorted(seen, key=lambda s: s.start_s):
        if not shown or one.start_s * per_s >= shown[-1][1]:
            shown.append((one.start_s * per_s, one.end_s * per_s, BY_NAME[one.rule].title.lower()))
    # Every second shade is drawn: what lies between the stretches stays white.
    return [part for one in shown for part in (one, (one[1], one[1], ""))]


def _mode_shades(recording: Recording, per_s: float) -> list[tuple[float, float, str]]:
    """Parts of the session; none where the whole run was one part, as in the analysis of a film."""
    if len({mode for _, mode in recording.modes} - {Mode.IDLE}) < 2:
        return []
    end_s = float(recording.t_s[-1]) if len(recording.t_s) else 0.0
    starts = [start_s for start_s, _ in recording.modes] + [end_s]
    return [(starts[i] * per_s, starts[i + 1] * per_s, MODE_WORDS[mode]) for i, (_, mode) in enumerate(recording.modes)]


def _trend(recording: Recording, earlier: Sequence[Earlier]) -> list[Plot]:
    """One plot per quantity that at least two sessions have measured, the present one last."""
    plots = []
    here = {name: (m.value, m.low, m.high) for name, m in recording.summary.items() if m.measured}
    sessions = [*(one.values for one in earlier), here]
    started = [*(one.started_utc for one in earlier), recording.started_utc if recording.dated else ""]
    dates = [utc and f"{local(utc, recording.time_zone):%Y-%m-%d}" for utc in started]
    names = [(float(i + 1), date[5:10] or str(i + 1)) for i, date in enumerate(dates)]
    for name in TREND:
        known = np.array([values.get(name, (NAN, NAN, NAN)) for values in sessions])
        if np.isfinite(known[:, 0]).sum() < 2:
            continue
        quantity = QUANTITIES[name]
        x = np.arange(1.0, len(sessions) + 1)
        line = Line("", x, known[:, 0], known[:, 1], known[:, 2], dots=True)
        y_label = f"{quantity.label}, {quantity.mark}"
        plots.append(Plot(f"{quantity.label} from session to session", "session", y_label, [line], (), names, LEAST_SPAN))
    return plots


def _warnings(recording: Recording) -> list[str]:
    warnings = []
    if recording.tracked_fraction < 0.8:
        warnings.append(f"The near leg was seen in only {recording.tracked_fraction:.0%} of the frames.")
    if recording.source.fps < 50:
        warnings.append(f"{recording.source.fps:.0f} frames a second: too few for ground contact.")
    if len(recording.strides) and not (recording.strides["running"] == 1).any():
        warnings.append("Nobody ran: these are walking strides, and nothing is judged.")
    if recording.speed.origin == "unknown":
        warnings.append("The belt speed is not known, so nothing could be compared with what is usual at that speed.")
    if recording.leg_swaps_repaired > 0.05 * max(1, len(recording.t_s)):
        warnings.append("Left and right legs were often mixed up in the frames and sorted out again.")
    return warnings
