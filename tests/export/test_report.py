"""The report says what the recording says, is one file, and lets nothing in that it did not write.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from string import ascii_lowercase, ascii_uppercase

import numpy as np
import pytest

from station import language
from station.export import report as report_room
from station.export.beside import Setup
from station.export.earlier import Earlier
from station.export.plots import BOTTOM, HEIGHT, LETTERS, TOP, WIDTH, Curve, Plot, binned, figure, ticks
from station.export.range_card import cards, largest_held, range_rows
from station.export.report import report_html
from station.export.report_rows import place
from station.export.strides_mean import mean_curve
from station.export.written import clock, number, sided
from station.faults import BY_NAME
from station.language import TONGUES, Catalogue
from station.record.collect import Collector
from station.types import (
    NAN,
    QUANTITIES,
    ErrorBand,
    FaultReport,
    Measure,
    Mode,
    ModelInfo,
    Recording,
    SourceInfo,
    Speed,
    View,
)
from tests.lab.languages.messages import messages
from tests.made_run import LOOSE, collected

UTC = "2026-11-22T19:00:00Z"


@pytest.fixture(scope="module")
def recording() -> Recording:
    return collected(40.0, keep_poses=False).recording("00007-20261122-a3f9", "2026-11-22T18:30:00Z", clock_trusted=True)


class Page(HTMLParser):
    """Tags with attributes, and the text."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(content.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.text += " "
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def words_of(recording: Recording, earlier: tuple[Earlier, ...] = ()) -> str:
    return re.sub(r"\s+", " ", Page(report_html(recording, UTC, earlier)).text)


def test_page_is_well_formed_and_needs_nothing_else(recording: Recording) -> None:
    page = Page(report_html(recording, UTC))
    assert not page.open
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "a", "form"}
    for _, attributes in page.tags:
        assert not {"src", "href", "onload", "onclick"} & set(attributes)
    # An export can be taken up again.
    assert report_html(recording, UTC) == report_html(recording, UTC)


def test_every_rule_advises_what_its_own_cue_says() -> None:
    """Each rule's advice comes from its own file: no two rules share a sentence."""
    advice = [rule.advice for rule in BY_NAME.values()]
    assert len(set(advice)) == len(advice)


def test_change_from_baseline_to_retention_is_told_with_its_interval(recording: Recording) -> None:
    text = words_of(recording)
    assert "162.0 (160.5 to 163.5)" in text
    assert "+5.0 ± 2.1: changed" in text
    assert f"Pelvic turn cannot tell: {LOOSE}" in text


def test_left_and_right_stand_by_name(recording: Recording) -> None:
    """The camera of the made run stands at the runner's left."""
    text = words_of(recording)
    assert "Leg behind the hip (°), left leg" in text
    assert "grey the right leg" in text
    assert "near leg" not in text
    assert "near leg" in words_of(replace(recording, near_side=None))
    assert sided("the near foot, the far leg, how far", "right") == "the right foot, the left leg, how far"


def test_norm_and_place_stand_beside_the_value(recording: Recording) -> None:
    assert "How far the thigh of the left leg travels behind the vertical. 2" in words_of(recording)
    assert "16.5 to 25.8 · inside" in words_of(recording)
    assert "· inside" not in words_of(replace(recording, speed=Speed()))
    usual = (16.5, 25.8)
    values = {"below": (12, 11, 13), "above": (30, 29, 31), "inside": (20, 16, 24), "at the edge": (16, 15, 17)}
    values |= {"cannot tell": (20, 15, 26)}
    assert {place(Measure(*value, 9), usual) for value in values.values()} == set(values)


def test_worst_and_best_stretch_stand_with_their_time(recording: Recording) -> None:
    rows = re.findall(r"<tr>.*?</tr>", report_html(recording, UTC).decode(), flags=re.DOTALL)
    sitting = next(row for row in rows if "Sitting while running" in row)
    assert re.search(r'data-label="Best stretch"><span class="ok">0:00–0:\d\d</span>: 2\d\.\d°', sitting)


def test_the_hip_is_drawn_at_the_angles_that_are_reported(recording: Recording) -> None:
    text = report_html(recording, UTC).decode()
    drawn = re.findall(r'aria-label="(The thigh at its [^"]*)"', text)
    ahead, behind = (recording.summary[name].value for name in ("thigh_forward_near_deg", "tle_near_deg"))
    usual = "Usual at this speed: 22.7 to 35.1°."
    assert drawn[0] == f"The thigh at its foremost point: {ahead:.1f}° ahead of the vertical. {usual}"
    assert drawn[1].startswith(f"The thigh at its hindmost point: {behind:.1f}° behind the vertical.")
    pointers = re.findall(r'M100.0 118.0L([\d.]+) ([\d.]+)"', text)
    turned = [math.degrees(math.atan2(float(x) - 100, float(y) - 118)) for x, y in pointers]
    # The runner faces left.
    assert turned == [pytest.approx(-ahead, abs=0.1), pytest.approx(behind, abs=0.1)]
    blind = replace(recording, angles=recording.angles[:0], t_s=recording.t_s[:0])
    assert "The thigh at its" not in report_html(blind, UTC).decode()


def test_cannot_tell_rows_stay_with_their_reason(recording: Recording) -> None:
    text = words_of(recording)
    for name, measure in recording.summary.items():
        assert QUANTITIES[name].label in text
        if not measure.measured:
            assert f"cannot tell: {measure.reason}" in text
    for fault in recording.faults:
        assert BY_NAME[fault.rule].title in text


def test_who_saw_the_pelvis_is_told(recording: Recording) -> None:
    assert "Pelvis seen by the hip landmarks alone" in words_of(recording)
    assert "printed belt" not in words_of(recording)
    belted = words_of(replace(recording, pelvic_source="hip_belt"))
    assert "Pelvis seen by the hip belt" in belted
    assert "Turn, list and tilt of the pelvis were read from the printed belt." in belted


def test_the_camera_s_angle_is_told_and_what_it_means_that_it_was_not_given(recording: Recording) -> None:
    seen = replace(recording, view=replace(recording.view, azimuth_deg=3.0))
    assert re.search(r"Camera angle\s+3.0°", words_of(seen))
    by_eye = replace(recording, view=replace(recording.view, azimuth_given=False))
    assert re.search(r"Camera angle\s+not known", words_of(replace(by_eye, model=None)))
    model = ModelInfo("pose", "0" * 64, (ErrorBand(18.0, NAN, {}),))
    assert re.search(r"Camera angle\s+not given, so intervals are wider", words_of(replace(by_eye, model=model)))


def test_fault_and_cue_are_told(recording: Recording) -> None:
    text = words_of(recording)
    assert "Sitting while running Usual: 16.5 to 25.8. seen first at 0:16, 10% of the time it was judged" in text
    assert "1 correction given; 1 cleared within 20 strides." in text
    assert "cleared after 9 strides" in text
    # The session's own focus.
    assert "Next time: Run tall, and push the belt away behind you." in text


def test_focus_is_the_fault_seen_when_the_session_chose_none(recording: Recording) -> None:
    assert "Run tall, and push the belt away" in words_of(replace(recording, page=None))
    quiet = replace(recording, page=None, faults=(FaultReport("sitting", "ok", "", 1.0, "deg", NAN, 0.0),))
    assert "nothing asked for a cue" in words_of(quiet)
    blind = replace(recording, page=None, faults=(FaultReport("sitting", "cannot_tell", "dark", NAN, "deg", NAN, NAN),))
    assert "not enough to judge" in words_of(blind)


def test_words_promise_and_diagnose_nothing(recording: Recording) -> None:
    text = words_of(recording).lower()
    assert "see a clinician" in text
    for forbidden in ("prevent", "you will run faster", "anterior pelvic tilt is", "normal range", "failed", "risk of"):
        assert forbidden not in text


def test_hostile_words_stay_words(recording: Recording) -> None:
    evil = '<script>alert(1)</script>"&'
    page = Page(report_html(replace(recording, session_id="", source=replace(recording.source, path=evil)), UTC))
    assert "script" not in {tag for tag, _ in page.tags}
    assert evil in page.text


def test_nothing_recorded_makes_a_page_too() -> None:
    empty = Collector(SourceInfo("a.npz", "poses", 0, 0), None, View()).recording()
    text = words_of(empty)
    assert "not enough to judge" in text
    assert "None was given." in text
    assert "nan" not in text.lower()


def test_a_walk_is_called_a_walk(recording: Recording) -> None:
    strides = recording.strides.copy()
    strides["running"] = 0
    assert "walking strides" in words_of(replace(recording, strides=strides))
    assert "walking strides" not in words_of(recording)


def test_clock_that_was_not_set_is_said(recording: Recording) -> None:
    assert "clock was not set" in words_of(replace(recording, clock_trusted=False))


def test_trend_needs_two_sessions(recording: Recording) -> None:
    before = Earlier("00003-beef", "2026-11-15T10:00:00Z", {"cadence_spm": Measure(160.0, 159.0, 161.0, 0)}, Setup.of(recording))
    assert "From session to session" not in words_of(recording)
    text = words_of(recording, (before,))
    assert "Cadence (steps/min) +6.4 ± 1.0: changed" in text
    assert "11-15" in text
    # Measured in neither.
    assert text.count("Pelvic turn") == words_of(recording).count("Pelvic turn")


def test_trend_says_why_no_change_can_be_told(recording: Recording) -> None:
    faster = replace(Setup.of(recording), speed_mps=3.5)
    before = Earlier("00003-beef", "", {"cadence_spm": Measure(160.0, 159.0, 161.0, 0)}, faster)
    assert "No change can be told: at another belt speed: 12.6 and 9.0 km/h." in words_of(recording, (before,))


def test_mean_curve_is_the_made_one(recording: Recording) -> None:
    mean, spread = mean_curve(recording, "thigh_near_deg")
    phase = np.linspace(0, 2 * np.pi, 51)
    np.testing.assert_allclose(mean, 4 + 25 * np.cos(phase), atol=0.6)
    assert spread.max() < 1
    assert np.isnan(mean_curve(recording, "knee_flexion_far_deg")).all()


def test_range_is_shown_only_after_a_drill_and_never_judged(recording: Recording) -> None:
    rows = range_rows(recording)
    assert [row.textbook for row in rows] == ["125°", "80–90°", "15°"]
    # Of 34 at the peak, where the knee is not yet bent.
    assert rows[0].seen_deg == pytest.approx(32, abs=1)
    assert "never pass or fail" in words_of(recording)
    without = replace(recording, modes=((0.0, Mode.BASELINE),))
    assert range_rows(without) == ()
    assert "Range seen in the drill" not in words_of(without)


def test_card_has_a_measured_reason(recording: Recording) -> None:
    assert [card.direction for card in cards(recording)] == ["Thigh forward", "Thigh back"]
    fine = replace(recording, modes=(), faults=tuple(replace(fault, state="ok") for fault in recording.faults))
    assert cards(fine) == ()


def test_largest_held_ignores_one_wild_picture() -> None:
    assert largest_held(np.array([10, 11, 90, 12, 11, 10, np.nan, 9.0])) < 12
    assert np.isnan(largest_held(np.full(9, np.nan)))
    assert np.isnan(largest_held(np.array([1.0])))


def test_numbers_as_printed() -> None:
    assert (number(-1.25, 1), number(NAN, 1), number(-0.0, 0)) == ("−1.2", "–", "0")
    assert (clock(0), clock(59.7), clock(3601)) == ("0:00", "1:00", "60:01")


def test_axis_ticks_are_round_and_inside() -> None:
    assert ticks(0, 10, 5) == [0, 2, 4, 6, 8, 10]
    assert ticks(158.2, 171.9, 5) == [160, 165, 170]
    assert ticks(-0.031, 0.052, 4) == [0, 0.05]


def test_letters_of_a_plot_are_12_px_on_a_phone_of_320() -> None:
    margins_px = 24
    assert LETTERS * (320 - margins_px) / WIDTH >= 12


def test_plot_of_nothing_is_no_plot() -> None:
    assert figure(Plot("t", "x", "y", [Curve("", np.arange(3.0), np.full(3, NAN))])) == ""


def test_plot_breaks_the_line_at_a_gap() -> None:
    x = np.arange(5.0)
    drawn = figure(Plot("t", "x", "y", [Curve("a<b", x, np.array([1, 2, NAN, 3, 4])), Curve("c", x, np.ones(5))]))
    path = re.findall(r' d="([^"]*)"', drawn)[0]
    assert path.count("M") == 2
    assert "a&lt;b" in drawn
    assert "nan" not in drawn


def test_a_steady_line_does_not_look_like_mountains() -> None:
    x = np.arange(4.0)
    drawn = HEIGHT - TOP - BOTTOM
    steady = Curve("", x, np.array([163.0, 164, 163, 164]))
    for least_span, drawn_over in ((0.0, drawn / 1.16), (10.0, drawn / 10)):
        path = re.findall(r' d="M([^"]*)"', figure(Plot("t", "°", "x", [steady], least_span=least_span)))[0]
        heights = [float(point.split(" ")[1]) for point in path.split("L")]
        assert max(heights) - min(heights) == pytest.approx(drawn_over, abs=0.2)


def test_the_parts_with_cues_are_shaded_only_where_there_are_others(recording: Recording) -> None:
    assert "with cues" in words_of(recording)
    film = replace(recording, modes=((0.0, Mode.IDLE), (2.0, Mode.COACH)))
    assert "with cues" not in words_of(film)


def test_binned_medians() -> None:
    x, y = binned(np.arange(100.0), np.r_[np.zeros(50), np.full(50, 8.0)], 4)
    np.testing.assert_array_equal(y, [0, 0, 8, 8])
    assert len(x) == 4


# --- in other languages ---

CYRILLIC = "абцдефгхийклмнопярстужвщыз"
LETTERS_OF = str.maketrans(ascii_lowercase + ascii_uppercase, CYRILLIC + CYRILLIC.upper())
# Units, names of programs and of this recording.
NOBODYS_WORDS = "UTC km h m treadmill station pose landmark full abababababab a f"


def spelled(message: str) -> str:
    parts = re.split(r"(\{[^{}]*\})", message)
    return "".join(part if part.startswith("{") else part.translate(LETTERS_OF) for part in parts)


def test_no_string_bypasses_the_catalogue(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every message spelled in other letters, no English is left: neither in the text nor in
    what is read aloud.
    """
    made = (LOOSE, *(cue.text for cue in recording.cues))  # of the made run
    strange = Catalogue("en", {message: spelled(message) for message in (*messages(), *made)})
    monkeypatch.setattr(report_room, "catalogue", lambda code: strange)
    faster = replace(Setup.of(recording), speed_mps=3.5)
    before = Earlier("00003-beef", "", {"cadence_spm": Measure(160.0, 159.0, 161.0, 0)}, faster)
    belted = replace(recording, pelvic_source="hip_belt", speed=Speed(), page=None)
    for one in (recording, belted, replace(recording, near_side=None)):
        page = Page(report_html(one, UTC, (before,)))
        heard = [attributes.get(name) or "" for _, attributes in page.tags for name in ("aria-label", "data-label")]
        left = re.findall("[a-zA-Z]+", " ".join((page.text, *heard)))
        assert " ".join(word for word in left if word not in NOBODYS_WORDS.split()) == ""


@pytest.mark.parametrize("code", [code for code in TONGUES if code != "en"])
def test_numbers_and_dates_are_the_language_s(recording: Recording, code: str) -> None:
    text = Page(report_html(recording, UTC, language=code)).text
    tongue = language.TONGUES[code]
    assert f"{recording.summary['tle_near_deg'].value:.1f}".replace(".", tongue.decimal) in text
    assert datetime(2026, 11, 22, 18, 30).strftime(tongue.date) in text
    assert f"100{tongue.percent}%" in text
    assert f'<html lang="{code}">' in report_html(recording, UTC, language=code).decode()
