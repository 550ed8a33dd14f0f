"""The rendered runner's motion and truth, without graphics: angles, events and parameters say what
they mean.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.lab.render import skeleton as sk
from tests.lab.render.clip import LANDMARK_NAMES, sagittal_angles_deg, truth_of
from tests.lab.render.curves import curves_of, derive, runners
from tests.lab.render.demo import END_S, PHASES, demo_spec
from tests.lab.render.motion import SIDES, Runner
from tests.lab.render.spec import Camera, ClipSpec, Gait, Keyframe, Motion, Sensor

STEADY = Motion(unsteadiness=0.0)
GAIT, CAMERA = Gait(), Camera()


def clip(gait: Gait = GAIT, camera: Camera = CAMERA, **motion: object) -> ClipSpec:
    """Six seconds at 100 fps of one steady gait."""
    return ClipSpec(
        duration_s=6.0,
        motion=replace(STEADY, keyframes=(Keyframe(0.0, gait),), **motion),
        camera=camera,
        sensor=Sensor(fps=100.0),
    )


def tle_deg(spec: ClipSpec, side: str = "right") -> float:
    return float(-truth_of(spec).angles_deg[f"thigh_{side}"].min())


def turn_deg(spec: ClipSpec) -> float:
    """Peak-to-peak of the pelvic turn's stride-frequency wave."""
    truth = truth_of(spec)
    whole = truth.stride_phase < np.floor(truth.stride_phase[-1])
    wave = np.exp(-2j * np.pi * truth.stride_phase[whole])
    return float(4 * abs(np.mean(truth.angles_deg["pelvic_turn"][whole] * wave)))


def stance(spec: ClipSpec, truth_t_s: np.ndarray, side: str) -> np.ndarray:
    """Frames well within stance of a foot."""
    truth = truth_of(spec)
    on = np.zeros(len(truth_t_s), bool)
    for contact in truth.contact_s[side]:
        off = truth.toe_off_s[side][truth.toe_off_s[side] > contact]
        if len(off):
            on |= (truth_t_s > contact + 0.05) & (truth_t_s < off[0] - 0.08)
    return on


# ---- truth ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", sorted(sk.skeletons()))
def test_limbs_keep_their_length(body: str) -> None:
    spec = clip()
    spec = replace(spec, look=replace(spec.look, body=body))
    truth = truth_of(spec)
    for a, b in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")):
        for side in SIDES:
            limb = truth.m[:, LANDMARK_NAMES.index(f"{a}_{side}")] - truth.m[:, LANDMARK_NAMES.index(f"{b}_{side}")]
            length = np.linalg.norm(limb, axis=1)
            assert np.ptp(length) < 1e-9
            assert 0.2 < length[0] < 0.55


def test_thigh_angle_is_that_of_the_asked_curve() -> None:
    spec = clip(Gait(speed_mps=3.5))
    truth = truth_of(spec)
    asked = curves_of("mean").at("thigh_deg", truth.stride_phase, np.full(len(truth.t_s), 3.5))
    np.testing.assert_allclose(truth.angles_deg["thigh_right"], asked, atol=1e-6)


def test_angles_of_known_places() -> None:
    points = {f"{j}_{s}": np.zeros((1, 3)) for j in ("hip", "knee", "ankle", "shoulder") for s in SIDES}
    for side in SIDES:
        points[f"knee_{side}"] = np.array([[0.5, -0.5, 0.0]])  # thigh 45 forward
        points[f"ankle_{side}"] = np.array([[0.5, -1.0, 0.0]])  # shank upright
        points[f"shoulder_{side}"] = np.array([[-0.1, 1.0, 0.0]])  # leaning back
    angles = sagittal_angles_deg(points)
    assert angles["thigh_left"][0] == pytest.approx(45)
    assert angles["knee_flexion_right"][0] == pytest.approx(45)
    assert angles["trunk_lean"][0] == pytest.approx(-np.degrees(np.arctan(0.1)))


def test_pixels_show_the_truth_angle_in_a_pure_side_view() -> None:
    truth = truth_of(clip(camera=Camera(distance_m=40.0, fov_deg=3.0)))
    hip, knee = (truth.px[:, LANDMARK_NAMES.index(f"{n}_right")] for n in ("hip", "knee"))
    seen = np.degrees(np.arctan2(knee[:, 0] - hip[:, 0], knee[:, 1] - hip[:, 1]))
    np.testing.assert_allclose(seen, truth.angles_deg["thigh_right"], atol=0.1)


def test_other_side_of_the_treadmill_mirrors_the_picture() -> None:
    right, left = (truth_of(clip(camera=Camera(side=s, aim_forward_m=0.0))).px for s in ("right", "left"))
    nose, back = LANDMARK_NAMES.index("nose"), LANDMARK_NAMES.index("shoulder_right")
    assert (right[:, nose, 0] > right[:, back, 0]).all()
    assert (left[:, nose, 0] < left[:, back, 0]).all()


def test_camera_moved_to_the_rear_sees_the_front_further_away() -> None:
    def shoulder_width_px(azimuth_deg: float) -> float:
        px = truth_of(clip(camera=Camera(azimuth_deg=azimuth_deg))).px
        across = px[:, LANDMARK_NAMES.index("shoulder_right")] - px[:, LANDMARK_NAMES.index("shoulder_left")]
        return float(across[:, 0].mean())

    # From behind on the right the near (right) shoulder lies on the right of the picture.
    assert abs(shoulder_width_px(0.0)) < 15
    assert shoulder_width_px(60.0) > 60
    assert shoulder_width_px(-60.0) < -60


# ---- contact -------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed_mps", [2.5, 3.5, 4.5])
def test_standing_foot_lies_on_the_belt_and_moves_with_it(speed_mps: float) -> None:
    spec = clip(Gait(speed_mps=speed_mps))
    runner = Runner(spec.motion, sk.skeletons()["m_avg"], spec.duration_s, spec.seed)
    truth = truth_of(spec)
    rotation, position = runner.pose(truth.t_s)
    for side in SIDES:
        on = stance(spec, truth.t_s, side)
        assert abs(runner.sole_m(rotation, position, side)[on]).max() < 0.01
        ball = sk.point_positions(runner.skeleton, rotation, position, f"sole_ball_{side}")[:, 0]
        assert np.median(np.gradient(ball, truth.t_s)[on]) == pytest.approx(-speed_mps, rel=0.10)


def test_contact_lasts_as_long_as_in_the_recordings() -> None:
    """Contact time at 2.5 m/s of 26 runners: 258 +- 22 ms, 5th..95th percentile 220..300."""
    truth = truth_of(clip(Gait(speed_mps=2.5)))
    for side in SIDES:
        contact = truth.contact_s[side][:5]
        first_off = truth.toe_off_s[side][truth.toe_off_s[side] > contact[0]][:5]
        assert (first_off - contact > 0.22).all()
        assert (first_off - contact < 0.30).all()
    assert truth.contact_s["left"][0] - truth.contact_s["right"][0] == pytest.approx(
        np.diff(truth.contact_s["right"])[0] / 2, rel=0.01
    )


def test_curves_follow_from_the_recordings(shared: Path) -> None:
    """The committed table is what the recordings give."""
    with np.load(shared / "data" / "rbds" / "rbds012_v25.npz") as data:
        fresh = derive(dict(data))
    kept = curves_of("rbds012").levels[0]
    assert kept.duty == pytest.approx(fresh.duty, abs=1e-3)
    for name, c in fresh.coefficients.items():
        np.testing.assert_allclose(kept.coefficients[name], c, atol=1e-3)


# ---- parameters ----------------------------------------------------------------------------------


def test_cadence_is_as_asked() -> None:
    truth = truth_of(clip(Gait(cadence_spm=180.0)))
    steps = np.sort(np.concatenate([truth.contact_s[s] for s in SIDES]))
    np.testing.assert_allclose(np.diff(steps), 60 / 180, atol=0.002)


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.5])
def test_pelvic_turn_scales_and_leaves_the_thigh_alone(scale: float) -> None:
    base, changed = clip(), clip(Gait(pelvic_turn_scale=scale))
    assert turn_deg(changed) == pytest.approx(scale * turn_deg(base), abs=0.02)
    assert tle_deg(changed) == pytest.approx(tle_deg(base), abs=1e-6)


def test_pelvic_turn_leads_the_thigh_by_about_a_quarter_stride() -> None:
    truth = truth_of(clip(Gait(speed_mps=3.5)))
    wave = np.exp(-2j * np.pi * truth.stride_phase)
    lead = np.angle(np.mean(truth.angles_deg["pelvic_turn"] * wave) / np.mean(truth.angles_deg["thigh_right"] * wave))
    assert 60 < np.degrees(lead) < 120


@pytest.mark.parametrize("scale", [0.5, 0.8, 1.2])
def test_tle_scales_and_the_forward_swing_stays(scale: float) -> None:
    base, changed = truth_of(clip()).angles_deg, truth_of(clip(Gait(tle_scale=scale))).angles_deg
    for side in SIDES:
        assert changed[f"thigh_{side}"].min() == pytest.approx(scale * base[f"thigh_{side}"].min(), rel=0.02)
        assert changed[f"thigh_{side}"].max() == pytest.approx(base[f"thigh_{side}"].max(), rel=0.01)


def test_sitting_is_what_the_word_means() -> None:
    spec = clip(Gait(sitting=1.0))
    upright, sitting = truth_of(clip()), truth_of(spec)
    on = stance(spec, sitting.t_s, "right")
    hip = LANDMARK_NAMES.index("hip_right")
    assert -sitting.angles_deg["thigh_right"].min() < 16.5  # 5th percentile of TLE at 2.5 m/s
    assert sitting.angles_deg["trunk_lean"].mean() < -2
    assert sitting.angles_deg["knee_flexion_right"][on].max() > 46  # 95th percentile in stance
    assert sitting.m[:, hip, 1].mean() < upright.m[:, hip, 1].mean() - 0.01


@pytest.mark.parametrize("runner", runners())
def test_every_runner_runs(runner: str) -> None:
    truth = truth_of(clip(runner=runner))
    assert np.isfinite(truth.px).all()
    assert 16 < -truth.angles_deg["thigh_right"].min() < 34
    assert (truth.m[:, LANDMARK_NAMES.index("hip_right"), 1] > 0.7).all()


def test_same_seed_same_motion_other_seed_other_motion() -> None:
    spec = ClipSpec(duration_s=3.0)
    np.testing.assert_array_equal(truth_of(spec).m, truth_of(spec).m)
    assert abs(truth_of(spec).m - truth_of(replace(spec, seed=2)).m).max() > 0.002


def test_keyframes_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="transition_s"):
        Motion((Keyframe(0.0, Gait()), Keyframe(0.5, Gait(sitting=1.0))))


# ---- the demo clip -------------------------------------------------------------------------------


def test_demo_phases_differ_as_their_names_say() -> None:
    spec = demo_spec()
    truth = truth_of(spec)
    ends = [*[p.start_s for p in PHASES[1:]], END_S]
    free, locked, recovery, sitting = (
        {n: v[(truth.t_s > p.start_s + 2) & (truth.t_s < end)] for n, v in truth.angles_deg.items()}
        for p, end in zip(PHASES, ends, strict=True)
    )
    for good in (free, recovery):
        assert 20 < -good["thigh_right"].min() < 28
        assert 7 < np.ptp(good["pelvic_turn"]) < 16
        assert good["trunk_lean"].mean() > 5
    assert np.ptp(locked["pelvic_turn"]) < 0.01
    share = -locked["thigh_right"].min() / np.ptp(locked["thigh_right"])
    free_share = -free["thigh_right"].min() / np.ptp(free["thigh_right"])
    assert share < 0.36
    assert free_share > 0.38
    assert -sitting["thigh_right"].min() < 16
    assert sitting["trunk_lean"].mean() < -2
