"""Tags of a hip belt in a frame: where to look, how often, and which to believe."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.pose.tag_code import read
from station.pose.tag_fit import fit
from station.types import NS, Frame, Joint, Marks, Pose

LATELY_NS = 2 * NS  # a belt that was seen within this time is looked for in every frame
SEARCH_NS = NS // 2  # and else this often
# As long after the last tag only its height is searched, then the whole waist.
NARROW_NS = 3 * NS // 10
LEAST_PX = 10.0  # a tag's longer side; below that its modules are smaller than a pixel and a half
LEAST_SHAPE = 0.35  # shorter by longer side: turned away by 70 degrees
LIKELY = 0.7  # likeness that is worth a fit
# Tags: 0.93 and more; what is none, in two clips full of people: 0.63 at most unless the fit ran
# away.
EXPLAINED = 0.88
MOST_MOVE = 0.1  # of a side: a fit that goes farther went elsewhere
SMALL_PX = 28.0  # smaller tags are sought in an image of twice the size
LARGE_PX, BEST_PX = 32.0, 24.0  # larger ones are brought to the best size for the fit
SOFTENED_PX = 0.5  # a shrunk image is sharper than the fit expects
# Neighbourhoods of the threshold: 13 and 33; three, as OpenCV has them, find as many in twice the
# time.
WINDOWS_PX = (13, 33, 20)
TAG_PER_TORSO = 0.1  # 5 cm of 50 cm: a guess, until the first tag is seen
# The waist about the middle of the hips, in torso lengths: a belt lies a little above the hip
# joints.
ASIDE, ABOVE, BELOW = 0.65, 0.55, 0.3
FOLLOW = 0.2  # share of each new frame in the belt's remembered height and size

HIPS = (Joint.LEFT_HIP, Joint.RIGHT_HIP)
SHOULDERS = (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER)
Quads = NDArray[np.float64]


@dataclass(frozen=True)
class Tags:
    """Tags in one frame: `ids` (N,), `corners_px` (N, 4, 2) from the tag's own top left clockwise,
    and how they look.

    `explained` (N,), up to 1, and `blur_px` (N,) are those of tag_fit.Fitted.
    """

    ids: NDArray[np.int64]
    corners_px: Quads
    explained: NDArray[np.float64]
    blur_px: NDArray[np.float64]

    def __getitem__(self, chosen: NDArray) -> Tags:
        return Tags(self.ids[chosen], self.corners_px[chosen], self.explained[chosen], self.blur_px[chosen])

    def joined(self, other: Tags) -> Tags:
        return Tags(
            np.concatenate([self.ids, other.ids]),
            np.concatenate([self.corners_px, other.corners_px]),
            np.concatenate([self.explained, other.explained]),
            np.concatenate([self.blur_px, other.blur_px]),
        )

    @property
    def size_px(self) -> NDArray[np.float64]:
        """(N,) the longer side: not foreshortened by the turn round the hip."""
        return np.asarray(sides_px(self.corners_px).max(1))


class TagReader:
    """Finds tags in a grey frame, also those that bend away round a hip, unlike OpenCV."""

    def __init__(self) -> None:
        settings = cv2.aruco.DetectorParameters()
        settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_NONE
        settings.adaptiveThreshWinSizeMin, settings.adaptiveThreshWinSizeMax, settings.adaptiveThreshWinSizeStep = WINDOWS_PX
        self._detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50), settings)

    def tags(self, grey: NDArray[np.uint8], expected_px: float) -> Tags:
        """All tags, the same one perhaps twice. `expected_px`: about how long a side is; right
        within a factor of two.
        """
        return self.read(grey, self.quads(grey, 2 if expected_px < SMALL_PX else 1), expected_px)

    def quads(self, grey: NDArray[np.uint8], times: int) -> Quads:
        """(N, 4, 2) what could be a tag, sought in the frame enlarged so many times."""
        if times > 1:
            grey = cv2.resize(grey, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
        accepted, _, rejected = self._detector.detectMarkers(grey)
        quads = (np.array([*accepted, *rejected], np.float64).reshape(-1, 4, 2) + 0.5) / times - 0.5
        sides = sides_px(quads)
        return quads[(sides.max(1) >= LEAST_PX) & (sides.min(1) >= LEAST_SHAPE * sides.max(1))] if len(quads) else quads

    def read(self, grey: NDArray[np.uint8], quads: Quads, expected_px: float) -> Tags:
        """Those of `quads` that are tags."""
        if not len(quads):
            return NO_TAGS
        shrink, softened_px = np.ones(2), 0.0
        if expected_px > LARGE_PX:
            size = [max(1, round(size * BEST_PX / expected_px)) for size in grey.shape[::-1]]
            shrink, softened_px = grey.shape[::-1] / np.array(size), SOFTENED_PX
            small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
            grey = cv2.GaussianBlur(small, (0, 0), SOFTENED_PX).astype(np.uint8, copy=False)
        ids, start, likeness = read(grey, (quads + 0.5) / shrink - 0.5)
        ids, start = ids[likeness > LIKELY], start[likeness > LIKELY]
        if not len(ids):
            return NO_TAGS
        fitted = fit(grey, ids, start)
        moved = np.abs(fitted.corners_px - start).max((1, 2))
        good = (fitted.explained > EXPLAINED) & (moved < MOST_MOVE * sides_px(start).max(1))
        blur_px = np.sqrt(np.maximum(fitted.blur_px**2 - softened_px**2, 0)) * shrink.mean()
        return Tags(ids, (fitted.corners_px + 0.5) * shrink - 0.5, fitted.explained, blur_px)[good]


NO_TAGS = Tags(np.zeros(0, np.int64), np.zeros((0, 4, 2)), np.zeros(0), np.zeros(0))


class HipBeltFinder:
    """`ports.MarkFinder`: 4x4 tags of the first 48 ids, round the waist of the runner."""

    def __init__(self) -> None:
        self._reader = TagReader()
        self._seen_ns: int | None = None
        self._searched_ns: int | None = None
        self._torso_px = self._side_px = self._above_px = float("nan")
        self._centre_px = np.full(2, np.nan)

    def find(self, frame: Frame, pose: Pose) -> Marks | None:
        """The tags in view; empty for 2 s after the last (the belt is hidden), then None."""
        if not self._is_time(frame.t_ns):
            return None
        self._searched_ns = frame.t_ns
        tags = self._look(frame, pose)
        if len(tags.ids):
            self._remember(frame.t_ns, tags)
        elif not self._seen_within(frame.t_ns, LATELY_NS):
            return None
        return Marks(frame.t_ns, tags.ids.astype(np.int16), tags.corners_px.astype(np.float32))

    def _is_time(self, t_ns: int) -> bool:
        if self._seen_within(t_ns, LATELY_NS):
            return True
        return self._searched_ns is None or t_ns - self._searched_ns >= SEARCH_NS

    def _seen_within(self, t_ns: int, span_ns: int) -> bool:
        return self._seen_ns is not None and t_ns - self._seen_ns <= span_ns

    def _look(self, frame: Frame, pose: Pose) -> Tags:
        hips, shoulders = _middle(pose, HIPS), _middle(pose, SHOULDERS)
        torso_px = float(np.hypot(*(shoulders - hips)))
        if np.isfinite(torso_px):
            self._torso_px = torso_px
        if np.isfinite(hips).all():
            self._centre_px = hips
        if not (np.isfinite(self._torso_px) and np.isfinite(self._centre_px).all()):
            return NO_TAGS
        left, top, right, bottom = self._waist(frame.t_ns, frame.image.shape[1], frame.image.shape[0])
        if right - left < LEAST_PX or bottom - top < LEAST_PX:
            return NO_TAGS
        grey = cv2.cvtColor(frame.image[top:bottom, left:right], cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
        expected_px = self._side_px if np.isfinite(self._side_px) else TAG_PER_TORSO * self._torso_px
        tags = self._reader.tags(grey, expected_px)
        tags = tags[~_lies(tags.corners_px)]
        return once_each(replace(tags, corners_px=tags.corners_px + np.array([left, top])), self._centre_px)

    def _waist(self, t_ns: int, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of what is searched, in pixels of the frame."""
        x, y = self._centre_px
        above, below = ABOVE * self._torso_px, BELOW * self._torso_px
        if self._seen_within(t_ns, NARROW_NS):
            half = 1.6 * self._side_px
            above, below = self._above_px + half, half - self._above_px
        aside = ASIDE * self._torso_px
        edges = np.clip([x - aside, y - above, x + aside, y + below], 0, [width, height, width, height])
        left, top, right, bottom = edges.round().astype(int).tolist()
        return left, top, right, bottom

    def _remember(self, t_ns: int, tags: Tags) -> None:
        side_px = float(np.median(tags.size_px))
        above_px = float(self._centre_px[1] - tags.corners_px[..., 1].mean())
        if self._seen_within(t_ns, LATELY_NS):
            side_px = (1 - FOLLOW) * self._side_px + FOLLOW * side_px
            above_px = (1 - FOLLOW) * self._above_px + FOLLOW * above_px
        self._seen_ns, self._side_px, self._above_px = t_ns, side_px, above_px


def once_each(tags: Tags, centre_px: NDArray[np.float64]) -> Tags:
    """Each id once: of one tag found twice the better fit, of two tags that nearer `centre_px`."""
    kept = []
    places = tags.corners_px.mean(1)
    away = np.linalg.norm(places - centre_px, axis=1)
    for number in np.unique(tags.ids):
        same = np.flatnonzero(tags.ids == number)
        nearest = same[away[same].argmin()]
        twice = same[np.linalg.norm(places[same] - places[nearest], axis=1) < tags.size_px[nearest] / 2]
        kept.append(twice[tags.explained[twice].argmax()])
    return tags[np.array(kept, np.int64)]


def _lies(corners_px: Quads) -> NDArray[np.bool_]:
    """(N,) whether a tag lies on its side. None of a worn belt does; three of the patterns read so
    when they are mirrored.
    """
    up = corners_px[:, :2].sum(1) - corners_px[:, 2:].sum(1)
    return np.asarray(np.abs(up[:, 0]) > np.abs(up[:, 1]))


def sides_px(corners_px: Quads) -> NDArray[np.float64]:
    """(N, 4) lengths."""
    return np.asarray(np.linalg.norm(corners_px - np.roll(corners_px, -1, axis=1), axis=2))


def _middle(pose: Pose, joints: tuple[Joint, ...]) -> NDArray[np.float64]:
    """Between those joints, or the one that was seen; NaN without any."""
    points = pose.xy_px[list(joints)].astype(np.float64)
    points = points[np.isfinite(points).all(1)]
    return np.asarray(points.mean(0)) if len(points) else np.full(2, np.nan)
