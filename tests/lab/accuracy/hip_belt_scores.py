"""What the station tells of a runner with a hip belt, against what is true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np

from station.gait import GaitCore
from station.pose.hip_belt import HipBeltFinder
from station.types import NS, Frame, Gait, Marks, Measure, Pose, View
from tests.lab.accuracy.hip_belt_cases import Case
from tests.lab.accuracy.hip_belt_errors import lent
from tests.lab.accuracy.hip_belt_films import Film, film
from tests.lab.render.hip_belt_truth import h1
from tests.lab.render.spec import ClipSpec
from tests.made_hip_belt import START_NS, MadeRun, made, true_turn

PAUSE_S = 2.0
"""Between the slow turn and the run."""
LOCKED_DEG, TYPICAL_DEG = 1.0, 3.5
"""Amplitude of a locked waist, at most, and of a typical one, at least."""
CUT_DEG = 2.25
"""Halfway: below is called locked."""

Inputs = Iterable[Marks | Pose]


@dataclass(frozen=True)
class Reported:
    """The end of one run. Amplitudes are half of peak to peak, degrees."""

    case: Case
    turn: Measure
    """Peak to peak, as the station tells it; so are the next."""
    lead: Measure
    list_: Measure
    tilt: Measure
    true_turn: complex
    true_list_deg: float
    true_tilt_deg: float
    strides: int
    one_tag: float
    """Share of the run's pictures with a tag at least."""
    two_tags: float
    learnt: float
    troubles: tuple[str, ...]
    """That were told during the run, the most frequent first."""
    picture_sd_deg: float
    """Scatter of the turn told picture by picture."""

    @property
    def amplitude_deg(self) -> float:
        return self.turn.value / 2

    @property
    def true_amplitude_deg(self) -> float:
        return abs(self.true_turn) / 2

    @property
    def error_deg(self) -> float:
        """Of the amplitude; NaN when nothing was told."""
        return self.amplitude_deg - self.true_amplitude_deg

    @property
    def phase_error_deg(self) -> float:
        """Of the lead; NaN when it was not told."""
        off = self.lead.value - np.degrees(np.angle(self.true_turn))
        return float((off + 180) % 360 - 180)

    @property
    def held(self) -> bool:
        """Whether the 95 % interval of the turn holds the truth."""
        return self.turn.low <= abs(self.true_turn) <= self.turn.high

    @property
    def called(self) -> str:
        """What half-way between locked and typical makes of it."""
        return "" if not self.turn.measured else "locked" if self.amplitude_deg < CUT_DEG else "typical"


def filmed(case: Case) -> Reported:
    """From pixels: finder, core and hip belt source as the station has them. Raises ImportError
    without the renderer.
    """
    run = film(case.run, case.size_px, case.poster)
    turn = [_turn_found(case.turn, case.jpeg_quality)] if case.slow_turn else []
    return _reported(case, [*turn, _found(run, case.jpeg_quality)], run.run)


def generated(case: Case, seed: int = 0) -> Reported:
    """Without pixels: corners made from the truth, with errors that the finder made in pictures."""
    rng = np.random.default_rng(seed)
    stretches = [made(spec, corner_sd_px=0.0, seed=seed) for spec in ((case.turn, case.run) if case.slow_turn else (case.run,))]
    seen = [replace(m, corners_px=m.corners_px + lent(m, rng)) for m in stretches]
    return _reported(case, [m.inputs() for m in seen], seen[-1])


def believed(case: Case, run: MadeRun) -> View:
    """The camera as the station thinks it is."""
    view = run.view
    return replace(view, focal_px=view.focal_px * case.focal_off, roll_deg=view.roll_deg + case.roll_off_deg)


@cache
def _turn_found(spec: ClipSpec, jpeg_quality: int) -> tuple[Marks | Pose, ...]:
    return tuple(_found(film(spec), jpeg_quality))


def _found(shown: Film, jpeg_quality: int) -> Iterator[Marks | Pose]:
    finder = HipBeltFinder()
    for frame, pose in shown.frames():
        marks = finder.find(_compressed(frame, jpeg_quality), pose)
        if marks is not None:
            yield marks
        yield pose


def _compressed(frame: Frame, jpeg_quality: int) -> Frame:
    if not jpeg_quality:
        return frame
    _, packed = cv2.imencode(".jpg", frame.image, [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality])
    return replace(frame, image=cv2.imdecode(packed, cv2.IMREAD_COLOR))


def _reported(case: Case, stretches: list[Inputs], run: MadeRun) -> Reported:
    core = GaitCore(believed(case, run))
    shift_ns, last_ns, gaits, strides = 0, START_NS, [], 0
    for k, stretch in enumerate(stretches):
        running = k == len(stretches) - 1
        for given in stretch:
            last_ns = given.t_ns + shift_ns
            gait = core.step(replace(given, t_ns=last_ns))
            strides += len(gait.strides) if running else 0
            if running and isinstance(given, Pose):
                gaits.append(gait)
        shift_ns = last_ns - START_NS + round(PAUSE_S * NS)
    return _summed_up(case, gaits, strides, run)


def _summed_up(case: Case, gaits: list[Gait], strides: int, run: MadeRun) -> Reported:
    truth, end = run.truth, gaits[-1]
    tags = np.array([g.hip_belt.tags if g.hip_belt else 0 for g in gaits])
    troubles = [g.hip_belt.trouble for g in gaits if g.hip_belt and g.hip_belt.trouble]
    sign = 1 if run.spec.camera.side == "right" else -1
    off = np.array([g.hip_belt.turn_deg if g.hip_belt else np.nan for g in gaits]) - sign * truth.turn_deg
    nothing = Measure.cannot_tell("not told")
    by_belt = end.measures if end.pelvic_source == "hip_belt" else {}
    measures = [by_belt.get(f"pelvic_{n}_deg", nothing) for n in ("turn", "lead", "list", "tilt")]
    return Reported(
        case, *measures, true_turn(run), 2 * abs(h1(truth.stride_phase, truth.list_deg)),
        2 * abs(h1(truth.stride_phase, truth.tilt_deg)), strides, float((tags >= 1).mean()), float((tags >= 2).mean()),
        end.hip_belt.learnt if end.hip_belt else 0.0, tuple(sorted(set(troubles), key=troubles.count, reverse=True)),
        float(np.nanstd(off[len(off) // 3 :])) if np.isfinite(off[len(off) // 3 :]).any() else float("nan"),
    )
