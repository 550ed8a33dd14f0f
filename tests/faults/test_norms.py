from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from station.faults import norms, norms_table
from station.types import QUANTITIES
from tests.lab.makers import norms as build_norms


def test_the_shipped_table_is_what_the_script_makes_of_the_data(shared: Path) -> None:
    made = build_norms.module(shared / "data" / "rbds")
    assert Path(norms_table.__file__).read_text(encoding="utf-8") == made


def test_rows_are_measures_with_ordered_percentiles() -> None:
    assert set(norms.MEASURES) <= set(QUANTITIES)
    for name in norms.MEASURES:
        for speed_mps in (2.2, 2.5, 3.1, 4.5, 5.0):
            norm = norms.at(name, speed_mps)
            assert norm.p5 < norm.p25 < norm.mean < norm.p75 < norm.p95
            assert norm.sd > 0


def test_between_measured_speeds_it_is_linear() -> None:
    slow, middle, fast = (norms.at("cadence_spm", v).mean for v in (2.5, 3.0, 3.5))
    assert middle == pytest.approx((slow + fast) / 2)
    assert norms.at("cadence_spm", 2.2).mean < slow


@pytest.mark.parametrize("speed_mps", [0.0, 2.19, 5.01, 9.0, float("nan"), float("inf")])
def test_nothing_is_known_outside_the_measured_speeds(speed_mps: float) -> None:
    assert not norms.judged(speed_mps)
    assert all(np.isnan(norms.at("tle_near_deg", speed_mps)))


def test_a_measure_without_norm_is_an_error() -> None:
    with pytest.raises(KeyError):
        norms.at("step_length_m", 3.0)
