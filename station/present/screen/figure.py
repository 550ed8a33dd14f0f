"""The runner as a body whose near hip is the pivot of the dial; what a cue is about is lit.

Legs and trunk hang at the angles that the gait room smoothed for the eye; arms, feet and head point
where the landmarks do. Lengths are fixed shares of the body: a figure that changed size with every
frame would breathe.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np

from station.present.screen.ink import Ink, Point, hang
from station.present.screen.theme import BODY, FAR, OWN, RULE, SHADE, TEXT, Colour
from station.types import NAN, Joint, Pose, Snapshot

# Shares of body height: Winter, Biomechanics and Motor Control of Human Movement, after Drillis &
# Contini 1966.
THIGH, SHANK, TRUNK, UPPER_ARM, FOREARM, NECK, HEAD = 0.245, 0.246, 0.288, 0.165, 0.14, 0.115, 0.058
# Half widths where a limb begins and ends, in the same shares: as a body looks from the side.
# Chosen by eye.
WIDE = {
    "thigh": (0.047, 0.030),
    "shank": (0.030, 0.016),
    "trunk": (0.048, 0.056),
    "arm": (0.022, 0.017),
    "forearm": (0.017, 0.012),
}
FAR_SHARE = 0.86  # the far limbs are a little thinner
# A pelvis turns by a few degrees, which nobody sees from a treadmill: it is drawn so much larger.
TURNED = 4
MOST_DEG = 20.0  # of the pelvis; beyond, the drawing stays at its end

LitPart = Literal["leg", "feet", "trunk", "pelvis"]
Lit = Mapping[LitPart, Colour]


def forward(snapshot: Snapshot) -> int:
    """+1 when the runner faces the right of the frame (also when nobody knows), -1 for the left."""
    direction = snapshot.gait.direction or snapshot.view.direction
    return -1 if direction == "left" else 1


def draw(ink: Ink, snapshot: Snapshot, hip: Point, height: float, lit: Lit | None = None) -> None:
    """The figure of that body height with its hip there; limbs that are not known are left out."""
    angles = snapshot.gait.drawn if snapshot.gait.drawn is not None else snapshot.gait.angles
    if angles is None:
        return
    lit = lit or {}
    ahead = forward(snapshot)
    near, far = ("RIGHT", "LEFT") if ahead > 0 else ("LEFT", "RIGHT")
    lean = float(angles["trunk_lean_deg"])
    shoulder = hang(hip, TRUNK * height, 180 - ahead * (0.0 if math.isnan(lean) else lean))
    look = _Look(snapshot.pose, snapshot.view.roll_deg)
    _arm(ink, look, shoulder, far, height, FAR, FAR_SHARE)
    thigh_deg, shank_deg = (ahead * float(angles[f"{part}_far_deg"]) for part in ("thigh", "shank"))
    ankle = _bent(ink, hip, (THIGH, thigh_deg, "thigh"), (SHANK, shank_deg, "shank"), height, FAR, FAR_SHARE)
    _shoe(ink, ankle, look.foot(far), height, lit.get("feet", FAR), ahead, FAR_SHARE)
    _trunk(ink, look, hip, shoulder, near, ahead, height, lit.get("trunk", BODY))
    thigh_deg, shank_deg = (ahead * float(angles[f"{part}_near_deg"]) for part in ("thigh", "shank"))
    leg = lit.get("leg", TEXT)
    ankle = _bent(ink, hip, (THIGH, thigh_deg, "thigh"), (SHANK, shank_deg, "shank"), height, leg, 1.0)
    _shoe(ink, ankle, look.foot(near), height, lit.get("feet", leg), ahead, 1.0)
    waistband = (hip[0], hip[1] - 0.012 * height)
    _oval(ink, waistband, 0.062 * height, 0.020 * height, 0.0, lit.get("pelvis", SHADE))
    _arm(ink, look, shoulder, near, height, SHADE, 1.0)


def draw_ghost(ink: Ink, hip: Point, height: float) -> None:
    """A runner in mid-stride who is nobody, for the page that waits."""
    shoulder, head = hang(hip, TRUNK * height, 172), hang(hip, (TRUNK + NECK) * height, 172)
    _bent(ink, shoulder, (UPPER_ARM, 38, "arm"), (FOREARM, 118, "forearm"), height, RULE, FAR_SHARE)
    ankle = _bent(ink, hip, (THIGH, -22, "thigh"), (SHANK, -66, "shank"), height, RULE, FAR_SHARE)
    _shoe(ink, ankle, 18.0, height, RULE, 1, FAR_SHARE)
    _limb(ink, hip, shoulder, *WIDE["trunk"], height, FAR)
    ink.disc(head, HEAD * height, FAR)
    ankle = _bent(ink, hip, (THIGH, 34, "thigh"), (SHANK, -26, "shank"), height, FAR, 1.0)
    _shoe(ink, ankle, 58.0, height, FAR, 1, 1.0)
    _bent(ink, shoulder, (UPPER_ARM, -52, "arm"), (FOREARM, 34, "forearm"), height, RULE, 1.0)


def _trunk(ink: Ink, look: _Look, hip: Point, shoulder: Point, near: str, ahead: int, height: float, colour: Colour) -> None:
    _limb(ink, hip, shoulder, *WIDE["trunk"], height, colour)
    head = hang(shoulder, NECK * height, look.degrees(f"{near}_SHOULDER", f"{near}_EAR", 180 - ahead * 8))
    _limb(ink, shoulder, head, 0.026, 0.024, height, colour)
    ink.disc(head, HEAD * height, colour)
    x, y = head
    # The face.
    ink.disc((x + ahead * 0.75 * HEAD * height, y + 0.1 * HEAD * height), 0.36 * HEAD * height, colour)



def _bent(
    ink: Ink,
    start: Point,
    upper: tuple[float, float, str],
    lower: tuple[float, float, str],
    height: float,
    colour: Colour,
    share: float,
) -> Point:
    """Two limbs that hang from one another, each (length, angle, kind); returns where they end."""
    at = start
    for length, degrees, kind in (upper, lower):
        end = hang(at, length * height, degrees)
        wide, narrow = WIDE[kind]
        _limb(ink, at, end, share * wide, share * narrow, height, colour)
        at = end
    return at


def _shoe(ink: Ink, ankle: Point, foot_deg: float, height: float, colour: Colour, ahead: int, share: float) -> None:
    """A shoe: sole, heel behind the ankle, toes where the foot points."""
    if not math.isfinite(foot_deg + ankle[0] + ankle[1]):
        return
    turn = math.radians(foot_deg)
    along = np.array([math.sin(turn), math.cos(turn)])
    sole = ahead * np.array([-along[1], along[0]])  # away from the shank
    shape = ((-0.034, 0.038), (0.105, 0.036), (0.118, 0.022), (0.098, 0.006), (0.028, -0.022), (-0.018, -0.018), (-0.036, 0.012))
    at = np.array(ankle)
    ink.polygon([at + share * height * (a * along + s * sole) for a, s in shape], colour)


def _arm(ink: Ink, look: _Look, shoulder: Point, side: str, height: float, colour: Colour, share: float) -> None:
    upper, lower = look.degrees(f"{side}_SHOULDER", f"{side}_ELBOW"), look.degrees(f"{side}_ELBOW", f"{side}_WRIST")
    hand = _bent(ink, shoulder, (UPPER_ARM, upper, "arm"), (FOREARM, lower, "forearm"), height, colour, share)
    ink.disc(hand, share * 0.02 * height, colour)


def draw_from_above(ink: Ink, snapshot: Snapshot, at: Point, height: float) -> None:
    """The pelvis seen from above, turning as a hip belt shows it, several times larger; the near
    hip is marked. Nothing without a hip belt: what is not measured is not drawn."""
    belt = snapshot.gait.hip_belt
    if belt is None or math.isnan(belt.turn_deg):
        return
    ahead = forward(snapshot)
    long, deep = 0.15 * height, 0.075 * height
    ink.line([(at[0], at[1] - 1.25 * long), (at[0], at[1] + 1.25 * long)], RULE, 3)  # at rest
    # A turn that carries the near hip, which lies below, ahead.
    turn_deg = -ahead * TURNED * min(max(belt.turn_deg, -MOST_DEG), MOST_DEG)
    _oval(ink, at, deep, long, turn_deg, BODY)
    near = hang(at, 0.78 * long, -turn_deg)
    ink.disc(hang(at, 0.78 * long, 180 - turn_deg), 0.026 * height, FAR)
    ink.disc(near, 0.034 * height, OWN)


def _oval(ink: Ink, at: Point, across: float, down: float, turned_deg: float, colour: Colour) -> None:
    """An ellipse by its half axes, turned clockwise."""
    turn, angle = np.linspace(0, 2 * np.pi, 41), math.radians(turned_deg)
    x, y = across * np.cos(turn), down * np.sin(turn)
    points = (x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle))
    ink.polygon(np.column_stack([at[0] + points[0], at[1] + points[1]]), colour)


def _limb(ink: Ink, start: Point, end: Point, wide: float, narrow: float, height: float, colour: Colour) -> None:
    """A limb tapering from one round end to the other, half widths in shares of the height."""
    a, b = np.array(start), np.array(end)
    length = float(np.hypot(*(b - a)))
    if not math.isfinite(length) or length == 0:
        return
    across = np.array([-(b - a)[1], (b - a)[0]]) / length
    wide, narrow = wide * height, narrow * height
    ink.polygon([a + wide * across, b + narrow * across, b - narrow * across, a - wide * across], colour)
    ink.disc(start, wide, colour)
    ink.disc(end, narrow, colour)


class _Look:
    """Which way one landmark lies from another, upright to gravity."""

    def __init__(self, pose: Pose | None, roll_deg: float) -> None:
        self._xy, self._roll_deg = pose.xy_px if pose is not None else None, roll_deg

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
