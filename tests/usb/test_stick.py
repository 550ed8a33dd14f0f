"""Sticks as they come: full, read-only, pulled out, half written, hostile.

The exporter writes below its own folder or not at all.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from station.record.archive import Archive
from station.record.log import LogHeader
from station.record.store import SqliteStore
from station.usb.folders import StickError
from station.usb.stick import MOST_ENTRIES, Exported, _names, earlier_sessions, export_to
from station.wall_clock import Moment
from tests.made_run import MODEL, SOURCE, VIEW, run

NAMES = {"session.json", "strides.csv", "events.csv", "series.csv", "session.xlsx", "run.fit", "report.html", "SHA256SUMS"}
NOW = Moment("2026-11-22T18:30:00Z", True, "boot")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    folder = tmp_path_factory.mktemp("data")
    store = SqliteStore(folder, now=lambda: NOW)
    for seed in (1, 2):
        steps = list(run(8.0, fps=30, seed=seed))
        store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
        for given, step in steps:
            store.add(given, step)
        store.finish(steps[-1][0].t_ns)
    store.close()
    return Archive(folder)


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


ODD = {"state": "measured", "value": "<script>", "ci95": [1, 2]}


def export(stick: Path, archive: Archive, which: str = "last") -> Exported:
    return export_to(stick, archive, which, "gym-1")


def whole(folder: Path) -> bool:
    sums = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    return set(sums) == NAMES - {"SHA256SUMS"} and all(
        hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest for name, digest in sums.items()
    )


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "-"
        for path in sorted(folder.rglob("*"))
    }


def test_last_session_is_written_whole_below_the_own_folder(stick: Path, archive: Archive) -> None:
    last = archive.choose("last")[0]
    assert export(stick, archive) == Exported((last,), ())
    assert set(os.listdir(stick)) == {"STATION"}
    folder = stick / "STATION" / "gym-1" / last
    assert set(os.listdir(folder)) == NAMES
    assert whole(folder)


def test_all_sessions_and_again_changes_nothing(stick: Path, archive: Archive) -> None:
    assert len(export(stick, archive, "all").written) == 2
    before = tree(stick)
    assert export(stick, archive, "all") == Exported((), archive.choose("all"), earlier=2)
    assert tree(stick) == before


def test_other_files_of_the_runner_stay_as_they_are(stick: Path, archive: Archive) -> None:
    (stick / "holiday.jpg").write_bytes(b"picture")
    (stick / "STATION").mkdir()
    (stick / "STATION" / "notes.txt").write_text("mine")
    export(stick, archive)
    assert (stick / "holiday.jpg").read_bytes() == b"picture"
    assert (stick / "STATION" / "notes.txt").read_text() == "mine"


def test_opensim_files_come_when_asked_for(stick: Path, archive: Archive) -> None:
    export_to(stick, archive, "last", "gym-1", opensim=True)
    (folder,) = (stick / "STATION" / "gym-1").iterdir()
    assert {"angles.mot", "markers.trc"} < set(os.listdir(folder))
    assert export(stick, archive).written == ()


# --- the trend ---


def test_trend_takes_up_the_runner_s_earlier_sessions(stick: Path, archive: Archive) -> None:
    first, second = archive.choose("all")
    export(stick, archive, "all")
    reports = [(stick / "STATION" / "gym-1" / one / "report.html").read_text() for one in (first, second)]
    assert "From session to session" not in reports[0]
    assert "From session to session" in reports[1]


def test_odd_earlier_sessions_are_left_out(stick: Path, archive: Archive) -> None:
    first, second = archive.choose("all")
    own = stick / "STATION" / "gym-1"
    export_to(stick, archive, first, "gym-1")
    good = json.loads((own / first / "session.json").read_text())
    for name, content in {
        "00000-aaaa": json.dumps(good),  # says that it is another session
        "00000-bbbb": "x" * 2_000_000,
        "00000-cccc": json.dumps(good | {"session_id": "00000-cccc", "summary": {"cadence_spm": ODD}}),
        "not-ours": json.dumps(good),
    }.items():
        (own / name).mkdir()
        (own / name / "session.json").write_text(content)
    (own / "00000-dddd").symlink_to(own / first)
    (own / "00000-eeee").mkdir()
    os.mkfifo(own / "00000-eeee" / "session.json")  # opening it the plain way would wait for ever
    handle = os.open(own, os.O_RDONLY)
    assert [one.session_id for one in earlier_sessions(handle, second)] == [first]
    os.close(handle)


def test_the_hundred_thousandth_session_comes_after_the_one_before(stick: Path, archive: Archive) -> None:
    first, _ = archive.choose("all")
    export_to(stick, archive, first, "gym-1")
    own = stick / "STATION" / "gym-1"
    good = json.loads((own / first / "session.json").read_text())
    ids = ["00002-20261128-aaaa", "99999-ffff", "100000-20200101-aaaa"]
    for name in ids:
        (own / name).mkdir()
        (own / name / "session.json").write_text(json.dumps(good | {"session_id": name}))
    handle = os.open(own, os.O_RDONLY)
    assert [one.session_id for one in earlier_sessions(handle, "100001-bbbb")] == [first, *ids]
    assert [one.session_id for one in earlier_sessions(handle, "99999-ffff")] == [first, ids[0]]
    os.close(handle)


# --- taken up again ---


def failing(monkeypatch: pytest.MonkeyPatch, at: int, code: int) -> Callable[[], None]:
    """From the `at`th file operation on, the stick answers with an error; call the result to heal
    it.
    """
    count = iter(range(10_000))
    real = {name: getattr(os, name) for name in ("fsync", "rename", "mkdir")}

    def broken(name: str) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            if next(count) >= at:
                raise OSError(code, os.strerror(code))
            return real[name](*args, **kwargs)

        return call

    for name in real:
        monkeypatch.setattr(os, name, broken(name))
    return monkeypatch.undo


@pytest.mark.parametrize("at", range(30))
def test_pulled_out_at_any_operation_and_finished_by_the_next_insertion(
    stick: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    last = archive.choose("last")[0]
    heal = failing(monkeypatch, at, errno.ENODEV)
    with pytest.raises(StickError) as caught:
        export(stick, archive)
    assert caught.value.failure == "pulled out"
    heal()
    folder = stick / "STATION" / "gym-1" / last
    for name in NAMES - {"SHA256SUMS"}:  # a final name never stands for half a file
        if (folder / name).exists():
            assert (folder / name).stat().st_size > 0
    done = export(stick, archive)
    assert last in done.written + done.already
    assert whole(folder)
    assert set(os.listdir(folder)) == NAMES  # nothing temporary is left


def test_there_are_no_more_operations_to_fail_at(stick: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """30 covers them all: 3 folders with 2 operations each, 8 files with 3 each."""
    failing(monkeypatch, 30, errno.ENODEV)
    export(stick, archive)


def test_a_spoiled_file_is_written_again(stick: Path, archive: Archive) -> None:
    last = archive.choose("last")[0]
    export(stick, archive)
    folder = stick / "STATION" / "gym-1" / last
    (folder / "run.fit").write_bytes(b"half")
    assert export(stick, archive).written == (last,)
    assert whole(folder)


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (errno.ENOSPC, "full"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "unreadable"),
        (errno.EINVAL, "unsupported"),
        (errno.ENODEV, "pulled out"),
        (errno.EPROTO, "unreadable"),
    ],
)
def test_failures_have_names(stick: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch, code: int, failure: str) -> None:
    failing(monkeypatch, 9, code)
    with pytest.raises(StickError) as caught:
        export(stick, archive)
    assert caught.value.failure == failure
    assert caught.value.remedy


def test_what_reads_back_wrong_is_reported(stick: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stick of faked size takes everything and keeps nothing."""
    real = os.rename

    def forgetful(source: str, target: str, **folders: int) -> None:
        real(source, target, **folders)
        handle = os.open(target, os.O_WRONLY, dir_fd=folders["dst_dir_fd"])
        os.pwrite(handle, b"\0\0\0\0", 0)
        os.close(handle)

    monkeypatch.setattr(os, "rename", forgetful)
    with pytest.raises(StickError, match="not what was written") as caught:
        export(stick, archive)
    assert caught.value.failure == "unreadable"


def test_no_stick_there(tmp_path: Path, archive: Archive) -> None:
    with pytest.raises(StickError) as caught:
        export(tmp_path / "nothing", archive)
    assert caught.value.failure == "pulled out"


# --- hostile ---


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A folder that must look the same afterwards."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "precious").write_text("precious")
    before = tree(folder)
    yield folder
    assert tree(folder) == before


def in_the_way(kind: str, path: Path, outside: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "file":
        path.write_text("in the way")
    elif kind == "link":
        path.symlink_to(outside)
    elif kind == "dangling":
        path.symlink_to(outside / "not-there")
    elif kind == "pipe":
        os.mkfifo(path)


@pytest.mark.parametrize("kind", ["file", "link", "dangling", "pipe"])
@pytest.mark.parametrize("level", ["STATION", "STATION/gym-1", "STATION/gym-1/{session}"])
def test_something_in_place_of_a_folder_is_refused(stick: Path, archive: Archive, outside: Path, kind: str, level: str) -> None:
    path = stick / level.format(session=archive.choose("last")[0])
    in_the_way(kind, path, outside)
    with pytest.raises(StickError) as caught:
        export(stick, archive)
    assert caught.value.failure == "unsupported"
    assert [entry for entry in stick.rglob("*") if entry.is_file() and entry != path] == []


@pytest.mark.parametrize("name", ["session.json", "session.json.part", "SHA256SUMS", "SHA256SUMS.part"])
@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "socket", "link to file"])
def test_something_in_place_of_a_file_is_replaced_not_followed(
    stick: Path, archive: Archive, outside: Path, kind: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stick / "STATION" / "gym-1" / archive.choose("last")[0]
    folder.mkdir(parents=True)
    if kind == "socket":
        monkeypatch.chdir(folder)  # a socket's path may not be long
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(name)
    elif kind == "link to file":
        (folder / name).symlink_to(outside / "precious")
    else:
        in_the_way(kind, folder / name, outside)
    export(stick, archive)
    assert whole(folder)
    assert not any(path.is_symlink() for path in folder.iterdir())


def test_a_folder_in_place_of_a_file_is_reported_and_not_emptied(stick: Path, archive: Archive) -> None:
    trap = stick / "STATION" / "gym-1" / archive.choose("last")[0] / "run.fit"
    trap.mkdir(parents=True)
    (trap / "inside").write_text("x")
    with pytest.raises(StickError):
        export(stick, archive)
    assert (trap / "inside").read_text() == "x"


def test_names_with_control_characters_and_more_files_than_are_looked_at(stick: Path, archive: Archive) -> None:
    own = stick / "STATION" / "gym-1"
    own.mkdir(parents=True)
    (own / "\x1b[2J\n; rm -rf ~").write_text("x")
    for number in range(2 * MOST_ENTRIES):
        os.close(os.open(own / f"{number:06d}", os.O_CREAT | os.O_WRONLY))
    handle = os.open(own, os.O_RDONLY)
    assert sum(1 for _ in _names(handle)) == MOST_ENTRIES
    os.close(handle)
    assert len(export(stick, archive).written) == 1


def test_a_claim_to_be_whole_is_checked(stick: Path, archive: Archive) -> None:
    last = archive.choose("last")[0]
    folder = stick / "STATION" / "gym-1" / last
    folder.mkdir(parents=True)
    for claim in ("", "zero  session.json\n", f"{'0' * 64}  ../../../etc/passwd\n", "\xff\n", "x" * 10_000):
        (folder / "SHA256SUMS").write_bytes(claim.encode("latin-1"))
        assert export(stick, archive).written == (last,)
        assert whole(folder)


def test_a_forged_folder_with_right_sums_is_not_taken_for_an_export(stick: Path, archive: Archive) -> None:
    last = archive.choose("last")[0]
    folder = stick / "STATION" / "gym-1" / last
    folder.mkdir(parents=True)
    lines = []
    for name in sorted(NAMES - {"SHA256SUMS"}):
        (folder / name).write_bytes(b"forged")
        lines.append(f"{hashlib.sha256(b'forged').hexdigest()}  {name}\n")
    (folder / "SHA256SUMS").write_text("".join(lines))
    assert whole(folder)
    assert export(stick, archive).written == (last,)
    assert (folder / "session.json").read_bytes() != b"forged"
    assert whole(folder)


# --- real file systems, where this machine lets one be mounted ---


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    places = []

    def mount(options: str) -> Path:
        place = tmp_path / "mounted"
        place.mkdir(exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, check=False)
        if done.returncode != 0:
            pytest.skip("this machine does not let a file system be mounted")
        places.append(place)
        return place

    yield mount
    for place in places:
        subprocess.run(["umount", str(place)], check=True)


def test_a_really_full_stick(mounted: Callable[[str], Path], archive: Archive) -> None:
    place = mounted("size=48k")
    with pytest.raises(StickError) as caught:
        export(place, archive)
    assert caught.value.failure == "full"
    left = {path.name for path in place.rglob("*") if path.is_file()}
    assert left < NAMES - {"SHA256SUMS"}  # whole files only, and no claim to be complete
    subprocess.run(["mount", "-o", "remount,size=4m", str(place)], check=True)
    assert len(export(place, archive).written) == 1


def test_a_really_read_only_stick(mounted: Callable[[str], Path], archive: Archive) -> None:
    place = mounted("size=4m,ro")
    with pytest.raises(StickError) as caught:
        export(place, archive)
    assert caught.value.failure == "read-only"
