"""The treadmill's deck in the frame: its near edge, the scale at the mid-line, the runner's zone.

The installer measures the near edge; the runner is half a deck's width farther away, and smaller by
as much: s_runner = s_edge Z / (Z + W/2), some 9 to 15 %. So the scale needs the deck's width W and
the camera's distance too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from station.calibrate.lines import Coordinates, ImageLine, traced
from station.calibrate.orientation import Z95, CameraPlace, Known, deck_like, directions, place_of
from station.types import Measure

BORDER = 0.008  # an edge that comes so near the frame's border (of the long side) goes on outside
SEEN = 0.6  # an edge must have been seen on that share of its length for its ends to be trusted
# Of the frame's width, and of 255: what can be the near edge. Guesses.
LONG_EDGE, PLAIN_LEVEL = 0.35, 15.0
FARTHEST = 0.6  # depth of the near edge over that of the far one: 2 m and 2.9 m give 0.7
# Of the deck's length, in the frame below the near edge: its side and some floor.
FRONT_SHARE = 0.08
# Edges of one rail, in its length: as long, so far up, so far aside.
LONG_ENOUGH, RAIL_HEIGHT, RAIL_SHIFT = 0.97, 0.13, 0.03
END_FOUND_PX, END_GIVEN_PX = 3.0, 2.0  # SD of an end; guesses
WIDTH_M, WIDTH_SD_M = 0.78, 0.07  # of a deck with its side rails, where nobody measured it. A guess
# Of tape measures, and of a guess.
LENGTH_SD, WIDTH_GIVEN_SD_M, DISTANCE_GIVEN_SD, DISTANCE_GUESS_SD = 0.005, 0.02, 0.02, 0.15
TELL_SCALE = 0.05  # half-width of the 95 % interval up to which the scale is reported, of the value
# A tall runner, what the head rises, what is seen of the floor in front.
TALLEST_M, HEAD_ROOM_M, FRONT_ROOM_M = 2.0, 0.1, 0.08
WHOLE_DECK_M = 1.1  # what is shorter is a rule laid on the deck, not the deck
ZONE_MARGIN = 0.05  # of the deck's length, at each end
ROUNDS = 4  # chosen: the estimate has settled by then
Zone = tuple[float, float, float, float]
NO_FOCAL = "needs the deck's length and the measured distance"
NOT_GIVEN, NO_NEWS = Measure.cannot_tell(NO_FOCAL), Measure.cannot_tell("given beforehand")


@dataclass(frozen=True)
class Ruler:
    """By tape measure, m: near edge, deck over its rails, lens to the belt's mid-line.

    `distance_given`: whether the distance was measured, not guessed.
    """

    length_m: float | None = None
    width_m: float | None = None
    distance_m: float = 2.4
    distance_given: bool = False


@dataclass(frozen=True, kw_only=True)
class Deck:
    """What is known of the deck and of the camera's place.

    `place`: fitted with the scale. `px_per_m`: at the runner's mid-line. `edge`: the near one
    (None: not found), `given` when a person pointed at it. `ends`: whether both are in the frame.
    `reach`: what a tall runner takes there, as shares of the frame, which it may leave. `zone`: as
    in types.View. Both None when they are not known.
    """

    place: CameraPlace
    px_per_m: Measure
    edge: ImageLine | None = None
    given: bool = False
    ends: bool = False
    reach: Zone | None = None
    zone: Zone | None = None
    focal: Measure = NOT_GIVEN  # focal length of the lens, px
    distance_m: float = float("nan")  # of the lens from the mid-line, as the frame has it
    by_lens: bool = False  # the scale comes from lens and distance alone


def deck_of(grey: NDArray[np.uint8], lines: list[ImageLine], known: Known, ruler: Ruler) -> Deck:
    """The deck and the camera's place in a grey frame (H, W) with its lines."""
    height_px, width_px = grey.shape
    size = (width_px, height_px)
    along = [line for line in lines if deck_like(line, *size)]
    edge = known.deck or near_edge([traced(grey, line) for line in along], width_px)
    if edge is not None:  # walls and mats need not lie along the belt
        lines = [line for line in lines if line not in along or _of_deck(line, edge, height_px)]
    place, scale = place_of(lines, *size, known), _by_lens(known, ruler)
    if edge is None:
        scale = scale or Measure.cannot_tell("the deck's near edge was not found")
        return Deck(place=place, px_per_m=scale, by_lens=scale.measured)
    given = known.deck is not None
    ends = given or (_inside(edge, *size) and edge.seen >= SEEN)
    # What is at the frame's lower border may be a rail behind the near edge.
    if ends and not given and max(edge.y0, edge.y1) > height_px - FRONT_SHARE * edge.length_px:
        why = "the floor in front of the deck is not in the frame: this may not be the near edge"
        return Deck(place=place, px_per_m=scale or Measure.cannot_tell(why), edge=edge)
    if ends and ruler.length_m is not None:
        return _by_tape(edge, place, size, known, ruler, ruler.length_m, lines)
    why = "the deck's length was not given" if ends else "the deck's ends are not in the frame"
    reach = _reach_by_lens(edge, place, size, known, ruler) if scale else None
    return Deck(
        place=place,
        px_per_m=scale or Measure.cannot_tell(why),
        edge=edge,
        given=given,
        ends=ends,
        reach=reach,
        zone=_clipped(reach) if reach else None,
        by_lens=scale is not None,
    )


def _by_tape(
    edge: ImageLine,
    place: CameraPlace,
    size: tuple[int, int],
    known: Known,
    ruler: Ruler,
    length_m: float,
    lines: list[ImageLine],
) -> Deck:
    """The scale gives the focal length, that the azimuth, and that the scale a little better."""
    given = known.deck is not None
    in_space = _EdgeInSpace(edge, place, size, ruler, known.focal_px)
    if known.focal_px is None:
        for _ in range(ROUNDS):
            place = place_of(lines, *size, replace(known, focal_px=in_space.focal_px, focal_sd=_focal_sd(ruler)))
            in_space = _EdgeInSpace(edge, place, size, ruler, None)
    reach = in_space.reach()
    return Deck(
        place=place,
        px_per_m=in_space.measured(END_GIVEN_PX if given else END_FOUND_PX),
        edge=edge,
        given=given,
        ends=True,
        reach=reach,
        zone=_clipped(reach if length_m >= WHOLE_DECK_M else (0.0, reach[1], 1.0, reach[3])),
        focal=_focal_measured(in_space.focal_px, ruler) if known.focal_px is None else NO_NEWS,
        distance_m=in_space.focal_px / in_space.px_per_m,
    )


def _clipped(reach: Zone) -> Zone:
    a, b, c, d = (round(min(max(value, 0.0), 1.0), 3) for value in reach)
    return a, b, c, d


def _by_lens(known: Known, ruler: Ruler) -> Measure | None:
    """The scale from the lens and the distance alone, where both were given."""
    if known.focal_px is None or not ruler.distance_given:
        return None
    scale = known.focal_px / ruler.distance_m
    return _interval(scale, Z95 * scale * float(np.hypot(known.focal_sd, DISTANCE_GIVEN_SD)), 0.1)


def _reach_by_lens(edge: ImageLine, place: CameraPlace, size: tuple[int, int], known: Known, ruler: Ruler) -> Zone:
    """What a tall runner takes where not both ends of the deck are seen."""
    focal_px, middle = known.focal_px or place.focal_px, np.array(size) / 2
    down, _, across = _axes(place, float(np.radians(place.azimuth.value)))
    half_m = (ruler.width_m or WIDTH_M) / 2
    y_px = edge.y0 + (middle[0] - edge.x0) / (edge.x1 - edge.x0) * (edge.y1 - edge.y0)
    near = np.array([0.0, (y_px - middle[1]) / focal_px, 1.0]) * (ruler.distance_m - half_m * across[2])
    feet = near + half_m * across
    points = np.array([feet - down * (TALLEST_M + HEAD_ROOM_M), near + down * FRONT_ROOM_M])
    top, bottom = (points[:, 1] / points[:, 2] * focal_px + middle[1]) / size[1]
    border = BORDER * max(size)
    left = edge.x0 / size[0] if edge.x0 > border and not known.deck else 0.0
    right = edge.x1 / size[0] if edge.x1 < size[0] - border and not known.deck else 1.0
    return left, float(top), right, float(bottom)


def _axes(place: CameraPlace, azimuth: float) -> tuple[Coordinates, Coordinates, Coordinates]:
    """Down, along the belt to the right, and across it away from the camera."""
    roll, pitch = np.radians([place.roll.value, place.pitch_deg])
    down, belt = directions(roll, pitch, azimuth)
    return down, belt, np.cross(belt, down)


def _focal_measured(focal_px: float, ruler: Ruler) -> Measure:
    half = Z95 * _focal_sd(ruler) * focal_px
    reason = "" if ruler.distance_given else NO_FOCAL
    return Measure(focal_px, focal_px - half, focal_px + half, 1, reason)


def _focal_sd(ruler: Ruler) -> float:
    return float(np.hypot(0.01, _distance_sd(ruler)))


def _interval(value: float, half: float, limit: float = TELL_SCALE) -> Measure:
    reason = "" if half <= limit * value else f"known to {100 * half / value:.0f} % only"
    return Measure(value, value - half, value + half, 1, reason)


def near_edge(lines: Sequence[ImageLine], width_px: int) -> ImageLine | None:
    """The deck's near edge: the lowest long line along the belt, but the upper edge of its rail.

    Nothing that belongs to a treadmill is nearer than that. A mat under it is: then a person has to
    point at the edge.
    """
    long = [line for line in lines if line.length_px > LONG_EDGE * width_px and line.contrast > PLAIN_LEVEL]
    if not long:
        return None
    lowest = max(long, key=lambda line: line.middle[1])
    rail = [
        line
        for line in long
        if line.length_px > LONG_ENOUGH * lowest.length_px
        and lowest.middle[1] - line.middle[1] < RAIL_HEIGHT * lowest.length_px
        and abs(line.middle[0] - lowest.middle[0]) < RAIL_SHIFT * lowest.length_px
    ]
    return min(rail, key=lambda line: line.middle[1])


def _of_deck(line: ImageLine, edge: ImageLine, height_px: int) -> bool:
    """Whether a line can belong to the deck with that near edge: above it, but not far above."""
    overlap = min(line.x1, edge.x1) - max(line.x0, edge.x0)
    below_middle = line.middle[1] - height_px / 2
    return overlap > 0.5 * min(line.x1 - line.x0, edge.x1 - edge.x0) and below_middle > FARTHEST * (
        edge.middle[1] - height_px / 2
    )


def _inside(line: ImageLine, width_px: int, height_px: int) -> bool:
    border = BORDER * max(width_px, height_px)
    x, y = (line.x0, line.x1), (line.y0, line.y1)
    return min(*x, *y) > border and max(x) < width_px - border and max(y) < height_px - border


def _distance_sd(ruler: Ruler) -> float:
    return DISTANCE_GIVEN_SD if ruler.distance_given else DISTANCE_GUESS_SD


class _EdgeInSpace:
    """The near edge in space, x right, y down, z away from the lens, m."""

    def __init__(self, edge: ImageLine, place: CameraPlace, size: tuple[int, int], ruler: Ruler, focal_px: float | None) -> None:
        self._edge, self._place, self._size, self._ruler = edge, place, np.array(size), ruler
        self._focal_given_px = focal_px
        self._length_m = ruler.length_m or 0.0
        self._width_m = ruler.width_m or WIDTH_M
        self.px_per_m, self.focal_px = self._scale(self._length_m, self._width_m, ruler.distance_m, self._azimuth, 0.0)

    @property
    def _azimuth(self) -> float:
        return float(np.radians(self._place.azimuth.value))

    def _ends(self, length_m: float, azimuth: float, focal_px: float, longer_px: float) -> Coordinates:
        """(2, 3) both ends of the near edge, `length_m` apart along the belt (least squares)."""
        edge = self._edge
        along = np.array([edge.x1 - edge.x0, edge.y1 - edge.y0]) / edge.length_px * longer_px / 2
        pixels = np.array([[edge.x0, edge.y0], [edge.x1, edge.y1]]) - self._size / 2 + np.array([-along, along])
        rays = np.column_stack([pixels / focal_px, [1.0, 1.0]])
        belt = _axes(self._place, azimuth)[1]
        depth = np.linalg.lstsq(np.column_stack([-rays[0], rays[1]]), length_m * belt, rcond=None)[0]
        return np.asarray(rays * depth[:, None])

    def _scale(self, length_m: float, width_m: float, distance_m: float, azimuth: float, longer_px: float) -> tuple[float, float]:
        """px per m at the middle of the mid-line, and the focal length that fits `distance_m`."""
        focal, scale = self._focal_given_px or self._place.focal_px, 0.0
        across_z = _axes(self._place, azimuth)[2][2]
        for _ in range(ROUNDS):
            middle_m = self._ends(length_m, azimuth, focal, longer_px)[:, 2].mean() + width_m / 2 * across_z
            scale = focal / middle_m
            focal = self._focal_given_px or scale * distance_m
        return float(scale), float(focal)

    def measured(self, end_px: float) -> Measure:
        """The scale with its 95 % interval: each cause's share by itself, added in squares."""
        ruler = self._ruler
        best = np.array([self._length_m, self._width_m, ruler.distance_m, self._azimuth, 0.0])
        azimuth_sd = np.radians(np.sqrt(self._place.spread[2, 2]))
        width_sd = WIDTH_GIVEN_SD_M if ruler.width_m else WIDTH_SD_M
        steps = (LENGTH_SD * best[0], width_sd, _distance_sd(ruler) * best[2], azimuth_sd, np.sqrt(2) * end_px)
        shares = [self._scale(*(best + change))[0] - self.px_per_m for change in np.diag(steps)]
        return _interval(self.px_per_m, Z95 * float(np.sqrt(np.square(shares).sum())))

    def reach(self) -> Zone:
        """What a tall runner between the ends takes, with margins."""
        down, belt, across = _axes(self._place, self._azimuth)
        near = self._ends(self._length_m, self._azimuth, self.focal_px, 0.0)
        margin = ZONE_MARGIN * self._length_m * belt
        feet = near + across * self._width_m / 2 + np.array([-margin, margin])
        corners = np.vstack([feet, feet - down * (TALLEST_M + HEAD_ROOM_M), near + down * FRONT_ROOM_M])
        shares = (corners[:, :2] / corners[:, 2:] * self.focal_px + self._size / 2) / self._size
        (x0, _), (x1, _) = shares[0], shares[1]
        y0, y1 = shares[:, 1].min(), shares[:, 1].max()
        return float(min(x0, x1)), float(y0), float(max(x0, x1)), float(y1)
