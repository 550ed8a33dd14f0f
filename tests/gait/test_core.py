"""The core as a whole: memory is fixed, nothing odd breaks it."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from station.gait import GaitCore
from station.gait.activity import ActivityClock
from station.gait.history import COLUMNS, HIPS_D, T_S, THIGH_FAR, THIGH_NEAR, History
from station.testing.synthetic import SyntheticRunner
from station.testing.synthetic_motion import RunnerSpec
from station.types import NS, QUANTITIES, Activity, Pose, Press, Reading, Tick
from tests.gait.conftest import film, noisy

SPEC = RunnerSpec(speed_mps=3.2, flaws=noisy(swap_fraction=0.1, swap_run_s=0.2, dropout_fraction=0.03), variability=1.0)


def test_reset_is_a_new_core() -> None:
    runner = SyntheticRunner([(9.0, RunnerSpec("knee_lift", flaws=noisy())), (8.0, SPEC)], seed=1)
    core = GaitCore(runner.view)
    first = [repr(core.step(pose)) for pose in runner.poses()]
    core.reset()
    assert [repr(core.step(pose)) for pose in runner.poses()] == first


def test_every_measure_is_always_there() -> None:
    gait = GaitCore().step(Tick(0))
    assert set(gait.measures) == set(QUANTITIES)
    assert all(not m.measured and np.isnan(m.value) for m in gait.measures.values())
    reported = film((12.0, SPEC)).last
    assert set(reported.measures) == set(QUANTITIES)
    assert all(np.isnan(m.value) for m in reported.measures.values() if not m.measured)


def test_outputs_are_rounded_and_read_only() -> None:
    reported = film((10.0, SPEC))
    for gait in reported.gaits:
        for record in (gait.angles, gait.drawn, *gait.strides):
            if record is not None:
                values = np.array(list(record))
                np.testing.assert_array_equal(values, np.round(values, 3))
                with pytest.raises(ValueError, match=r"read-only|not writeable|assignment"):
                    record[0] = 1.0
    assert reported.last.curves is not None
    assert reported.last.curves.shape == (6, 51)


def test_drawn_is_calmer_and_is_never_measured() -> None:
    reported = film((10.0, SPEC))
    raw, drawn = (
        np.array([g["thigh_near_deg"] for g in values], float)
        for values in (
            [g.angles for g in reported.gaits if g.angles is not None],
            [g.drawn for g in reported.gaits if g.drawn is not None],
        )
    )
    calm, shaky = (np.nanmean(np.abs(np.diff(x, 2))) for x in (drawn, raw))
    assert calm < 0.6 * shaky
    assert np.nanmax(drawn) < np.nanmax(raw)


def test_memory_does_not_grow() -> None:
    core, poses = GaitCore(), list(SyntheticRunner(SPEC, seconds=20.0).poses())

    def size() -> int:
        seen: set[int] = set()

        def of(thing: object) -> int:
            if id(thing) in seen or isinstance(thing, (type, str)):
                return 0
            seen.add(id(thing))
            total = thing.nbytes if isinstance(thing, np.ndarray) else sys.getsizeof(thing)
            if isinstance(thing, dict):
                return total + sum(of(v) for v in thing.values())
            if isinstance(thing, (list, tuple)) or type(thing).__name__ == "deque":
                return total + sum(of(v) for v in thing)  # type: ignore[attr-defined]
            return total + sum(of(v) for v in getattr(thing, "__dict__", {}).values())

        return of(core)

    span_ns, sizes = poses[-1].t_ns + NS // 60, []
    for lap in range(6):
        for pose in poses:
            core.step(Pose(pose.t_ns + lap * span_ns, pose.xy_px, pose.score))
        sizes.append(size())
    assert max(sizes[2:]) < 1.02 * sizes[2]
    assert sizes[-1] < 500_000


def test_poses_out_of_order_and_twice_are_passed_over() -> None:
    runner = SyntheticRunner(SPEC, seconds=12.0)
    plain, odd = GaitCore(runner.view), GaitCore(runner.view)
    for i, pose in enumerate(runner.poses()):
        expected = plain.step(pose)
        reported = odd.step(pose)
        if i % 5 == 0:
            odd.step(pose)
            odd.step(Pose(max(0, pose.t_ns - NS // 10), pose.xy_px, pose.score))
    assert repr(reported.measures) == repr(expected.measures)
    assert reported.swaps_repaired == expected.swaps_repaired


def test_presses_and_unknown_channels_are_no_concern() -> None:
    core = GaitCore()
    assert core.step(Press(0, "start")).activity == Activity.ABSENT
    assert core.step(Reading(1, "heart_rate_bpm", 150.0)).speed.origin == "unknown"


def test_a_long_pause_begins_a_new_window() -> None:
    reported = film((12.0, SPEC), (10.0, RunnerSpec("standing", flaws=noisy())), (8.0, SPEC))
    kept = {g.t_ns / NS: g.measures["cadence_spm"].n for g in reported.gaits}
    ran, stood = (max(n for t_s, n in kept.items() if a < t_s < b) for a, b in ((0, 13), (15, 22)))
    assert ran == stood >= 14, "while the runner stands the last run's measures stay"
    assert reported.last.measures["cadence_spm"].n <= 11


def test_history_keeps_the_newest_rows_in_order() -> None:
    kept = History(keep=100)
    for i in range(1050):
        kept.append([float(i)] * COLUMNS)
    assert kept.between(951.0, 1e9)[:, T_S].tolist() == [float(i) for i in range(951, 1050)]
    assert len(kept.between(1e6, 1e9)) == 0
    kept.exchange_legs(1049.0)
    kept.append([2000.0, 1.0, 2.0, *[5.0] * (COLUMNS - 3)])
    kept.exchange_legs(2000.0)
    row = kept.between(1999.0, 2001.0)[0]
    assert (row[THIGH_NEAR], row[THIGH_FAR], row[HIPS_D]) == (2.0, 1.0, -5.0)


def test_one_running_step_among_walking_ones_is_no_run() -> None:
    clock = ActivityClock()
    clock.see(0.0)
    verdicts = []
    for i, run in enumerate([False, True, False, False, True, False]):
        clock.see(i * 0.5)
        clock.stepped(i * 0.5, run)
        verdicts.append(clock.now(i * 0.5))
    assert set(verdicts) == {Activity.WALKING}
