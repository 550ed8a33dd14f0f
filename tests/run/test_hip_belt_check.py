"""`station hip-belt` over sheets and belts that are right, and over each of the ways in which they
can be wrong.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.errors import InputError, NothingFound, StationError
from station.pose.drawn_belt import DrawnBelt, encoded
from station.pose.tag_code import patterns
from station.run.hip_belt_check import belts_in, check_hip_belt, judged
from tests.made_film import write_film
from tests.schemas import conforms

SIDE_PX = 50


def sheet(pitch_mm: float = 65.0, first: int = 0, count: int = 4) -> NDArray[np.uint8]:
    """Tags in a row on white, 1 px a millimetre, grey."""
    page = np.full((100, round(40 + pitch_mm * count)), 245, np.uint8)
    for place in range(count):
        tag = cv2.resize(np.uint8(255 * patterns()[first + place]), (SIDE_PX * 8, SIDE_PX * 8), interpolation=cv2.INTER_NEAREST)
        left = round(20 + place * pitch_mm)
        page[25 : 25 + SIDE_PX, left : left + SIDE_PX] = cv2.resize(tag, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return cv2.copyMakeBorder(cv2.GaussianBlur(page, (0, 0), 0.7), *(4 * [60]), cv2.BORDER_CONSTANT, value=70)


def saved(folder: Path, grey: NDArray[np.uint8]) -> str:
    path = folder / "belt.png"
    cv2.imwrite(str(path), grey)
    return str(path)


def bad_parts(grey: NDArray[np.uint8]) -> set[str]:
    belts = belts_in(iter([grey]))
    return {verdict.part.split()[-1] for belt in belts for verdict in judged(belt) if verdict.state != "ok"}


def test_a_good_sheet_is_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_hip_belt(saved(tmp_path, sheet(first=16)), None, None)
    reported = capsys.readouterr().out
    assert "4 of 16: 16, 17, 18, 19" in reported
    assert "4 of 4 upright" in reported
    assert "a tag every 1.3" in reported
    assert "BAD" not in reported


def test_json_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check_hip_belt(saved(tmp_path, sheet()), None, "-")
    (belt,) = conforms(capsys.readouterr().out)["belts"]
    assert belt["ids"] == [0, 1, 2, 3]
    assert belt["upright"] == 4
    assert belt["side_px"] == pytest.approx(SIDE_PX, rel=0.02)
    assert belt["pitch"] == pytest.approx(1.3, abs=0.02)
    assert belt["blur_modules"] == pytest.approx(0.1, abs=0.05)


def test_a_slanted_photograph_does_not_change_the_pitch() -> None:
    page = sheet()
    height, width = page.shape
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    slanted = np.float32([[30, 40], [width - 60, 5], [width - 20, height - 30], [0, height - 60]])
    photo = cv2.warpPerspective(page, cv2.getPerspectiveTransform(corners, slanted), (width, height), borderValue=70)
    (belt,) = belts_in(iter([photo]))
    assert belt.pitch == pytest.approx(1.3, abs=0.03)


@pytest.mark.parametrize("size_px", [13, 24, 37, 90, 330, 600])
def test_a_tag_may_have_any_size_in_a_photograph(size_px: int) -> None:
    times = size_px / SIDE_PX
    way = cv2.INTER_AREA if times < 1 else cv2.INTER_CUBIC
    (belt,) = belts_in(iter([cv2.resize(sheet(count=2), None, fx=times, fy=times, interpolation=way)]))
    assert belt.ids == [0, 1]
    assert belt.side_px == pytest.approx(size_px, rel=0.04)


def test_what_is_wrong_is_reported() -> None:
    page = sheet()
    assert bad_parts(page) == set()
    assert bad_parts(np.ascontiguousarray(page[::-1, ::-1])) == {"upright"}
    assert bad_parts(sheet(pitch_mm=72)) == {"pitch"}
    assert bad_parts(cv2.resize(page, None, fx=0.24, fy=0.24, interpolation=cv2.INTER_AREA)) == {"size"}
    assert bad_parts(cv2.GaussianBlur(page, (0, 0), 3.5)) == {"sharp"}


@pytest.mark.parametrize(
    ("changed", "what"),
    [(lambda page: page[:, ::-1], "mirrored"), (lambda page: 255 - page, "white on black"), (lambda page: page[:20], "no two")],
)
def test_without_tags_the_reason_is_reported(changed, what: str, tmp_path: Path) -> None:
    with pytest.raises(NothingFound, match=what):
        check_hip_belt(saved(tmp_path, np.ascontiguousarray(changed(sheet()))), None, None)


def test_something_wrong_ends_in_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StationError, match="belt 1 upright"):
        check_hip_belt(saved(tmp_path, np.ascontiguousarray(sheet()[::-1, ::-1])), None, None)
    assert "arrow points up" in capsys.readouterr().out


def test_a_worn_belt_has_no_flat_neighbours_and_is_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    light, _ = DrawnBelt(side_px=30.0, shirt=0.4).light(320, 120, (160.0, 60.0))
    check_hip_belt(saved(tmp_path, encoded(light)), None, None)
    assert "upright" in capsys.readouterr().out


def test_two_belts_are_told_apart() -> None:
    belts = belts_in(iter([np.vstack([sheet(), sheet(first=40)])]))
    assert [belt.belt for belt in belts] == [1, 3]


def test_a_film_adds_up(tmp_path: Path) -> None:
    belt = DrawnBelt(side_px=26.0)
    turned = [encoded(replace(belt, turn_deg=12.0 * number).light(320, 160, (160.0, 80.0))[0]) for number in range(10)]
    film = write_film(tmp_path / "turn.mp4", (np.repeat(one[..., None], 3, axis=2) for one in turned), fps=10)
    one = belts_in(iter(turned[:1]))[0]
    check_hip_belt(str(film), None, str(tmp_path / "told.json"))
    (reported,) = conforms((tmp_path / "told.json").read_bytes())["belts"]
    assert len(reported["ids"]) > len(one.ids) + 1


def test_files_that_will_not_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        check_hip_belt(str(tmp_path / "none.png"), None, None)
    path = Path(saved(tmp_path, sheet()))
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(InputError, match="damaged"):
        check_hip_belt(str(path), None, None)
    with pytest.raises(StationError, match="cannot be written"):
        check_hip_belt(saved(tmp_path, sheet()), None, str(tmp_path / "no" / "where.json"))


@pytest.mark.parametrize("sheet_file", ["belt-1-a4.pdf", "pages/belt-1-a4-1.svg"])
def test_the_sheet_itself_is_no_photograph_of_it(sheet_file: str) -> None:
    path = Path(__file__).resolve().parents[2] / "hardware/hip-belt" / sheet_file
    with pytest.raises(InputError, match="sheet to be printed"):
        check_hip_belt(str(path), None, None)
