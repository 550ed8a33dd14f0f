"""Whether a camera's frame is fit for its work: light, sharpness, and room for a whole person."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.lines import ImageLine
from station.check import Check
from station.sense.frame_watch import BRIGHTEST_PCT, DARK_LEVEL, FLAT_LEVEL
from station.types import Joint, Pose

DIM_LEVEL = 60.0  # mean of 255; a guess: below, dark clothes melt into the shadow
GLARE_LEVEL, GLARE_SHARE = 250, 0.2  # so much of the frame burnt out: the exposure follows a window
# Change of the mean brightness between frames; a guess: the frame rate does not fit the mains.
FLICKER_SHARE = 0.06
NOISE_LEVEL = 8.0  # SD of a still pixel over time, of 255; a guess
EDGE_PX, EDGE_SIDES, EDGE_LINES = 12, (0.1, 0.9), 15  # chosen
# An edge's rise from 10 to 90 %, of the long side, and in px: a blurred lens. Guesses.
BLURRED_SHARE, SHARP_PX = 0.0045, 4.0
CONTRAST = 25.0  # of lines whose rise is measured
HEAD_OVER_NOSE = 0.08  # of nose to heel: what of the head is above the nose
FEWEST_SEEN = 5  # frames with a person before anything is said of the person

def blind(grey: NDArray[np.uint8]) -> bool:
    """Whether a grey frame shows nothing at all: the light is off, or a hand lies on the lens."""
    return bool(np.percentile(grey, BRIGHTEST_PCT) < DARK_LEVEL or grey.std() < FLAT_LEVEL)


def light(greys: Sequence[NDArray[np.uint8]]) -> Check:
    """From grey frames (H, W) of the same scene, in order of time."""
    still = greys[len(greys) // 2]
    mean, glare = float(still.mean()), float((still >= GLARE_LEVEL).mean())
    evidence = f"mean brightness {mean:.0f} of 255, {100 * glare:.0f} % burnt out"
    if blind(still):
        remedy = "switch the light on; take away what is in front of the lens"
        return Check("light", "bad", f"nothing to be seen: {evidence}", remedy)
    if mean < DIM_LEVEL:
        return Check("light", "bad", f"dim: {evidence}", "add a lamp on direct current, not a longer exposure")
    if glare > GLARE_SHARE:
        return Check("light", "bad", f"glaring: {evidence}", "aim the camera away from the window, or cover it")
    if len(greys) >= FEWEST_SEEN:
        means = [float(grey[::8, ::8].mean()) for grey in greys]
        flicker = float(np.median(np.abs(np.diff(means)))) / mean
        noise = float(np.median(np.std([grey[::8, ::8] for grey in greys], axis=0)))
        evidence += f", noise {noise:.1f}"
        if flicker > FLICKER_SHARE:
            remedy = "set camera.mains_hz to this country's mains"
            return Check("light", "bad", f"flickers by {100 * flicker:.0f} %: {evidence}", remedy)
        if noise > NOISE_LEVEL:
            return Check("light", "bad", f"grainy: {evidence}", "add a lamp on direct current beside the camera")
    return Check("light", "ok", evidence)


def focus(grey: NDArray[np.uint8], lines: Sequence[ImageLine]) -> Check:
    """How many px the strongest straight edges take to rise; a sharp lens needs two."""
    rises = [rise for line in lines if line.contrast >= CONTRAST and np.isfinite(rise := _rise_px(grey, line))][:EDGE_LINES]
    if len(rises) < 3:
        return Check("focus", "cannot_tell", "too few straight edges to judge it by", "put something with edges on the belt")
    rise, limit = float(np.median(rises)), BLURRED_SHARE * max(grey.shape)
    evidence = f"edges take {rise:.1f} px to rise"
    if rise > max(limit, SHARP_PX):
        return Check("focus", "bad", evidence, "turn the lens until edges are sharp, or set camera.focus_m; wipe the lens")
    return Check("focus", "ok", evidence)


def _rise_px(grey: NDArray[np.uint8], line: ImageLine) -> float:
    """Median rise across the line, px, from 10 to 90 % of the step; NaN without a clean step."""
    along = np.array([line.x1 - line.x0, line.y1 - line.y0]) / line.length_px
    across = np.array([-along[1], along[0]])
    on = np.array([line.x0, line.y0]) + np.linspace(0.1, 0.9, 41)[:, None] * along * line.length_px
    side = np.arange(-EDGE_PX, EDGE_PX + 0.5, 0.5)
    at = (on[:, None] + side[:, None] * across).astype(np.float32)
    profile = cv2.remap(grey.astype(np.float32), at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    middle = len(side) // 2
    rises = []
    for row in profile:
        step = np.diff(row)
        sign = np.sign(step[middle - 4 : middle + 4].sum())
        low = high = middle
        while low > 0 and sign * step[low - 1] > 0:
            low -= 1
        while high < len(step) and sign * step[high] > 0:
            high += 1
        height = abs(row[high] - row[low])
        if height >= CONTRAST and sign:
            part = sign * (row[low : high + 1] - row[low]) / height
            a, b = np.interp(EDGE_SIDES, part, side[low : high + 1])
            rises.append(b - a)
    return float(np.median(rises)) if len(rises) > 10 else float("nan")


def room(reach: tuple[float, float, float, float] | None, poses: Sequence[Pose], width_px: int, height_px: int) -> Check:
    """Whether a tall runner fits: by the scale where it is known, else by who was seen."""
    if reach is not None:
        top, bottom = reach[1], reach[3]
        evidence = f"a runner of 2 m takes y {top:.2f} to {bottom:.2f} of the frame"
        if top < 0 or bottom > 1:
            cut = " and ".join(name for name, off in (("head", top < 0), ("feet", bottom > 1)) if off)
            remedy = "move the camera back" if bottom - top > 1 else "move the camera " + ("up" if top < 0 else "down")
            return Check("room", "bad", f"{evidence}: {cut} will be cut off", remedy)
        return Check("room", "ok", evidence)
    seen = [pose for pose in poses if pose.seen]
    if len(seen) < FEWEST_SEEN:
        remedy = "tell the deck's length, or let somebody run a few seconds"
        return Check("room", "cannot_tell", "neither the scale nor a runner is known", remedy)
    xy = np.array([pose.xy_px for pose in seen])
    heel = np.nanmax(xy[:, [Joint.LEFT_HEEL, Joint.RIGHT_HEEL, Joint.LEFT_FOOT_INDEX, Joint.RIGHT_FOOT_INDEX], 1])
    nose = np.nanmin(xy[:, Joint.NOSE, 1])
    top = nose - HEAD_OVER_NOSE * (heel - nose)
    evidence = f"the person seen takes y {top / height_px:.2f} to {heel / height_px:.2f} of the frame"
    if top < 0 or heel > height_px or not np.isfinite(top):
        return Check("room", "bad", f"{evidence}: cut off", "move the camera back, or tilt it")
    return Check("room", "ok", evidence)


def upright(poses: Sequence[Pose], turned_now_deg: int | None) -> Check:
    """Whether people stand on their feet in the frame, or the camera is mounted otherwise than set.

    `turned_now_deg`: camera.turned_deg as it is; None for a film, which has its own rotation.
    """
    turn = turned_deg(poses)
    if turn is None:
        return Check("upright", "cannot_tell", "nobody was seen", "let somebody stand on the belt")
    if turn == 0:
        return Check("upright", "ok", "whoever was seen stands on the feet")
    how = "upside down" if turn == 180 else "on the side"
    return Check("upright", "bad", f"people are {how} in the frame", turn_remedy(turn, turned_now_deg))


def turn_remedy(turn_deg: int, turned_now_deg: int | None) -> str:
    """What to do about a frame that must be turned clockwise by that much."""
    if turned_now_deg is None:
        return f"turn the film by {turn_deg} degrees clockwise"
    return f"set camera.turned_deg = {(turned_now_deg + turn_deg) % 360}"


def turned_deg(poses: Sequence[Pose]) -> int | None:
    """How far to turn the frame clockwise (0, 90, 180, 270) for people to stand; None: nobody seen.

    From shoulders and ankles; half of all poses and more must say the same.
    """
    seen = [pose.xy_px for pose in poses if pose.seen]
    if len(seen) < FEWEST_SEEN:
        return None
    xy = np.array(seen)
    shoulders = xy[:, [Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER]].mean(axis=1)
    ankles = xy[:, [Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE]].mean(axis=1)
    body = (ankles - shoulders)[np.isfinite(ankles - shoulders).all(axis=1)]
    if len(body) < FEWEST_SEEN:
        return None
    # Feet at the bottom of the frame: 0. At the right: the frame must be turned clockwise once.
    quarter = np.rint(np.degrees(np.arctan2(body[:, 0], body[:, 1])) / 90).astype(int) % 4
    counts = np.bincount(quarter, minlength=4)
    return int(counts.argmax()) * 90 if counts.max() > len(body) / 2 else None
