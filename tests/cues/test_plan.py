from __future__ import annotations

import json
from dataclasses import fields

import pytest

from station.config import SessionSection
from station.cues import Plan
from station.present.voices import all_lines


@pytest.mark.parametrize("plan", [Plan(), Plan.offline(), Plan(session_number=4, baseline_s=60.0)])
def test_a_plan_survives_the_log(plan: Plan) -> None:
    assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


def test_a_plan_of_a_log_that_held_a_language_is_still_read() -> None:
    assert Plan.from_dict({**Plan().to_dict(), "language": "en"}) == Plan()


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(TypeError, match="coffee_s"):
        Plan.from_dict({"coffee_s": 3.0})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"baseline_s": -1.0}, "baseline_s"),
        ({"gap_s": float("nan")}, "gap_s"),
        ({"session_number": 0}, "session_number"),
        ({"planned_s": 300.0}, "no time to coach"),
        ({"cue_block_s": 0.0, "free_block_s": 0.0}, "no block"),
    ],
)
def test_an_impossible_plan_is_refused(values: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Plan(**values)


def test_settings_and_plan_agree() -> None:
    """A setting of [session] that is no field of the plan would be ignored."""
    settings = SessionSection().model_dump()
    settings.pop("speed_kmh")
    assert set(settings) <= {field.name for field in fields(Plan)}
    assert {name: getattr(Plan(), name) for name in settings} == settings


def test_the_last_part_fits_after_whole_blocks() -> None:
    plan = Plan()
    blocks = (plan.planned_s - plan.retention_s - plan.baseline_s) / (plan.cue_block_s + plan.free_block_s)
    assert blocks == int(blocks) == 3


def test_lines_are_short_and_plain() -> None:
    for text_id, words in all_lines().items():
        assert 0 < len(words.screen.split()) <= 3, text_id
        assert words.spoken.endswith((".", "!", "?")), text_id
        assert len(words.spoken.split()) <= 16, text_id
        assert words.speech_s < 11, text_id


def test_no_line_points_at_the_pelvis_or_promises() -> None:
    banned = ("pelvis", "rotate", "twist", "injur", "faster", "must", "wrong")
    for text_id, words in all_lines().items():
        assert not any(word in words.spoken.lower() for word in banned), text_id
