"""Every word of the screen fits into its box, in the real font, on every screen we promise."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pygame
import pytest

from station.faults import RULES
from station.language import TONGUES, catalogue
from station.present.screen import page, strings
from station.present.screen.ink import BREAK, FONTS, JAPANESE, LATIN, Ink, Placed
from station.present.voices import all_lines
from station.testing import screen_samples as samples
from station.types import QUANTITIES, Cue, HipBelt, HipBeltTrouble, Measure, Mode, SessionPage, Snapshot, Speed, Station

SIZES = ((1280, 720), (1920, 1080), (720, 1280), (1080, 1920), (800, 480))
LINES = [(text_id, line.screen) for text_id, line in all_lines().items()]
CUES = [text for text_id, text in LINES if text_id.split(".")[0] in ("cue", "praise", "safety")]
PROMPTS = [(text_id, text) for text_id, text in LINES if text_id.split(".")[0] in ("framing", "drill", "contrast", "hip_belt")]


PAGES = [(size, "en") for size in SIZES] + [(size, code) for code in TONGUES if code != "en" for size in (SIZES[0], SIZES[2])]
# A sentence of a language that takes more room may be set a little smaller; what must be read while
# running never is.
SMALLEST = 0.7


@pytest.fixture(scope="module", params=PAGES, ids=lambda page: f"{page[0][0]}x{page[0][1]}-{page[1]}")
def ink(request: pytest.FixtureRequest) -> Ink:
    size, code = request.param
    return Ink(size, code)


def placed(ink: Ink, snapshot: Snapshot) -> list[Placed]:
    ink._layers.clear()  # what stands still is set again, so that it is measured too
    ink.placed = []
    page.paint(ink, snapshot)
    return ink.placed


def check(ink: Ink, snapshot: Snapshot) -> None:
    lines = placed(ink, snapshot)
    assert lines, "a page without a word"
    slack = 1.51 / ink.unit  # pixels: the baseline is rounded, and so is the glyph
    for words, mark, box, shrunk, _ in lines:
        least = 1 if ink.language == "en" else SMALLEST
        assert shrunk >= least, f"{words!r} does not fit at its size: {shrunk:.0%} of it"
        assert not words.endswith("…"), words
        assert mark.x >= box.x - slack, words
        assert mark.right <= box.right + slack, words
        assert mark.y >= box.y - slack, words
        assert mark.bottom <= box.bottom + slack, words
        assert mark.x >= 0, words
        assert mark.right <= ink.page.right, words
        assert mark.bottom <= ink.page.bottom, words
    for i, one in enumerate(lines):
        for other in lines[i + 1 :]:
            apart_x = one.ink.right <= other.ink.x + slack or other.ink.right <= one.ink.x + slack
            apart_y = one.ink.bottom <= other.ink.y + slack or other.ink.bottom <= one.ink.y + slack
            assert apart_x or apart_y, f"{one.words!r} runs into {other.words!r}"


@pytest.mark.parametrize("view", samples.SAMPLES)
def test_every_view(ink: Ink, view: str) -> None:
    check(ink, samples.sample(view))


@pytest.mark.parametrize("trouble", [trouble for trouble in get_args(HipBeltTrouble) if trouble])
def test_every_trouble_of_a_hip_belt(ink: Ink, trouble: HipBeltTrouble) -> None:
    now = samples.hip_belt()
    check(ink, replace(now, gait=replace(now.gait, hip_belt=HipBelt(0, 1.0, trouble), measures={})))


@pytest.mark.parametrize("text", CUES)
def test_every_cue(ink: Ink, text: str) -> None:
    assert len(text.split()) <= 3
    for text_id, action in (("cue.x", "start"), ("praise.x", "praise")):
        check(ink, replace(samples.coach_silent(), cue=Cue(0, 1, text_id, "x", action, ("screen",), text)))


@pytest.mark.parametrize(("text_id", "text"), PROMPTS)
def test_every_prompt(ink: Ink, text_id: str, text: str) -> None:
    views = {"framing": samples.framing, "drill": samples.drill, "contrast": samples.contrast, "hip_belt": samples.framing}
    base = samples.hip_belt_turn() if text_id == "hip_belt.turn" else views[text_id.split(".")[0]]()
    check(ink, replace(base, prompt=text_id))
    shown = "".join(line.words for line in ink.placed or ())
    assert ink.said(text).replace(BREAK, "").split()[0] in shown


@pytest.mark.parametrize(("text_id", "text"), [(i, t) for i, t in LINES if i.split(".")[0] in ("mode", "voice", "stick")])
def test_every_line_of_the_station(ink: Ink, text_id: str, text: str) -> None:
    check(ink, replace(samples.coach_silent(), cue=Cue(0, 1, text_id, "", "start", ("screen",), text)))


def test_the_warning_beside_an_exercise(ink: Ink) -> None:
    for text_id, text in LINES:
        if text_id.startswith("safety."):
            check(ink, replace(samples.contrast(), cue=Cue(0, 1, text_id, "", "start", ("screen",), text)))


@pytest.mark.parametrize("mode", [Mode.BASELINE, Mode.COACH, Mode.REST, Mode.RETENTION])
@pytest.mark.parametrize("seconds", [0.0, 599.9, 3599.0, 36000.0])
def test_every_time(ink: Ink, mode: Mode, seconds: float) -> None:
    check(ink, replace(samples.coach_silent(), mode=mode, session_s=seconds))


def test_wide_numbers(ink: Ink) -> None:
    now = samples.coach_silent()
    measures = {"cadence_spm": Measure(208.8, 200, 209, 30), "pelvic_turn_deg": Measure(18.8, 8.0, 28.0, 30)}
    gait = replace(now.gait, measures=measures, speed=Speed(5.56, "given"), near_side="left", direction="left")
    check(ink, replace(now, gait=gait))
    check(ink, replace(now, gait=replace(gait, near_side=None, curves=None, speed=Speed(), measures={})))


def test_every_reason_of_the_pelvic_turn(ink: Ink) -> None:
    from station.gait import measures
    from station.gait.pelvis import landmarks as pelvis

    reasons = [
        value
        for module in (pelvis, measures)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and " " in value
    ]
    assert reasons
    now = samples.coach_silent()
    for reason in reasons:
        check(ink, replace(now, gait=replace(now.gait, measures={"pelvic_turn_deg": Measure.cannot_tell(reason, 3)})))


def test_a_reason_is_cut_to_what_can_be_changed() -> None:
    assert strings.reason("noise: loose clothing, dark frame") == "loose clothing, dark frame"
    assert strings.reason("landmarks follow; the drill has not been done") == "the drill has not been done"
    assert strings.reason("too few strides yet") == "too few strides yet"


def test_every_fact_of_the_last_page(ink: Ink) -> None:
    done = samples.done()
    for stick in ("none", "writing", "done", "failed"):
        for rule in ("", *(rule.name for rule in RULES)):
            parts = SessionPage(done.page.rows if done.page else (), 13, 1.0, rule, 12, 10)
            check(ink, replace(done, page=parts, station=Station(stick=stick)))
    check(ink, replace(done, page=SessionPage()))
    check(ink, replace(done, page=None))


def test_rows_of_the_last_page_that_cannot_be_told(ink: Ink) -> None:
    missing = Measure.cannot_tell("stopped before 60 s of running on your own")
    names = ("cadence_spm", "tle_near_deg", "thigh_excursion_near_deg", "trunk_lean_deg", "pelvic_turn_deg", "tle_share_near")
    rows = tuple((name, Measure(-28.8, -30, -25, 30), missing) for name in names)
    check(ink, replace(samples.done(), page=SessionPage(rows, 0, 0.0, "sitting", 0, 0)))


def test_the_last_page_of_a_calibrated_camera_shows_the_bounce(ink: Ink) -> None:
    names = ("cadence_spm", "tle_near_deg", "thigh_excursion_near_deg", "trunk_lean_deg", "pelvic_turn_deg")
    found = Measure(8.1, 4.2, 12.1, 30, change_half=0.4)
    rows = tuple((name, found, replace(found, value=9.3)) for name in (*names, "vertical_oscillation_cm"))
    page = SessionPage(rows, 2, 0.1, "thigh_only_drive", 3, 2)
    measured = replace(samples.done(), page=page)
    check(ink, measured)
    two = ("vertical_oscillation_cm", "thigh_excursion_near_deg")
    bounce, swing = (ink.said(QUANTITIES[name].short).replace(BREAK, "") for name in two)
    words = [words for words, *_ in placed(ink, measured)]
    assert bounce in words
    assert swing not in words
    if ink.language == "en":
        assert "± 0.6" in words, "a change is judged by what holds for the same runner before the same camera"
    unknown = tuple((name, found, Measure.cannot_tell("needs the scale of a calibrated camera")) for name, *_ in rows)
    words = [words for words, *_ in placed(ink, replace(measured, page=replace(page, rows=unknown)))]
    assert swing in words
    assert bounce not in words


def test_trouble_beside_a_session_is_one_line(ink: Ink) -> None:
    station = Station(healthy=False, trouble=(("The loudspeaker is missing", "Plug it in"),), recording=True)
    for view in ("COACH", "DONE", "LOST", "DRILL"):
        check(ink, replace(samples.sample(view), station=station))


def test_what_is_kept_is_said_while_nobody_is_there(ink: Ink) -> None:
    words = [line.words for line in placed(ink, replace(samples.idle(), station=Station(recording=True)))]
    said = "".join(words).replace(" ", "")
    for text, there in ((strings.PRIVACY_RECORDING, True), (strings.PRIVACY_NOTHING_KEPT, False)):
        assert (ink.said(text).replace(BREAK, "").replace(" ", "") in said) == there
    check(ink, replace(samples.idle(), station=Station(recording=True, healthy=False)))


def test_what_comes_from_outside_is_shrunk_then_cut_but_stays_inside() -> None:
    ink = Ink((1280, 720))
    long = "/media/usb/STATION/a-name-that-somebody-made-very-long-indeed/session: no space left on device " * 4
    for line in placed(ink, replace(samples.trouble(), station=Station(trouble=((long, long),) * 5))):
        assert line.ink.right <= line.box.right + 1.01, line.words
        assert line.ink.bottom <= line.box.bottom + 1.01, line.words
        assert line.box.bottom <= ink.page.bottom, line.words


def missing(font: pygame.font.Font, text: str) -> set[str]:
    """The letters for which the font has no picture and draws its empty box: `metrics` has a size
    for that, too.
    """

    def drawn(letter: str) -> bytes:
        return pygame.image.tobytes(font.render(letter, False, "white", "black"), "RGB")

    empty = drawn("\uffff")
    return {letter for letter in set(text) if not letter.isspace() and drawn(letter) == empty}


@pytest.mark.parametrize("weight", ["Medium", "SemiBold"])
def test_the_typeface_has_every_letter_and_figures_of_one_width(weight: str) -> None:
    pygame.font.init()
    font = pygame.font.Font(str(FONTS / f"Inter-{weight}.ttf"), 100)
    assert len({font.size(figure)[0] for figure in "0123456789"}) == 1
    text = "".join(str(value) for value in (*vars(strings).values(), *QUANTITIES.values(), *all_lines().values())) + "±°−…–%+:"
    assert missing(font, text) == set()


@pytest.mark.parametrize("code", TONGUES)
def test_the_typeface_of_every_language_has_its_letters(code: str) -> None:
    """After new words in Japanese the font is cut anew: see fonts/README.md."""
    pygame.font.init()
    said = "".join(catalogue(code)._messages.values()).replace(BREAK, "")
    for file in (JAPANESE if code == "ja" else LATIN).files.values():
        font = pygame.font.Font(str(FONTS / file), 40)
        assert missing(font, said) == set()


def test_the_typeface_brings_its_licence() -> None:
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert all(path.stat().st_size < 400_000 for path in FONTS.glob("*.ttf"))
