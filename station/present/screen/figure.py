"""The runner as a stick figure whose near hip is the pivot of the dial.

Legs and trunk hang at the angles that the gait room smoothed for the eye, so the needle and the leg are one; arms, feet and head
point where the landmarks do. Lengths are fixed shares of the body: a figure that changed size with every frame would breathe.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from station.present.screen.ink import Ink, Point, hang
from station.present.screen.theme import BODY, FAR, RULE, TEXT, Colour
from station.types import NAN, Joint, Pose, Snapshot

# Shares of body height: Winter, Biomechanics and Motor Control of Human Movement, after Drillis & Contini 1966.
THIGH, SHANK, FOOT, TRUNK, UPPER_ARM, FOREARM, NECK, HEAD = 0.245, 0.246, 0.10, 0.288, 0.165, 0.14, 0.115, 0.058


def forward(snapshot: Snapshot) -> int:
    """+1 when the runner faces the right of the picture (also when nobody knows), -1 for the left."""
    direction = snapshot.gait.direction or snapshot.view.direction
    return -1 if direction == "left" else 1


def draw(ink: Ink, snapshot: Snapshot, hip: Point, height: float) -> None:
    """The figure of that body height with its hip there; limbs that are not known are left out."""
    angles = snapshot.gait.drawn if snapshot.gait.drawn is not None else snapshot.gait.angles
    if angles is None:
        return
    ahead = forward(snapshot)
    near, far = ("RIGHT", "LEFT") if ahead > 0 else ("LEFT", "RIGHT")
    lean = float(angles["trunk_lean_deg"])
    shoulder = hang(hip, TRUNK * height, 180 - ahead * (0.0 if math.isnan(lean) else lean))
    look = _Look(snapshot.pose, math.radians(snapshot.view.roll_deg))
    _arm(ink, look, shoulder, far, height, FAR, 0.018)
    thigh_deg, shank_deg = (ahead * float(angles[f"{part}_far_deg"]) for part in ("thigh", "shank"))
    _leg(ink, hip, thigh_deg, shank_deg, look.foot(far), height, FAR, 0.024)
    ink.line([hip, shoulder], BODY, 0.036 * height)
    head = hang(shoulder, NECK * height, look.degrees(f"{near}_SHOULDER", f"{near}_EAR", 180 - ahead * 8))
    ink.line([shoulder, head], BODY, 0.024 * height)
    ink.disc(head, HEAD * height, BODY)
    thigh_deg, shank_deg = (ahead * float(angles[f"{part}_near_deg"]) for part in ("thigh", "shank"))
    _leg(ink, hip, thigh_deg, shank_deg, look.foot(near), height, TEXT, 0.038)
    _arm(ink, look, shoulder, near, height, BODY, 0.024)


def _leg(
    ink: Ink, hip: Point, thigh_deg: float, shank_deg: float, foot_deg: float, height: float, colour: Colour, width: float
) -> None:
    knee = hang(hip, THIGH * height, thigh_deg)
    ankle = hang(knee, SHANK * height, shank_deg)
    toe = hang(ankle, FOOT * height, foot_deg)
    ink.line([hip, knee], colour, width * height)
    ink.line([knee, ankle], colour, 0.85 * width * height)
    ink.line([ankle, toe], colour, 0.6 * width * height)


def _arm(ink: Ink, look: _Look, shoulder: Point, side: str, height: float, colour: Colour, width: float) -> None:
    elbow = hang(shoulder, UPPER_ARM * height, look.degrees(f"{side}_SHOULDER", f"{side}_ELBOW"))
    wrist = hang(elbow, FOREARM * height, look.degrees(f"{side}_ELBOW", f"{side}_WRIST"))
    ink.line([shoulder, elbow, wrist], colour, width * height)


class _Look:
    """Which way one landmark lies from another, upright to gravity."""

    def __init__(self, pose: Pose | None, roll: float) -> None:
        self._xy: NDArray[np.float32] | None = pose.xy_px if pose is not None else None
        self._roll_deg = math.degrees(roll)

    def foot(self, side: str) -> float:
        return self.degrees(f"{side}_ANKLE", f"{side}_FOOT_INDEX")

    def degrees(self, start: str, end: str, unknown: float = NAN) -> float:
        """Angle of the rod from `start` to `end` as `ink.hang` takes it."""
        if self._xy is None:
            return unknown
        dx, dy = (float(v) for v in self._xy[Joint[end]] - self._xy[Joint[start]])
        if not (math.isfinite(dx) and math.isfinite(dy)) or dx == dy == 0:
            return unknown
        return math.degrees(math.atan2(dx, dy)) + self._roll_deg


def draw_ghost(ink: Ink, hip: Point, height: float) -> None:
    """A runner in mid-stride who is nobody, for the page that waits."""
    shoulder = hang(hip, TRUNK * height, 172)
    head = hang(shoulder, NECK * height, 172)
    limbs = (
        (shoulder, (UPPER_ARM, 38), (FOREARM, 118), RULE, 0.020),
        (hip, (THIGH, -22), (SHANK, -66), RULE, 0.028),
        (hip, (THIGH, 34), (SHANK, -26), FAR, 0.036),
        (shoulder, (UPPER_ARM, -52), (FOREARM, 34), FAR, 0.024),
    )
    for start, (upper, upper_deg), (lower, lower_deg), colour, width in limbs:
        joint = hang(start, upper * height, upper_deg)
        end = hang(joint, lower * height, lower_deg)
        ink.line([start, joint, end], colour, width * height)
        if start is hip:
            ink.line([end, hang(end, FOOT * height, lower_deg + 84)], colour, 0.7 * width * height)
    ink.line([hip, shoulder, head], FAR, 0.036 * height)
    ink.disc(head, HEAD * height, FAR)
