"""DRILL and CONTRAST: one thing to try, the body live beside it, how far along it is."""

from __future__ import annotations

import math

from station.cues.lines import LINES
from station.present.screen import dial as hip_dial
from station.present.screen import figure, headline, strings
from station.present.screen.box import Box
from station.present.screen.dial import Dial, Leg
from station.present.screen.figure import Lit
from station.present.screen.headline import NOTHING
from station.present.screen.ink import Ink
from station.present.screen.theme import BIG, HEAD, HERO, LABEL, LEAD, OWN, QUIET, RULE, TEXT, TRACK
from station.types import Mode, Snapshot

TURN = "hip_belt.turn"


def paint(ink: Ink, live: Snapshot, read: Snapshot) -> None:
    page = ink.page.inset(48, 44)
    if ink.portrait:
        words, stage = page.cut_top(480, 24)
    else:
        stage, words = page.cut_left(620, 44)
    if live.prompt == TURN:
        ink.static(("turn",), lambda: None)
        _learnt(ink, stage, live)
    else:
        _dial(ink, stage, live)
    head, rest = words.cut_top(200, 16)
    detail, rest = rest.cut_top(150, 16)
    # A warning goes before the exercise.
    if read.cue is not None and headline.kind(read.cue) == "act":
        headline.draw_cue(ink, head.cut_bottom(160)[0], read.cue, HEAD, figure.forward(live))
    else:
        said = LINES.get(read.prompt, NOTHING)
        if read.mode is Mode.DRILL:  # who stands has time to read
            ink.text(said.screen, head, BIG, TEXT, weight="SemiBold", lines=2, at="bottom")
            ink.text(said.detail, detail, LEAD, QUIET, lines=3, at="top")
        elif ink.glance(said.screen, head, BIG, TEXT, lines=2, at="bottom"):
            ink.glance(said.detail, detail, LEAD, QUIET, weight="Medium", lines=3, at="top")
        else:  # a small display: the detail gives its room
            ink.glance(said.screen, words.cut_top(366)[0], BIG, TEXT, lines=3)
    _progress(ink, rest.cut_top(22, 0)[0], live.progress)
    if read.mode is Mode.DRILL and live.prompt != TURN:
        _height(ink, stage, read, _leg(live))


def _leg(snapshot: Snapshot) -> Leg:
    return "far" if snapshot.prompt == "drill.far" else "near"


def _learnt(ink: Ink, stage: Box, live: Snapshot) -> None:
    """The hip belt from above as a ring that closes while the runner turns round."""
    share = min(live.progress, 1.0) if live.progress > 0 else 0.0
    (x, y), radius = stage.centre, 0.3 * min(stage.w, stage.h)
    ink.sector((x, y), radius, 1.3 * radius, -180, 180, TRACK)
    if share > 0:
        ink.sector((x, y), radius, 1.3 * radius, -180, -180 + 360 * share, OWN)
    number, label = Box(x - radius, y - 50, 2 * radius, 100).cut_top(68)
    ink.text(f"{100 * share:.0f} %", number, HEAD, TEXT, weight="SemiBold", align="centre")
    ink.text(strings.LEARNT, label, LABEL, QUIET, align="centre")


def _dial(ink: Ink, stage: Box, live: Snapshot) -> None:
    dial = Dial.within(stage)
    # Without a zone: no norm knows a drill, and a trial is not judged.
    ink.static(("exercise", figure.forward(live)), lambda: hip_dial.draw_scale(ink, dial, live))
    lit: Lit = {"leg": OWN} if live.mode is Mode.DRILL else {}
    hip_dial.draw_live(ink, dial, live, _leg(live), lit)


def _height(ink: Ink, stage: Box, snapshot: Snapshot, leg: Leg) -> None:
    """How high the thigh to lift is, behind the figure's back: the room in front is the knee's."""
    thigh_deg = hip_dial.thigh_now(snapshot, leg)
    right, left = stage.cut_right(200)[0], stage.cut_left(200)[0]
    box, align = (left, "left") if figure.forward(snapshot) > 0 else (right, "right")
    label, number = box.cut_top(36)
    words = strings.UNKNOWN if math.isnan(thigh_deg) else f"{max(thigh_deg, 0):.0f}{strings.DEGREE}"
    ink.text(strings.THIGH, label, LABEL, QUIET, align=align)  # type: ignore[arg-type]
    ink.text(words, number.cut_top(134)[0], HERO, TEXT, weight="SemiBold", align=align)  # type: ignore[arg-type]


def _progress(ink: Ink, box: Box, share: float) -> None:
    if math.isnan(share):
        return
    ink.bar(box, RULE, box.h / 2)
    if share > 0:
        ink.bar(Box(box.x, box.y, max(box.h, box.w * min(share, 1.0)), box.h), OWN, box.h / 2)
