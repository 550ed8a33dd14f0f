"""What was found, as checks: each number with what it stands on, or what to do for one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from station.calibrate import framing
from station.calibrate.deck import Deck, Ruler
from station.calibrate.lines import ImageLine
from station.calibrate.watched import Watched
from station.check import Check
from station.config import Config
from station.types import Measure, Side


def looked_at(watched: Watched, config: Config, lines: Sequence[ImageLine], deck: Deck) -> list[Check]:
    """Light first, then whether the frame is sharp, upright and large enough."""
    turned = config.camera.turned_deg if watched.info.kind == "camera" else None
    height_px, width_px = watched.still.shape
    upright = framing.upright(watched.poses, turned)
    if upright.state == "cannot_tell":  # an empty belt is how it should be done
        upright = Check("upright", "ok", f"{upright.evidence}; the running station goes on looking")
    return [
        framing.light(watched.greys),
        framing.focus(watched.still, lines),
        upright,
        framing.room(deck.reach, watched.poses, width_px, height_px),
    ]


def measured(deck: Deck, ruler: Ruler, direction: Side | None, given: bool) -> list[Check]:
    """Every number with what it stands on, or why there is none and what to do."""
    place, n = deck.place, (len(deck.place.plumb), len(deck.place.deck))
    basis = f"{n[0]} plumb lines and {n[1]} along the belt"
    hang = "hang a plumb line beside the treadmill and calibrate again, or name its ends with --plumb"
    mark = "lay a folding rule along the near rail and name its ends: --deck X1,Y1,X2,Y2 --deck-length-m LENGTH"
    edge = deck.edge
    where = "no deck edge" if edge is None else f"edge from {edge.x0:.0f},{edge.y0:.0f} to {edge.x1:.0f},{edge.y1:.0f}"
    distance = f"{ruler.distance_m:.2f} m away" + ("" if ruler.distance_given else " (a guess: measure it, --distance-m)")
    width = "" if ruler.width_m or deck.by_lens else "; deck width guessed (--deck-width-m)"
    by = "the lens" if deck.by_lens else where
    scale = _finding("scale", deck.px_per_m, "px per m at the mid-line", f"{by}, {distance}{width}", mark)
    if deck.px_per_m.measured and not _plausible(deck, ruler):
        apart = f"the frame says {deck.distance_m:.2f} m to the mid-line, you {ruler.distance_m:.2f} m"
        scale = Check(
            "scale", "bad", f"{scale.evidence}; {apart}", "check the length, and that the edge drawn is the one measured"
        )
    facing = "given" if given else "from the runner"
    return [
        _finding("roll", place.roll, "deg clockwise", basis, hang),
        _finding("azimuth", place.azimuth, "deg (right end farther: +)", basis, "tell the deck's length and the distance"),
        scale,
        Check("direction", "ok", f"{direction} ({facing})")
        if direction
        else Check(
            "direction", "cannot_tell", "nobody was seen", "let somebody run a few seconds, or say --direction left|right"
        ),
        Check("zone", "ok", " ".join(f"{value:.2f}" for value in deck.zone) + " of the frame")
        if deck.zone
        else Check("zone", "cannot_tell", "it needs the scale; the whole frame is used", mark),
    ]


def _plausible(deck: Deck, ruler: Ruler) -> bool:
    """A lens and a distance that were given must agree within what two tape measures can err."""
    return not ruler.distance_given or not np.isfinite(deck.distance_m) or abs(deck.distance_m / ruler.distance_m - 1) < 0.08


def _finding(part: str, value: Measure, unit: str, basis: str, remedy: str) -> Check:
    if not value.measured:
        return Check(part, "cannot_tell", f"{value.reason} ({basis})", remedy)
    digits = 0 if abs(value.value) >= 100 else 1
    half = (value.high - value.low) / 2
    return Check(part, "ok", f"{value.value:.{digits}f} +/- {half:.1f} {unit}, from {basis}")
