"""A runner who does not exist: landmarks with known truth, for tests, stories and the demo.

runner = SyntheticRunner(RunnerSpec(speed_mps=3.0), seconds=60, filming=Filming(fps=60))
runner = SyntheticRunner([(5, RunnerSpec("standing")), (60, RunnerSpec())])
runner.xy_px, runner.truth.strides, runner.poses(), runner.source()
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from station.ports import Clock
from station.sense.playback import PosePlayer
from station.testing.synthetic_body import HEIGHT_M, SHANK_M, THIGH_M, Filming, in_frame, landmarks_m
from station.testing.synthetic_flaws import FAR_SCORE, LEFT_LEG, NEAR_SCORE, RIGHT_LEG, drag_hips, hide, noise, runs, swap_legs
from station.testing.synthetic_motion import GRID_HZ, Motion, RunnerSpec, Script
from station.types import ANGLES, JOINTS, NAN, NS, STRIDE, Event, Pose, Side, SourceInfo, View

Array = NDArray[np.float64]

SAMPLES_PER_STRIDE = 256  # chosen: finer than any frame rate
HALF_MOVING = 0.5  # a step counts while the person mostly strides
MID_STANCE = 0.2  # phase at which the thigh is far from its forward peak
LONGEST_STRIDE_S = 2.0  # longer than that lies a pause between


@dataclass(frozen=True)
class Truth:
    """What the landmarks were made from; angles as a perfect side view would show them."""

    t_s: Array  # (N,) true frame times from 0
    angles: NDArray[np.void]  # (N,) ANGLES
    pelvic_turn_deg: Array  # (N,) near side forward +
    stride_phase: Array  # (N,) strides since the start, whole numbers are near contacts
    present: NDArray[np.bool_]  # (N,)
    swapped: NDArray[np.bool_]  # (N,) left and right leg exchanged
    dropped: NDArray[np.bool_]  # (N,)
    events: tuple[Event, ...]  # contacts, toe-offs, knee lifts, in time order
    strides: NDArray[np.void]  # (M,) STRIDE, each from a near-thigh forward peak to the next

    def times_s(self, kind: str, side: Side) -> Array:
        """When the foot of that side did that."""
        return np.array([e.t_ns / NS for e in self.events if e.kind == kind and e.side == side])


class SyntheticRunner:
    """A scripted person: `t_ns` (N,) int64 from 0, `xy_px` (N, 33, 2), `score` (N, 33), `truth`.

    A spec alone runs for `seconds`; a script is [(seconds, spec), ...], each segment eased in over
    `blend_s`. The same arguments and seed give the same numbers. Raises ValueError for impossible
    arguments.
    """

    def __init__(
        self,
        script: RunnerSpec | Script,
        seconds: float = 30.0,
        filming: Filming | None = None,
        seed: int = 0,
        blend_s: float = 1.0,
    ) -> None:
        filming = filming or Filming()
        if filming.fps <= 0:
            raise ValueError(f"fps is {filming.fps}, expected more than 0")
        segments: Script = [(seconds, script)] if isinstance(script, RunnerSpec) else script
        random = np.random.default_rng(seed)
        self.filming = filming
        self.near_side: Side = filming.direction
        self.motion = Motion(segments, self.near_side, blend_s, random)
        self._t_s = _frame_times(filming, self.motion.duration_s, random)
        self.t_ns: NDArray[np.int64] = np.round(self._t_s * NS).astype(np.int64)
        self.t_ns -= self.t_ns[0]
        xy_px, score, swapped, dropped = self._landmarks(random)
        self.xy_px: NDArray[np.float32] = xy_px.astype(np.float32)
        self.score: NDArray[np.float32] = score.astype(np.float32)
        self._swapped, self._dropped = swapped, dropped

    def __len__(self) -> int:
        return len(self.t_ns)

    @property
    def view(self) -> View:
        return self.filming.view

    @property
    def info(self) -> SourceInfo:
        filming, n = self.filming, len(self)
        return SourceInfo(
            "synthetic runner", "synthetic", filming.width_px, filming.height_px, filming.fps, n, float(self.t_ns[-1] / NS)
        )

    def poses(self) -> Iterator[Pose]:
        for t_ns, xy_px, score in zip(self.t_ns.tolist(), self.xy_px, self.score, strict=True):
            yield Pose(t_ns, xy_px, score)

    def source(self, clock: Clock | None = None, realtime: bool = False, loop: bool = False) -> PosePlayer:
        """Something that plays these poses like a camera with a perfect model would."""
        return PosePlayer(self.info, self.t_ns, self.xy_px, self.score, clock, realtime, loop)

    # --- landmarks --------------------------------------------------------------------------------

    def _landmarks(self, random: np.random.Generator) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.bool_]]:
        t, motion = self._t_s, self.motion
        points = landmarks_m(motion.posture(t), motion.specs[0].height_m)
        xy_px = in_frame(points, self.filming, motion.forward_m(t), motion.rise_m(t))
        xy_px = drag_hips(xy_px, motion.flaw("thigh_drag", t))
        sd_px = motion.flaw("noise_px", t) + motion.flaw("noise_mm", t) * self.filming.px_per_m / 1000
        xy_px += sd_px[:, None, None] * noise(random, t, JOINTS, motion.flaw("noise_tau_s", t))
        score = np.full((len(t), JOINTS), NEAR_SCORE)
        score[:, RIGHT_LEG if self.near_side == "left" else LEFT_LEG] = FAR_SCORE
        swapped = runs(random, t, motion.flaw("swap_fraction", t), motion.flaw("swap_run_s", t)) & motion.present(t)
        swap_legs(xy_px, score, swapped)
        dropped = runs(random, t, motion.flaw("dropout_fraction", t), motion.flaw("dropout_run_s", t))
        hide(xy_px, score, self._hidden(dropped))
        return xy_px, score, swapped, dropped

    def _hidden(self, dropped: NDArray[np.bool_]) -> NDArray[np.bool_]:
        hidden = np.repeat(~self.motion.present(self._t_s)[:, None], JOINTS, axis=1)
        segment = self.motion.segment(self._t_s)
        for i, spec in enumerate(self.motion.specs):
            joints = list(range(JOINTS)) if spec.flaws.dropout_joints is None else list(spec.flaws.dropout_joints)
            hidden[np.ix_(dropped & (segment == i), joints)] = True
        return hidden

    # --- truth ------------------------------------------------------------------------------------

    @cached_property
    def truth(self) -> Truth:
        """Made when first asked for: it costs about as much as the landmarks."""
        t = self._t_s
        present = self.motion.present(t)
        angles = self.angles(t)
        for name in ANGLES.names or ():
            angles[name][~present] = NAN
        turn = np.where(present, self.motion.pelvic_turn_deg(t), NAN)
        phase = self.motion.phase(t, near=True)
        return Truth(t - t[0], angles, turn, phase, present, self._swapped, self._dropped, self._events(), self._strides())

    def angles(self, t_s: Array) -> NDArray[np.void]:
        """(N,) ANGLES of a perfect side view at any moments, seconds on the script's clock."""
        out = np.empty(len(t_s), ANGLES)
        lean = self.motion.value("trunk_lean_deg", t_s)
        for side in ("near", "far"):
            thigh, knee, _ = self.motion.leg(t_s, near=side == "near")
            out[f"thigh_{side}_deg"], out[f"knee_flexion_{side}_deg"] = thigh, knee
            out[f"shank_{side}_deg"], out[f"hip_flexion_{side}_deg"] = thigh - knee, thigh + lean
        out["trunk_lean_deg"] = lean
        return out

    def _crossings(self, near: bool, offset: Array) -> Array:
        """Script times at which phase - offset (on the grid) of a striding leg is whole."""
        grid = self.motion.grid_s
        phase = self.motion.phase(grid, near) - offset
        steps = np.flatnonzero((np.diff(np.floor(phase)) == 1) & self._striding(grid)[:-1])
        whole = np.floor(phase[steps]) + 1
        share = (whole - phase[steps]) / (phase[steps + 1] - phase[steps])
        return grid[steps] + share / GRID_HZ

    def _striding(self, t_s: Array) -> NDArray[np.bool_]:
        motion = self.motion
        inside = (t_s >= self._t_s[0]) & (t_s <= self._t_s[-1]) & motion.present(t_s)
        return inside & (motion.weight("running", t_s) + motion.weight("walking", t_s) > HALF_MOVING)

    def _side(self, near: bool) -> Side:
        far: Side = "right" if self.near_side == "left" else "left"
        return self.near_side if near else far

    def _events(self) -> tuple[Event, ...]:
        found = []
        grid = self.motion.grid_s
        for near in (True, False):
            side = self._side(near)
            found += [(t, "contact", side) for t in self._crossings(near, np.zeros_like(grid))]
            found += [(t, "toe_off", side) for t in self._crossings(near, self.motion.value("duty", grid))]
            found += [(t, "knee_lift", side) for t in self._lift_tops(near)]
        found.sort(key=lambda one: one[0])
        return tuple(Event(round((t - self._t_s[0]) * NS), kind, side, 1.0) for t, kind, side in found)  # type: ignore[arg-type]

    def _lift_tops(self, near: bool) -> Array:
        grid = self.motion.grid_s
        inside = (grid >= self._t_s[0]) & (grid <= self._t_s[-1]) & self.motion.present(grid)
        up = self.motion.lift(grid, near) * (self.motion.weight("knee_lift", grid) > HALF_MOVING) * inside
        top = (up[1:-1] > 0.99) & (up[1:-1] >= up[:-2]) & (up[1:-1] > up[2:])
        return grid[1:-1][top]

    def _strides(self) -> NDArray[np.void]:
        """Every stride between two near-thigh forward peaks, measured on the noise-free motion."""
        grid = self.motion.grid_s
        thigh = self.motion.leg(grid, near=True)[0]
        # Between two mid-stances lies exactly one forward peak; the small one on landing is not it.
        mid_stance = np.searchsorted(grid, self._crossings(True, np.full_like(grid, MID_STANCE)))
        tops = np.array([a + int(thigh[a:b].argmax()) for a, b in pairwise(mid_stance.tolist())], int)
        bend = thigh[tops - 1] - 2 * thigh[tops] + thigh[tops + 1]
        peaks = grid[tops] + (thigh[tops - 1] - thigh[tops + 1]) / (2 * bend) / GRID_HZ
        duration = np.diff(peaks)
        whole = duration < LONGEST_STRIDE_S
        return self._measured(peaks[:-1][whole], duration[whole])

    def _measured(self, start: Array, duration: Array) -> NDArray[np.void]:
        """STRIDE rows of strides that begin at `start` and last `duration` (M,), script seconds."""
        motion, out = self.motion, np.full(len(start), NAN, STRIDE)
        t = start[:, None] + duration[:, None] * np.arange(SAMPLES_PER_STRIDE) / SAMPLES_PER_STRIDE
        middle = start + duration / 2
        angles = self.angles(t.reshape(-1)).reshape(t.shape)
        out["start_s"], out["duration_s"], out["cadence_spm"] = start - self._t_s[0], duration, 120 / duration
        out["contact_s"] = motion.value("duty", middle) * duration
        out["speed_mps"] = motion.value("speed_mps", middle)
        out["step_length_m"] = out["speed_mps"] * duration / 2
        for side in ("near", "far"):
            thigh = angles[f"thigh_{side}_deg"]
            out[f"thigh_forward_{side}_deg"], out[f"tle_{side}_deg"] = thigh.max(axis=1), -thigh.min(axis=1)
            out[f"thigh_excursion_{side}_deg"] = np.ptp(thigh, axis=1)
        out["tle_share_near"] = out["tle_near_deg"] / out["thigh_excursion_near_deg"]
        out["trunk_lean_deg"] = angles["trunk_lean_deg"].mean(axis=1)
        out["running"] = motion.weight("running", middle) > HALF_MOVING
        late = motion.value("step_asymmetry_pct", middle) / 400
        out["step_time_near_s"], out["step_time_far_s"] = duration * (0.5 + late), duration * (0.5 - late)
        edges = np.searchsorted(self._t_s, [start, start + duration])
        present = np.concatenate([[0], np.cumsum(motion.present(self._t_s))])
        out["seen_fraction"] = np.diff(present[edges], axis=0)[0] / np.maximum(np.diff(edges, axis=0)[0], 1)
        self._measure_phases(out, t, start, angles)
        return out

    def _measure_phases(self, out: NDArray[np.void], t: Array, start: Array, angles: NDArray[np.void]) -> None:
        """What needs the place of the contact in the stride, and the first harmonics."""
        motion, flat, n = self.motion, t.reshape(-1), SAMPLES_PER_STRIDE
        knee = angles["knee_flexion_near_deg"]
        on_ground = (motion.phase(flat, near=True) % 1.0 < motion.value("duty", flat)).reshape(t.shape)
        out["knee_flexion_swing_near_deg"] = knee.max(axis=1)
        out["knee_flexion_stance_near_deg"] = np.where(on_ground, knee, -np.inf).max(axis=1)
        contacts = self._crossings(True, np.zeros_like(motion.grid_s))
        contact = contacts[np.searchsorted(contacts, start)] if len(start) else start
        thigh_deg, bend_deg, _ = motion.leg(contact, near=True)
        out["retraction_near_pct"] = 100 * (contact - start) / out["duration_s"]
        out["retraction_near_deg"] = out["thigh_forward_near_deg"] - thigh_deg
        out["shank_contact_near_deg"] = thigh_deg - bend_deg
        lengths_m = np.array([THIGH_M, SHANK_M]) * motion.specs[0].height_m / HEIGHT_M
        out["overstride_near_cm"] = 100 * lengths_m @ np.sin(np.radians([thigh_deg, thigh_deg - bend_deg]))
        rise_m = motion.rise_m(flat).reshape(len(start), 2, n // 2)
        out["vertical_oscillation_cm"] = 100 * np.ptp(rise_m, axis=2).mean(axis=1)
        out["vertical_ratio_pct"] = out["vertical_oscillation_cm"] / out["step_length_m"]
        out["flight_time_ms"] = 500 * out["duration_s"] - 1000 * out["contact_s"]
        out["duty_factor_pct"] = 100 * out["contact_s"] / out["duration_s"]
        wave = 2 / n * np.exp(-2j * np.pi * np.arange(n) / n)
        turn = motion.pelvic_turn_deg(flat).reshape(t.shape)
        thigh_h1, shank_h1, turn_h1 = (x @ wave for x in (angles["thigh_near_deg"], angles["shank_near_deg"], turn))
        out["thigh_shank_phase_deg"] = np.degrees(np.angle(thigh_h1 / shank_h1))
        against_thigh = 2 * turn_h1 * np.conj(thigh_h1) / abs(thigh_h1)
        out["pelvic_in_phase_deg"], out["pelvic_quadrature_deg"] = against_thigh.real, against_thigh.imag


def _frame_times(filming: Filming, seconds: float, random: np.random.Generator) -> Array:
    """Script times of the frames: jittered, some lost, always increasing, at least one."""
    step = 1 / filming.fps
    t = np.arange(max(1, round(seconds * filming.fps))) * step
    shift = np.clip(random.standard_normal(len(t)) * filming.jitter_ms / 1000, -0.45 * step, 0.45 * step)
    lost = random.random(len(t)) < filming.lost_fraction
    lost[0] = False
    return np.maximum(t + shift, 0)[~lost]
