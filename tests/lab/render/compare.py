"""How well the station's pose model sees a rendered runner: its landmarks against the clip's truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from station.config import Config
from station.ports import EndOfSource
from station.pose.estimator import open_estimator
from station.run.clock import SystemClock
from station.sense.open import open_source
from station.types import Joint

# Truth name -> the station's landmark.
SAME = {"toe": "foot_index"}


@dataclass(frozen=True)
class Comparison:
    """Landmarks of a clip beside its truth. `seen` (T,) bool; `px` (T, 33, 2) measured, NaN where
    nobody was found.
    """

    truth: dict[str, np.ndarray]
    px: np.ndarray

    @property
    def detected(self) -> float:
        """Share of the frames in which the runner was found; the station takes some 0.3 s to settle
        on somebody.
        """
        return float(np.isfinite(self.px[:, Joint.RIGHT_HIP, 0]).mean())

    def error_px(self, name: str) -> np.ndarray:
        """Measured minus true place (T, 2) of a truth landmark, e.g. "hip_right"."""
        row = self.truth["names"].tolist().index(name)
        return self.px[:, joint(name)] - self.truth["px"][: len(self.px), row]

    def thigh_deg(self, side: str) -> np.ndarray:
        """Measured thigh angle (T,), forward +, of a runner who faces right in the picture."""
        return self._down_deg(f"hip_{side}", f"knee_{side}")

    def knee_deg(self, side: str) -> np.ndarray:
        """Measured knee flexion (T,)."""
        return self.thigh_deg(side) - self._down_deg(f"knee_{side}", f"ankle_{side}")

    def lean_deg(self) -> np.ndarray:
        """Measured trunk lean (T,), forward +."""
        up = sum(self.px[:, joint(f"shoulder_{s}")] - self.px[:, joint(f"hip_{s}")] for s in ("left", "right"))
        return np.degrees(np.arctan2(up[:, 0], -up[:, 1]))

    def per_stride(self, values: np.ndarray, start_s: float, stop_s: float, of: str) -> float:
        """Mean over whole strides within a span of "min", "max", or "stance_max" (first third of
        the stride).
        """
        t, phase = self.truth["t_s"][: len(self.px)], self.truth["stride_phase"][: len(self.px)]
        out = []
        for k in np.unique(np.floor(phase[(t >= start_s) & (t < stop_s)])):
            within = np.floor(phase) == k
            if (t[within] < start_s).any() or (t[within] >= stop_s).any():
                continue
            if of == "stance_max":
                within &= (phase % 1 > 0.02) & (phase % 1 < 0.33)
            out.append((np.nanmin if of == "min" else np.nanmax)(values[within]))
        return float(np.mean(out))

    def _down_deg(self, upper: str, lower: str) -> np.ndarray:
        limb = self.px[:, joint(lower)] - self.px[:, joint(upper)]
        return np.degrees(np.arctan2(limb[:, 0], limb[:, 1]))


def joint(name: str) -> int:
    """The station's landmark of a truth name: "toe_left" is LEFT_FOOT_INDEX."""
    part, _, side = name.partition("_")
    return Joint[f"{side}_{SAME.get(part, part)}".upper()]


def compare(clip: Path, most_frames: int | None = None) -> Comparison:
    """Run the station's pose model over a clip with `<stem>.truth.npz` beside it.

    Raises InputError for an unreadable clip and ModelError for a broken model.
    """
    config, rows = Config(), []
    estimator = open_estimator(config.pose)
    with open_source(clip, config, SystemClock()) as source:
        try:
            while most_frames is None or len(rows) < most_frames:
                rows.append(estimator.estimate(source.read(1.0)).xy_px)
        except EndOfSource:
            pass
    estimator.close()
    with np.load(clip.with_suffix(".truth.npz")) as truth:
        return Comparison(dict(truth), np.array(rows))


def report(c: Comparison, spans: Sequence[tuple[str, float, float]]) -> str:
    """A table: detection, landmark and angle errors, and per span the measured beside the true
    values.
    """
    lines = [f"{len(c.px)} frames, runner found in {100 * c.detected:.1f} %"]
    lines.append("landmark, near side: bias x, bias y, RMS error (px)")
    for part in ("shoulder", "hip", "knee", "ankle", "heel", "toe"):
        e = c.error_px(f"{part}_right")
        lines.append(f"  {part:9}{np.nanmean(e[:, 0]):6.1f}{np.nanmean(e[:, 1]):6.1f}{np.sqrt(np.nanmean((e**2).sum(1))):6.1f}")
    lines.append("thigh angle: bias, RMS error, RMS error without bias (deg)")
    for side in ("right", "left"):
        e = c.thigh_deg(side) - c.truth[f"thigh_{side}_deg"][: len(c.px)]
        lines.append(f"  {side:9}{np.nanmean(e):6.1f}{np.sqrt(np.nanmean(e**2)):6.1f}{np.nanstd(e):6.1f}")
    lines.append("true -> measured, near side (deg): TLE, thigh forward, trunk lean, stance knee")
    t = c.truth["t_s"][: len(c.px)]
    for name, start, stop in spans:
        inside = (t >= start) & (t < stop)
        thigh, knee = c.truth["thigh_right_deg"][: len(t)], c.truth["knee_flexion_right_deg"][: len(t)]
        span = (start, stop)
        pairs = [
            (-c.per_stride(thigh, *span, "min"), -c.per_stride(c.thigh_deg("right"), *span, "min")),
            (c.per_stride(thigh, *span, "max"), c.per_stride(c.thigh_deg("right"), *span, "max")),
            (c.truth["trunk_lean_deg"][: len(t)][inside].mean(), np.nanmean(c.lean_deg()[inside])),
            (c.per_stride(knee, *span, "stance_max"), c.per_stride(c.knee_deg("right"), *span, "stance_max")),
        ]
        lines.append(f"  {name:28}" + "".join(f"{a:7.1f} -> {b:4.1f}" for a, b in pairs))
    return "\n".join(lines)
