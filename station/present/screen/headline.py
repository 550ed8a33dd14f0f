"""What is said now: a cue on a filled ground with an arrow, everything else in plain type."""

from __future__ import annotations

from typing import Literal

from station.cues.lines import LINES
from station.faults import BY_NAME
from station.present.screen import figure, strings, zone
from station.present.screen.box import Box
from station.present.screen.ink import Ink, Point
from station.present.screen.theme import ACT, BODY_SIZE, CUE, CUE_NARROW, HEAD, ON_HUE, OWN, QUIET, TEXT, Colour
from station.types import Cue, Line, Mode, Snapshot, Towards

Kind = Literal["act", "praise", "line"]
NOTHING = Line("", "")


def kind(cue: Cue) -> Kind:
    """A correction or warning, praise, or one of the station's own lines."""
    if cue.action == "praise":
        return "praise"
    return "act" if cue.id.startswith(("cue.", "safety.")) else "line"


def towards(cue: Cue) -> Towards:
    """Where the body should go: as the rule declares; a warning calls forward."""
    rule = BY_NAME.get(cue.rule)
    return rule.coaching.towards if rule is not None and rule.coaching is not None else "ahead"


def draw(ink: Ink, box: Box, snapshot: Snapshot) -> None:
    """The cue; without one, quietly, what this part of the session is."""
    cue = snapshot.cue
    if cue is not None and kind(cue) != "line":
        draw_cue(ink, box, cue, CUE_NARROW if ink.portrait else CUE, figure.forward(snapshot))
        return
    words = LINES.get(strings.MODES.get(snapshot.mode, ""), NOTHING)
    if cue is not None and not cue.id.startswith("mode."):
        words = LINES.get(cue.id, Line(cue.text, cue.text))
    elif snapshot.mode is Mode.COACH and not zone.everything_inside(snapshot):
        words = words._replace(detail=strings.OUTSIDE if zone.anything_outside(snapshot) else "")
    two_lines = 2 * ink.line_height(max(BODY_SIZE, ink.least)) <= box.h
    top, below = box.cut_top(box.h * 0.5) if two_lines else (box, None)
    ink.glance(words.screen, top, HEAD, TEXT)
    if below is not None:
        ink.glance(words.detail, below, BODY_SIZE, QUIET, weight="Medium")


def draw_cue(ink: Ink, box: Box, cue: Cue, size: float, ahead: int) -> None:
    """The words beside their arrow, which stands on the side that it points to."""
    praise = kind(cue) == "praise"
    ink.bar(box, OWN if praise else ACT, 18)
    to = towards(cue)
    to_right = not praise and ((to == "ahead" and ahead > 0) or (to == "behind" and ahead < 0))
    inner = box.inset(24, 0)
    mark, words = inner.cut_right(104, 18) if to_right else inner.cut_left(104, 18)
    if praise:
        x, y = mark.centre  # a tick: the two hues are not alone
        ink.line([(x - 30, y + 2), (x - 8, y + 24), (x + 32, y - 24)], ON_HUE, 13)
    else:
        arrow(ink, mark.centre, 44, to, ahead, ON_HUE, 13)
    ink.glance(cue.text, words, size, ON_HUE, lines=2)


def arrow(
    ink: Ink, at: Point, half: float, to: Towards, ahead: int, colour: Colour, width: float, reach: float | None = None
) -> None:
    """An arrow of that half length through `at`, mirrored for a runner who faces left; "in" are two
    that meet, each `reach` long."""
    x, y = at
    if to == "in":
        long = 0.75 * half if reach is None else reach
        for side in (-1, 1):
            _barbed(ink, (x + side * half, y), (-side, 0), long, 0.5 * long, colour, width)
        return
    way = (0, -1) if to == "up" else (ahead if to == "ahead" else -ahead, 0)
    _barbed(ink, (x - way[0] * half, y - way[1] * half), way, 2 * half, 0.6 * half, colour, width)


def _barbed(ink: Ink, start: Point, way: tuple[int, int], long: float, barb: float, colour: Colour, width: float) -> None:
    """One arrow from `start` along `way`."""
    (x, y), (dx, dy) = start, way
    tip = (x + dx * long, y + dy * long)
    back = (tip[0] - dx * barb, tip[1] - dy * barb)
    ink.line([start, tip], colour, width)
    ink.line([(back[0] - dy * barb, back[1] + dx * barb), tip, (back[0] + dy * barb, back[1] - dx * barb)], colour, width)
