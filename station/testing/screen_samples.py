"""A plausible snapshot of every view: for `station screen`, README, golden tests, benchmark.

The runner is the mean of eight treadmill runners at 3.5 m/s, as Fourier series of the thigh and
shank over a stride (computed from Fukuchi, Fukuchi & Duarte 2017, PeerJ 5:e3298, CC BY 4.0); arms
and trunk follow by simple swings. Nothing is random.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.types import (
    ANGLES,
    JOINTS,
    NS,
    Activity,
    Band,
    Cue,
    Gait,
    HipBelt,
    Joint,
    Measure,
    Mode,
    Pose,
    SessionPage,
    Snapshot,
    Speed,
    Station,
    View,
)

# (cosine, sine) of each harmonic of the stride, deg; phase 0 is the near thigh's forward peak.
THIGH = ((5.91, 0.0), (22.56, 16.09), (1.77, -8.28), (3.21, 0.14), (-0.14, -0.31))
# Likewise, of the near shank.
SHANK = ((-38.79, 0.0), (-2.86, 41.51), (1.17, 17.65), (-1.96, -1.87), (-0.41, -0.68))
STRIDE_S = 0.70  # 171 steps a minute
WIDTH_PX, HEIGHT_PX = 960, 720  # of the drawn frame
BODY_PX = 560.0  # body height in the frame
VIEW = View(WIDTH_PX, HEIGHT_PX, direction="right", zone=(0.16, 0.1, 0.84, 0.97))
BANDS = {"tle_near_deg": Band(23.4, 33.2), "cadence_spm": Band(156, 189), "pelvic_turn_deg": Band(4.0, 18.6)}
# Shares of body height: Winter, Biomechanics and Motor Control of Human Movement, after Drillis &
# Contini 1966.
THIGH_LENGTH, SHANK_LENGTH, TRUNK_LENGTH, UPPER_ARM, FOREARM, FOOT = 0.245, 0.246, 0.288, 0.186, 0.146, 0.12


def _series(terms: tuple[tuple[float, float], ...], phase: NDArray[np.float64] | float) -> NDArray[np.float64]:
    turn = 2 * np.pi * np.asarray(phase)
    return sum((c * np.cos(k * turn) + s * np.sin(k * turn) for k, (c, s) in enumerate(terms)), np.zeros_like(turn))


def thigh_deg(phase: NDArray[np.float64] | float, share: float = 1.0) -> NDArray[np.float64]:
    """Thigh angle over the stride, its swing scaled by `share`."""
    return THIGH[0][0] + share * (_series(THIGH, phase) - THIGH[0][0])


def angles_at(phase: float) -> np.void:
    """The ANGLES record at that phase of the near leg's stride."""
    angles = np.zeros(1, ANGLES)[0]
    lean = 6.0 + 1.5 * np.cos(4 * np.pi * phase)
    for leg, at in (("near", phase), ("far", phase + 0.5)):
        thigh, shank = float(thigh_deg(at, 0.96)), float(_series(SHANK, at))
        angles[f"thigh_{leg}_deg"], angles[f"shank_{leg}_deg"] = thigh, shank
        angles[f"knee_flexion_{leg}_deg"], angles[f"hip_flexion_{leg}_deg"] = thigh - shank, thigh + lean
    angles["trunk_lean_deg"] = lean
    return angles


def pose_at(t_ns: int, phase: float, angles: np.void) -> Pose:
    """The runner's landmarks in the frame, facing right: the right leg is near."""
    xy = np.full((JOINTS, 2), np.nan, np.float32)
    hip = np.array([WIDTH_PX * 0.5, HEIGHT_PX * 0.52 + 10 * np.cos(4 * np.pi * phase)])

    def hang(origin: NDArray[np.float64], share: float, angle_deg: float) -> NDArray[np.float64]:
        turn = np.radians(angle_deg)
        return origin + BODY_PX * share * np.array([np.sin(turn), np.cos(turn)])

    shoulder = hang(hip, TRUNK_LENGTH, 180 - angles["trunk_lean_deg"])
    for side, leg, ahead in (("RIGHT", "near", -1), ("LEFT", "far", 1)):
        at = phase if leg == "near" else phase + 0.5
        swing = 34 * np.cos(2 * np.pi * (at - 0.07))
        elbow = hang(shoulder, UPPER_ARM * 0.9, -12 - swing)
        knee = hang(hip, THIGH_LENGTH, angles[f"thigh_{leg}_deg"])
        ankle = hang(knee, SHANK_LENGTH, angles[f"shank_{leg}_deg"])
        toe = hang(ankle, FOOT, angles[f"shank_{leg}_deg"] + 78)
        points = {
            "SHOULDER": shoulder + np.array([4 * ahead, 0]),
            "ELBOW": elbow,
            "WRIST": hang(elbow, FOREARM, 78 - swing),
            "HIP": hip + np.array([4 * ahead, 0]),
            "KNEE": knee,
            "ANKLE": ankle,
            "HEEL": hang(ankle, 0.04, angles[f"shank_{leg}_deg"] - 40),
            "FOOT_INDEX": toe,
            "EAR": hang(shoulder, 0.145, 180 - angles["trunk_lean_deg"]),
        }
        for name, point in points.items():
            xy[Joint[f"{side}_{name}"]] = point
    xy[Joint.NOSE] = xy[Joint.RIGHT_EAR] + [30, 6]
    return Pose(t_ns, xy, np.where(np.isnan(xy[:, 0]), 0, 0.95).astype(np.float32))


def curves(count: int = 6) -> NDArray[np.float64]:
    """(count, 51) the near thigh over the last strides, each a little different."""
    phase = np.linspace(0, 1, 51)
    return np.stack([thigh_deg(phase, 0.95 + 0.03 * np.sin(2.4 * i)) + 1.2 * np.cos(1.7 * i) for i in range(count)])


def gait_at(t_s: float) -> Gait:
    """A runner at 12.6 km/h, seen from the right."""
    phase = t_s / STRIDE_S % 1.0
    angles = angles_at(phase)
    measures = {
        "cadence_spm": Measure(171.4, 170.6, 172.2, 36),
        "thigh_forward_near_deg": Measure(31.8, 31.2, 32.4, 36),
        "tle_near_deg": Measure(26.4, 25.9, 26.9, 36),
        "pelvic_turn_deg": Measure(8.6, 6.9, 10.3, 36),
    }
    return Gait(
        round(t_s * NS),
        Activity.RUNNING,
        direction="right",
        near_side="right",
        tracked_fraction=1.0,
        angles=angles,
        drawn=angles,
        stride_phase=phase,
        zone_position=0.55,
        speed=Speed(3.5, "given"),
        measures=measures,
        curves=curves(),
    )


def _posed(gait: Gait) -> Pose:
    """The pose that belongs to it; somebody who stands holds the arms still."""
    assert gait.angles is not None
    return pose_at(gait.t_ns, gait.stride_phase if gait.stride_phase >= 0 else 0.25, gait.angles)


def running(t_s: float, mode: Mode = Mode.COACH) -> Snapshot:
    """The live page `t_s` seconds into that mode."""
    gait = gait_at(t_s)
    return Snapshot(
        gait.t_ns,
        mode,
        t_s,
        t_s + 312.0,
        gait,
        pose=_posed(gait),
        view=VIEW,
        bands=BANDS,
    )


def coach() -> Snapshot:
    cue = Cue(0, 3, "cue.thigh_only_drive", "thigh_only_drive", "start", ("audio", "light", "screen"), "Push belt away")
    little = {"tle_near_deg": Measure(18.2, 17.5, 18.9, 12)}
    return replace(running(14.385), cue=cue, recent=little)


def coach_silent() -> Snapshot:
    return running(31.85)


def praise() -> Snapshot:
    cue = Cue(0, 4, "praise.thigh_only_drive", "thigh_only_drive", "praise", ("audio", "light", "screen"), "Good push")
    return replace(running(48.34), cue=cue)


def baseline() -> Snapshot:
    now = running(20.2, Mode.BASELINE)
    few = {
        "cadence_spm": Measure(171.0, 169.0, 173.0, 9),
        "tle_near_deg": Measure(26.1, 25.0, 27.2, 9),
        "pelvic_turn_deg": Measure.cannot_tell("too few strides yet", 9),
    }
    norms = {name: BANDS[name] for name in ("tle_near_deg", "cadence_spm")}
    return replace(now, session_s=20.2, gait=replace(now.gait, measures=few, curves=curves(4)), bands=norms)


def rest() -> Snapshot:
    return replace(running(8.2, Mode.REST), session_s=560.0)


def retention() -> Snapshot:
    return replace(running(66.6, Mode.RETENTION), session_s=1340.0)


def hip_belt() -> Snapshot:
    """The live page of a runner with the hip belt: the pelvis leads by a quarter stride."""
    now = running(12.1)
    turn = 2 * np.pi * now.gait.stride_phase
    belt = HipBelt(3, 1.0, "", 4.3 * float(np.cos(turn + 1.5)), 2.4 * float(np.cos(turn - 0.4)), 0.9 * float(np.cos(2 * turn)))
    pelvis = {
        "pelvic_turn_deg": Measure(8.6, 8.0, 9.2, 36),
        "pelvic_list_deg": Measure(4.8, 4.5, 5.1, 36),
        "pelvic_tilt_deg": Measure(0.6, 0.3, 0.9, 36),
    }
    gait = replace(now.gait, hip_belt=belt, measures={**now.gait.measures, **pelvis}, pelvic_source="hip_belt")
    return replace(now, gait=gait)


def hip_belt_turn() -> Snapshot:
    gait = replace(_standing(6.0, 3.0), hip_belt=HipBelt(3, 0.6))
    words = {"prompt": "hip_belt.turn", "progress": 0.6}
    return replace(drill(), gait=gait, pose=_posed(gait), **words)  # type: ignore[arg-type]


def idle() -> Snapshot:
    return Snapshot(0, Mode.IDLE, 40.0, 0.0, Gait(0))


def trouble() -> Snapshot:
    wrong = (
        ("the picture is covered", "take away what is in front of the lens, and wipe it"),
        ("the sound card was unplugged", "plug it in again: it plays by itself"),
    )
    return replace(idle(), station=Station(healthy=False, trouble=wrong))


def _standing(t_s: float, lift_deg: float) -> Gait:
    """A runner who stands and lifts the near knee by that much."""
    angles = np.zeros(1, ANGLES)[0]
    angles["thigh_near_deg"], angles["shank_near_deg"] = lift_deg, -0.35 * lift_deg
    angles["knee_flexion_near_deg"] = 1.35 * lift_deg
    angles["thigh_far_deg"], angles["shank_far_deg"], angles["trunk_lean_deg"] = 1.0, -3.0, 1.0
    now = round(t_s * NS)
    return Gait(now, Activity.STANDING, "right", "right", 1.0, angles, angles, zone_position=0.5, knee_lifts=(3, 0))


def drill() -> Snapshot:
    gait = _standing(9.0, 42.0)
    return Snapshot(
        gait.t_ns,
        Mode.DRILL,
        9.0,
        0.0,
        gait,
        pose=_posed(gait),
        view=View(WIDTH_PX, HEIGHT_PX, direction="right"),
        prompt="drill.near",
        progress=3 / 12,
    )


def contrast() -> Snapshot:
    now = running(18.1, Mode.CONTRAST)
    return replace(now, prompt="contrast.stiff", progress=0.6, bands={})


def framing() -> Snapshot:
    gait = replace(_standing(3.0, 4.0), knee_lifts=(0, 0))
    pose = _posed(gait)
    station = Station(thumbnail=_thumbnail(pose))
    return Snapshot(0, Mode.FRAMING, 3.0, 0.0, gait, pose=pose, view=VIEW, prompt="framing.side_on", station=station)


def lost() -> Snapshot:
    return Snapshot(0, Mode.LOST, 4.0, 431.0, Gait(0))


def done() -> Snapshot:
    rows = (
        ("cadence_spm", Measure(168.1, 167.3, 168.9, 38), Measure(173.4, 172.5, 174.3, 37)),
        ("tle_near_deg", Measure(24.1, 23.4, 24.8, 38), Measure(27.0, 26.4, 27.6, 37)),
        ("trunk_lean_deg", Measure(5.2, 4.7, 5.7, 38), Measure(6.1, 5.6, 6.6, 37)),
        ("pelvic_turn_deg", Measure(7.4, 5.6, 9.2, 38), Measure(8.9, 7.2, 10.6, 37)),
    )
    page = SessionPage(rows, 2, 0.04, "thigh_only_drive", 5, 4)
    return Snapshot(0, Mode.DONE, 6.0, 1502.0, Gait(0), page=page, station=Station(stick="done"))


def _thumbnail(pose: Pose) -> NDArray[np.uint8]:
    """A drawn stand-in for the camera's frame: a wall, a treadmill, a figure's shade."""
    import cv2

    image = np.zeros((240, 320, 3), np.uint8)
    image[:] = np.linspace(96, 62, 240).astype(np.uint8)[:, None, None] + np.array([4, 2, 0], np.uint8)
    cv2.rectangle(image, (40, 206), (286, 222), (38, 38, 42), -1)
    cv2.line(image, (262, 206), (276, 92), (44, 44, 48), 7, cv2.LINE_AA)
    cv2.line(image, (276, 92), (236, 98), (44, 44, 48), 6, cv2.LINE_AA)
    scale = 320 / WIDTH_PX
    legs = (("HIP", "KNEE", 26), ("KNEE", "ANKLE", 18))
    for one, other, width in (*legs, ("SHOULDER", "HIP", 40), ("SHOULDER", "ELBOW", 13), ("ELBOW", "WRIST", 10)):
        for side in ("LEFT", "RIGHT"):
            a, b = (tuple(int(v * scale) for v in pose.xy_px[Joint[f"{side}_{name}"]]) for name in (one, other))
            cv2.line(image, a, b, (118, 92, 84), width, cv2.LINE_AA)
    ear = pose.xy_px[Joint.RIGHT_EAR] * scale
    cv2.circle(image, (int(ear[0]) + 3, int(ear[1])), 15, (150, 118, 100), -1, cv2.LINE_AA)
    return image


SAMPLES: dict[str, Callable[[], Snapshot]] = {
    "IDLE": idle,
    "FRAMING": framing,
    "DRILL": drill,
    "CONTRAST": contrast,
    "BASELINE": baseline,
    "COACH": coach,
    "COACH_SILENT": coach_silent,
    "PRAISE": praise,
    "HIP_BELT": hip_belt,
    "HIP_BELT_TURN": hip_belt_turn,
    "REST": rest,
    "RETENTION": retention,
    "DONE": done,
    "LOST": lost,
    "TROUBLE": trouble,
}


def sample(view: str) -> Snapshot:
    """The sample of that view, in any case of letters. Raises KeyError."""
    return SAMPLES[view.upper()]()
