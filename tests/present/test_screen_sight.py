"""What must be read while running is large enough at the distance it is read from, or it is not
there.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from station.language import TONGUES
from station.present.screen import page
from station.present.screen.ink import BREAK, Ink
from station.present.screen.sight import LEAST_MINUTES, USUAL_WIDTH_MM, Sight, display_mm, edid_mm, sight_of
from station.present.voices import all_lines
from station.testing import screen_samples as samples
from station.types import Cue, Mode, Snapshot
from tests.lab.screens import SHAPES, sight

RUNNING = (Mode.BASELINE, Mode.COACH, Mode.REST, Mode.RETENTION, Mode.CONTRAST, Mode.LOST)
VIEWS = [name for name in samples.SAMPLES if samples.sample(name).mode in RUNNING]


def minutes(ink: Ink, seen: Sight, snapshot: Snapshot) -> dict[str, float]:
    """Visual angle of the capitals of every line on the page, by its words."""
    ink._layers.clear()
    ink.placed = []
    page.paint(ink, snapshot)
    mm = seen.width_mm / ink.page.w
    return {line.words: seen.minutes(line.em * ink._face.cap * mm) for line in ink.placed}


@pytest.mark.parametrize("inches", [7.0, 10.1, 15.6, 24.0])
@pytest.mark.parametrize("size", SHAPES)
def test_nothing_that_a_runner_reads_is_too_small_and_the_number_is_always_there(inches: float, size: tuple[int, int]) -> None:
    seen = sight(inches, size)
    ink = Ink(size, "en", seen)
    for view in VIEWS:
        angles = minutes(ink, seen, samples.sample(view))
        assert angles or inches < 10, view
        assert min(angles.values(), default=LEAST_MINUTES) > LEAST_MINUTES - 0.1, view
    if inches >= 10:
        angles = minutes(ink, seen, samples.coach())
        assert "Push belt away" in " ".join(angles)
        assert "18°" in angles


@pytest.mark.parametrize("language", TONGUES)
def test_every_cue_is_read_on_the_display_of_the_parts_list(language: str) -> None:
    for size in SHAPES:
        seen = sight(15.6, size)
        ink = Ink(size, language, seen)
        for text_id, line in all_lines().items():
            if text_id.split(".")[0] in ("cue", "praise", "safety"):
                action = "praise" if text_id.startswith("praise") else "start"
                cue = Cue(0, 1, text_id, text_id.partition(".")[2], action, ("screen",), line.screen)  # type: ignore[arg-type]
                angles = minutes(ink, seen, replace(samples.coach_silent(), cue=cue))
                assert min(angles.values()) > LEAST_MINUTES - 0.1
                wanted = ink.said(line.screen).replace(BREAK, " ").split()
                assert set(wanted) <= set(" ".join(angles).split()) or "".join(wanted) in "".join(angles), line.screen


def test_nearer_eyes_get_more_words() -> None:
    far, near = (Ink(SHAPES[0], "en", Sight(223.0, metres)) for metres in (2.0, 0.7))
    detail = "silence means good"
    assert detail not in minutes(far, Sight(223.0, 2.0), samples.coach_silent())
    assert detail in minutes(near, Sight(223.0, 0.7), samples.coach_silent())


def edid(width_mm: int, height_mm: int, centimetres: tuple[int, int] = (34, 19)) -> bytes:
    block = bytearray(128)
    block[:8] = b"\x00\xff\xff\xff\xff\xff\xff\x00"
    block[21], block[22] = centimetres
    if width_mm:
        block[54] = 1
        block[66], block[67], block[68] = width_mm & 0xFF, height_mm & 0xFF, (width_mm >> 8) << 4 | height_mm >> 8
    return bytes(block)


def test_the_size_of_the_display_is_read_from_its_edid(tmp_path: Path) -> None:
    assert edid_mm(edid(344, 194)) == (344.0, 194.0)
    assert edid_mm(edid(0, 0)) == (340.0, 190.0)
    assert edid_mm(edid(0, 0, (0, 0))) is None, "a projector"
    assert edid_mm(b"") is edid_mm(bytes(128)) is None
    for name, state, content in (("card0-HDMI-A-1", "disconnected", b""), ("card1-HDMI-A-2", "connected", edid(531, 299))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "status").write_text(f"{state}\n")
        (tmp_path / name / "edid").write_bytes(content)
    assert display_mm(tmp_path) == (531.0, 299.0)
    assert sight_of((1280, 720), None, 2.0, tmp_path) == Sight(531.0, 2.0)
    assert sight_of((720, 1280), None, 2.0, tmp_path) == Sight(299.0, 2.0), "turned upright"


def test_a_setting_wins_and_an_unknown_display_is_that_of_the_parts_list(tmp_path: Path) -> None:
    assert sight_of((1280, 720), 223.0, 1.0, tmp_path) == Sight(223.0, 1.0)
    assert sight_of((1280, 720), None, 2.0, tmp_path) == Sight(USUAL_WIDTH_MM, 2.0)
