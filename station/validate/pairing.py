"""Which value of the station belongs to which value of the reference."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from station.record.summary import main_strides, over_strides, stride_columns
from station.types import KMH_PER_MPS, NAN, Measure
from station.validate.align import sampled
from station.validate.measured import Measured
from station.validate.reference import PER_FRAME, PER_STRIDE, BeltStrides, Series, Trial

Array = NDArray[np.float64]
Level = Literal["trial", "stride", "picture"]

# Of a window must be strides that the station measured, or its mean is of another time than the
# count.
LEAST_SEEN = 0.8


@dataclass(slots=True)
class Paired:
    """One quantity: `station`, `reference` (n,), whose they are and where from. `intervals`: (low,
    high, reference) wherever the station gave a 95 % interval of what the reference holds as one
    number, widened by one step where that is a count of steps.
    """

    level: Level
    station: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)
    runners: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    intervals: list[tuple[float, float, float]] = field(default_factory=list)

    def add(self, station: Array, reference: Array, runner: str, places: Iterable[str]) -> None:
        self.station += station.tolist()
        self.reference += reference.tolist()
        self.runners += [runner] * len(station)
        self.places += places

    @property
    def differences(self) -> Array:
        """(n,) station minus reference."""
        return np.array(self.station) - np.array(self.reference)


@dataclass(slots=True)
class Pairing:
    """Everything that could be compared, by quantity, and why the rest could not."""

    quantities: dict[str, Paired] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)  # (where, why)
    # By quantity: largest minus smallest of one window.
    observers_off: dict[str, list[float]] = field(default_factory=dict)

    def of(self, name: str, level: Level) -> Paired:
        return self.quantities.setdefault(name, Paired(level))


@dataclass(frozen=True, slots=True)
class _Window:
    """Seconds of a recording; the whole of it when both are NaN."""

    recording: Measured
    from_s: float
    to_s: float

    @property
    def whole(self) -> bool:
        return math.isnan(self.from_s)


def pair_trials(trials: Sequence[Trial], recordings: Sequence[Measured]) -> Pairing:
    """Rows of the same window by several observers count once, with their mean."""
    pairs = Pairing()
    together: dict[tuple[str, float, float], list[tuple[Trial, _Window]]] = {}
    for trial in trials:
        found = _window(trial, recordings)
        if isinstance(found, str):
            pairs.left_out.append((f"line {trial.line}", found))
            continue
        # NaN is not equal to itself.
        ends = (-1.0, -1.0) if found.whole else (found.from_s, found.to_s)
        together.setdefault((found.recording.name, *ends), []).append((trial, found))
    for rows in together.values():
        _add_window(pairs, [trial for trial, _ in rows], rows[0][1])
    return pairs


def _add_window(pairs: Pairing, trials: Sequence[Trial], window: _Window) -> None:
    first = trials[0]
    where = f"line {first.line}"
    for name in dict.fromkeys(name for trial in trials for name in trial.values):
        counted = [trial.values[name] for trial in trials if name in trial.values]
        if len(counted) > 1:
            pairs.observers_off.setdefault(name, []).append(max(counted) - min(counted))
        measure = station_value(name, window)
        if not measure.measured:
            pairs.left_out.append((f"{where}, {name}", measure.reason))
            continue
        reference = sum(counted) / len(counted)
        paired = pairs.of(name, "trial")
        runner = first.runner or window.recording.name
        paired.add(np.array([measure.value]), np.array([reference]), runner, [f"{where}, {window.recording.name}"])
        off = max(trial.count_off_spm for trial in trials) if name == "cadence_spm" else 0.0
        paired.intervals.append((measure.low - off, measure.high + off, reference))


def _window(trial: Trial, recordings: Sequence[Measured]) -> _Window | str:
    """The window, or why there is none."""
    if trial.session:
        chosen = [one for one in recordings if one.name == trial.session]
        if not chosen:
            return f"{trial.session} is not among the recordings compared"
    elif trial.start_utc is not None:
        chosen = [one for one in recordings if _holds(one, trial)]
        if not chosen:
            return "no recording holds that time, or the station's clock was not set: name the session and a window"
    else:
        chosen = list(recordings)
        if len(chosen) > 1:
            return "names no session, and there are several recordings"
    one = chosen[0]
    start, end = _span(trial, one)
    if math.isnan(start):
        if not math.isnan(trial.screen_s[0]):
            return "nobody ran, so the clock on the screen stood still"
        if trial.start_utc is not None:
            return "the station's clock was not set: give a window instead of start_utc"
        return _Window(one, NAN, NAN)
    if start < 0 or end > one.duration_s:
        return f"the window {start:.0f} to {end:.0f} s does not lie within the recording of {one.duration_s:.0f} s"
    return _Window(one, start, end)


def _holds(recording: Measured, trial: Trial) -> bool:
    if recording.started is None or trial.start_utc is None:
        return False
    start = (trial.start_utc - recording.started).total_seconds()
    return start >= 0 and start + trial.seconds <= recording.duration_s


def _span(trial: Trial, recording: Measured) -> tuple[float, float]:
    """Seconds since the recording began; NaN for all of it."""
    if not math.isnan(trial.screen_s[0]):
        return trial.screen_s[0] + recording.screen_zero_s, trial.screen_s[1] + recording.screen_zero_s
    if not math.isnan(trial.window_s[0]):
        return trial.window_s
    if trial.start_utc is not None and recording.started is not None:
        start = (trial.start_utc - recording.started).total_seconds()
        return start, start + trial.seconds
    return NAN, NAN


def station_value(name: str, window: _Window) -> Measure:
    """What the station says of a quantity of QUANTITIES, or speed_kmh, in that window."""
    recording, strides = window.recording, window.recording.strides
    if name == "speed_kmh":
        if recording.speed_origin in ("given", "ftms"):
            return Measure.cannot_tell("the station was given this speed and did not measure it: run it without, to compare")
    elif window.whole:
        return recording.summary.get(name, Measure.cannot_tell("not part of this recording's summary"))
    if not window.whole:
        start, end = strides["start_s"], strides["start_s"] + strides["duration_s"]
        overlap = np.minimum(end, window.to_s) - np.maximum(start, window.from_s)
        seen = float(np.nansum(np.maximum(overlap, 0.0))) / (window.to_s - window.from_s)
        strides = strides[(start >= window.from_s) & (end <= window.to_s)]
        if seen < LEAST_SEEN:
            return Measure.cannot_tell(f"the station measured only {seen:.0%} of the window")
    strides = main_strides(strides)
    if name == "speed_kmh":
        return over_strides(KMH_PER_MPS * strides["speed_mps"], "the station found no belt speed")
    columns = stride_columns(strides)
    if name not in columns:
        return Measure.cannot_tell("the station tells this only for a whole recording: leave the window empty")
    return over_strides(columns[name], "not measured in this window")


def pair_series(series: Series, recording: Measured, offset_s: float) -> Pairing:
    """`offset_s` added to the reference's time gives the station's."""
    pairs = Pairing()
    t_s = series.t_s + offset_s
    for name, values in series.columns.items():
        if name in PER_FRAME:
            _add_frames(pairs, name, t_s, values, recording)
        elif name in PER_STRIDE:
            _add_strides(pairs, name, t_s, values, recording)
        else:
            _add_whole(pairs, name, t_s, values, recording)
    return pairs


NOT_READ = "the pelvis model read none of these strides: it was off, or the hips were hidden"


def pair_belt(given: BeltStrides) -> Pairing:
    """The pelvis model's reading of every stride beside the hip belt's."""
    pairs = Pairing()
    for part in ("quadrature", "in_phase"):
        belt, pixels = (given.columns.get(f"{source}_{part}_deg", np.empty(0)) for source in ("belt", "pixels"))
        both = np.isfinite(belt) & np.isfinite(pixels) if len(belt) == len(pixels) else np.zeros(0, bool)
        name = f"pelvic_{part}_deg"
        if not both.any():
            pairs.left_out.append((name, NOT_READ))
            continue
        places = [f"{start:.3f} s" for start in given.columns["start_s"][both]]
        pairs.of(name, "stride").add(pixels[both], belt[both], given.session, places)
    return pairs


def _add_frames(pairs: Pairing, name: str, t_s: Array, values: Array, recording: Measured) -> None:
    station, reference = recording.angles[name], sampled(t_s, values, recording.t_s)
    both = np.isfinite(station) & np.isfinite(reference)
    if not both.any():
        pairs.left_out.append((name, "the station and the reference never know it at the same time"))
        return
    pairs.of(name, "picture").add(station[both], reference[both], recording.name, [f"{t:.3f} s" for t in recording.t_s[both]])


def _add_strides(pairs: Pairing, name: str, t_s: Array, values: Array, recording: Measured) -> None:
    strides = recording.strides
    station = stride_columns(strides)["contact_time_ms"] if name == "contact_time_ms" else strides[name]
    known = np.isfinite(values)
    at = np.searchsorted(strides["start_s"], t_s[known], side="right") - 1
    inside = (
        (at >= 0) & (t_s[known] < (strides["start_s"] + strides["duration_s"])[at]) if len(strides) else np.zeros(len(at), bool)
    )
    numbers = np.unique(at[inside])
    reference = np.array([values[known][inside & (at == number)].mean() for number in numbers])
    both = np.isfinite(station[numbers]) if len(numbers) else np.zeros(0, bool)
    if not both.any():
        pairs.left_out.append((name, "no stride of the station holds one of these times and knows it"))
        return
    paired, kept, wanted = pairs.of(name, "stride"), station[numbers][both], reference[both]
    paired.add(kept, wanted, recording.name, [f"{start:.3f} s" for start in strides["start_s"][numbers][both]])
    measure = over_strides(kept, "")
    if measure.measured:
        paired.intervals.append((measure.low, measure.high, float(wanted.mean())))


def _add_whole(pairs: Pairing, name: str, t_s: Array, values: Array, recording: Measured) -> None:
    measure = recording.summary.get(name, Measure.cannot_tell("not part of this recording's summary"))
    inside = np.isfinite(values) & (t_s >= 0) & (t_s <= recording.duration_s)
    if not measure.measured or not inside.any():
        pairs.left_out.append((name, measure.reason or "none of these times lies within the recording"))
        return
    reference = float(values[inside].mean())
    paired = pairs.of(name, "trial")
    paired.add(np.array([measure.value]), np.array([reference]), recording.name, [recording.name])
    paired.intervals.append((measure.low, measure.high, reference))
