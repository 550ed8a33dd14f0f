"""Gait as the core would tell it, made from a few numbers: what stories about runners are told
with.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from station.types import NAN, NS, STRIDE, Activity, Gait, Measure, Side, Speed

WINDOW = 36  # strides, as in the core
GOOD = {  # mean runner at 2.5 m/s
    "cadence_spm": 162.0,
    "tle_near_deg": 21.6,
    "thigh_excursion_near_deg": 50.6,
    "thigh_forward_near_deg": 29.0,
    "tle_share_near": 0.43,
    "trunk_lean_deg": 5.0,
    "knee_flexion_stance_near_deg": 39.0,
    "knee_flexion_swing_near_deg": 90.0,
    "retraction_near_pct": 16.8,
    "retraction_near_deg": 11.2,
    "pelvic_turn_deg": NAN,  # not measured
}


def measures(n: int = WINDOW, half: float = 0.5, **values: float) -> dict[str, Measure]:
    """Measures of those values, each with that half-width (pelvis/thigh ratio: a hundredth of it);
    NaN is not measured.
    """
    made = {}
    for name, value in values.items():
        width = half / 100 if name in ("pelvis_thigh_ratio", "tle_share_near") else half
        made[name] = Measure(value, value - width, value + width, n) if value == value else Measure.cannot_tell("not seen", n)
    return made


class MadeRunner:
    """A runner whose strides have the values given; `measures` are means over the last 36 strides,
    as the core makes them.

    Every method yields gaits at `hz` until its seconds are over; `now` holds what can change
    between them (fields of Gait).
    """

    def __init__(self, speed_mps: float = 2.5, hz: float = 5.0, start_ns: int = 0, side: Side = "right", **values: float) -> None:
        self.values = {**GOOD, **values}
        self.speed = Speed(speed_mps, "given" if speed_mps == speed_mps else "unknown")
        self.t_ns, self._step_ns = start_ns, round(NS / hz)
        self._strides: deque[dict[str, float]] = deque(maxlen=WINDOW)
        self._stride_left_s = 0.0
        self._known: dict[str, Measure] = {}
        self.now: dict[str, Any] = {"direction": "right", "near_side": side, "tracked_fraction": 1.0}

    def run(self, seconds: float, **values: float) -> Iterator[Gait]:
        self.values |= values
        for _ in self._beats(seconds):
            self._stride_left_s -= self._step_ns / NS
            closed = self._stride_left_s <= 0
            if closed:
                self._stride_left_s += 120 / self.values["cadence_spm"]
                self._strides.append(dict(self.values))
                self._known = self._window()
            yield self._gait(Activity.RUNNING, (self._stride(),) if closed else ())

    def stand(self, seconds: float, lifts: tuple[int, int] = (0, 0)) -> Iterator[Gait]:
        for _ in self._beats(seconds):
            yield self._gait(Activity.STANDING, knee_lifts=lifts)

    def walk(self, seconds: float) -> Iterator[Gait]:
        for _ in self._beats(seconds):
            yield self._gait(Activity.WALKING)

    def away(self, seconds: float) -> Iterator[Gait]:
        """Nobody in view, or no light."""
        for _ in self._beats(seconds):
            yield Gait(self.t_ns, speed=self.speed)

    def _beats(self, seconds: float) -> Iterator[None]:
        for _ in range(round(seconds * NS / self._step_ns)):
            self.t_ns += self._step_ns
            yield None

    def _gait(self, activity: Activity, strides: tuple[np.void, ...] = (), **more: Any) -> Gait:
        reported = {"speed": self.speed, **self.now, **more}
        return Gait(self.t_ns, activity, strides=strides, measures=self._known, **reported)

    def _window(self) -> dict[str, Measure]:
        mean = {name: sum(stride[name] for stride in self._strides) / len(self._strides) for name in self.values}
        turn = mean.get("pelvic_turn_deg", NAN)
        mean |= {"pelvic_turn_quadrature_deg": turn * 0.95, "pelvis_thigh_ratio": turn / mean["thigh_excursion_near_deg"]}
        return measures(len(self._strides), **{name: round(value, 3) for name, value in mean.items()})

    def _stride(self) -> np.void:
        record = np.full(1, NAN, STRIDE)
        for name in set(STRIDE.names or ()) & set(self.values):
            record[name] = self.values[name]
        record["duration_s"] = 120 / self.values["cadence_spm"]
        turn = self.values["pelvic_turn_deg"]
        record["pelvic_quadrature_deg"], record["pelvic_in_phase_deg"] = 0.95 * turn, 0.31 * turn
        return record[0]
