"""What must hold for the core whatever it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from station.gait import GaitCore
from station.testing.synthetic import SyntheticRunner
from station.testing.synthetic_body import Filming
from station.testing.synthetic_flaws import Flaws
from station.testing.synthetic_motion import RunnerSpec
from station.types import JOINTS, NS, Joint, Pose, Press, Reading, Tick, View
from tests.analysed import Analysis, analyse

FEW = settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
SECONDS = 9.0
MIRROR = [Joint[j.name.replace("LEFT", "*").replace("RIGHT", "LEFT").replace("*", "RIGHT")] for j in Joint]

runners = st.builds(
    lambda speed, fps, seed, swap, lost: SyntheticRunner(
        RunnerSpec(speed_mps=speed, flaws=Flaws(noise_mm=8.0, swap_fraction=swap), variability=1.0),
        seconds=SECONDS,
        filming=Filming(fps=fps, jitter_ms=3.0, lost_fraction=lost),
        seed=seed,
    ),
    speed=st.floats(1.9, 5.0),
    fps=st.sampled_from([18.0, 25.0, 30.0, 50.0, 60.0, 120.0]),
    seed=st.integers(0, 1000),
    swap=st.sampled_from([0.0, 0.01, 0.1, 0.3]),
    lost=st.sampled_from([0.0, 0.1]),
)


def poses(runner: SyntheticRunner, change: Callable[[np.ndarray], np.ndarray] = lambda xy: xy, later_ns: int = 0) -> list[Pose]:
    return [Pose(p.t_ns + later_ns, change(p.xy_px.astype(float)), p.score) for p in runner.poses()]


def same(a: Analysis, b: Analysis, angle_deg: float = 0.0, share: float = 0.0) -> None:
    """Both analyses say the same, within the rounding steps given."""
    np.testing.assert_allclose(a.angles.view("f8"), b.angles.view("f8"), atol=angle_deg + 1e-9)
    assert len(a.strides) == len(b.strides)
    for name in a.strides.dtype.names or ():
        np.testing.assert_allclose(a.strides[name], b.strides[name], atol=max(angle_deg, share) + 1e-9, rtol=share, err_msg=name)
    assert [(e.kind, e.confidence) for e in a.events] == [(e.kind, e.confidence) for e in b.events]


@FEW
@given(runners)
def test_mirrored_picture_mirrors_the_runner_and_nothing_else(runner: SyntheticRunner) -> None:
    view = replace(runner.view, direction=None)

    def mirrored(pose: Pose) -> Pose:
        xy = pose.xy_px[MIRROR].astype(float)
        xy[:, 0] = view.width_px - xy[:, 0]
        return Pose(pose.t_ns, xy, pose.score[MIRROR])

    plain, turned = analyse(runner.poses(), view), analyse(map(mirrored, runner.poses()), view)
    same(plain, turned, angle_deg=0.011, share=0.002)
    assert plain.last.direction is not None
    assert {plain.last.direction, turned.last.direction} == {"left", "right"}
    assert all(a.side != b.side for a, b in zip(plain.events, turned.events, strict=True))
    assert plain.last.swaps_repaired == turned.last.swaps_repaired


@FEW
@given(runners, st.sampled_from([0.25, 0.5, 2.0, 4.0]))
def test_size_of_the_picture_changes_nothing(runner: SyntheticRunner, scale: float) -> None:
    view = runner.view
    larger = replace(
        view, width_px=round(view.width_px * scale), height_px=round(view.height_px * scale), px_per_m=view.px_per_m * scale
    )
    same(analyse(poses(runner), view), analyse(poses(runner, lambda xy: xy * scale), larger), angle_deg=0.011, share=0.002)


@FEW
@given(runners, st.integers(0, 10**15))
def test_a_shift_of_all_times_changes_nothing_at_all(runner: SyntheticRunner, later_ns: int) -> None:
    a, b = analyse(poses(runner), runner.view), analyse(poses(runner, later_ns=later_ns), runner.view)
    same(a, b)
    assert [e.t_ns + later_ns for e in a.events] == [e.t_ns for e in b.events]
    assert repr(a.last.measures) == repr(b.last.measures)


@FEW
@given(runners)
def test_a_replay_is_equal_to_the_bit(runner: SyntheticRunner) -> None:
    first, second = GaitCore(runner.view), GaitCore(runner.view)
    for i, pose in enumerate(runner.poses()):
        reported, again = first.step(pose), second.step(Pose(pose.t_ns, pose.xy_px.copy(), pose.score.copy()))
        if i % 7 == 0 or reported.strides:
            assert repr(reported) == repr(again)


@FEW
@given(runners)
def test_cadence_is_neither_doubled_nor_halved(runner: SyntheticRunner) -> None:
    reported = analyse(runner.poses(), replace(runner.view, direction=None))
    true = runner.truth.strides["cadence_spm"].mean()
    assert reported.last.measures["cadence_spm"].value == pytest.approx(true, abs=2.5)
    assert np.abs(reported.strides["cadence_spm"] - true).max() < 0.2 * true


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6), st.floats(0.0, 1.0), st.sampled_from([np.nan, np.inf, -np.inf, 1e30, -1e30, 0.0]))
def test_no_landmarks_however_bad_raise(seed: int, share: float, bad: float) -> None:
    """Random landmarks of a runner are lost or broken; then the whole body goes."""
    rng = np.random.default_rng(seed)
    runner = SyntheticRunner(RunnerSpec(speed_mps=3.0), seconds=4.0, filming=Filming(fps=30.0), seed=seed)
    core = GaitCore(runner.view)
    always = rng.random(JOINTS) < 0.1
    for pose in runner.poses():
        xy, score = pose.xy_px.copy(), pose.score.copy()
        broken = (rng.random(JOINTS) < share) | always
        xy[broken] = bad
        score[rng.random(JOINTS) < 0.1] = 0.0
        gait = core.step(Pose(pose.t_ns, xy, score))
    assert not np.isinf([m.value for m in gait.measures.values()]).any()
    assert core.step(Pose.nobody(pose.t_ns + 3 * NS)).tracked_fraction == 0.0


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from("prtb"), st.integers(-(10**9), 10**10)), max_size=60), st.integers(0, 99))
def test_any_inputs_in_any_order(kinds: list[tuple[str, int]], seed: int) -> None:
    rng, core = np.random.default_rng(seed), GaitCore(View(640, 480))
    for kind, t_ns in kinds:
        xy = rng.uniform(-1e4, 1e4, (JOINTS, 2))
        given_ = {
            "p": Pose(t_ns, xy, rng.random(JOINTS)),
            "r": Reading(t_ns, "speed_ftms_mps", float(xy[0, 0])),
            "t": Tick(t_ns),
            "b": Press(t_ns, "start"),
        }[kind]
        assert core.step(given_).t_ns == t_ns
