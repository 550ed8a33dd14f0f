"""The pose model's own errors: taken out of the strides, put into the intervals, kept in the log.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from station.jsonable import jsonable, restored
from station.model_errors import METHOD, OUTSIDE, Correction, KnownErrors, bands_of, by_feet
from station.pose.store import models_dir, read_card, read_errors
from station.record.summary import summarise
from station.types import NAN, NS, STRIDE, ErrorBand, Gait, Measure, MeasureError, ModelInfo, Speed, View

ROWS = {
    "tle_near_deg": MeasureError(2.0, 1.5, 0.5, 10),
    "thigh_forward_near_deg": MeasureError(-6.0, 2.0, 1.0, 10),
    "tle_far_deg": MeasureError(3.0, 1.5, 0.5, 10),
    "tle_share_near": MeasureError(0.0, 0.02, 0.01, 10),
    "cadence_spm": MeasureError(0.0, 0.2, 0.2, 10),
}
BANDS = (ErrorBand(45.0, 7.0, ROWS), ErrorBand(24.0, 7.0, {**ROWS, "tle_near_deg": MeasureError(1.0, 1.5, 0.5, 10)}))


def strides(n: int = 20) -> np.ndarray:
    rows = np.full(n, NAN, STRIDE)
    rows["running"], rows["cadence_spm"] = 1, 160.0
    rows["tle_near_deg"], rows["thigh_forward_near_deg"] = 24.0 + 0.1 * np.arange(n), 30.0
    rows["tle_far_deg"], rows["thigh_forward_far_deg"] = 25.0, 30.0
    rows["thigh_excursion_near_deg"] = rows["tle_near_deg"] + 30.0
    rows["tle_share_near"] = rows["tle_near_deg"] / rows["thigh_excursion_near_deg"]
    return rows


def test_the_bias_leaves_a_stride_and_what_follows_from_it() -> None:
    stride = KnownErrors(BANDS, 60.0, 0.0).unbiased(strides()[0])
    assert float(stride["tle_near_deg"]) == 22.0
    assert float(stride["thigh_excursion_near_deg"]) == 58.0
    assert float(stride["tle_share_near"]) == pytest.approx(22 / 58, abs=1e-4)


def test_the_band_is_that_of_the_frame_rate() -> None:
    assert float(KnownErrors(BANDS, 29.97, 0.0).unbiased(strides()[0])["tle_near_deg"]) == 23.0


def test_measures_agree_with_the_summary_of_unbiased_strides() -> None:
    known = KnownErrors(BANDS, 60.0, 0.0)
    raw = strides()
    said = known.corrected(summarise(raw, {}, KnownErrors((), NAN, NAN, {})))
    again = summarise(np.array([known.unbiased(row) for row in raw], STRIDE), {}, known)
    for name in ("tle_near_deg", "thigh_excursion_near_deg", "tle_share_near"):
        assert said[name].value == pytest.approx(again[name].value, abs=2e-3), name
        assert said[name].low == pytest.approx(again[name].low, abs=2e-2), name


def test_the_absolute_interval_holds_the_spread_between_people_the_other_that_of_a_change() -> None:
    reported = KnownErrors(BANDS, 60.0, 0.0).widened("tle_near_deg", Measure(22.0, 21.8, 22.2, 36))
    t = 2.262 * math.sqrt(1.1)  # Student's t with nine degrees of freedom, and one more person
    assert reported.high - reported.value == pytest.approx(math.hypot(0.2, 1.5 * t), rel=0.01)
    assert reported.ci95_change[1] - reported.value == pytest.approx(math.hypot(0.2, 0.5 * t / math.sqrt(2)), rel=0.01)
    assert reported.low < reported.ci95_change[0] < reported.value


def test_an_interval_takes_as_many_spreads_as_people_left_out_needed() -> None:
    rows = {"tle_near_deg": MeasureError(0.0, 1.5, 0.5, 10, reach=1.8, change_reach=2.0)}
    told = KnownErrors((ErrorBand(24.0, 7.0, rows),), 30.0, 0.0).widened("tle_near_deg", Measure(22.0, 21.8, 22.2, 36))
    assert told.high - told.value == pytest.approx(math.hypot(0.2, 1.5 * 1.8))
    assert told.ci95_change[1] - told.value == pytest.approx(math.hypot(0.2, 0.5 * 2.0 / math.sqrt(2)))


def test_what_the_table_does_not_hold_for_cannot_be_told() -> None:
    known = KnownErrors(BANDS, 30.0, 40.0)
    assert known.widened("tle_near_deg", Measure(22.0, 21.0, 23.0, 36)).reason == OUTSIDE
    assert known.widened("cadence_spm", Measure(160.0, 159.0, 161.0, 36)).measured


def test_a_camera_whose_angle_is_not_given_has_bands_of_its_own() -> None:
    rows = {"tle_near_deg": MeasureError(0.0, 4.0, 0.5, 10)}
    bands = (*BANDS, ErrorBand(18.0, NAN, rows))
    assert KnownErrors(bands, 60.0, NAN).rows == rows
    assert KnownErrors(bands, 60.0, 0.0).rows == ROWS
    assert KnownErrors(BANDS, 60.0, NAN).rows == ROWS, "a table without such bands: the side view"
    assert repr(bands_of(jsonable(bands))) == repr(bands)


def test_the_angle_of_a_recording_that_says_no_more_of_it_counts_as_given() -> None:
    assert restored(View, {"width_px": 640, "height_px": 480, "azimuth_deg": 12.0}).given_azimuth_deg == 12.0


@pytest.mark.parametrize("model", ["pose_runner", "pose_landmark_full"])
def test_overstride_is_known_less_well_before_a_camera_set_up_by_eye(model: str) -> None:
    errors = read_errors(read_card(models_dir() / f"{model}.md"))
    for fps in (30.0, 60.0):
        by_eye, square = (KnownErrors(errors, fps, azimuth_deg).rows["overstride_near_cm"] for azimuth_deg in (NAN, 0.0))
        assert by_eye.spread * by_eye.reach > square.spread * square.reach


def test_without_a_table_only_the_core_s_own_error_is_added() -> None:
    known = KnownErrors((), NAN, NAN)
    angle, knee = Measure(22.0, 21.0, 23.0, 36), Measure(40.0, 39.5, 40.5, 36)
    assert known.widened("tle_near_deg", angle) == angle
    assert known.widened("knee_flexion_stance_near_deg", knee).high > 40.5 + METHOD["knee_flexion_stance_near_deg"].spread
    assert known.unbiased(strides()[0])["tle_near_deg"] == strides()[0]["tle_near_deg"]


def test_the_correction_finds_the_frame_rate_by_itself() -> None:
    correction = Correction(BANDS, 0.0)
    for k in range(40):
        correction.frame(round(k * NS / 30))
    gait = Gait(NS, measures={"tle_near_deg": Measure(24.0, 23.5, 24.5, 36)}, strides=(strides()[0],))
    reported = correction.step(gait)
    assert reported.measures["tle_near_deg"].value == 23.0
    assert float(reported.strides[0]["tle_near_deg"]) == 23.0
    assert correction.step(replace(gait, strides=())).measures is reported.measures, "worked out once a stride"


def test_the_table_comes_back_from_the_log_s_header() -> None:
    model = ModelInfo("some_model", "ab" * 32, BANDS)
    assert restored(ModelInfo, jsonable(model)) == model
    assert restored(ModelInfo, {"name": "earlier", "sha256": ""}).errors == ()


def test_a_step_length_is_as_rough_as_the_speed_it_rests_on() -> None:
    measures = {"step_length_m": Measure(1.2, 1.195, 1.205, 36, change_half=0.004), "tle_near_deg": Measure(25.0, 24.0, 26.0, 36)}
    assert by_feet(measures, Speed(3.5, "given")) == measures
    seen = by_feet(measures, Speed(3.5, "picture"))
    assert seen["tle_near_deg"] == measures["tle_near_deg"]
    assert (seen["step_length_m"].high - 1.2) / 1.2 == pytest.approx(Speed(3.5, "picture").half_mps / 3.5, rel=0.01)
    assert seen["step_length_m"].ci95_change[1] == pytest.approx(seen["step_length_m"].high, abs=0.001)
