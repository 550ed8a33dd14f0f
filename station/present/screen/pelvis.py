"""The pelvis as the hip belt shows it: turn from above, list from behind, tilt from the side, and the belt being learnt.

A pelvis turns by a few degrees, which nobody sees from a treadmill: it is drawn at several times its angle, and says so.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from station.cues.lines import LINES
from station.present.screen import figure, strings
from station.present.screen.box import Box
from station.present.screen.ink import Ink, Point
from station.present.screen.theme import FAR, HEAD, LABEL, LEAD, OWN, QUIET, TEXT, TICK, TRACK
from station.types import HipBelt, Measure, Snapshot

TIMES = 4  # how much larger than life
MOST_DEG = 15.0  # beyond, the drawing stays at its end


class Axis(NamedTuple):
    """One way in which the pelvis moves, for a runner who faces the right of the page.

    rest_deg: where the marked end of the rod lies at rest, 0 = right, 90 = down. sign: +1 when a positive angle carries it
    clockwise. mirrored: whether the rod lies the other way round for a runner who faces left.
    """

    words: str
    measure: str
    rest_deg: float
    sign: int
    mirrored: bool


# The dot is the near hip from above and from behind, and the front of the waistband from the side.
TURN = Axis(strings.TURN, "pelvic_turn_deg", 90.0, -1, False)
LIST = Axis(strings.LIST, "pelvic_list_deg", 0.0, -1, True)
TILT = Axis(strings.TILT, "pelvic_tilt_deg", 0.0, 1, True)


def draw_title(ink: Ink, box: Box, read: Snapshot) -> None:
    """What is shown, or what is wrong with the belt."""
    belt = read.gait.hip_belt
    if belt is not None and belt.trouble:
        ink.text(LINES[f"hip_belt.{belt.trouble}"].screen, box, LABEL, TEXT, weight="SemiBold")
    else:
        ink.text(strings.PELVIS_TITLE.format(times=TIMES), box, LABEL, QUIET)


def draw(ink: Ink, box: Box, live: Snapshot, read: Snapshot) -> None:
    """One figure per axis; angles from `live`, numbers (peak to peak over the last strides) from `read`."""
    belt = live.gait.hip_belt or HipBelt(0, 0.0)
    ahead = figure.forward(live)
    for axis, angle_deg, place in zip(
        (TURN, LIST, TILT), (belt.turn_deg, belt.list_deg, belt.tilt_deg), box.columns(3, 16), strict=True
    ):
        words, stage = place.cut_bottom(76)
        _rods(ink, stage, axis, angle_deg, ahead)
        number, label = words.cut_top(48)
        ink.text(_number(read.gait.measures.get(axis.measure)), number, LEAD, TEXT, weight="SemiBold", align="centre")
        ink.text(axis.words, label, TICK, QUIET, align="centre")


def draw_learnt(ink: Ink, box: Box, live: Snapshot) -> None:
    """The belt from above as a ring that closes while the runner turns round."""
    share = min(live.progress, 1.0) if live.progress > 0 else 0.0
    radius = 0.3 * min(box.w, box.h)
    ink.sector(box.centre, radius, 1.3 * radius, -180, 180, TRACK)
    if share > 0:
        ink.sector(box.centre, radius, 1.3 * radius, -180, -180 + 360 * share, OWN)
    middle = Box(box.centre[0] - radius, box.centre[1] - 50, 2 * radius, 100)
    number, label = middle.cut_top(68)
    ink.text(f"{100 * share:.0f} %", number, HEAD, TEXT, weight="SemiBold", align="centre")
    ink.text(strings.LEARNT, label, LABEL, QUIET, align="centre")


def _rods(ink: Ink, stage: Box, axis: Axis, angle_deg: float, ahead: int) -> None:
    """The rod at rest, and turned by the exaggerated angle when it is known."""
    size = 0.46 * min(stage.w, stage.h)
    rest_deg = 180.0 - axis.rest_deg if axis.mirrored and ahead < 0 else axis.rest_deg
    ink.line([_end(stage.centre, size, rest_deg), _end(stage.centre, size, rest_deg + 180.0)], FAR, 4)
    if math.isnan(angle_deg):
        return
    turned = rest_deg + ahead * axis.sign * TIMES * min(max(angle_deg, -MOST_DEG), MOST_DEG)
    marked = _end(stage.centre, size, turned)
    ink.line([marked, _end(stage.centre, size, turned + 180.0)], TEXT, 9)
    ink.disc(marked, 11, OWN)


def _end(at: Point, size: float, angle_deg: float) -> Point:
    turn = math.radians(angle_deg)
    return at[0] + size * math.cos(turn), at[1] + size * math.sin(turn)


def _number(measure: Measure | None) -> str:
    if measure is None or not measure.measured or math.isnan(measure.value):
        return strings.UNKNOWN
    return f"{measure.value:.1f}{strings.DEGREE}"
