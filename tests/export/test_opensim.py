"""angles.mot and markers.trc as OpenSim's readers take them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from station.export.angles_mot import angles_mot, why_no_angles
from station.export.gapless import longest
from station.export.markers_trc import MARKERS, markers_trc, why_no_markers
from station.types import Joint, Recording
from tests.made_run import collected


@pytest.fixture(scope="module")
def recording() -> Recording:
    return collected(12.0).recording("00001-a3f9")


def with_hole(recording: Recording, first: int, last: int) -> Recording:
    angles = recording.angles.copy()
    for name in angles.dtype.names or ():
        angles[name][first:last] = np.nan
    return replace(recording, angles=angles)


def mot(content: bytes) -> tuple[dict[str, str], list[str], np.ndarray]:
    head, body = content.decode().split("endheader\n")
    columns, *rows = body.strip().split("\n")
    settings = dict(line.split("=") for line in head.split("\n") if "=" in line)
    return settings, columns.split("\t"), np.array([[float(cell) for cell in row.split("\t")] for row in rows])


def test_mot_counts_its_rows_and_columns(recording: Recording) -> None:
    content = angles_mot(recording)
    settings, columns, rows = mot(content)
    assert (int(settings["nRows"]), int(settings["nColumns"])) == rows.shape
    assert settings["inDegrees"] == "yes"
    # The far knee was never seen.
    assert columns == ["time", "trunk_lean", "hip_flexion_l", "knee_angle_l"]
    np.testing.assert_allclose(np.diff(rows[:, 0]), 1 / 60, atol=2e-6)
    np.testing.assert_allclose(rows[:, 2], recording.angles["hip_flexion_near_deg"][: len(rows)], atol=0.02)
    np.testing.assert_array_equal(rows[:, 1], 5)  # forward is plus
    assert b"Left out, since they were not seen all the time: hip_flexion_r, knee_angle_r." in content
    assert b"Rajagopal2016.osim" in content


def test_names_follow_the_near_side(recording: Recording) -> None:
    content = angles_mot(replace(recording, near_side="right"))
    assert "hip_flexion_r" in mot(content)[1]


def test_longest_stretch_without_a_hole(recording: Recording) -> None:
    stretch = longest(with_hole(recording, 200, 260))
    assert stretch is not None
    assert (stretch.rows.start, stretch.rows.stop) == (260, 719)
    small = longest(with_hole(recording, 200, 204))  # 0.08 s: bridged
    assert small is not None
    assert (small.rows.start, small.rows.stop) == (0, 719)
    assert longest(with_hole(recording, 0, 719)) is None
    assert longest(with_hole(recording, 40, 700)) is None  # what is left is too short


def test_uneven_pictures_become_even(recording: Recording) -> None:
    jitter = np.random.default_rng(0).uniform(-0.003, 0.003, len(recording.t_s))
    content = angles_mot(replace(recording, t_s=recording.t_s + jitter))
    rows = mot(content)[2]
    np.testing.assert_allclose(np.diff(rows[:, 0]), 1 / 60, atol=2e-6)


def trc(content: bytes) -> tuple[list[str], list[str], list[list[str]]]:
    lines = content.decode().split("\n")
    assert lines[0].split("\t")[0] == "PathFileType"
    values = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=True))
    rows = [line.split("\t") for line in lines[6:-1]]
    assert int(values["NumFrames"]) == len(rows)
    assert int(values["NumMarkers"]) == len(MARKERS)
    assert values["Units"] == "m"
    return lines[3].split("\t"), lines[4].split("\t"), rows


def test_trc_is_in_metres_forward_and_up(recording: Recording) -> None:
    content = markers_trc(recording)
    names, axes, rows = trc(content)
    assert all(len(row) == len(names) == len(axes) == 2 + 3 * len(MARKERS) for row in rows)
    assert (names[2], axes[2:5]) == ("Nose", ["X1", "Y1", "Z1"])
    assert [row[0] for row in rows[:3]] == ["1", "2", "3"]
    hip = names.index("LHip")
    assert recording.xy_px is not None
    seen = recording.xy_px[0, Joint.LEFT_HIP]
    # The runner faces left: forward is -x.
    assert float(rows[0][hip]) == pytest.approx(-seen[0] / 310.0, abs=1e-4)
    heights = np.array([[float(row[names.index(name) + 1]) for name in ("LHip", "LBigToe")] for row in rows])
    assert heights[:, 0].mean() > heights[:, 1].mean()
    assert abs(np.percentile(heights[:, 1], 1)) < 0.1  # the belt is at 0
    assert rows[0][hip + 2] == "0"


def test_landmark_not_seen_is_an_empty_cell(recording: Recording) -> None:
    assert recording.xy_px is not None
    xy_px = recording.xy_px.copy()
    xy_px[5, Joint.LEFT_KNEE] = np.nan
    content = markers_trc(replace(recording, xy_px=xy_px))
    names, _, rows = trc(content)
    knee = names.index("LKnee")
    assert [row[knee : knee + 3] for row in rows[5:6]] == [["", "", ""]]
    assert rows[4][knee] != ""
    assert rows[7][knee] != ""


def test_what_cannot_be_written_has_a_reason(recording: Recording) -> None:
    unseen = with_hole(recording, 0, len(recording.t_s))
    assert why_no_angles(recording) == why_no_markers(recording) == ""
    assert "without a hole" in why_no_angles(unseen)
    assert "near one" in why_no_angles(replace(recording, near_side=None))
    assert "input log" in why_no_markers(replace(recording, xy_px=None))
    assert "without a hole" in why_no_markers(unseen)
    assert "faces" in why_no_markers(replace(recording, direction=None))
    assert "scale" in why_no_markers(replace(recording, view=replace(recording.view, px_per_m=float("nan"))))
    for made_of in (angles_mot, markers_trc):
        with pytest.raises(ValueError, match="without a hole"):
            made_of(unseen)
