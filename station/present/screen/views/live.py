"""The page while somebody runs: a body, one number with its zone, the time small.

Everything on it is read at a glance from the treadmill; what would be too small there is left out.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from station.present.screen import dial as hip_dial
from station.present.screen import figure, headline, strings, zone
from station.present.screen.box import Box
from station.present.screen.dial import Dial, Leg
from station.present.screen.figure import Lit, LitPart
from station.present.screen.ink import Ink, hang
from station.present.screen.theme import ACT, HEAD, OWN, QUIET
from station.present.screen.zone import Shown
from station.types import NAN, Mode, Snapshot

# The part of the body that a measure is about.
PARTS: dict[str, LitPart] = {"cadence_spm": "feet", "trunk_lean_deg": "trunk"}


class Layout(NamedTuple):
    headline: Box
    body: Box
    number: Box
    foot: Box  # time and cadence


def layout(ink: Ink) -> Layout:
    page = ink.page.inset(36, 28).cut_top(ink.page.h - 62)[0]
    said, page = page.cut_top(230 if ink.portrait else 148, 20)
    if ink.portrait:
        body, column = page.cut_top(0.52 * page.h, 18)
    else:
        body, column = page.cut_left(0.5 * page.w, 24)
    number, foot = column.cut_bottom(max(76.0, 1.3 * ink.least), 12)[::-1]
    return Layout(said, body, number, foot)


def paint(ink: Ink, live: Snapshot, read: Snapshot) -> None:
    """Draw `live`; words and numbers come from `read`."""
    where = layout(ink)
    dial = Dial.within(where.body)
    one = zone.shown(read)
    ink.static(_stands_still(live, one), lambda: hip_dial.draw_scale(ink, dial, live, one.measure))
    headline.draw(ink, where.headline, read)
    sign = hip_dial.ENDS.get(one.measure)
    leg: Leg | None = None if sign is None else "near"
    hip_dial.draw_live(ink, dial, live, leg, _lit(read, one), NAN if sign is None else sign * one.value)
    if _part(one.measure) == "pelvis":
        figure.draw_from_above(ink, live, (dial.hip[0] - figure.forward(live) * 0.42 * dial.body, dial.hip[1]), dial.body)
    _arrow(ink, dial, live, read, one)
    zone.draw(ink, where.number, one)
    _foot(ink, where.foot, read, one)


def _lit(read: Snapshot, one: Shown) -> Lit:
    """The part that the cue is about, in the colour of what is said; nothing without a cue."""
    cue = read.cue
    if cue is None or headline.kind(cue) == "line" or cue.rule not in headline.BY_NAME:
        return {}
    colour = OWN if cue.action == "praise" else ACT
    lit: dict[LitPart, tuple[int, int, int]] = {_part(one.measure): colour}
    if headline.towards(cue) == "up":
        lit["trunk"] = colour
    return lit


def _part(measure: str) -> LitPart:
    return "pelvis" if measure.startswith("pelvi") else PARTS.get(measure, "leg")


def _arrow(ink: Ink, dial: Dial, live: Snapshot, read: Snapshot, one: Shown) -> None:
    """Where the body should go, at the part that should go there."""
    cue = read.cue
    if cue is None or headline.kind(cue) != "act":
        return
    to, ahead = headline.towards(cue), figure.forward(live)
    way = {"ahead": ahead, "behind": -ahead}.get(to, 0)
    x, y = dial.hip
    if to == "up":
        at = (x - ahead * 0.19 * dial.body, y - 0.30 * dial.body)
    elif _part(one.measure) == "leg":
        at = hang(dial.hip, 0.33 * dial.body, way * 46)
        at = (at[0] + way * 0.10 * dial.body, at[1])
    elif to == "in":  # smaller steps at the feet, a smaller turn at the hip: two arrows that stand off the body
        under = (figure.THIGH + figure.SHANK - 0.02) * dial.body
        at = (x, y + under) if _part(one.measure) == "feet" else (x, y)
        headline.arrow(ink, at, 0.36 * dial.body, to, ahead, ACT, 14, reach=0.17 * dial.body)
        return
    else:
        at = (x + way * 0.26 * dial.body, y)
    headline.arrow(ink, at, 0.085 * dial.body, to, ahead, ACT, 14)


def _foot(ink: Ink, box: Box, read: Snapshot, one: Shown) -> None:
    """Time and, where it is not the number of the moment, cadence."""
    left, right = box.columns(2, 24)
    ink.glance(strings.clock(read.session_s), left, HEAD, QUIET, weight="Medium")
    if read.runner_session and read.mode is Mode.BASELINE:
        ink.glance(strings.SESSION.format(number=read.runner_session), right, HEAD, QUIET, weight="Medium", align="right")
        return
    cadence = read.gait.measures.get("cadence_spm")
    if cadence is None or math.isnan(cadence.value) or one.measure == "cadence_spm":
        return
    words = strings.STEPS.format(spm=cadence.value)
    if not ink.glance(words, right, HEAD, QUIET, weight="Medium", align="right"):
        ink.glance(f"{cadence.value:.0f}", right, HEAD, QUIET, weight="Medium", align="right")


def _stands_still(snapshot: Snapshot, one: Shown) -> tuple[object, ...]:
    """Everything that the arc is drawn from, to half a degree: it is redrawn when this changes."""
    band = one.band
    ends = None if band is None else (round(2 * band.low), round(2 * band.high))
    return "live", figure.forward(snapshot), one.measure, ends
