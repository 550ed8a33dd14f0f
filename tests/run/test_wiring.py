"""What the settings and the source say together."""

from __future__ import annotations

import math

from station.config import Config
from station.run.demo_clip import CLIP
from station.run.wiring import view_of
from station.sense.open import open_source
from tests.manual_clock import ManualClock


def test_a_camera_angle_is_given_where_it_was_written_or_calibrated() -> None:
    by_eye, written = (Config.model_validate(settings) for settings in ({}, {"view": {"azimuth_deg": 0.0}}))
    with open_source(CLIP, by_eye, ManualClock()) as source:
        assert math.isnan(view_of(by_eye, source).given_azimuth_deg)
        assert view_of(written, source).given_azimuth_deg == 0.0
