"""Whatever the screen shows goes through the catalogue: with every message spelled in other
letters, no English is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from station import language
from station.faults import RULES
from station.language import Catalogue
from station.present.screen import ink as ink_room
from station.present.screen import page
from station.present.screen.ink import Ink
from station.present.voices import all_lines
from station.testing import screen_samples as samples
from station.types import QUANTITIES, Cue, Measure, Mode, SessionPage, Snapshot, Station
from tests.lab.languages.messages import messages

FIELDS = re.compile(r"(\{[^{}]*\})")
# The same letters in another alphabet: Cyrillic, which the typeface has.
LETTERS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "абцдефгхийклмнопярстужвщызАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЩЫЗ"
)


def spelled(message: str) -> str:
    return "".join(part if part.startswith("{") else part.translate(LETTERS) for part in FIELDS.split(message))


@pytest.fixture
def ink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ink]:
    strange = Catalogue("en", {message: spelled(message) for message in messages()})
    monkeypatch.setattr(ink_room, "catalogue", lambda code: strange)
    yield Ink((1280, 720))
    assert language.catalogue("en") is not strange


def english(ink: Ink, snapshot: Snapshot) -> list[str]:
    ink._layers.clear()
    ink.placed = []
    page.paint(ink, snapshot)
    return [line.words for line in ink.placed if re.search("[a-zA-Z]", line.words)]


@pytest.mark.parametrize("view", samples.SAMPLES)
def test_every_view(ink: Ink, view: str) -> None:
    snapshot = samples.sample(view)
    # Trouble comes from outside, see below.
    quiet = replace(snapshot, station=replace(snapshot.station, trouble=()))
    assert english(ink, quiet) == []
    assert ink.placed


def test_every_line(ink: Ink) -> None:
    for text_id, line in all_lines().items():
        for base in (samples.coach_silent(), samples.framing(), samples.contrast()):
            cue = Cue(0, 1, text_id, "", "start", ("screen",), line.screen)
            assert english(ink, replace(base, cue=cue, prompt=text_id)) == []


def test_every_mode_and_state(ink: Ink) -> None:
    for mode in (Mode.BASELINE, Mode.COACH, Mode.REST, Mode.RETENTION):
        assert english(ink, replace(samples.coach_silent(), mode=mode)) == []
    for stick in ("none", "writing", "done", "failed", "settings", "refused"):
        assert english(ink, replace(samples.idle(), station=Station(stick=stick, recording=True))) == []  # type: ignore[arg-type]


def test_every_reason_of_the_pelvic_turn(ink: Ink) -> None:
    reasons = [words for words, places in messages().items() if any("station/gait" in place for place in places)]
    assert len(reasons) > 12
    now = samples.coach_silent()
    for reason in reasons:
        measures = {"pelvic_turn_deg": Measure.cannot_tell(reason)}
        assert english(ink, replace(now, gait=replace(now.gait, measures=measures))) == []


def test_every_row_and_focus_of_the_last_page(ink: Ink) -> None:
    same = Measure(12.0, 11.0, 13.0, 30)
    for rule in RULES:
        for name in QUANTITIES:
            shown = SessionPage(((name, same, same),), 2, 0.1, rule.name, 3, 2)
            assert english(ink, replace(samples.done(), page=shown)) == []


def test_trouble_of_the_running_station(ink: Ink) -> None:
    for words, places in messages().items():
        if any("run/live.py" in place or "mixer" in place for place in places) and "{" not in words:
            shown = replace(samples.idle(), station=Station(healthy=False, trouble=((words, words),)))
            assert english(ink, shown) == []
