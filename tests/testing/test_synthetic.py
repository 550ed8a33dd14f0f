"""The synthetic runner is only useful if its truth is true: measured back from the landmarks, apart
from how they were made.
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from station.testing.synthetic import SyntheticRunner
from station.testing.synthetic_body import HIP_WIDTH_M, THIGH_M, Filming
from station.testing.synthetic_flaws import Flaws
from station.testing.synthetic_motion import NORM_SPEEDS_MPS, NORMS, RunnerSpec
from station.types import ANGLES, NS, STRIDE, Joint

NEAR = {"right": "RIGHT", "left": "LEFT"}
FAR = {"right": "LEFT", "left": "RIGHT"}


def thigh_deg(runner: SyntheticRunner, leg: str) -> np.ndarray:
    ahead = 1 if runner.near_side == "right" else -1
    x, y = (runner.xy_px[:, Joint[f"{leg}_KNEE"]] - runner.xy_px[:, Joint[f"{leg}_HIP"]]).astype(float).T
    return np.degrees(np.arctan2(ahead * x, y))


def hip_gap_m(runner: SyntheticRunner) -> np.ndarray:
    """Near hip ahead of the far one."""
    ahead = 1 if runner.near_side == "right" else -1
    near, far = (runner.xy_px[:, Joint[f"{leg[runner.near_side]}_HIP"], 0].astype(float) for leg in (NEAR, FAR))
    return ahead * (near - far) / runner.filming.px_per_m


def lock_in(runner: SyntheticRunner, signal: np.ndarray) -> complex:
    """First harmonic over whole strides, from the true stride phase."""
    phase = runner.truth.stride_phase
    whole = (phase >= 2) & (phase < np.floor(phase[-1]))
    return 2 * np.mean(signal[whole] * np.exp(-2j * np.pi * phase[whole]))


@pytest.mark.parametrize("direction", ["left", "right"])
@pytest.mark.parametrize("speed", [2.5, 3.1, 4.5])
def test_landmarks_show_the_angles_of_the_truth(direction: str, speed: float) -> None:
    runner = SyntheticRunner(RunnerSpec(speed_mps=speed), 4, Filming(direction=direction))
    for side, leg in (("near", NEAR[direction]), ("far", FAR[direction])):
        np.testing.assert_allclose(thigh_deg(runner, leg), runner.truth.angles[f"thigh_{side}_deg"], atol=0.01)
    ahead = 1 if direction == "right" else -1
    x = runner.xy_px.astype(float)
    shoulder, hip = (x[:, [Joint[f"LEFT_{j}"], Joint[f"RIGHT_{j}"]]].mean(axis=1) for j in ("SHOULDER", "HIP"))
    lean = np.degrees(np.arctan2(ahead * (shoulder - hip)[:, 0], (hip - shoulder)[:, 1]))
    np.testing.assert_allclose(lean, 6.0, atol=0.02)
    nose, ear = x[:, Joint.NOSE, 0], x[:, Joint.LEFT_EAR, 0]
    assert np.all(ahead * (nose - ear) > 0), "the face looks where the runner goes"


@pytest.mark.parametrize("speed", NORM_SPEEDS_MPS)
def test_open_values_are_those_of_real_runners(speed: float) -> None:
    strides = SyntheticRunner(RunnerSpec(speed_mps=speed), 5, Filming(fps=100)).truth.strides
    i = NORM_SPEEDS_MPS.index(speed)
    measured = {
        "cadence_spm": strides["cadence_spm"],
        "thigh_excursion_deg": strides["thigh_excursion_near_deg"],
        "tle_deg": strides["tle_near_deg"],
        "knee_flexion_stance_deg": strides["knee_flexion_stance_near_deg"],
        "knee_flexion_swing_deg": strides["knee_flexion_swing_near_deg"],
        "pelvic_turn_deg": np.hypot(strides["pelvic_in_phase_deg"], strides["pelvic_quadrature_deg"]),
    }
    assert set(measured) == set(NORMS)
    for name, values in measured.items():
        np.testing.assert_allclose(values, NORMS[name][i], rtol=0.005, err_msg=name)


def test_asked_values_come_out() -> None:
    spec = RunnerSpec(
        speed_mps=3.2,
        cadence_spm=150,
        thigh_excursion_deg=48,
        tle_deg=15,
        knee_flexion_stance_deg=47,
        knee_flexion_swing_deg=85,
        trunk_lean_deg=-2,
        duty=0.4,
    )
    stride = SyntheticRunner(spec, 5, Filming(fps=100)).truth.strides[1]
    wanted = {
        "cadence_spm": 150,
        "thigh_excursion_near_deg": 48,
        "tle_near_deg": 15,
        "tle_share_near": 15 / 48,
        "knee_flexion_stance_near_deg": 47,
        "knee_flexion_swing_near_deg": 85,
        "trunk_lean_deg": -2,
        "contact_s": 0.4 * 120 / 150,
        "step_length_m": 3.2 * 60 / 150,
    }
    for name, value in wanted.items():
        assert stride[name] == pytest.approx(value, rel=0.005), name


@pytest.mark.parametrize("turn", [0.0, 4.0, 12.0])
@pytest.mark.parametrize("lead", [20.0, 80.0, 130.0])
@pytest.mark.parametrize("direction", ["left", "right"])
def test_pelvic_turn_is_in_the_hips(turn: float, lead: float, direction: str) -> None:
    spec = RunnerSpec(pelvic_turn_deg=turn, pelvic_lead_deg=lead)
    runner = SyntheticRunner(spec, 12, Filming(fps=100, direction=direction))
    pelvis = lock_in(runner, np.degrees(np.arcsin(hip_gap_m(runner) / HIP_WIDTH_M)))
    thigh = lock_in(runner, thigh_deg(runner, NEAR[direction]))
    assert 2 * abs(pelvis) == pytest.approx(turn, abs=0.03)
    if turn:
        assert np.degrees(np.angle(pelvis / thigh)) == pytest.approx(lead, abs=1.5)
    stride = runner.truth.strides[3]
    assert stride["pelvic_quadrature_deg"] == pytest.approx(turn * np.sin(np.radians(lead)), abs=0.05)
    assert stride["pelvic_in_phase_deg"] == pytest.approx(turn * np.cos(np.radians(lead)), abs=0.05)


def test_dragged_hips_fake_a_turn_in_phase_with_the_thigh() -> None:
    locked = RunnerSpec(pelvic_turn_deg=0.0, flaws=Flaws(thigh_drag=0.02))
    runner = SyntheticRunner(locked, 12, Filming(fps=100))
    pelvis = lock_in(runner, np.degrees(np.arcsin(hip_gap_m(runner) / HIP_WIDTH_M)))
    thigh = lock_in(runner, runner.truth.angles["thigh_near_deg"])
    assert 4 < 2 * abs(pelvis) < 7  # what real runners' thighs do to it
    assert abs(2 * (pelvis / thigh * abs(thigh)).imag) < 0.9


@pytest.mark.parametrize("speed", [2.5, 3.0, 3.5, 4.0, 4.5])
def test_contacts_lie_after_the_heel_is_farthest_forward(speed: float) -> None:
    """27 ms on real runners at all speeds, SD 9 ms."""
    runner = SyntheticRunner(RunnerSpec(speed_mps=speed), 10, Filming(fps=500))
    x = runner.xy_px[:, :, 0].astype(float)
    heel = x[:, Joint.RIGHT_HEEL] - (x[:, Joint.LEFT_HIP] + x[:, Joint.RIGHT_HIP]) / 2
    for contact in runner.truth.times_s("contact", "right")[1:-1]:
        window = np.flatnonzero(np.abs(runner.truth.t_s - contact) < 0.12)
        farthest = runner.truth.t_s[window[heel[window].argmax()]]
        assert 0.018 < contact - farthest < 0.042


@pytest.mark.parametrize("speed", [2.5, 3.0, 3.5, 4.0, 4.5])
def test_the_standing_foot_moves_with_the_belt(speed: float) -> None:
    runner = SyntheticRunner(RunnerSpec(speed_mps=speed), 8, Filming(fps=200))
    t = runner.truth.t_s
    toe_mps = -np.gradient(runner.xy_px[:, Joint.RIGHT_FOOT_INDEX, 0].astype(float), t) / runner.filming.px_per_m
    flat = np.zeros(len(t), bool)
    for contact in runner.truth.times_s("contact", "right"):
        off = runner.truth.times_s("toe_off", "right")
        flat |= (t > contact + 0.05) & (t < off[off > contact].min(initial=t[-1]) - 0.08)
    assert np.median(toe_mps[flat]) == pytest.approx(speed, rel=0.025)


def test_toe_off_comes_before_the_thigh_is_farthest_back() -> None:
    runner = SyntheticRunner(RunnerSpec(speed_mps=3.5), 6, Filming(fps=500))
    thigh = runner.truth.angles["thigh_near_deg"]
    for off in runner.truth.times_s("toe_off", "right")[1:-1]:
        window = np.flatnonzero(np.abs(runner.truth.t_s - off) < 0.15)
        assert 0.02 < runner.truth.t_s[window[thigh[window].argmin()]] - off < 0.06


def test_left_and_right_take_turns_and_can_be_uneven() -> None:
    even, uneven = (SyntheticRunner(RunnerSpec(step_asymmetry_pct=a), 10) for a in (0.0, 10.0))
    for runner, wanted in ((even, 0.0), (uneven, 10.0)):
        near, far = (runner.truth.times_s("contact", side) for side in ("right", "left"))
        near_step = far[np.searchsorted(far, near[1])] - near[1]  # near contact to far contact
        far_step = near[2] - (near[1] + near_step)
        assert 200 * (near_step - far_step) / (near_step + far_step) == pytest.approx(wanted, abs=0.01)
        stride = runner.truth.strides[0]
        assert stride["step_time_near_s"] == pytest.approx(near_step, abs=1e-3)
        assert stride["step_time_far_s"] == pytest.approx(far_step, abs=1e-3)


def test_a_leg_may_reach_back_less_than_the_other() -> None:
    stride = SyntheticRunner(RunnerSpec(tle_asymmetry_deg=8.0), 5).truth.strides[1]
    assert stride["tle_near_deg"] - stride["tle_far_deg"] == pytest.approx(8.0, abs=0.01)


def test_wrists_swing_against_their_own_leg() -> None:
    runner = SyntheticRunner(RunnerSpec(), 6)
    wrist = runner.xy_px[:, Joint.RIGHT_WRIST, 0] - runner.xy_px[:, Joint.RIGHT_SHOULDER, 0]
    assert np.corrcoef(wrist, thigh_deg(runner, "RIGHT"))[0, 1] < -0.9


def test_hands_on_the_rail_stay_where_they_are() -> None:
    free, held = (SyntheticRunner(RunnerSpec(on_rail=on), 6).xy_px[:, Joint.RIGHT_WRIST, 0] for on in (False, True))
    assert np.ptp(held) < 0.3 * np.ptp(free)


def test_mirroring_the_picture_exchanges_the_sides() -> None:
    right = SyntheticRunner(RunnerSpec(), 3, Filming(direction="right"))
    left = SyntheticRunner(RunnerSpec(), 3, Filming(direction="left"))
    mirrored = left.xy_px[:, Joint.LEFT_KNEE] * [-1, 1] + [left.filming.width_px, 0]
    np.testing.assert_allclose(mirrored, right.xy_px[:, Joint.RIGHT_KNEE], atol=0.01)
    assert (right.near_side, left.near_side) == ("right", "left")


def test_the_far_hip_is_shifted_by_azimuth_and_everything_turned_by_roll() -> None:
    still = RunnerSpec("standing", pelvic_turn_deg=0.0)
    for direction in ("right", "left"):
        # From the rear the near hip shows ahead: the camera looks forward past it.
        oblique = SyntheticRunner(still, 2, Filming(direction=direction, azimuth_deg=30))
        assert hip_gap_m(oblique) == pytest.approx(HIP_WIDTH_M * 0.5, abs=1e-4)
    rolled = SyntheticRunner(still, 2, Filming(roll_deg=10))
    x, y = (rolled.xy_px[0, Joint.NOSE] - rolled.xy_px[0, [Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE]].mean(axis=0)).tolist()
    plain = SyntheticRunner(still, 2).xy_px
    px, py = (plain[0, Joint.NOSE] - plain[0, [Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE]].mean(axis=0)).tolist()
    # Clockwise as the frame shows it: what points up points up and right afterwards.
    assert np.degrees(np.arctan2(x, -y) - np.arctan2(px, -py)) == pytest.approx(10, abs=0.01)
    assert rolled.view.roll_deg == 10


def test_perspective_shows_the_near_leg_larger() -> None:
    runner = SyntheticRunner(RunnerSpec("standing"), 1, Filming(distance_m=2.5))
    length = {
        leg: np.linalg.norm(runner.xy_px[0, Joint[f"{leg}_KNEE"]] - runner.xy_px[0, Joint[f"{leg}_HIP"]])
        for leg in ("LEFT", "RIGHT")
    }
    assert length["RIGHT"] / length["LEFT"] == pytest.approx((2.5 + HIP_WIDTH_M / 2) / (2.5 - HIP_WIDTH_M / 2), rel=1e-3)
    assert (length["RIGHT"] + length["LEFT"]) / 2 == pytest.approx(THIGH_M * runner.filming.px_per_m, rel=0.01)


def test_noise_has_the_asked_size_and_memory() -> None:
    flaws = Flaws(noise_px=1.0, noise_mm=4.0, noise_tau_s=0.1)
    filming = Filming(fps=50, px_per_m=500)
    noisy, clean = (SyntheticRunner(RunnerSpec(flaws=f), 60, filming) for f in (flaws, Flaws()))
    error = (noisy.xy_px - clean.xy_px).astype(float)
    assert error.std() == pytest.approx(3.0, rel=0.05)
    one = error[:, Joint.LEFT_HIP, 0]
    assert np.corrcoef(one[:-1], one[1:])[0, 1] == pytest.approx(np.exp(-0.02 / 0.1), abs=0.05)


def test_lost_landmarks_are_nan_with_score_zero() -> None:
    far_leg = (Joint.LEFT_KNEE, Joint.LEFT_ANKLE)
    flaws = Flaws(dropout_fraction=0.3, dropout_run_s=0.3, dropout_joints=far_leg)
    runner = SyntheticRunner(RunnerSpec(flaws=flaws), 120)
    lost = np.isnan(runner.xy_px[:, Joint.LEFT_KNEE, 0])
    assert lost.mean() == pytest.approx(0.3, abs=0.05)
    np.testing.assert_array_equal(lost, runner.truth.dropped)
    assert not runner.score[lost][:, list(far_leg)].any()
    assert not np.isnan(runner.xy_px[:, Joint.RIGHT_KNEE]).any()
    edges = np.abs(np.diff(lost.astype(int))).sum() / 2
    assert lost.sum() / edges / 50 == pytest.approx(0.3, rel=0.3)  # mean run


def test_swapped_legs_are_the_other_leg() -> None:
    swapped, plain = (SyntheticRunner(RunnerSpec(flaws=Flaws(swap_fraction=f)), 30) for f in (0.2, 0.0))
    where = swapped.truth.swapped
    assert 0.1 < where.mean() < 0.3
    np.testing.assert_array_equal(swapped.xy_px[where, Joint.LEFT_KNEE], plain.xy_px[where, Joint.RIGHT_KNEE])
    np.testing.assert_array_equal(swapped.xy_px[~where], plain.xy_px[~where])
    np.testing.assert_array_equal(swapped.xy_px[where, Joint.LEFT_WRIST], plain.xy_px[where, Joint.LEFT_WRIST])


def test_a_script_tells_a_story() -> None:
    script = [
        (2, RunnerSpec("absent")),
        (4, RunnerSpec("standing")),
        (16, RunnerSpec("knee_lift", lift_period_s=2.0, lifts_per_leg=3)),
        (6, RunnerSpec("walking", speed_mps=1.3)),
        (10, RunnerSpec(speed_mps=3.0)),
        (2, RunnerSpec("absent")),
    ]
    runner = SyntheticRunner(script)
    t, truth = runner.truth.t_s, runner.truth
    assert not truth.present[t < 2].any()
    assert not truth.present[t > 38.01].any()
    assert truth.present[(t > 2.01) & (t < 37.9)].all()
    assert np.isnan(runner.xy_px[~truth.present]).all()
    assert not np.isnan(runner.xy_px[truth.present]).any()
    assert not runner.score[~truth.present].any()
    thigh = truth.angles["thigh_near_deg"]
    assert np.ptp(thigh[(t > 3) & (t < 5.9)]) < 0.1
    lifts = [(e.t_ns / NS, e.side) for e in truth.events if e.kind == "knee_lift"]
    assert [side for _, side in lifts[:6]] == ["right"] * 3 + ["left"] * 3
    assert all(6 < at < 22 for at, _ in lifts)
    assert thigh[(t > 8) & (t < 13)].max() == pytest.approx(45, abs=0.2)
    steps = [e.t_ns / NS for e in truth.events if e.kind == "contact"]
    assert min(steps) > 22
    running = truth.strides[(truth.strides["start_s"] > 29) & (truth.strides["start_s"] < 37)]
    np.testing.assert_allclose(running["cadence_spm"], 166.5, rtol=0.002)
    walking = truth.strides[(truth.strides["start_s"] > 23) & (truth.strides["start_s"] < 26)]
    np.testing.assert_allclose(walking["cadence_spm"], 110, rtol=0.005)
    assert running["running"].all()
    assert not walking["running"].any()


def test_changes_are_smooth() -> None:
    script = [(4, RunnerSpec("standing")), (4, RunnerSpec("walking", speed_mps=1.3)), (4, RunnerSpec(speed_mps=4.0))]
    runner = SyntheticRunner(script, filming=Filming(fps=100))
    speed = np.abs(np.diff(runner.truth.angles["thigh_near_deg"], axis=0)) * 100
    assert speed.max() < 800  # deg/s; a jump of 10 deg would read 1000


def test_variability_makes_strides_differ_by_what_was_measured() -> None:
    same = SyntheticRunner(RunnerSpec(), 60).truth.strides
    varied = SyntheticRunner(RunnerSpec(variability=1.0), 120).truth.strides
    assert same["tle_near_deg"].std() < 0.01
    turn = varied["pelvic_in_phase_deg"] + 1j * varied["pelvic_quadrature_deg"]
    assert 0.8 < np.abs(turn).std() < 1.8  # 1.4 on real runners
    assert 0.3 < varied["cadence_spm"].std() < 3


def test_same_seed_same_numbers() -> None:
    spec = RunnerSpec(variability=1.0, flaws=Flaws(noise_px=2, dropout_fraction=0.1, swap_fraction=0.1))
    filming = Filming(jitter_ms=3, lost_fraction=0.1)
    one, again, other = (SyntheticRunner(spec, 10, filming, seed=seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(one.xy_px, again.xy_px)
    np.testing.assert_array_equal(one.t_ns, again.t_ns)
    assert not np.array_equal(one.t_ns, other.t_ns)


def test_times_increase_whatever_the_jitter() -> None:
    runner = SyntheticRunner(RunnerSpec(), 20, Filming(fps=60, jitter_ms=15, lost_fraction=0.3))
    assert runner.t_ns[0] == 0
    assert np.all(np.diff(runner.t_ns) > 0)
    assert len(runner) == pytest.approx(0.7 * 20 * 60, rel=0.08)


def test_truth_has_the_types_of_the_vocabulary() -> None:
    truth = SyntheticRunner(RunnerSpec(), 4).truth
    assert truth.angles.dtype == ANGLES
    assert truth.strides.dtype == STRIDE
    unknown = {name for name in STRIDE.names or () if np.isnan(truth.strides[name]).all()}
    assert unknown == {"swaps_repaired"}


@pytest.mark.parametrize("script", [[], [(0.0, RunnerSpec())], [(1.0, RunnerSpec()), (-1.0, RunnerSpec())]])
def test_impossible_scripts_are_refused(script: list) -> None:
    with pytest.raises(ValueError, match="segment"):
        SyntheticRunner(script)


def test_impossible_frame_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="fps"):
        SyntheticRunner(RunnerSpec(), 1, Filming(fps=0))


def test_every_activity_can_be_alone_and_short() -> None:
    for activity in ("running", "walking", "standing", "knee_lift", "absent"):
        runner = SyntheticRunner(RunnerSpec(activity), 0.01)
        assert len(runner) == 1
        assert len(runner.truth.strides) == 0


def test_resolved_fills_every_open_value() -> None:
    for activity in ("running", "walking", "standing"):
        spec = RunnerSpec(activity, speed_mps=3).resolved()
        assert not [f.name for f in fields(spec) if getattr(spec, f.name) is None]
