"""The scoring itself on landmarks made from the truth, and the accuracy kept over committed poses
of three rendered clips.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.lab.end_to_end.clips import BY_NAME, CLIPS, TUNED
from tests.lab.end_to_end.score import PARTS, Score, worth
from tests.lab.end_to_end.streams import Seen

KEPT = Path(__file__).with_name("kept")
"""Poses of the station's model: `python -m tests.lab.end_to_end keep FOLDER`."""


@cache
def kept(name: str) -> Score:
    return Score(Seen.load(BY_NAME[name], KEPT / f"{name}.npz"))


def perfect(name: str, exchanged: bool = False) -> Score:
    return Score(Seen.exact(BY_NAME[name], exchanged=exchanged))


def test_perfect_landmarks_score_nothing() -> None:
    score = perfect("m_tall.side")
    assert score.found_pct == 100
    assert all(score.off_px(part, side).max() < 0.1 for part in PARTS for side in ("left", "right"))
    assert score.exchanged_pct() == 0
    assert score.exchanged_after_pct() == (0, 0)
    # Perspective: the near leg is off the picture's middle.
    assert np.abs(score.angle_error("thigh_near")).max() < 3
    assert abs(score.miss("cadence_spm").error) < 0.5
    assert abs(score.miss("tle_near_deg").error) < 1.0
    assert abs(np.median(score.event_errors_s("contact", "right"))) < 0.025


def test_a_verdict_on_the_perfect_runner_is_never_wrong() -> None:
    score = perfect("m_heavy.thigh_only")
    assert score.true_looks["thigh_only_drive"] == "out"
    assert score.told()["thigh_only_drive"][1:] == ("on", "right")
    assert "wrong" not in [value for *_, value in score.told().values()]
    assert score.false_cues() == []


def test_exchanged_legs_are_counted() -> None:
    assert perfect("f_slim.upright", exchanged=True).exchanged_pct() == 100


def test_the_truth_knows_what_was_asked_for() -> None:
    plain, sits, locked = (perfect(f"f_slim.{row}").true_values for row in ("side", "sitting", "locked"))
    assert sits["tle_near_deg"] < 0.6 * plain["tle_near_deg"]
    assert sits["trunk_lean_deg"] == pytest.approx(-4.0, abs=0.5)
    assert locked["pelvic_turn_deg"] == pytest.approx(0.1 * plain["pelvic_turn_deg"], abs=0.5)
    cadence = BY_NAME["f_slim.side"].spec.motion.parameter("cadence_spm", np.zeros(1))[0]
    assert plain["cadence_spm"] == pytest.approx(cadence, abs=0.3)


@pytest.mark.parametrize(
    ("true", "said", "value"),
    [
        ("out", "on", "right"),
        ("out", "ok", "wrong"),
        ("inside", "on", "wrong"),
        ("inside", "ok", "right"),
        ("between", "on", "either"),
        ("out", "cannot_tell", "cannot tell"),
    ],
)
def test_worth_of_a_verdict(true: str, said: str, value: str) -> None:
    assert worth(true, said) == value


def test_clips_repeat_in_whole_frames() -> None:
    for clip in (c for c in CLIPS if c.loop_frames):
        assert len(clip.spec.frame_times_s()) == clip.lead_frames + clip.loop_frames
    assert {c.body for c in CLIPS} > set(TUNED)


# ---- accuracy of films that were estimated once: each limit a tenth above what was reached -------


def rms(values: np.ndarray) -> float:
    return float(np.sqrt((values**2).mean()))


@pytest.mark.parametrize(
    ("name", "thigh_deg", "cadence_spm", "tle_deg", "lean_deg"),
    [
        ("m_heavy.thigh_only", 3.6, 0.5, 2.7, 1.6),
        ("m_tall.azimuth-20", 3.5, 0.5, 3.3, 1.9),
        ("f_avg.sitting", 2.4, 0.5, 3.3, 2.1),
    ],
)
def test_errors_stay_small(name: str, thigh_deg: float, cadence_spm: float, tle_deg: float, lean_deg: float) -> None:
    score = kept(name)
    assert score.found_pct > 99
    assert rms(score.angle_error("thigh_near")) < thigh_deg
    limits = {"cadence_spm": cadence_spm, "tle_near_deg": tle_deg, "trunk_lean_deg": lean_deg}
    for measure, limit in limits.items():
        assert abs(score.miss(measure, score.judged).error) < limit, measure


def test_verdicts_of_kept_clips() -> None:
    told = {name: kept(name).told() for name in ("m_heavy.thigh_only", "m_tall.azimuth-20", "f_avg.sitting")}
    assert told["m_heavy.thigh_only"]["thigh_only_drive"] == ("out", "on", "right")
    assert told["f_avg.sitting"]["sitting"] == ("out", "on", "right")
    assert "wrong" not in [value for verdicts in told.values() for *_, value in verdicts.values()]
    assert not any(kept(name).false_cues() for name in told)


def test_legs_that_the_model_exchanges_do_not_double_the_cadence() -> None:
    strides = kept("f_avg.sitting").once.strides
    assert len(strides) >= 2
    assert max(float(stride["cadence_spm"]) for stride in strides) < 200
