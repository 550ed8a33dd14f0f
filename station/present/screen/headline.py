"""What is said now: a cue on a filled ground, everything else in plain type."""

from __future__ import annotations

from typing import Literal

from station.cues.lines import LINES
from station.present.screen import strings
from station.present.screen.box import Box
from station.present.screen.ink import Ink
from station.present.screen.theme import ACT, BODY_SIZE, CUE, CUE_NARROW, HEAD, ON_HUE, OWN, QUIET, TEXT
from station.types import Cue, Line, Snapshot

Kind = Literal["act", "praise", "line"]
NOTHING = Line("", "")


def kind(cue: Cue) -> Kind:
    """A correction or a warning, praise, or one of the station's own lines (a part begins, the voice is off)."""
    if cue.action == "praise":
        return "praise"
    return "act" if cue.id.startswith(("cue.", "safety.")) else "line"


def draw(ink: Ink, box: Box, snapshot: Snapshot) -> None:
    """The cue; without one, quietly, what this part of the session is."""
    cue = snapshot.cue
    if cue is not None and kind(cue) != "line":
        draw_cue(ink, box, cue, CUE_NARROW if ink.portrait else CUE)
        return
    words = LINES.get(strings.MODES.get(snapshot.mode, ""), NOTHING)
    if cue is not None and not cue.id.startswith("mode."):
        words = LINES.get(cue.id, Line(cue.text, cue.text))
    top, below = box.cut_top(HEAD * 1.2)
    ink.text(words.screen, top, HEAD, TEXT, weight="SemiBold")
    ink.text(words.detail, below, BODY_SIZE, QUIET)


def draw_cue(ink: Ink, box: Box, cue: Cue, size: float) -> None:
    praise = kind(cue) == "praise"
    ink.bar(box, OWN if praise else ACT, 18)
    mark, words = box.inset(24, 0).cut_left(52, 18)
    x, y = mark.centre  # a tick or an arrow: the two hues are not alone
    if praise:
        ink.line([(x - 22, y + 2), (x - 6, y + 18), (x + 24, y - 18)], ON_HUE, 9)
    else:
        ink.line([(x - 24, y), (x + 20, y)], ON_HUE, 9)
        ink.line([(x + 2, y - 20), (x + 22, y), (x + 2, y + 20)], ON_HUE, 9)
    ink.text(cue.text, words, size, ON_HUE, weight="SemiBold")
