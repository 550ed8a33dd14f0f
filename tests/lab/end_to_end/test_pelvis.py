"""A whole session of one rendered runner, from what both models read of it: drill, three silent
minutes, then something else.
"""

from __future__ import annotations

import pytest

from tests.lab.end_to_end.dataset import Set
from tests.lab.end_to_end.estimate import KEPT_IN
from tests.lab.end_to_end.pelvis import FALL_DEG, QUADRATURE
from tests.lab.end_to_end.sessions import Session, sessions


@pytest.fixture(scope="module")
def found() -> dict[str, Session]:
    """By the clip that comes after the baseline."""
    return {session.then.clip.row: session for session in sessions(Set(KEPT_IN).seen)}


def test_a_waist_that_locks_after_the_baseline_is_seen_in_the_pixels(found: dict[str, Session]) -> None:
    locked = found["locked"]
    assert locked.turn(locked.own).imag - locked.turn(locked.then).imag > FALL_DEG
    assert locked.said("locked_waist") == "on"
    assert "locked_waist" in locked.cues()


@pytest.mark.parametrize("row", ["own", "thigh_strong"])
def test_a_pelvis_that_turns_as_before_is_not_called_locked(found: dict[str, Session], row: str) -> None:
    assert found[row].said("locked_waist") == "ok"
    assert "locked_waist" not in found[row].cues()


def test_both_intervals_hold_the_truth(found: dict[str, Session]) -> None:
    for session in found.values():
        before, after = (watched.last.measures[QUADRATURE] for watched in (session.baseline, session.end))
        own, then = (session.turn(seen).imag for seen in (session.own, session.then))
        assert before.low <= own <= before.high
        assert after.low <= then <= after.high
        half = ((before.ci95_change[1] - before.value) ** 2 + (after.ci95_change[1] - after.value) ** 2) ** 0.5
        assert abs((after.value - before.value) - (then - own)) <= 1.5 * half
