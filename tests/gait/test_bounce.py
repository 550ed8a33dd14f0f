"""How the trunk rises and falls, where the near foot lands, and what each of the measures needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from station.gait import history as h
from station.gait.bounce import rise_px
from station.gait.core import GaitCore
from station.gait.history import History
from station.testing.synthetic import SyntheticRunner
from station.testing.synthetic_body import Filming
from station.testing.synthetic_motion import RunnerSpec
from station.types import NAN, Gait, Reading
from tests.gait.conftest import noisy

RISE_PX = 30.0


def rows(noise_px: float = 0.0, seed: int = 0) -> np.ndarray:
    """A stride of 0.7 s whose trunk rises by RISE_PX in each step, one step a little more than the
    other.
    """
    t_s = np.arange(5.0, 5.7, 1 / 60)
    made = np.full((len(t_s), h.COLUMNS), NAN)
    phase = 2 * np.pi * (t_s - 5.0) / 0.7
    height = 400.0 + RISE_PX / 2 * np.cos(2 * phase + 0.4) + 3.0 * np.cos(phase)
    made[:, h.T_S] = t_s
    made[:, h.TRUNK_Y] = height + noise_px * np.random.default_rng(seed).standard_normal(len(t_s))
    made[:, h.HIP_Y] = 2.0 * height
    return made


def test_the_rise_is_that_of_both_steps() -> None:
    assert rise_px(rows(), 5.0, 5.7) == pytest.approx(RISE_PX, abs=0.2)


def test_noise_does_not_make_the_rise_larger() -> None:
    """As the largest less the smallest sample would."""
    found = [rise_px(rows(4.0, seed), 5.0, 5.7) for seed in range(40)]
    assert np.mean(found) == pytest.approx(RISE_PX, abs=0.7)
    assert np.mean([np.ptp(rows(4.0, seed)[:, h.TRUNK_Y]) for seed in range(40)]) > RISE_PX + 6


def test_hips_stand_in_for_a_trunk_that_is_not_seen() -> None:
    unseen = rows()
    unseen[:, h.TRUNK_Y] = NAN
    assert rise_px(unseen, 5.0, 5.7) == pytest.approx(2 * RISE_PX, abs=0.4)


def test_a_stride_with_a_hole_has_no_rise() -> None:
    hole = rows()
    hole[10:30, [h.TRUNK_Y, h.HIP_Y]] = NAN
    assert np.isnan(rise_px(hole, 5.0, 5.7))


def test_exchanged_legs_exchange_where_the_ankles_are() -> None:
    history = History()
    row = np.zeros(h.COLUMNS)
    row[h.REACH_NEAR], row[h.REACH_FAR], row[h.TRUNK_Y] = 1.0, 2.0, 3.0
    history.append(row.tolist())
    history.exchange_legs(0.0)
    found = history.between(0.0, 1.0)[0]
    assert (found[h.REACH_NEAR], found[h.REACH_FAR], found[h.TRUNK_Y]) == (2.0, 1.0, 3.0)


def ran(filming: Filming, scale: bool = True, given_mps: float = NAN) -> tuple[Gait, SyntheticRunner]:
    runner = SyntheticRunner(RunnerSpec(speed_mps=3.2, flaws=noisy()), 15.0, filming)
    core = GaitCore(runner.view if scale else replace(runner.view, px_per_m=NAN))
    core.step(Reading(0, "speed_given_mps", given_mps))
    return [core.step(pose) for pose in runner.poses()][-1], runner


@pytest.mark.parametrize("direction", ["left", "right"])
def test_a_calibrated_camera_and_a_given_speed_give_all(direction: str) -> None:
    gait, runner = ran(Filming(fps=60.0, direction=direction), given_mps=3.2)  # type: ignore[arg-type]
    true = runner.truth.strides
    bars = {"vertical_oscillation_cm": 0.5, "vertical_ratio_pct": 0.5, "overstride_near_cm": 3.0, "shank_contact_near_deg": 3.5}
    for name, bar in bars.items():
        measure = gait.measures[name]
        assert measure.measured
        assert measure.value == pytest.approx(np.nanmean(true[name]), abs=bar), name
    step_ms, contact_ms = 60_000 / gait.measures["cadence_spm"].value, gait.measures["contact_time_ms"].value
    assert gait.measures["flight_time_ms"].value == pytest.approx(step_ms - contact_ms, abs=0.5)
    assert gait.measures["duty_factor_pct"].value == pytest.approx(50 * contact_ms / step_ms, abs=0.1)


def test_without_a_scale_there_are_no_centimetres() -> None:
    gait, _ = ran(Filming(fps=60.0), scale=False, given_mps=3.2)
    for name in ("vertical_oscillation_cm", "vertical_ratio_pct", "overstride_near_cm"):
        assert "scale of a calibrated camera" in gait.measures[name].reason
    assert gait.measures["shank_contact_near_deg"].measured


def test_a_speed_seen_in_the_feet_makes_no_vertical_ratio() -> None:
    gait, _ = ran(Filming(fps=60.0))
    assert gait.speed.origin == "picture"
    assert gait.measures["vertical_oscillation_cm"].measured
    assert "given or read" in gait.measures["vertical_ratio_pct"].reason


def test_what_few_frames_do_not_show_is_not_reported() -> None:
    gait, _ = ran(Filming(fps=20.0), given_mps=3.2)
    by_contact, by_landing = ("flight_time_ms", "duty_factor_pct"), ("overstride_near_cm", "shank_contact_near_deg")
    for name, least in (*((n, 50) for n in by_contact), *((n, 25) for n in by_landing)):
        assert gait.measures[name].reason == f"needs at least {least} frames a second", name
    assert gait.measures["vertical_oscillation_cm"].measured
