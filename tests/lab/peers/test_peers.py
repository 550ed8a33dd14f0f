"""The scoring does what it says, the kept outputs of the tools can be read, and RESULTS.md follows
from them.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from station.types import ANGLES as ANGLES_OF_STATION
from station.types import NS, Event, Measure
from tests.lab.peers.adapters.found import ANGLES, JOINTS, SIDES, Found, forward_of, plain_angles_deg
from tests.lab.peers.report import report
from tests.lab.peers.run import ADAPTERS, PEERS, Clip, Failure, Peer, Session, kept_at
from tests.lab.peers.score import cadence_of, middle_and_worst, rhythm_hz, score

HERE = Path(__file__).parent
RAW = HERE / "raw"
FPS, SECONDS, STRIDE_S = 60.0, 8.0, 0.75
LEG_PX, TRUNK_PX = 100.0, 150.0


def runner(lean_deg: float = 6.0, forward: float = 1.0) -> Found:
    """Somebody who swings both thighs by 30 degrees, leans, and lands when a thigh is at its front.
    """
    found = Found.nothing(round(FPS * SECONDS), FPS)
    phase = 2 * np.pi * found.t_s / STRIDE_S
    hip = np.array([300.0, 300.0])
    for side, shift in zip(SIDES, (0.0, np.pi), strict=True):
        thigh = 30.0 * np.cos(phase - shift)
        knee = hip + LEG_PX * np.column_stack([forward * np.sin(np.radians(thigh)), np.cos(np.radians(thigh))])
        tip = np.array([forward * TRUNK_PX * np.sin(np.radians(lean_deg)), -TRUNK_PX * np.cos(np.radians(lean_deg))])
        down, front = np.array([0.0, LEG_PX]), np.array([forward, 0.0])
        ankle = knee + down
        places = {"hip": hip, "knee": knee, "ankle": ankle, "heel": ankle - 10 * front, "toe": ankle + 20 * front}
        places["shoulder"] = hip + tip
        for part, place in places.items():
            found.xy_px[:, JOINTS.index(f"{part}_{side}")] = place
        found.angles_deg[:, ANGLES.index(f"thigh_{side}")] = thigh
        found.angles_deg[:, ANGLES.index(f"hip_{side}")] = thigh + lean_deg
    cycles = np.arange(0.0, SECONDS, STRIDE_S)
    found.contacts_s = {"left": cycles.tolist(), "right": (cycles[:-1] + STRIDE_S / 2).tolist()}
    found.reported = {"cadence_spm": 120.0 / STRIDE_S, "near": "right", "synced": True, "notes": []}
    return found


def off_by(found: Found, deg: float = 0.0, late_s: float = 0.0, right_px: float = 0.0) -> Found:
    """The same, measured with errors."""
    moved = [[np.interp(found.t_s - late_s, found.t_s, column)] for column in found.angles_deg.T]
    contacts = {side: [t + late_s for t in found.contacts_s[side]] for side in SIDES}
    xy = found.xy_px + np.array([right_px, 0.0])
    reported = found.reported | {"cadence_spm": None}
    return replace(found, angles_deg=np.concatenate(moved).T + deg, xy_px=xy, contacts_s=contacts, reported=reported)


@pytest.mark.parametrize("forward", [1.0, -1.0])
def test_the_truths_formula_finds_the_angles_of_both_ways(forward: float) -> None:
    found = runner(forward=forward)
    assert forward_of(found) == forward
    np.testing.assert_allclose(plain_angles_deg(found), found.angles_deg, atol=1e-9)


def test_a_perfect_tool_has_no_error() -> None:
    one = score(runner(), runner())
    assert one.reported == 1.0
    assert one.angles["thigh_near"].rmse == one.angles["hip_far"].rmse == one.landmarks_px["knee"] == one.cadence_off_spm == 0.0
    assert one.cadence_own
    assert (one.contacts.found, one.contacts.false, one.contacts.median_ms) == (1.0, 0.0, 0.0)


def test_errors_are_told_apart() -> None:
    one = score(off_by(runner(), deg=4.0, late_s=0.02, right_px=3.0), runner())
    thigh = one.angles["thigh_near"]
    assert thigh.bias == pytest.approx(4.0, abs=0.3)
    assert thigh.lag_ms == pytest.approx(20.0)
    assert thigh.rmse**2 == pytest.approx(thigh.bias**2 + thigh.spread**2)
    assert one.landmarks_px["hip"] == pytest.approx(3.0)
    assert one.contacts.median_ms == pytest.approx(20.0)
    assert not one.cadence_own
    assert one.cadence_off_spm == pytest.approx(0.0, abs=0.2)


def test_missed_and_invented_contacts_are_counted() -> None:
    found = runner()
    found.contacts_s = {"left": [*found.contacts_s["left"][::2], 3.3], "right": []}
    contacts = score(found, runner()).contacts
    assert contacts.found == pytest.approx(0.25, abs=0.03)
    assert contacts.false == pytest.approx(1 / 18, abs=0.01)


def test_what_was_not_reported_is_not_scored() -> None:
    found = runner()
    found.angles_deg[:240] = np.nan
    found.contacts_s, found.reported["cadence_spm"] = None, None
    one = score(found, runner())
    assert one.reported == pytest.approx(0.5)
    assert one.angles["thigh_near"].rmse == 0.0
    assert one.contacts is None
    found.angles_deg[:] = np.nan
    assert np.isnan(score(found, runner()).angles["thigh_near"].rmse)
    assert np.isnan(cadence_of(found, "right")[0])


def test_wild_values_hardly_move_the_rhythm() -> None:
    t_s = np.arange(0, 8, 1 / 30)
    random = np.random.default_rng(1)
    wave = 30 * np.sin(2 * np.pi * t_s / 0.7) + random.normal(size=len(t_s))
    wave[random.choice(len(t_s), 4)] -= 50
    assert 120 * rhythm_hz(t_s, wave) == pytest.approx(120 / 0.7, abs=1.0)
    assert np.isnan(rhythm_hz(t_s[:100], wave[:100]))


def test_middle_and_worst_leave_out_the_unknown() -> None:
    assert middle_and_worst([1.0, -3.0, np.nan, 2.0]) == (2.0, 3.0)


def test_found_survives_its_file(tmp_path: Path) -> None:
    found = runner()
    found.xy_px[5] = np.nan
    found.angles_deg[7, 1] = np.nan
    found.save(tmp_path / "kept")
    again = Found.load(tmp_path / "kept")
    np.testing.assert_allclose(again.xy_px, found.xy_px, atol=0.126)
    np.testing.assert_allclose(again.angles_deg, found.angles_deg, atol=0.051)
    np.testing.assert_array_equal(again.t_s, found.t_s)
    assert (again.contacts_s, again.reported) == (found.contacts_s, found.reported)


def test_clips_and_their_azimuth_are_read() -> None:
    assert Clip.parse("a/walk.mp4@45").azimuth_deg == 45.0
    assert Clip.parse("a/walk.mp4").azimuth_deg is None
    assert Clip.parse("a/walk.mp4").name == "walk"


def test_every_peer_has_an_adapter_and_pins() -> None:
    for peer in PEERS:
        assert (ADAPTERS / f"on_{peer.tool}.py").exists()
        assert peer.tool == "station" or "==" in (HERE / "requirements" / f"{peer.tool}.txt").read_text(encoding="utf-8")


def test_a_failing_tool_is_reported_with_its_message(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho starting\necho no model here >&2\nexit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    session = Session(tmp_path / "out", {"mediapipe": broken})
    session.peers = [Peer("mediapipe", "mediapipe")]
    session.find(Clip(tmp_path / "none.mp4"))
    assert session.failures == [Failure("mediapipe", "none", "no model here")]


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """An adapter without its tool: each imports the tool only when it runs."""
    monkeypatch.syspath_prepend(str(ADAPTERS))
    return importlib.import_module


def test_sports2ds_angles_are_read(adapter: Callable[[str], ModuleType]) -> None:
    on_sports2d = adapter("on_sports2d")
    mot = on_sports2d.read_mot(RAW / "native" / "sports2d.mot")
    angles = on_sports2d.angles_deg(mot, 6)
    expected = dict(zip(ANGLES, angles[0], strict=True))
    assert expected["hip_right"] == pytest.approx(10.772, abs=1e-3)  # as it stands in the file
    # Against the vertical, not the horizontal.
    assert expected["thigh_right"] == pytest.approx(90.0 - 109.672, abs=1e-3)
    assert np.isnan(angles[4:]).all()  # the file tells four pictures


def test_sports2d_is_given_the_pixels(adapter: Callable[[str], ModuleType], tmp_path: Path) -> None:
    found = runner()
    found.xy_px[1, 0] = np.nan
    adapter("on_sports2d").write_trc(found, tmp_path / "given_px.trc")
    lines = (tmp_path / "given_px.trc").read_text(encoding="utf-8").splitlines()
    assert lines[2].split("\t")[2:5] == [str(len(found.t_s)), "12", "px"]
    assert lines[3].split("\t")[2::3][:4] == ["LShoulder", "RShoulder", "LHip", "RHip"]
    row, gap = (line.split("\t") for line in lines[5:7])
    assert [float(cell) for cell in row[8:10]] == [300.0, 300.0]
    assert gap[2:5] == ["", "", ""]


def test_myogaits_mirrored_sides_are_put_back(adapter: Callable[[str], ModuleType]) -> None:
    """Of a clip to the right it mirrors the picture, so its left leg is the runner's right one."""
    result = json.loads((RAW / "native" / "myogait.json").read_text(encoding="utf-8"))
    assert result["data"]["extraction"]["was_flipped"]
    found = Found.nothing(44, 30.0)
    adapter("on_myogait").converted(result, found)
    assert found.angle("hip_right")[40] == pytest.approx(17.676, abs=1e-3)
    assert found.angle("hip_left")[40] == pytest.approx(-20.567, abs=1e-3)
    assert found.contacts_s["left"] == [0.3333, 1.0333]
    result["data"]["extraction"]["was_flipped"] = False
    adapter("on_myogait").converted(result, found)
    assert found.angle("hip_left")[40] == pytest.approx(17.676, abs=1e-3)


def test_the_three_point_hip_angle_has_no_sign(adapter: Callable[[str], ModuleType]) -> None:
    shoulder, hip = np.array([[0.0, -2.0]] * 2), np.zeros((2, 2))
    knee = np.array([[np.sin(0.5), np.cos(0.5)], [-np.sin(0.5), np.cos(0.5)]])
    angle = 180.0 - adapter("on_mediapipe").three_point_deg(shoulder, hip, knee)
    np.testing.assert_allclose(angle, np.degrees(0.5))


def test_the_stations_near_leg_gets_its_side(adapter: Callable[[str], ModuleType]) -> None:
    angles = np.zeros(2, ANGLES_OF_STATION)
    angles["thigh_near_deg"], angles["hip_flexion_far_deg"] = 20.0, -5.0
    recording = SimpleNamespace(
        source=SimpleNamespace(fps=30.0), t_s=np.array([0.0, 1 / 30]), xy_px=np.zeros((2, 33, 2)), near_side="left",
        angles=angles, events=(Event(NS, "contact", "right", 1.0), Event(NS, "toe_off", "right", 1.0)),
        summary={"cadence_spm": Measure.cannot_tell("too few strides")},
    )  # fmt: skip
    found = adapter("on_station").converted(recording)
    assert found.angle("thigh_left")[0] == 20.0
    assert found.angle("hip_right")[0] == -5.0
    assert found.contacts_s == {"left": [], "right": [1.0]}
    assert found.reported["cadence_spm"] is None
    assert "cadence: too few strides" in found.reported["notes"]


kept = pytest.mark.parametrize("path", sorted(RAW.glob("*.found")), ids=lambda path: path.name)


@kept
def test_kept_outputs_can_be_read(path: Path) -> None:
    found = Found.load(path)
    assert found.xy_px.shape == (len(found.t_s), len(JOINTS), 2)
    assert found.angles_deg.shape == (len(found.t_s), len(ANGLES))
    assert (np.diff(found.t_s) > 0).all()
    if not path.name.endswith(".truth.found"):
        assert found.reported["versions"]
        assert found.reported["cost"]["cpu_s"] > 0


def test_kept_outputs_are_complete_and_small() -> None:
    ran = json.loads((RAW / "runs.json").read_text(encoding="utf-8"))
    failed = {(failure["clip"], failure["peer"]) for failure in ran["failures"]}
    oblique = {peer.name for peer in PEERS if peer.oblique}
    for clip in ran["clips"]:
        for peer in ran["peers"]:
            if peer not in oblique or clip["azimuth_deg"] is not None:
                assert kept_at(RAW, clip["name"], peer).exists() or (clip["name"], peer) in failed
    assert sum(path.stat().st_size for path in RAW.rglob("*")) < 500_000


def test_results_follow_from_what_was_kept() -> None:
    """After a change: python -m tests.lab.peers --report tests/lab/peers/raw >
    tests/lab/peers/RESULTS.md
    """
    assert (HERE / "RESULTS.md").read_text(encoding="utf-8") == report(RAW)
