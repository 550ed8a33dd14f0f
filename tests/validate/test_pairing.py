"""Which value belongs to which: windows, sessions, strides, and what is left out with its reason.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from station.errors import InputError
from station.record.belt_pairs import PairsFile
from station.types import NAN, Gait, Measure, PelvicPair, View
from station.validate.agreement import agreement
from station.validate.known_groups import waists
from station.validate.pairing import NOT_READ, Pairing, pair_belt, pair_series, pair_trials
from station.validate.reference import BeltStrides, Series, Trial, read_reference
from station.validate.repeat import repeats
from tests.validate.made import STRIDE_S, recording


def sheet(tmp_path: Path, text: str) -> tuple[Trial, ...]:
    (tmp_path / "sheet.csv").write_text(text, encoding="utf-8")
    content = read_reference(tmp_path / "sheet.csv").content
    assert isinstance(content, tuple)
    return content


def paired(tmp_path: Path, text: str, *recordings: object) -> Pairing:
    return pair_trials(sheet(tmp_path, text), recordings or (recording(),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "window",
    ["from_s,to_s\n30,90", "screen_from,screen_to\n0:20,1:20", "start_utc,seconds\n2026-11-23T17:00:30Z,60"],
)
def test_three_ways_to_name_the_same_window(tmp_path: Path, window: str) -> None:
    one = recording()
    names, values = window.split("\n")
    found = paired(tmp_path, f"tle_near_deg,{names}\n21,{values}\n", one)
    inside = (one.strides["start_s"] >= 30) & (one.strides["start_s"] + STRIDE_S <= 90)
    assert found.quantities["tle_near_deg"].station == [pytest.approx(one.strides["tle_near_deg"][inside].mean())]
    assert found.left_out == []


def test_without_a_window_the_summary_is_meant(tmp_path: Path) -> None:
    found = paired(tmp_path, "pelvic_turn_deg,steps,seconds\n7,160,60\n")
    assert found.quantities["pelvic_turn_deg"].station == [8.0]
    assert found.quantities["pelvic_turn_deg"].intervals == [(5.0, 11.0, 7.0)]
    low, high, reference = found.quantities["cadence_spm"].intervals[0]
    # A count is good to one step.
    assert (low, high, reference) == pytest.approx((159.0, 161.0, 160.0), abs=0.1)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("session,steps,from_s,to_s\ns7,160,30,90", "s7 is not among"),
        ("steps,from_s,to_s\n160,30,190", "does not lie within"),
        ("steps,start_utc,seconds\n160,2026-11-23T18:00:00Z,60", "no recording holds that time"),
        ("pelvic_turn_deg,from_s,to_s\n8,30,90", "only for a whole recording"),
        ("retraction_near_pct,from_s,to_s\n17,30,90", "not measured in this window"),
    ],
)
def test_what_does_not_fit_is_left_out_with_its_reason(tmp_path: Path, row: str, why: str) -> None:
    found = paired(tmp_path, row + "\n")
    assert found.quantities == {}
    assert why in found.left_out[0][1]
    assert found.left_out[0][0].startswith("line 2")


def test_a_window_that_the_station_hardly_saw_is_left_out(tmp_path: Path) -> None:
    one = recording()
    gap = (one.strides["start_s"] > 40) & (one.strides["start_s"] < 60)
    found = paired(tmp_path, "tle_near_deg,from_s,to_s\n20,30,90\n", replace(one, strides=one.strides[~gap]))
    assert "only 68% of the window" in found.left_out[0][1]


def test_a_speed_that_the_station_was_reported_proves_nothing(tmp_path: Path) -> None:
    assert "was given" in paired(tmp_path, "speed_kmh\n9\n", recording(origin="given")).left_out[0][1]
    assert paired(tmp_path, "speed_kmh\n9\n").quantities["speed_kmh"].differences == pytest.approx([0.0])


def test_a_clock_that_was_not_set_is_reported(tmp_path: Path) -> None:
    found = paired(tmp_path, "session,steps,start_utc,seconds\ns1,160,2026-11-23T17:00:30Z,60\n", recording(started=False))
    assert "clock was not set" in found.left_out[0][1]


def test_several_recordings_need_a_name(tmp_path: Path) -> None:
    both = (recording("s1"), recording("s2"))
    assert "names no session" in paired(tmp_path, "steps,from_s,to_s\n160,30,90\n", *both).left_out[0][1]
    assert len(paired(tmp_path, "session,steps,from_s,to_s\ns2,80,30,60\n", *both).quantities["cadence_spm"].station) == 1


def test_two_observers_of_one_window_are_one_pair(tmp_path: Path) -> None:
    found = paired(tmp_path, "runner,observer,steps,from_s,to_s\nA,x,159,30,90\nA,y,162,30,90\nA,x,161,40,100\n")
    assert found.quantities["cadence_spm"].reference == [160.5, 161.0]
    assert found.observers_off == {"cadence_spm": [3.0]}
    assert found.quantities["cadence_spm"].runners == ["A", "A"]


def test_values_of_every_picture_are_compared_where_both_are_there() -> None:
    one = recording()
    t_s = np.arange(20, 50, 1 / 100)
    reference = 4 + 25 * np.cos(2 * np.pi * t_s / STRIDE_S) - 2.0
    reference[1000:1500] = np.nan
    found = pair_series(Series(t_s - 5, {"thigh_near_deg": reference}), one, 5.0).quantities["thigh_near_deg"]
    assert found.level == "picture"
    assert len(found.station) == pytest.approx(25 * 60, abs=5)
    assert agreement(found.differences, found.runners).bias == pytest.approx(2.0, abs=0.02)


def test_values_once_a_stride_go_to_the_stride_that_holds_their_time() -> None:
    one = recording()
    numbers = np.array([10, 11, 13, 500])
    t_s = numbers * STRIDE_S + 0.3
    values = np.append(one.strides["tle_near_deg"][[10, 11, 13]] - 1.0, 3.0)
    series = Series(t_s, {"tle_near_deg": values, "contact_time_ms": np.full(4, 240.0), "pelvic_turn_deg": np.full(4, 7.0)})
    found = pair_series(series, one, 0.0)
    assert found.quantities["tle_near_deg"].differences == pytest.approx([1.0] * 3)
    assert found.quantities["contact_time_ms"].station == pytest.approx([250.0] * 3)
    assert found.quantities["pelvic_turn_deg"].station == [8.0]  # told once a recording
    assert pair_series(series, one, 1000.0).quantities == {}


def test_stiff_and_free_are_told_apart_or_not(tmp_path: Path) -> None:
    runs, rows = [], ["runner,session,waist"]
    for number in range(4):
        for waist, state, turn in (("stiff", "on", 3.0), ("free", "ok", 9.0 + number)):
            name = f"{waist}{number}"
            one = recording(name, 30)
            summary = {**one.summary, "pelvic_turn_deg": Measure(turn, turn - 2, turn + 2, 36)}
            runs.append(replace(one, summary=summary, verdicts={"locked_waist": state if number else "cannot_tell"}))
            rows.append(f"R{number},{name},{waist}")
    found = waists(sheet(tmp_path, "\n".join(rows)), runs)
    assert found is not None
    assert found.differences() == [6.0, 7.0, 8.0, 9.0]
    assert found.document()["stiff"] == {"on": 3, "ok": 0, "cannot_tell": 1}
    reported = "\n".join(found.lines())
    assert "right in 3 of 3 judged [44% .. 100%]" in reported
    assert "+7.5 deg [+5.4 .. +9.6], 4 runners: tells them apart" in reported
    assert waists(sheet(tmp_path, "steps,seconds\n160,60\n"), runs) is None


def test_the_same_runner_again(tmp_path: Path) -> None:
    """Two runners twice, 1 and 3 steps apart: within-runner SD sqrt((1 / 2 + 9 / 2) / 2)."""
    runs, rows = [], ["runner,session,speed_kmh"]
    for name, cadence in (("a1", 160.0), ("a2", 161.0), ("b1", 170.0), ("b2", 173.0)):
        one = recording(name, 30)
        runs.append(replace(one, summary={"cadence_spm": Measure(cadence, cadence - 1, cadence + 1, 40)}))
        rows.append(f"{name[0]},{name},9")
    (found,) = repeats(sheet(tmp_path, "\n".join(rows)), runs)
    assert (found.name, found.runners, found.freedom) == ("cadence_spm", 2, 2)
    assert found.within_sd == pytest.approx(np.sqrt(2.5))
    assert found.smallest_change == pytest.approx(1.96 * np.sqrt(5), rel=1e-4)
    assert "cannot tell from 2 repeats" in found.words


def belt_file(folder: Path, pixels_deg: tuple[float, ...], session: str = "0123abcd") -> Path:
    """As the station keeps it: the belt's quadrature part is 2, 4, 6, ... deg; a reading of the
    pelvis model beside each.
    """
    folder.mkdir(exist_ok=True)
    file = PairsFile(folder, session, View(480, 640))
    for i, read in enumerate(pixels_deg):
        pair = PelvicPair(0.7 * i, 1.0, 2.0 * (i + 1), 3.0, 4.0, 5.0, 60.0, read - 1.0, read)
        file.add(replace(Gait(0), near_side="right", pelvic_pair=pair))
    file.close()
    return file.path


def test_the_pelvis_model_is_compared_with_the_belt_of_the_same_strides(tmp_path: Path) -> None:
    content = read_reference(belt_file(tmp_path, (3.0, 5.0, NAN, 9.0, 11.0, 13.0))).content
    assert isinstance(content, BeltStrides)
    found = pair_belt(content).quantities["pelvic_quadrature_deg"]
    assert (found.reference, found.station) == ([2.0, 4.0, 8.0, 10.0, 12.0], [3.0, 5.0, 9.0, 11.0, 13.0])
    assert agreement(found.differences, found.runners).bias == pytest.approx(1.0)


def test_a_belt_without_readings_of_the_pelvis_model_says_so(tmp_path: Path) -> None:
    content = read_reference(belt_file(tmp_path, (NAN, NAN))).content
    assert isinstance(content, BeltStrides)
    assert dict(pair_belt(content).left_out) == dict.fromkeys(("pelvic_quadrature_deg", "pelvic_in_phase_deg"), NOT_READ)


def test_pairs_of_two_sessions_are_not_mixed(tmp_path: Path) -> None:
    one, other = belt_file(tmp_path / "a", (1.0,), "a"), belt_file(tmp_path / "b", (1.0,), "b")
    one.write_text(one.read_text() + other.read_text().split("\n", 1)[1])
    with pytest.raises(InputError, match="holds 2 sessions"):
        read_reference(one)
