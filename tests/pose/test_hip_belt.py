"""The hip belt's tags in drawn frames with known corners: found where they are, and nothing else
found.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.config import Config
from station.ports import EndOfSource
from station.pose.drawn_belt import DrawnBelt, encoded, worn
from station.pose.hip_belt import LATELY_NS, SEARCH_NS, HipBeltFinder, TagReader
from station.run.clock import SystemClock
from station.run.demo_clip import CLIP
from station.sense.open import open_source
from station.types import JOINTS, NS, Frame, Joint, Marks, Pose

SIZE = (240, 320)
HIPS = (160.0, 120.0)
MIDDLE = (160.3, 113.6)  # of the belt: a little above the hip joints
FRAME_NS = NS // 30


def pose_at(t_ns: int, hips: tuple[float, float] = HIPS, torso_px: float = 190.0) -> Pose:
    xy = np.full((JOINTS, 2), np.nan, np.float32)
    for joint in (Joint.LEFT_HIP, Joint.RIGHT_HIP):
        xy[joint] = hips
    for joint in (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER):
        xy[joint] = (hips[0], hips[1] - torso_px)
    return Pose(t_ns, xy, np.isfinite(xy[:, 0]).astype(np.float32))


def empty() -> NDArray[np.uint8]:
    return np.full((*SIZE, 3), 90, np.uint8)


def noisy(image: NDArray[np.uint8], sd: float, seed: int = 0) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, sd, image.shape[:2])[..., None]
    return np.clip(image + noise, 0, 255).round().astype(np.uint8)


def found_in(image: NDArray[np.uint8], pose: Pose | None = None) -> Marks:
    marks = HipBeltFinder().find(Frame(0, 0, image), pose or pose_at(0))
    return Marks(0, np.zeros(0), np.zeros((0, 4, 2))) if marks is None else marks


def errors(marks: Marks, truth: dict[int, NDArray[np.float64]]) -> NDArray[np.float64]:
    """(N, 4, 2) found minus true. Fails on an id that is not in view."""
    assert set(marks.ids.tolist()) <= set(truth)
    return np.array([corners - truth[int(number)] for number, corners in zip(marks.ids, marks.corners_px, strict=True)])


@pytest.mark.parametrize("turn_deg", [-20.0, -7.0, 0.0, 11.0, 24.0])
@pytest.mark.parametrize("side_px", [14.0, 19.0, 26.0])
def test_the_tags_that_face_the_camera_are_found_where_they_are(side_px: float, turn_deg: float) -> None:
    belt = DrawnBelt(turn_deg=turn_deg, side_px=side_px)
    marks = found_in(noisy(worn(empty(), belt, MIDDLE), 3))
    truth = belt.corners_px(MIDDLE)
    off = errors(marks, truth)
    assert len(marks.ids) >= len(truth) - 2  # the outermost are 50 to 65 degrees away
    assert len(marks.ids) >= 3
    assert np.abs(off).max() < 0.6
    assert np.sqrt((off**2).sum(2).mean()) < 0.25


@pytest.mark.parametrize("blur_px", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("shirt", [0.05, 0.6])
def test_blur_and_shirt_do_not_shrink_a_tag(blur_px: float, shirt: float) -> None:
    wide, high = [], []
    for turn_deg in (-8.0, 0.0, 8.0):
        belt = DrawnBelt(turn_deg=turn_deg, blur_px=blur_px, shirt=shirt)
        off = errors(found_in(noisy(worn(empty(), belt, MIDDLE), 2)), belt.corners_px(MIDDLE))
        wide += list((off[:, 1] - off[:, 0] + off[:, 2] - off[:, 3])[:, 0] / 2)
        high += list((off[:, 3] - off[:, 0] + off[:, 2] - off[:, 1])[:, 1] / 2)
    assert np.mean(wide) == pytest.approx(0, abs=0.15)  # the outline alone: -0.6 to -1.2
    assert np.mean(high) == pytest.approx(0, abs=0.2)


def test_the_fit_beats_opencvs_own_corners() -> None:
    settings = cv2.aruco.DetectorParameters()
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_CONTOUR
    usual = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50), settings)
    theirs, ours = [], []
    for turn_deg in range(-12, 13, 4):
        belt = DrawnBelt(turn_deg=float(turn_deg))
        image, truth = noisy(worn(empty(), belt, MIDDLE), 3), belt.corners_px(MIDDLE)
        corners, ids, _ = usual.detectMarkers(cv2.resize(image[..., 0], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC))
        theirs += [(one[0] + 0.5) / 2 - 0.5 - truth[int(number)] for one, number in zip(corners, ids.ravel(), strict=True)]
        ours += list(errors(found_in(image), truth))
    assert len(ours) > 1.2 * len(theirs)  # it cannot read tags that bend away
    assert np.sqrt(np.mean(np.square(ours))) < 0.4 * np.sqrt(np.mean(np.square(theirs)))


def test_large_tags_are_found_as_well() -> None:
    belt = DrawnBelt(side_px=90.0, turn_deg=5.0)
    image = worn(np.full((700, 1300, 3), 90, np.uint8), belt, (650.0, 350.0))
    marks = found_in(image, pose_at(0, (650.0, 380.0), 800.0))
    off = errors(marks, belt.corners_px((650.0, 350.0)))
    assert len(marks.ids) >= 3
    assert np.abs(off).max() < 1.5


def test_a_shadow_on_the_belt_moves_nothing() -> None:
    belt = DrawnBelt(turn_deg=4.0)
    left, top = 60, 90
    light, wearer = belt.light(200, 50, (MIDDLE[0] - left, MIDDLE[1] - top))
    dark = np.where(np.arange(50) < 22, 0.35, 1.0)[:, None].repeat(200, axis=1)
    shade = cv2.GaussianBlur(dark, (0, 0), 2.5)  # a hem's, on the upper third
    image = empty()
    image[top : top + 50, left : left + 200][wearer] = encoded(light * shade)[wearer][:, None]
    marks = found_in(noisy(image, 2))
    assert len(marks.ids) >= 3
    assert np.abs(errors(marks, belt.corners_px(MIDDLE))).max() < 0.9


# --- what is no tag of a belt worn upright and whole ---


def flat(tag: NDArray[np.uint8], side_px: int = 24) -> NDArray[np.uint8]:
    """A frame with that tag, (6, 6) of 0 and 255, on white, lying flat."""
    image = empty()
    large = cv2.resize(tag, (8 * side_px, 8 * side_px), interpolation=cv2.INTER_NEAREST)
    large = cv2.copyMakeBorder(large, *(4 * [32]), cv2.BORDER_CONSTANT, value=255)
    small = cv2.resize(large, (side_px + 8, side_px + 8), interpolation=cv2.INTER_AREA)
    image[100 : 100 + side_px + 8, 140 : 140 + side_px + 8] = small[..., None]
    return cv2.GaussianBlur(image, (0, 0), 0.6)


def printed(number: int) -> NDArray[np.uint8]:
    return cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50), number, 6)


def test_each_of_the_48_is_itself() -> None:
    for number in range(48):
        assert found_in(flat(printed(number))).ids.tolist() == [number]


@pytest.mark.parametrize("number", [48, 49])
def test_other_tags_of_the_dictionary_are_no_belt(number: int) -> None:
    assert found_in(flat(printed(number))).ids.tolist() == []


def test_a_mirrored_print_is_none() -> None:
    found = {number: found_in(flat(np.fliplr(printed(number)))).ids.tolist() for number in range(48)}
    # Its own mirror image.
    assert {number: ids for number, ids in found.items() if ids} == {17: [17]}


def test_a_tag_on_its_side_is_none() -> None:
    assert found_in(flat(np.ascontiguousarray(np.rot90(printed(5))))).ids.tolist() == []


def test_white_on_black_is_none() -> None:
    assert found_in(flat(255 - printed(7))).ids.tolist() == []


def test_upside_down_is_reported_by_the_corners() -> None:
    marks = found_in(flat(np.ascontiguousarray(np.rot90(printed(5), 2))))
    assert marks.ids.tolist() == [5]
    top_left, _, bottom_right, _ = marks.corners_px[0]
    assert (top_left > bottom_right).all()


def test_one_wrong_module_is_a_damaged_tag_and_two_may_be_another() -> None:
    for number in range(0, 48, 5):
        for row, column in ((1, 1), (2, 3), (4, 4)):
            damaged = printed(number).copy()
            damaged[row, column] = 255 - damaged[row, column]
            assert found_in(flat(damaged)).ids.tolist() in ([], [number])


@pytest.mark.parametrize("share", [0.25, 0.4, 0.6])
def test_a_tag_half_behind_an_arm_is_left_out_or_right(share: float) -> None:
    belt = DrawnBelt()
    truth = belt.corners_px(MIDDLE)
    for number, corners in truth.items():
        for edge in (0, 1):
            image = worn(empty(), belt, MIDDLE)
            left, right = sorted((corners[edge][0], corners[edge][0] + share * (corners[1 - edge][0] - corners[edge][0])))
            image[80:150, int(left) - 3 : int(right)] = (150, 110, 90)
            marks = found_in(noisy(image, 3))
            off = {int(one): corner - truth[int(one)] for one, corner in zip(marks.ids, marks.corners_px, strict=True)}
            assert number not in off or np.abs(off[number]).max() < 1.0


def test_too_small_is_too_small() -> None:
    belt = DrawnBelt(side_px=8.0)
    assert found_in(worn(empty(), belt, MIDDLE), pose_at(0, torso_px=80.0)).ids.tolist() == []


def test_noise_and_stripes_are_no_tags() -> None:
    rng = np.random.default_rng(5)
    reader = TagReader()
    for _ in range(20):
        noise = rng.integers(0, 256, (120, 200)).astype(np.uint8)
        blobs = cv2.GaussianBlur(rng.normal(0, 1, (120, 200)), (0, 0), rng.uniform(1, 4))
        checks = np.kron(rng.integers(0, 2, (24, 40)), np.ones((5, 5))).astype(np.uint8) * 200
        for picture in (noise, ((blobs > 0) * 255).astype(np.uint8), checks):
            for expected_px in (12.0, 20.0, 60.0):
                assert len(reader.tags(picture, expected_px).ids) == 0


# --- where and when it looks ---


def test_colours_count_by_their_luminance() -> None:
    image = worn(empty(), DrawnBelt(), MIDDLE)
    yellow = (image * np.array([1.0, 0.95, 0.6])).astype(np.uint8)
    assert len(found_in(yellow).ids) >= 3


def test_only_the_runners_waist_is_searched() -> None:
    image = worn(empty(), DrawnBelt(), MIDDLE)
    assert found_in(image, pose_at(0, (160.0, 230.0), 100.0)).ids.tolist() == []
    assert found_in(image, pose_at(0, (160.0, -900.0), 100.0)).ids.tolist() == []


def test_a_second_belt_in_reach_is_reported_too() -> None:
    image = worn(empty(), DrawnBelt(), MIDDLE)
    image = worn(image, DrawnBelt(ids=tuple(range(32, 46))), (MIDDLE[0] + 3, MIDDLE[1] + 45))
    groups = {number // 16 for number in found_in(image).ids.tolist()}
    assert groups == {0, 2}


def test_of_two_tags_with_one_id_the_runners_is_taken() -> None:
    image = flat(printed(9))
    near = found_in(image).corners_px.mean((0, 1))
    image[40:72, 60:92] = image[100:132, 140:172]
    marks = found_in(image)
    assert marks.ids.tolist() == [9]
    assert marks.corners_px.mean((0, 1)) == pytest.approx(near, abs=0.3)


class Film:
    """A finder that is shown a belt, or none, frame after frame."""

    def __init__(self) -> None:
        self.finder, self.t_ns = HipBeltFinder(), 0

    def show(self, image: NDArray[np.uint8], pose: Pose | None = None) -> Marks | None:
        self.t_ns += FRAME_NS
        marks = self.finder.find(Frame(self.t_ns, 0, image), pose if pose is not None else pose_at(self.t_ns))
        assert marks is None or marks.t_ns == self.t_ns
        return marks


@pytest.fixture(scope="module")
def with_belt() -> NDArray[np.uint8]:
    return worn(empty(), DrawnBelt(), MIDDLE)


def test_a_hidden_belt_is_reported_for_two_seconds(with_belt: NDArray[np.uint8]) -> None:
    film = Film()
    shown = film.show(with_belt)
    assert shown is not None
    assert len(shown.ids) >= 3
    hidden = [film.show(empty()) for _ in range(70)]
    reported = [marks is not None for marks in hidden]
    assert reported == [n * FRAME_NS <= LATELY_NS for n in range(1, 71)]
    assert all(len(marks.ids) == 0 for marks in hidden if marks is not None)


def test_without_a_belt_it_looks_twice_a_second(with_belt: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    film, looked = Film(), []
    look = film.finder._look
    monkeypatch.setattr(film.finder, "_look", lambda frame, pose: (looked.append(frame.t_ns), look(frame, pose))[1])
    assert [film.show(empty()) for _ in range(90)] == 90 * [None]
    assert len(looked) == pytest.approx(6, abs=1)
    late = [film.show(with_belt) for _ in range(30)]
    first = next(number for number, marks in enumerate(late) if marks is not None)
    assert first * FRAME_NS <= SEARCH_NS
    assert all(marks is not None for marks in late[first:])


def test_it_follows_a_runner_who_bobs_and_drifts() -> None:
    film = Film()
    for number in range(40):
        x, y = 160 + 1.5 * number, 120 + 18 * np.sin(number / 2)
        image = worn(empty(), replace(DrawnBelt(), turn_deg=6 * np.sin(number / 4)), (x, y - 7))
        marks = film.show(image, pose_at(film.t_ns + FRAME_NS, (x + 4 * np.sin(number), y + 4 * np.cos(3 * number))))
        assert marks is not None
        assert len(marks.ids) >= 3


def test_a_moment_without_landmarks_is_bridged(with_belt: NDArray[np.uint8]) -> None:
    film = Film()
    film.show(with_belt)
    marks = film.show(with_belt, Pose.nobody(film.t_ns + FRAME_NS))
    assert marks is not None
    assert len(marks.ids) >= 3


def test_nobody_and_broken_landmarks_find_nothing(with_belt: NDArray[np.uint8]) -> None:
    film = Film()
    assert film.show(with_belt, Pose.nobody(0)) is None
    film = Film()
    assert film.show(with_belt, pose_at(0, torso_px=0.0)) is None


def test_the_same_pictures_give_the_same_marks(with_belt: NDArray[np.uint8]) -> None:
    first, second = found_in(with_belt), found_in(with_belt)
    assert np.array_equal(first.corners_px, second.corners_px)


# --- films without a belt ---


def tags_in_film(path: Path, every: int, most: int) -> int:
    """Tags in whole frames, one in `every`, read as if a belt of usual size were there. Fails on a
    film that shows nothing.
    """
    reader, pictures, tags = TagReader(), 0, 0
    with open_source(str(path), Config(), SystemClock()) as source:
        for number in range(every * most):
            try:
                frame = source.read(10.0)
            except EndOfSource:
                break
            if number % every == 0 and isinstance(frame, Frame):
                pictures += 1
                tags += len(reader.tags(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), 19.0).ids)
    assert pictures > 10
    return tags


def test_the_demo_has_no_belt() -> None:
    assert tags_in_film(CLIP, 20, 30) == 0


@pytest.mark.parametrize(
    "name", ["sports2d_demo.mp4", "vtest.avi", "opencap_walk/walk_video.mp4", "opencap_walk/walk_ts_video.mp4"]
)
def test_filmed_people_wear_none(name: str, shared: Path) -> None:
    assert tags_in_film(shared / "data" / "video" / name, 4, 12) == 0
