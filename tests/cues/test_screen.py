from __future__ import annotations

import pytest

from station.coach import Coach
from station.cues import Plan
from station.cues.screen import own_band
from station.faults import norms
from station.types import Gait, Measure, Snapshot, View
from tests.made_gait import MadeRunner

VIEW = View(1280, 720)


def after(runner: MadeRunner, seconds: float, coach: Coach | None = None) -> Snapshot:
    coach = coach or Coach(VIEW, Plan())
    for gait in runner.run(seconds):
        shown = coach.answer(gait).snapshot
    return shown


def test_before_a_baseline_the_bands_are_the_norms_of_the_speed() -> None:
    shown = after(MadeRunner(3.5), 20)
    band = shown.bands["cadence_spm"]
    assert (band.low, band.high, band.origin) == (*norms.band("cadence_spm", 3.5), "norm")
    assert shown.aim_cadence_spm == norms.at("cadence_spm", 3.5).p25
    assert shown.view is VIEW


def test_after_the_baseline_they_are_the_runners_own() -> None:
    band = after(MadeRunner(3.5, cadence_spm=160.0), 190).bands["cadence_spm"]
    assert band.origin == "own"
    assert band.low < 160.0 < band.high


def test_a_new_speed_brings_new_norms() -> None:
    coach, runner = Coach(VIEW, Plan()), MadeRunner(2.5)
    slow = after(runner, 20, coach).bands["tle_near_deg"]
    faster = MadeRunner(4.5, start_ns=runner.t_ns)
    assert after(faster, 5, coach).bands["tle_near_deg"].low > slow.low


def test_without_a_speed_there_are_no_norms_to_show() -> None:
    shown = after(MadeRunner(float("nan")), 20)
    assert shown.bands == {}


def test_the_own_band_is_one_standard_deviation_of_the_strides() -> None:
    """36 strides with SD 3 have a 95 % interval of 1.96 x 3 / 6."""
    band = own_band(Measure(20.0, 20 - 0.98, 20 + 0.98, 36))
    assert (band.low, band.high) == pytest.approx((17.0, 23.0))


def test_standing_is_prompted() -> None:
    coach = Coach(VIEW, Plan())
    for gait in MadeRunner().stand(8):
        shown = coach.answer(gait).snapshot
    assert shown.prompt == "drill.offer"
    assert shown.progress == 0.0
    assert isinstance(shown.gait, Gait)
