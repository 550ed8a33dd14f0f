"""The hip belt's sheets: the ones that their source makes, true to scale, and read by the station's
own reader.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.config import CameraSection
from station.gait.pelvis.belt_shape import PITCH_M, TAG_M, TAGS
from station.pose import drawn_belt
from station.pose.hip_belt import TagReader
from station.run.hip_belt_check import everywhere

FOLDER = Path(__file__).resolve().parents[2] / "hardware" / "hip-belt"
SVG = "{http://www.w3.org/2000/svg}"
PX_PER_MM = 4
PAGES = sorted((FOLDER / "pages").glob("*.svg"))
MM_PER_INCH = 25.4


def loaded(path: Path) -> ModuleType:
    found = spec_from_file_location(path.stem, path)
    assert found is not None
    assert found.loader is not None
    module = module_from_spec(found)
    sys.modules[path.stem] = module
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def strips() -> ModuleType:
    return loaded(FOLDER / "strips.py")


def drawn(path: Path) -> NDArray[np.uint8]:
    """A page's filled shapes, as light as a printer would make them; thin lines and words are left
    out.
    """
    root = ElementTree.parse(path).getroot()
    width, height = (float(root.get(side).removesuffix("mm")) for side in ("width", "height"))
    fine = 4
    image = np.full((round(height * PX_PER_MM * fine), round(width * PX_PER_MM * fine)), 255, np.uint8)

    def fill(corners_mm: NDArray[np.float64], grey: int) -> None:
        cv2.fillPoly(image, [np.round(corners_mm * PX_PER_MM * fine * 16).astype(np.int32)], grey, shift=4)

    for element in root:
        grey = 255 if element.get("fill") == "white" else 0
        if element.tag == f"{SVG}rect" and element.get("fill") != "none":
            x, y, wide, high = (float(element.get(name, 0)) for name in ("x", "y", "width", "height"))
            fill(np.array([[x, y], [x + wide, y], [x + wide, y + high], [x, y + high]]), grey)
        elif element.tag == f"{SVG}path" and element.get("fill") == "white":
            for x, y, side in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)", element.get("d")):
                low, size = np.array([float(x), float(y)]), float(side)
                fill(low + size * np.array([[0, 0], [1, 0], [1, 1], [0, 1]]), grey)
    return cv2.resize(image, None, fx=1 / fine, fy=1 / fine, interpolation=cv2.INTER_AREA)


def assert_true_to_scale(grey: NDArray[np.uint8], px_per_mm: float, first: int) -> None:
    tags = everywhere(TagReader(), grey)
    assert tags.ids.tolist() == list(range(first, first + 8))
    corners_mm = tags.corners_px / px_per_mm
    sides = np.linalg.norm(corners_mm - np.roll(corners_mm, -1, axis=1), axis=2)
    assert sides == pytest.approx(1000 * TAG_M, rel=0.025)
    assert sides.mean() == pytest.approx(1000 * TAG_M, rel=0.01)
    middles = corners_mm.mean(1).reshape(2, 4, 2)
    assert np.diff(middles[..., 0], axis=1) == pytest.approx(1000 * PITCH_M, abs=0.3)
    assert np.diff(middles[..., 1], axis=1) == pytest.approx(0, abs=0.3)
    assert (corners_mm[:, 0] < corners_mm[:, 2]).all()  # upright


def first_of(name: str) -> int:
    belt, page = re.match(r"belt-(\d)-\w+-(\d)", name).groups()
    return 16 * (int(belt) - 1) + 8 * (int(page) - 1)


def test_the_pages_are_those_of_the_source(strips: ModuleType) -> None:
    assert {path.name for path in PAGES} == set(strips.pages())
    for name, page in strips.pages().items():
        assert (FOLDER / "pages" / name).read_text(encoding="utf-8") == page, "run hardware/hip-belt/strips.py again"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_station_reads_every_tag_of_a_page_at_its_true_size(path: Path) -> None:
    assert_true_to_scale(drawn(path), PX_PER_MM, first_of(path.name))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.pdf")), ids=lambda path: path.stem)
def test_the_pdf_prints_true_to_scale(path: Path, tmp_path: Path) -> None:
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm (Debian's poppler-utils) is not installed")
    dpi = 100
    subprocess.run(["pdftoppm", "-r", str(dpi), "-gray", str(path), str(tmp_path / "page")], check=True)
    sheets = sorted(tmp_path.glob("page*.pgm"))
    assert len(sheets) == 2
    for number, sheet in enumerate(sheets, start=1):
        grey = cv2.imread(str(sheet), cv2.IMREAD_GRAYSCALE)
        assert_true_to_scale(grey, dpi / MM_PER_INCH, first_of(f"{path.stem}-{number}"))


def test_every_belt_has_its_files(strips: ModuleType) -> None:
    guide = (FOLDER / "README.md").read_text(encoding="utf-8")
    for belt in range(1, strips.BELTS + 1):
        for paper in strips.PAPERS:
            name = f"belt-{belt}-{paper.name}.pdf"
            assert (FOLDER / name).read_bytes().startswith(b"%PDF")
            assert f"({name})" in guide


def test_everybody_means_the_same_belt(strips: ModuleType) -> None:
    assert (strips.TAG, strips.PITCH, strips.PER_BELT) == (1000 * TAG_M, 1000 * PITCH_M, TAGS)
    assert (drawn_belt.TAG_M, drawn_belt.PITCH_M) == (TAG_M, PITCH_M)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_fits_its_paper_and_keeps_the_white(path: Path, strips: ModuleType) -> None:
    """A printer leaves 4.2 mm free, many 5; words are about 0.55 em wide (DejaVu Sans, from the
    drawn page), bold 0.62.
    """
    root = ElementTree.parse(path).getroot()
    width, height = (float(root.get(side).removesuffix("mm")) for side in ("width", "height"))
    assert (width, height) in {(paper.width, paper.height) for paper in strips.PAPERS}
    squares = [one for one in root.iter(f"{SVG}rect") if one.get("width") == f"{strips.TAG:g}"]
    assert len(squares) == 8
    for words in root.iter(f"{SVG}text"):
        size, x, y = (float(words.get(name)) for name in ("font-size", "x", "y"))
        long = len(words.text) * size * (0.62 if words.get("font-weight") else 0.55)
        assert x + long < width - 5, words.text
        assert y < height - 5
        for square in squares:
            left, top = float(square.get("x")), float(square.get("y"))
            above, below = y < top - strips.WHITE, y - size * 0.75 > top + strips.TAG + strips.WHITE
            assert above or below or x + long < left - strips.WHITE or x > left + strips.TAG + strips.WHITE, words.text


def test_the_ruler_is_as_long_as_it_says(strips: ModuleType) -> None:
    text = PAGES[0].read_text(encoding="utf-8")
    assert f"{strips.RULER:g} mm." in text
    (length,) = re.findall(r'd="M[\d.]+ [\d.]+h([\d.]+)M[^"]+" fill="none" stroke="black"', text)
    assert float(length) == strips.RULER == 100


def test_the_table_of_the_guide_is_the_computed_one() -> None:
    fields = loaded(FOLDER.parent / "field_of_view.py")
    assert fields.tag_table() in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert fields.TAG_M == TAG_M
    assert CameraSection().long_side_px in fields.LONG_SIDES_PX
