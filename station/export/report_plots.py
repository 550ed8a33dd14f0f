"""The plots of the report: one stride, the whole session, and from session to session."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from station.export.beside import Difference, Setup, difference
from station.export.earlier import Earlier
from station.export.plots import Curve, Plot, binned
from station.export.strides_mean import PHASES, mean_curve
from station.export.written import number
from station.faults import BY_NAME, norms
from station.types import NAN, QUANTITIES, Measure, Mode, Recording
from station.wall_clock import local

BRIEF_S = 180.0  # a recording so short has seconds on its time axis
BINS = 120  # points of a line over the session
# A change of less than the method can be off by must not fill a plot.
LEAST_SPAN = 10.0  # °, steps a minute
OVER_TIME = ("cadence_spm", "tle_near_deg", "tle_share_near")
TREND = ("cadence_spm", "tle_near_deg", "thigh_excursion_near_deg", "pelvic_turn_deg")
ONE_STRIDE = "% of the stride, from the foremost thigh"


def curves(recording: Recording) -> list[Plot]:
    """Mean over the strides, with one standard deviation."""
    near, far, knee = (mean_curve(recording, name) for name in ("thigh_near_deg", "thigh_far_deg", "knee_flexion_near_deg"))
    return [
        Plot("Thigh over one stride, forward is plus", "°", ONE_STRIDE, [_band("near leg", near), _band("far leg", far)]),
        Plot("Knee bend over one stride", "°", ONE_STRIDE, [_band("near leg", knee)]),
    ]


def _band(label: str, curve: NDArray[np.float64]) -> Curve:
    mean, spread = curve
    return Curve(label, np.linspace(0, 100, PHASES), mean, mean - spread, mean + spread)


def over_time(recording: Recording) -> list[Plot]:
    strides = recording.strides
    brief = recording.source.duration_s < BRIEF_S
    per_s = 1.0 if brief else 1 / 60
    plots = []
    for name in OVER_TIME:
        quantity = QUANTITIES[name]
        bins = max(1, len(strides) // (1 if brief else 4))
        x, y = binned(strides["start_s"] * per_s, strides[name], min(BINS, bins))
        lines = [Curve("measured", x, y), *_usual_band(name, x, recording.speed.mps)]
        shades, shaded = _shades(recording, name, per_s)
        span = LEAST_SPAN if quantity.decimals < 2 else LEAST_SPAN / 100
        x_label = "seconds" if brief else "minutes"
        plots.append(Plot(quantity.label, quantity.mark, x_label, lines, shades, shaded, least_span=span))
    return plots


def _usual_band(name: str, x: NDArray[np.float64], speed_mps: float) -> list[Curve]:
    """Where healthy runners lie at the belt speed, 5th to 95th percentile; none without norms."""
    known = x[np.isfinite(x)]
    if not (norms.judged(speed_mps) and len(known) > 1):
        return []
    norm, ends = norms.at(name, speed_mps), known[[0, -1]]
    mean, low, high = (np.full(2, value) for value in (norm.mean, norm.p5, norm.p95))
    return [Curve("usual at this speed", ends, mean, low, high)]


def _shades(recording: Recording, name: str, per_s: float) -> tuple[list[tuple[float, float]], str]:
    """Where cues could be given in a session; in an analysis of one piece the stretches in which a
    fault of that measure was seen."""
    end_s = float(recording.t_s[-1]) if len(recording.t_s) else 0.0
    starts = [start_s for start_s, _ in recording.modes] + [end_s]
    if len({mode for _, mode in recording.modes} - {Mode.IDLE}) > 1:
        coached = [i for i, (_, mode) in enumerate(recording.modes) if mode is Mode.COACH]
        return [(starts[i] * per_s, starts[i + 1] * per_s) for i in coached], "with cues"
    shown: list[tuple[float, float]] = []
    seen = [s for s in recording.stretches if s.state == "on" and name in (BY_NAME[s.rule].measure, *BY_NAME[s.rule].needs)]
    for one in sorted(seen, key=lambda s: s.start_s):
        if not shown or one.start_s * per_s >= shown[-1][1]:
            shown.append((one.start_s * per_s, one.end_s * per_s))
    return shown, "worst stretch"


def trend(recording: Recording, earlier: Sequence[Earlier], day: str) -> list[Plot]:
    """One plot per quantity that at least two sessions have measured, the present one last, and
    what has changed since the first that can be compared with it. `day`: how a date without its
    year is written, for strftime."""
    sessions = [*((one.measures, one.setup) for one in earlier), (recording.summary, Setup.of(recording))]
    started = [*(one.started_utc for one in earlier), recording.started_utc if recording.dated else ""]
    dates = [utc and f"{local(utc, recording.time_zone):{day}}" for utc in started]
    names = [(float(i + 1), date or str(i + 1)) for i, date in enumerate(dates)]
    plots = []
    for name in TREND:
        measures = [of.get(name, Measure.cannot_tell("not measured")) for of, _ in sessions]
        if sum(measure.measured for measure in measures) < 2:
            continue
        known = np.array([(m.value, *m.ci95_change) if m.measured else (NAN, NAN, NAN) for m in measures])
        x, quantity = np.arange(1.0, len(sessions) + 1), QUANTITIES[name]
        line = Curve("", x, known[:, 0], known[:, 1], known[:, 2], dots=True)
        note = _since_the_first(name, measures, [setup for _, setup in sessions], quantity.decimals)
        plots.append(Plot(quantity.label, quantity.mark, "session", [line], x_names=names, least_span=LEAST_SPAN, note=note))
    return plots


def _since_the_first(name: str, measures: Sequence[Measure], setups: Sequence[Setup], decimals: int) -> str:
    if not measures[-1].measured:
        return ""
    reason = ""
    for measure, setup in zip(measures[:-1], setups[:-1], strict=True):
        if measure.measured:
            reason = setup.why_not(setups[-1], name)
            if not reason:
                return verdict(difference(measure, measures[-1]), decimals)
    return f"No change can be told: {reason}."


def verdict(found: Difference, decimals: int) -> str:
    """In one clause: by how much, and whether that is surely more than nothing."""
    if found.reason:
        return f"cannot tell: {found.reason}"
    sign = "+" if round(found.value, decimals) > 0 else ""
    change = f"{sign}{number(found.value, decimals)} ± {number(found.half, decimals)}"
    return f"{change}: changed" if found.clear else f"{change}: no clear change"
