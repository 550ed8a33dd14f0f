"""The worst and the best stretch of each rule in a recording."""

from __future__ import annotations

import numpy as np
import pytest

from station.faults import RULES
from station.model_errors import NOTHING_KNOWN, KnownErrors
from station.record.stretches import find_stretches
from station.types import NAN, STRIDE, ErrorBand, MeasureError, Stretch

Found = tuple[Stretch, ...]
STRIDE_S = 0.7


def strides(n: int = 60, speed_mps: float = 3.5) -> np.ndarray:
    """A healthy runner at that speed, every stride a little different."""
    rows = np.zeros(n, STRIDE)
    wobble = np.sin(2.1 * np.arange(n))
    rows["running"], rows["speed_mps"], rows["duration_s"] = 1, speed_mps, STRIDE_S
    rows["start_s"] = STRIDE_S * np.arange(n)
    rows["cadence_spm"] = 171 + wobble
    rows["tle_near_deg"], rows["thigh_forward_near_deg"] = 28 + wobble, 36 - wobble
    rows["trunk_lean_deg"], rows["knee_flexion_stance_near_deg"] = 6.0, 40 + wobble
    rows["retraction_near_pct"], rows["retraction_near_deg"] = 16.7, 13.0
    return _with_share(rows)


def _with_share(rows: np.ndarray) -> np.ndarray:
    rows["thigh_excursion_near_deg"] = rows["tle_near_deg"] + rows["thigh_forward_near_deg"]
    rows["tle_share_near"] = rows["tle_near_deg"] / rows["thigh_excursion_near_deg"]
    return rows


def sitting(rows: np.ndarray, first: int, end: int) -> np.ndarray:
    rows["tle_near_deg"][first:end] = 15.0
    rows["trunk_lean_deg"][first:end] = -4.0
    rows["knee_flexion_stance_near_deg"][first:end] = 50.0
    return _with_share(rows)


def worst_stretches(rows: np.ndarray, known: KnownErrors, source: str = "landmarks") -> Found:
    return find_stretches(rows, known, source).worst


def of(rule: str, found: tuple[Stretch, ...]) -> Stretch:
    return next(one for one in found if one.rule == rule)


def test_one_row_per_rule_and_nothing_is_on_for_a_healthy_runner() -> None:
    found = worst_stretches(strides(), NOTHING_KNOWN)
    assert [one.rule for one in found] == [rule.name for rule in RULES]
    assert not [one.rule for one in found if one.state == "on"]
    assert of("sitting", found).usual_low < 28 < of("sitting", found).usual_high


def test_a_fault_between_good_strides_is_found_with_its_time() -> None:
    one = of("sitting", worst_stretches(sitting(strides(), 30, 44), NOTHING_KNOWN))
    assert (one.state, one.value < one.usual_low) == ("on", True)
    assert (one.start_s, one.end_s, one.strides) == (30 * STRIDE_S, 44 * STRIDE_S, 14)


def test_one_lost_stride_does_not_end_a_stretch() -> None:
    rows = np.delete(sitting(strides(), 20, 50), 35)
    assert of("sitting", worst_stretches(rows, NOTHING_KNOWN)).strides == 29


def test_four_strides_are_no_stretch() -> None:
    assert of("sitting", worst_stretches(sitting(strides(), 30, 33), NOTHING_KNOWN)).state == "ok"


def test_too_few_strides_are_not_ok() -> None:
    for one in worst_stretches(strides(5), NOTHING_KNOWN):
        assert (one.state, one.strides) == ("cannot_tell", 0)
        assert one.reason == "too short to judge (5 of 8 strides in a row)"


def test_strides_on_both_sides_of_a_pause_are_not_in_a_row() -> None:
    rows = strides(10)
    rows["start_s"][5:] += 30.0
    assert of("sitting", worst_stretches(rows, NOTHING_KNOWN)).state == "cannot_tell"


def test_a_speed_without_norms_is_said() -> None:
    assert "no norms" in of("sitting", worst_stretches(strides(speed_mps=1.8), NOTHING_KNOWN)).reason


def test_a_pose_model_that_is_unsure_blames_less() -> None:
    rows = strides()
    rows["tle_near_deg"] = 19.0
    rows = _with_share(rows)
    unsure = KnownErrors((ErrorBand(0.0, 90.0, {"tle_near_deg": MeasureError(0.0, 4.0, 1.0, 10),
                                                "tle_share_near": MeasureError(0.0, 0.06, 0.02, 10)}),), 30.0, 0.0)  # fmt: skip
    assert of("thigh_only_drive", worst_stretches(rows, NOTHING_KNOWN)).state == "on"
    seen = of("thigh_only_drive", worst_stretches(rows, unsure))
    assert seen.state == "ok"
    assert seen.high - seen.low > 0.2


def test_an_unknown_speed_is_judged_by_what_holds_at_any() -> None:
    found = worst_stretches(sitting(strides(speed_mps=NAN), 10, 30), NOTHING_KNOWN)
    assert of("sitting", found).state == "on"
    assert "speed unknown" in of("sitting", found).reason


@pytest.mark.parametrize(("source", "state"), [("hip_belt", "on"), ("pixels", "cannot_tell"), ("landmarks", "cannot_tell")])
def test_a_few_strides_of_a_still_pelvis_are_believed_of_a_hip_belt_alone(source: str, state: str) -> None:
    rows = strides()
    rows["pelvic_in_phase_deg"] = rows["pelvic_quadrature_deg"] = np.random.default_rng(1).normal(0.3, 0.1, len(rows))
    found = worst_stretches(rows, NOTHING_KNOWN, source)
    assert of("locked_waist", found).state == state
    assert of("over_rotation", found).state in ("ok", "cannot_tell")


def test_the_best_stretch_is_the_longest_without_the_fault() -> None:
    """60 strides, of which 15 to 25 sit: what comes before is 15 strides, what comes after 35."""
    one = of("sitting", find_stretches(sitting(strides(), 15, 25), NOTHING_KNOWN).best)
    assert one.state == "ok"
    assert (one.start_s, one.end_s) == (pytest.approx(25 * STRIDE_S, abs=3 * STRIDE_S), 60 * STRIDE_S)
    assert 26 < one.value < 30


def test_who_always_sits_has_no_best_stretch() -> None:
    one = of("sitting", find_stretches(sitting(strides(), 0, 60), NOTHING_KNOWN).best)
    assert (one.strides, one.reason) == (0, "no eight strides in a row were clear of it")
