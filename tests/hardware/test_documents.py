"""hardware/ says what the code does: pins, fields of view, lights, distances; and its drawings are
the ones its sources make.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from station.config import Config
from station.present.lights import SIGNS
from tests.lab.docs.tables import HEADER

HARDWARE = Path(__file__).resolve().parents[2] / "hardware"
TEXTS = sorted(
    path for path in (*HARDWARE.iterdir(), *(HARDWARE / "hip-belt").iterdir()) if path.suffix in (".md", ".yml", ".svg")
)
PINS = {name: getattr(Config().pins, name) for name in ("red", "green", "blue", "status", "button", "buzzer")}


def script(name: str) -> ModuleType:
    found = importlib.util.spec_from_file_location(name, HARDWARE / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_pin_number_is_one_of_the_settings(path: Path) -> None:
    # "GPIO 0 to 8" is no wire
    reported = re.findall(r"GPIO ?(\d+)(?! to \d)(?: (\w+))?", path.read_text(encoding="utf-8"))
    assert {int(number) for number, _ in reported} <= set(PINS.values())
    for number, word in reported:
        assert word not in PINS or PINS[word] == int(number), f"GPIO {number} {word}"


def test_the_wiring_joins_every_function_to_its_place_on_the_header() -> None:
    text = (HARDWARE / "wiring.yml").read_text(encoding="utf-8")
    header = text[text.index("  J8:") : text.index("  DRIVER:")]
    places = [int(number) for number in re.search(r"pins: \[([\d, ]+)\]", header)[1].split(",")]
    labels = re.findall(r'"([^"]+)"', header)
    assert {label for label in labels if label.startswith("GPIO")} == {f"GPIO {pin} {name}" for name, pin in PINS.items()}
    for place, label in zip(places, labels, strict=True):
        number = re.match(r"GPIO (\d+)", label)
        assert HEADER[place - 1] == (int(number[1]) if number else None), label
        assert text.count(label) >= 2, f"{label} is on the header but joined to nothing"


def test_the_drawn_wiring_is_the_written_one() -> None:
    drawn = (HARDWARE / "wiring.svg").read_text(encoding="utf-8")
    for label in re.findall(r'"(GPIO [^"]+)"', (HARDWARE / "wiring.yml").read_text(encoding="utf-8")):
        assert label in drawn


def test_the_field_of_view_table_is_the_computed_one() -> None:
    assert script("field_of_view").table() in (HARDWARE / "field-of-view.md").read_text(encoding="utf-8")


def test_the_sum_gives_the_angles_that_the_maker_publishes() -> None:
    camera = script("field_of_view").global_shutter(6.0)
    assert (camera.long_deg, camera.short_deg) == pytest.approx((45, 34), abs=1.0)


def test_everybody_recommends_distances_from_which_the_whole_runner_is_seen() -> None:
    fields = script("field_of_view")
    least = {camera.name: fields.least_distance_m(camera) for camera in fields.CAMERAS}
    for document in ("mounting.svg", "README.md"):
        text = (HARDWARE / document).read_text(encoding="utf-8")
        assert "2.8 m" in text
        assert "2.4 m" in text
    assert least["Global Shutter, 6 mm"] <= 2.8
    assert least["Camera Module 3"] <= 2.4
    assert Config().camera.focus_m == 2.4


def test_the_wall_card_is_the_one_that_the_lights_make() -> None:
    drawn = (HARDWARE / "wall-card.svg").read_text(encoding="utf-8")
    assert drawn == script("wall_card").card(Config()), "run hardware/wall_card.py again, and make the PDF"
    for sign in SIGNS.values():
        assert sign.says[1:] in drawn
    assert (HARDWARE / "wall-card.pdf").read_bytes().startswith(b"%PDF")


def test_nothing_on_the_wall_card_runs_over_the_edge() -> None:
    """DejaVu Sans is about 0.55 em wide, bold 0.6 (taken from the drawn card); the paper is 210 x
    297 mm.
    """
    for element in ElementTree.parse(HARDWARE / "wall-card.svg").iter("{http://www.w3.org/2000/svg}text"):
        width = len(element.text) * float(element.get("font-size")) * (0.6 if element.get("font-weight") else 0.55)
        assert float(element.get("x")) + width < 205, element.text
        assert float(element.get("y")) < 290


@pytest.mark.parametrize("path", sorted(HARDWARE.glob("*.svg")), ids=lambda path: path.name)
def test_drawings_are_well_formed_and_self_contained(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    assert "href" not in re.sub(r'xmlns:xlink="[^"]*"', "", text)


@pytest.mark.parametrize(
    "path", [path for path in TEXTS if path.suffix == ".md"], ids=lambda path: str(path.relative_to(HARDWARE))
)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target
