"""Pelvic turn, list and tilt from a belt of printed tags round the runner's hips.

Every frame gives the belt's pose (belt_pose), frames together give the belt's shape on this runner
(belt_learning), and each stride is read at stride frequency (belt_stride). What one turn of the
runner on the spot shows of the shape is enough; running in front of the camera refines it, and has
to do where there was no such turn.

The belt tells how the belt turns. When it slips on the pelvis in phase with the stride, or the skin
under it does, that is read as turn, one to one, and nothing in the frame shows it: SLIP_SD_DEG in
the interval is a guess for a belt that sits tightly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import cos, isfinite, radians, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from station.gait.pelvis.belt_learning import Keyframe, Learner, Lesson, outward
from station.gait.pelvis.belt_pose import Array, posed, turned
from station.gait.pelvis.belt_slip import BeltSlip
from station.gait.pelvis.belt_stride import FEWEST as FEWEST_FRAMES
from station.gait.pelvis.belt_stride import LONE_SD_DEG, Sample, Stride, cardan, gain_of, mean_rotation, runner_axes, stride_of
from station.gait.pelvis.belt_worn import THIGH_M, Body, Suspicion, Wearer
from station.gait.pelvis.landmarks import (
    FEW_STRIDES,
    FEWEST,
    MEASURED,
    STRIDES,
    estimate,
)
from station.gait.pelvis.source import PelvicStride, Thighs
from station.stats import usual
from station.types import NEVER, HipBelt, HipBeltTrouble, Marks, Measure, Side, View

# Focal length over the longer side of the frame where the view does not tell: a usual lens.
FOCAL = 1.2
SLIP_SD_DEG = (0.4, 0.2, 0.2)  # of turn, list and tilt, peak to peak; guess
GAIN_SD = 0.02  # chosen: what the shape's scale leaves open
# The thigh's phase, from landmarks, jitters: across a large turn that is much, along it little.
WIDEST_SHARE = 0.25
# SD of the turn, peak to peak, by what is not known of the shape: more is not reported.
TOO_VAGUE_DEG = 1.25
SEEN_S = 60.0  # a belt that was worn is spoken of for so long after the last tag
WORN_S = 0.3  # chosen: of tags in their place, before a belt counts as worn
GONE_S = 0.25  # a pose so old is no start for the next
KEPT_S = 4.0  # more than the slowest stride, and what the clock needs to close it
UNSEEN = 3  # strides
MISFIT, MISFIT_PX = 6.0, 1.5  # corner errors, and at least

REASONS: Mapping[HipBeltTrouble, str] = {
    "covered": "something covers the hip belt: too few tags are seen",
    "upside_down": "the hip belt is worn upside down",
    "wrong_scale": "the tags of the hip belt have the wrong size: print the sheets at 100 %",
    "slipping": "the hip belt has slipped on the body: pull it tight and turn round once, slowly",
    "not_a_belt": "the tags in view do not move like a belt on the runner",
}
NOT_LEARNT = "the shape of the hip belt on this runner is not known yet: stand and turn round once, slowly"


class HipBeltPelvis:
    """A PelvicSource over Marks. Needs the frame's size in the view; without it no belt is seen."""

    name = "hip_belt"

    def __init__(self, view: View) -> None:
        longer_px = float(max(view.width_px, view.height_px))
        self._focal_px = view.focal_px if isfinite(view.focal_px) else FOCAL * longer_px
        c, s = cos(radians(view.roll_deg)), sin(radians(view.roll_deg))
        self._upright = np.array([[c, -s], [s, c]])
        self._middle_px = 0.5 * np.array([view.width_px, view.height_px]) @ self._upright
        self._sized = min(view.width_px, view.height_px) > 0 and self._focal_px > 0
        self._azimuth_deg = view.azimuth_deg
        self._wearer = Wearer(view.px_per_m)
        # The latter also ends by time alone.
        self._misfits, self._worn = Suspicion(2.0, 2.0), Suspicion(WORN_S, SEEN_S)
        self.reset()

    def reset(self) -> None:
        self._learner = Learner()
        self._wearer.reset()
        self._misfits.reset()
        self._worn.reset()
        self._body = Body()
        self._side: Side | None = None
        self._samples: list[Sample] = []
        self._seen_s = NEVER
        self._latest: Sample | None = None
        self._angles: tuple[Sample, Array, tuple[float, float, float]] | None = None
        self._position = BeltSlip()
        self._slipped = False
        self.forget()

    def forget(self) -> None:
        self._ring: list[Stride] = []
        self._unseen = 0
        self._mean: Array | None = None
        self._measured: Mapping[str, Measure] | None = None
        self._share: float | None = None

    # --- what comes in ---

    def body(self, t_s: float, hips_px: tuple[float, float], thigh_px: float, side: Side | None) -> None:
        """Every pose; see Pelvis.body."""
        if side != self._side:
            self._side, self._samples = side, []
        if t_s - self._seen_s > SEEN_S:
            self._worn.reset()
        if hips_px[0] == hips_px[0]:
            self._body = Body(t_s, hips_px[0] * cos(radians(self._azimuth_deg)), hips_px[1], thigh_px / THIGH_M)

    def mark(self, t_s: float, given: Marks) -> None:
        """Tags in one frame; see Pelvis.mark."""
        if not self._sized:
            return
        ids, corners = self._wearer.sort(given, t_s, self._upright, self._body)
        self._worn.step(t_s, len(ids) >= 2)
        if len(ids):
            self._seen_s = t_s
        self._latest = None
        fits = ~self._learner.bad[ids] & (corners[:, 3, 1] > corners[:, 0, 1])
        ids, found = ids[fits], corners[fits] - self._middle_px
        if not len(ids):
            return
        out = outward(found)
        shape, sd_px = self._learner.shape, self._learner.sd_px
        last = self._samples[-1] if t_s - self._last_s() < GONE_S else None
        before = (last.rotation, last.place_m) if last else None
        pushed = found + shape.push_px * out
        pose, other_deg = posed(shape.corners_m[ids], shape.skewed[ids], pushed, before, self._focal_px, sd_px)
        if pose is None:
            return
        lone_deg = LONE_SD_DEG + other_deg if len(ids) == 1 else 0.0
        misfit_px = float(np.sort(pose.misfit_px)[len(ids) // 2])
        fitting = misfit_px < max(MISFIT * sd_px, MISFIT_PX)
        if self._misfits.step(t_s, not fitting) and self.calibrated:
            self._slip()
        gain, cov = gain_of(pose, ids, out)
        height_m = (self._body.y_px - self._middle_px[1]) * pose.place_m[2] / self._focal_px - pose.place_m[1]
        sample = Sample(t_s, len(ids), pose.rotation, gain, cov, lone_deg, pose.place_m, height_m)
        if fitting:
            self._latest = sample
            if t_s > self._last_s():
                self._samples.append(sample)
            while self._samples[0].t_s < t_s - KEPT_S:
                del self._samples[0]
        if len(ids) >= 2:
            lesson = self._learner.take(t_s, Keyframe(ids, found, pose.rotation, pose.place_m), self._focal_px)
            if lesson is not None:
                self._learnt(lesson)

    def _last_s(self) -> float:
        return self._samples[-1].t_s if self._samples else NEVER

    def _learnt(self, lesson: Lesson) -> None:
        """Poses and strides measured with the shape before follow the change, to first order."""
        if self._samples:
            by = turned(np.array([s.gain for s in self._samples]) @ lesson.twists)
            self._samples = [s._replace(rotation=s.rotation @ b) for s, b in zip(self._samples, by, strict=True)]
        self._ring = [s._replace(angles=s.angles + s.gains @ lesson.twists) for s in self._ring]
        self._measured = self._share = None

    # --- one stride ---

    def close(self, rows: NDArray[np.float64], thighs: Thighs, start_s: float, end_s: float) -> PelvicStride | None:
        if not self._worn.on or self._side is None:
            return None
        self._measured = self._share = None
        inside = [s for s in self._samples if start_s <= s.t_s < end_s]
        thigh, ahead, _ = thighs
        found = stride_of(inside, self._learner.sd_px, *runner_axes(self._side, self._azimuth_deg), start_s, end_s)
        if len(inside) >= FEWEST_FRAMES:
            self._position.step(inside)
            if self._position.slipped:
                self._slip()
        if found is None or not (isfinite(thigh.real + ahead.real) and abs(ahead) > 0):
            self._unseen += 1
            return None
        self._unseen = 0
        back = (ahead / abs(ahead)).conjugate()
        self._mean = mean_rotation(np.array([s.rotation for s in inside]))
        stride = Stride(found.angles * back, found.gains * back, found.locked, 2.0 * abs(thigh))
        self._ring = [*self._ring, stride][-STRIDES:]
        self._slipped = self._slipped and not self.calibrated
        if self._blocked() or not self.calibrated:
            return None
        return PelvicStride(complex(stride.angles[0]), 0j, stride.thigh_deg)

    def _slip(self) -> None:
        """What was learnt of the shape is of another place on the body."""
        self._slipped = True
        self._learner.forget()
        self._position.reset()
        self._misfits.reset()
        self.forget()

    # --- what is reported ---

    @property
    def calibrated(self) -> bool:
        return self._learnt_share() >= 1.0

    @property
    def worn(self) -> bool:
        return self._worn.on

    def _turn_cov(self, which: int = 0) -> Array:
        """(2, 2) deg^2 of turn (0), list (1) or tilt (2), of what is not known of the shape."""
        gain = np.mean([s.gains[which] for s in self._ring], axis=0)
        both = np.stack([gain.real, gain.imag])
        return np.asarray(both @ self._learner.shape.cov @ both.T)

    def _learnt_share(self) -> float:
        """By the bends known after a slow turn, or by how sure the turn is seen while running."""
        if self._share is None:
            self._share = self._learner.share()
            if len(self._ring) >= FEWEST:
                sd_deg = sqrt(max(float(np.linalg.eigvalsh(self._turn_cov())[-1]), 1e-9))
                self._share = min(max(self._share, TOO_VAGUE_DEG / sd_deg), 1.0)
        return self._share

    def _blocked(self) -> HipBeltTrouble:
        """What makes measuring impossible."""
        if self._wearer.upside_down.on:
            return "upside_down"
        if self._wearer.wrong_scale.on:
            return "wrong_scale"
        if self._position.hangs or self._learner.spoilt:
            return "not_a_belt"
        if self._slipped:
            return "slipping"
        if self._misfits.on:
            return "not_a_belt"
        return "covered" if self._unseen >= UNSEEN else ""

    def hip_belt(self, t_s: float) -> HipBelt | None:
        """How the belt is seen now; None while none is."""
        if not self.worn:
            return HipBelt(0, 0.0, "not_a_belt") if self._wearer.elsewhere.on else None
        learnt, blocked = round(self._learnt_share(), 2), self._blocked()
        trouble = blocked or ("two_belts" if self._wearer.two_belts.on else "")
        now = self._latest if t_s - self._seen_s < GONE_S else None
        state = HipBelt(now.tags if now else 0, learnt, trouble)
        if now is None or now.tags < 2 or self._mean is None or self._side is None or learnt < 1.0 or blocked:
            return state
        turn_deg, list_deg, tilt_deg = self._angles_of(now, self._mean, self._side)
        return replace(state, turn_deg=turn_deg, list_deg=list_deg, tilt_deg=tilt_deg)

    def _angles_of(self, now: Sample, mean: Array, side: Side) -> tuple[float, float, float]:
        """Turn, list and tilt against the mean; asked for twice a frame, worked out once."""
        if self._angles is None or self._angles[0] is not now or self._angles[1] is not mean:
            axes, signs = runner_axes(side, self._azimuth_deg)
            turn, list_, tilt = (round(v, 2) for v in (cardan(now.rotation[None], mean, axes)[0] * signs).tolist())
            self._angles = (now, mean, (turn, list_, tilt))
        return self._angles[2]

    def measures(self) -> Mapping[str, Measure]:
        if self._measured is None:
            self._measured = self._estimate()
        return self._measured

    def _estimate(self) -> Mapping[str, Measure]:
        n = len(self._ring)
        reason = REASONS[self._blocked()] if self._blocked() else ""
        if not reason and n < FEWEST:
            reason = FEW_STRIDES
        if not reason and not self.calibrated:
            reason = NOT_LEARNT
        if reason:
            return dict.fromkeys(MEASURED, Measure.cannot_tell(reason, n))
        thigh_deg = float(np.mean([s.thigh_deg for s in self._ring]))
        angles = np.array([s.angles for s in self._ring])
        angles = angles[usual(angles[:, 0])]
        locked = np.mean([s.locked for s in self._ring], axis=0)
        own = [self._turn_cov(i) + (locked[i] ** 2 + SLIP_SD_DEG[i] ** 2) * np.eye(2) for i in range(3)]
        measures = dict(estimate(angles[:, 0], thigh_deg, GAIN_SD, angle_cov=own[0], widest_share=WIDEST_SHARE))
        for i, name in ((1, "pelvic_list_deg"), (2, "pelvic_tilt_deg")):
            each = estimate(angles[:, i], thigh_deg, GAIN_SD, angle_cov=own[i], widest_share=WIDEST_SHARE)
            measures[name] = each["pelvic_turn_deg"]
        return measures
