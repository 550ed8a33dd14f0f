"""The empty treadmill with what was found drawn into it, for people to look at."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.deck import Deck
from station.calibrate.lines import ImageLine

LONG_SIDE_PX = 1280  # chosen: fits a laptop's screen
# Blue, green, red; colour-blind safe (IBM palette): plumb lines, lines along the belt, the edge
# that was measured, the zone.
PLUMB, ALONG, EDGE, ZONE = (255, 143, 100), (0, 176, 255), (0, 97, 254), (255, 255, 255)


def draw(grey: NDArray[np.uint8], deck: Deck) -> NDArray[np.uint8]:
    """(H, W, 3) uint8, blue first, for cv2.imwrite: grey is enough to see what is what."""
    scale = min(1.0, LONG_SIDE_PX / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    image = np.asarray(cv2.cvtColor(small, cv2.COLOR_GRAY2BGR), np.uint8)
    wide = max(1, max(image.shape) // 640)
    for colour, lines in ((PLUMB, deck.place.plumb), (ALONG, deck.place.deck)):
        for line in lines:
            _line(image, line, scale, colour, wide)
    if deck.edge is not None:
        _line(image, deck.edge, scale, EDGE, 2 * wide)
        for x, y in ((deck.edge.x0, deck.edge.y0), (deck.edge.x1, deck.edge.y1)):
            cv2.circle(image, (round(x * scale), round(y * scale)), 5 * wide, EDGE, wide, cv2.LINE_AA)
    if deck.zone is not None:
        height, width = image.shape[:2]
        x0, y0, x1, y1 = deck.zone
        corners = (round(x0 * (width - 1)), round(y0 * (height - 1))), (round(x1 * (width - 1)), round(y1 * (height - 1)))
        cv2.rectangle(image, *corners, ZONE, wide, cv2.LINE_AA)
    roll = deck.place.roll
    if roll.measured:  # where gravity points, through the frame's middle
        height, width = image.shape[:2]
        half = np.array([-np.sin(np.radians(roll.value)), np.cos(np.radians(roll.value))]) * height / 12
        middle = np.array([width, height]) / 2
        a, b = (tuple(int(v) for v in np.rint(middle + sign * half)) for sign in (-1, 1))
        cv2.arrowedLine(image, a, b, ZONE, wide, cv2.LINE_AA)
    return image


def _line(image: NDArray[np.uint8], line: ImageLine, scale: float, colour: tuple[int, int, int], wide: int) -> None:
    a, b = (round(line.x0 * scale), round(line.y0 * scale)), (round(line.x1 * scale), round(line.y1 * scale))
    cv2.line(image, a, b, colour, wide, cv2.LINE_AA)
