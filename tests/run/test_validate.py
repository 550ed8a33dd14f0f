"""`station validate` as a person meets it: a sheet, another system's file, a session from the
store, every mistake.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from station.config import Config
from station.export.bundle import write_all
from station.record.archive import Archive
from station.record.log import LogHeader
from station.record.store import SqliteStore
from station.run.analyze import Options, analyse_file
from station.sense.poses import Poses, save_poses
from station.testing.synthetic import RunnerSpec, SyntheticRunner
from station.types import Recording
from station.validate.measured import Measured, read_folder
from station.wall_clock import Moment
from tests.command import station as run
from tests.lab.accuracy.projection import Filming, filmed, load
from tests.lab.accuracy.truth import truth
from tests.made_run import MODEL, SOURCE, VIEW
from tests.made_run import run as made_run
from tests.schemas import conforms

RUNNER = SyntheticRunner(RunnerSpec(speed_mps=3.0), seconds=40)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Recording]:
    """A folder as `station analyze --out` writes it, and what it was written from."""
    folder = tmp_path_factory.mktemp("analyses")
    save_poses(folder / "runner.npz", Poses(RUNNER.t_ns, RUNNER.xy_px, RUNNER.score, 1280, 720, RUNNER.filming.px_per_m))
    recording, problem = analyse_file(Options(str(folder / "runner.npz")), Config())
    assert problem is None
    write_all(recording, folder / "first")
    return folder / "first", recording


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """Six counts of half a minute, true to the step."""
    path = tmp_path / "sheet.csv"
    truth_s = RUNNER.truth.strides["start_s"]
    lines = ["runner,from_s,to_s,steps"]
    for start in (4, 6, 7, 8, 9):
        strides = RUNNER.truth.strides[(truth_s > start) & (truth_s < start + 30)]
        lines.append(f"A,{start},{start + 30},{round(30 * 2 / strides['duration_s'].mean())}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def series_csv(path: Path, factor: float = 1.0, shift_s: float = 0.0, name: str = "thigh_near_deg") -> Path:
    rows = zip(RUNNER.truth.t_s[300:2100] - shift_s, factor * RUNNER.truth.angles["thigh_near_deg"][300:2100], strict=True)
    path.write_text(f"time_s,{name}\n" + "".join(f"{t:.4f},{value:.4f}\n" for t, value in rows), encoding="utf-8")
    return path


def reported(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return conforms(capsys.readouterr().out)


def test_a_folder_holds_what_the_recording_held(recorded: tuple[Path, Recording]) -> None:
    folder, recording = recorded
    found, wanted = read_folder(folder), Measured.of(recording)
    assert (found.speed_origin, found.started, found.verdicts) == (wanted.speed_origin, wanted.started, wanted.verdicts)
    assert (found.name, found.screen_zero_s) == ("first", pytest.approx(wanted.screen_zero_s))
    for name in found.strides.dtype.names or ():
        np.testing.assert_allclose(found.strides[name], wanted.strides[name], atol=1e-4)
    for name in found.angles.dtype.names or ():
        np.testing.assert_allclose(found.angles[name], wanted.angles[name], atol=0.01)
    assert {name: (m.measured, m.n) for name, m in found.summary.items()} == {
        name: (m.measured, m.n) for name, m in wanted.summary.items()
    }
    assert found.summary["cadence_spm"].value == pytest.approx(wanted.summary["cadence_spm"].value, abs=1e-4)


def test_hand_counts_agree_with_a_true_station(
    recorded: tuple[Path, Recording], sheet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("validate", sheet, "--against", recorded[0], "--json", "-", "--within", "cadence_spm=3") == 0
    document = reported(capsys)
    assert document["schema"] == "station.validation/1"
    (cadence,) = document["quantities"]
    assert (cadence["name"], cadence["n"], cadence["runners"], cadence["tolerance"]) == ("cadence_spm", 5, 1, 3.0)
    assert abs(cadence["bias"]) < 1.0
    assert cadence["interval"]["holds"] == cadence["interval"]["of"] == 5
    assert len(cadence["pairs"]) == 5
    assert document["reference"]["shape"] == "trials"


def test_a_wrong_count_is_found_out(recorded: tuple[Path, Recording], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A count that is five steps too many each time: the station differs, and the command has done
    its work.
    """
    steps = round(recorded[1].summary["cadence_spm"].value / 2) + 5
    (tmp_path / "a.csv").write_text("steps,from_s,to_s\n" + "".join(f"{steps + i % 2},{5 + i},{35 + i}\n" for i in range(6)))
    assert run("validate", tmp_path / "a.csv", "--against", recorded[0]) == 0
    assert "differs by more than ±1 steps/min (on this one runner)" in capsys.readouterr().out


def test_a_curve_on_another_clock(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A recorded runner filmed with 8 mm of landmark error beside the own markers, whose clock
    began 7.3 s earlier.
    """
    trial = load(shared, "016", "25")
    poses, true = filmed(trial, Filming()), truth(trial, "right")
    stack = (np.stack([getattr(pose, name) for pose in poses]) for name in ("xy_px", "score"))
    save_poses(tmp_path / "p.npz", Poses(np.array([pose.t_ns for pose in poses]), *stack, 1280, 1280, 1100 / 3.0))
    recording, _ = analyse_file(Options(str(tmp_path / "p.npz")), Config())
    write_all(recording, tmp_path / "out")
    rows = [f"{t + 7.3:.4f},{angle:.3f}" for t, angle in zip(true.t_s[600:4000], true.thigh_deg[600:4000], strict=True)]
    (tmp_path / "markers.csv").write_text("time_s,thigh_near_deg\n" + "\n".join(rows) + "\n")
    page = tmp_path / "page.html"
    assert run("validate", tmp_path / "markers.csv", "--against", tmp_path / "out", "--json", "-", "--out", page) == 0
    document = reported(capsys)
    assert document["offset"]["offset_s"] == pytest.approx(-7.3, abs=0.01)
    (thigh,) = document["quantities"]
    assert thigh["verdict"] == "agrees"
    assert 1.0 < thigh["rmse"] < 2.0  # tests/lab/accuracy: 1.4 to 1.8 deg
    assert thigh["independent"] < thigh["n"] / 2
    text = page.read_text(encoding="utf-8")
    assert text.count('role="img"') == 1
    assert "agrees within ±5 deg (on this one runner)" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


def test_a_session_from_the_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = SqliteStore(tmp_path / "data", now=lambda: Moment("2026-03-01T18:30:00Z", True, "boot"))
    steps = list(made_run(40.0, fps=30))
    store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
    for given, step in steps:
        store.add(given, step)
    store.finish(steps[-1][0].t_ns)
    store.close()
    (session,) = Archive(tmp_path / "data").choose("last")
    settings = tmp_path / "station.toml"
    settings.write_text(f'[station]\ndata_dir = "{tmp_path / "data"}"\n', encoding="utf-8")
    named, timed = tmp_path / "named.csv", tmp_path / "timed.csv"
    named.write_text(f"session,tle_near_deg\n{session},21\n")
    timed.write_text("tle_near_deg,start_utc,seconds\n21,2026-03-01T18:30:05Z,20\n")
    for path, more in ((named, ()), (timed, ()), (timed, ("--session", "last"))):
        assert run("validate", path, "--config", settings, "--json", "-", *more) == 0
        document = reported(capsys)
        assert document["recordings"] == [session]
        assert document["quantities"][0]["bias"] == pytest.approx(0, abs=0.6)
    named.write_text("session,tle_near_deg\n00009-ffff,21\n")
    assert run("validate", named, "--config", settings) == 1
    assert "there is no session '00009-ffff'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "more", "code", "message"),
    [
        ("steps,from_s,to_s\n43,5,35\n", (), 2, "cadence_spm looks like strides of one foot instead of steps of both"),
        ("steps,from_s,to_s\n86,5,35\n43,6,36\n", (), 2, "line 3.*strides of one foot"),
        ("steps,from_s,to_s\n86,100,130\n", (), 1, "does not lie within the recording"),
        ("runner,steps\n", (), 2, "no row is filled in"),
        ("pelvic_turn_deg\n8\n", (), 1, "nothing could be compared; line 2, pelvic_turn_deg: "),
        ("tle_near_deg\n20\n", ("--within", "tle=3"), 2, "no tolerance"),
        ("tle_near_deg\n20\n", ("--within", "tle_near_deg=-3"), 2, "no tolerance"),
        ("tle_near_deg\n20\n", ("--out", "page.pdf"), 2, "must end in .html"),
        ("tle_near_deg\n20\n", ("--out", "no/such/folder/page.html"), 2, "there is no folder"),
        ("time_s,cadence_spm\n5,160\n", (), 2, "--offset SECONDS"),
    ],
)
def test_mistakes_are_reported_in_one_line(
    recorded: tuple[Path, Recording],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    more: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    more = tuple(str(tmp_path / one) if one.endswith((".html", ".pdf")) else one for one in more)
    assert run("validate", tmp_path / "a.csv", "--against", recorded[0], *more) == code
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert re.search(message, lines[0])


def test_a_curve_in_another_unit_or_turned_over(
    recorded: tuple[Path, Recording], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    against = ("--against", recorded[0], "--offset", "0")
    assert run("validate", series_csv(tmp_path / "r.csv", np.pi / 180), *against) == 2
    assert "thigh_near_deg looks like radians" in capsys.readouterr().err
    assert run("validate", series_csv(tmp_path / "m.csv", -1.0), *against) == 2
    assert "goes up where the station's goes down" in capsys.readouterr().err
    assert run("validate", tmp_path / "m.csv", *against, "--keep-units") == 0
    assert "differs by more than" in capsys.readouterr().out


def test_curves_that_never_meet(recorded: tuple[Path, Recording], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("validate", series_csv(tmp_path / "a.csv"), "--against", recorded[0], "--offset", "1000") == 2
    assert "no overlap" in capsys.readouterr().err


def test_a_curve_needs_one_recording(
    recorded: tuple[Path, Recording], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_all(recorded[1], tmp_path / "second")
    both = ("--against", recorded[0], "--against", tmp_path / "second")
    assert run("validate", series_csv(tmp_path / "a.csv"), *both) == 2
    assert "2 were named" in capsys.readouterr().err
    assert run("validate", tmp_path / "a.csv", "--against", recorded[0], "--against", recorded[0]) == 2
    assert "is there twice" in capsys.readouterr().err


@pytest.mark.parametrize("spoil", ["session.json", "strides.csv", "series.csv"])
def test_a_spoiled_folder_is_reported(
    recorded: tuple[Path, Recording], tmp_path: Path, spoil: str, sheet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_all(recorded[1], tmp_path / "f")
    (tmp_path / "f" / spoil).write_text("{}" if spoil.endswith("json") else "t_s,start_s,thigh_near_deg\nx,y,z\n")
    assert run("validate", sheet, "--against", tmp_path / "f") == 2
    assert "not a folder as the station writes it" in capsys.readouterr().err
    (tmp_path / "f" / spoil).unlink()
    assert run("validate", sheet, "--against", tmp_path / "f") == 2
    assert f"{spoil} cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("session.json", "[" * 50_000),
        ("session.json", '{"x": ' + "9" * 5_000 + "}"),
        ("strides.csv", ""),
        ("strides.csv", "start_s,cadence_spm\n1\n"),
        ("series.csv", "t_s,x\n1," + "y" * 200_000 + "\n"),
    ],
    ids=["deep lists", "a long number", "empty", "a short row", "a huge cell"],
)
def test_a_folder_that_a_stranger_made_is_an_ordinary_refusal(
    recorded: tuple[Path, Recording], tmp_path: Path, name: str, content: str, sheet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_all(recorded[1], tmp_path / "f")
    (tmp_path / "f" / name).write_text(content)
    assert run("validate", sheet, "--against", tmp_path / "f") == 2
    assert "not a folder as the station writes it" in capsys.readouterr().err


def test_the_columns_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("validate", "--columns") == 0
    listed = capsys.readouterr().out
    for word in ("steps", "screen_from", "pelvic_turn_deg", "thigh_near_deg", "every frame", "±1"):
        assert word in listed
    assert run("validate") == 2
    assert "name the CSV file" in capsys.readouterr().err


def test_nothing_is_stored_and_nothing_named(tmp_path: Path, sheet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "station.toml"
    settings.write_text(f'[station]\ndata_dir = "{tmp_path / "data"}"\n', encoding="utf-8")
    assert run("validate", sheet, "--config", settings) == 1
    assert "no session is stored" in capsys.readouterr().err
