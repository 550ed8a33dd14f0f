"""Poses files that are broken or mis-shaped: each refused in one clear sentence that names the
array.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from station.errors import InputError
from station.sense.poses import MAX_BYTES, PosesSource, load_poses
from station.types import JOINTS

N = 5
GOOD: dict = {
    "t_s": np.arange(N) / 30,
    "xy_px": np.zeros((N, JOINTS, 2), np.float32),
    "score": np.ones((N, JOINTS), np.float32),
    "width_px": 640,
    "height_px": 480,
    "skeleton": "blazepose33",
}


def with_value(name: str, at: tuple, value: float) -> dict:
    array = np.array(GOOD[name], float)
    array[at] = value
    return {name: array}


class Evil:
    def __reduce__(self) -> tuple:
        return (print, ("this must never run",))


BROKEN = {
    "nan_time": (with_value("t_s", (2,), np.nan), "t_s[2] is not a finite number"),
    "infinite_time": (with_value("t_s", (0,), np.inf), "t_s[0] is not a finite number"),
    "time_goes_back": (with_value("t_s", (3,), 0.01), "t_s does not increase at [3]"),
    "time_stands_still": (with_value("t_s", (3,), 2 / 30), "t_s does not increase at [3]"),
    "milliseconds_of_years": ({"t_s": np.arange(N) * 1e9}, "t_s spans"),
    "no_frames": ({"t_s": np.zeros(0), "xy_px": np.zeros((0, JOINTS, 2)), "score": np.zeros((0, JOINTS))}, "t_s is empty"),
    "times_two_dimensional": ({"t_s": np.zeros((N, 1))}, "t_s has shape"),
    "times_are_text": ({"t_s": np.array(["a"] * N)}, "t_s is of type"),
    "complex_landmarks": ({"xy_px": np.zeros((N, JOINTS, 2), complex)}, "xy_px is of type"),
    "other_skeleton": ({"skeleton": "coco17"}, "skeleton is 'coco17'"),
    "skeleton_is_a_number": ({"skeleton": 33}, "skeleton is '33'"),
    "seventeen_joints": ({"xy_px": np.zeros((N, 17, 2))}, "xy_px has shape (5, 17, 2), expected (5, 33, 2)"),
    "three_dimensions": ({"xy_px": np.zeros((N, JOINTS, 3))}, "xy_px has shape"),
    "fewer_landmarks_than_times": ({"xy_px": np.zeros((N - 1, JOINTS, 2))}, "xy_px has shape"),
    "score_per_frame": ({"score": np.ones(N)}, "score has shape (5,), expected (5, 33)"),
    "score_above_one": (with_value("score", (1, 4), 1.5), "score[1, 4] is 1.5"),
    "score_negative": (with_value("score", (0, 0), -0.1), "score[0, 0] is -0.1"),
    "score_nan": (with_value("score", (4, 2), np.nan), "score[4, 2] is nan"),
    "infinite_place": (with_value("xy_px", (1, 1, 0), np.inf), "xy_px holds an infinite number"),
    "width_zero": ({"width_px": 0}, "width_px is 0"),
    "width_fraction": ({"width_px": 640.5}, "width_px is 640.5"),
    "width_nan": ({"width_px": np.nan}, "width_px is nan"),
    "height_absurd": ({"height_px": 10**9}, "height_px is 1e+09"),
    "height_pair": ({"height_px": [480, 640]}, "height_px has shape (2,)"),
    "scale_zero": ({"px_per_m": 0.0}, "px_per_m is 0"),
    "scale_negative": ({"px_per_m": -3.0}, "px_per_m is -3"),
    "direction_up": ({"direction": "up"}, "direction is 'up'"),
    "objects": ({"t_s": np.array([Evil()] * N, object)}, "not a plain array"),
}


def refused(path: Path) -> InputError:
    with pytest.raises(InputError) as caught, PosesSource(path):
        pass
    assert caught.value.where == str(path)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("name", BROKEN)
def test_broken(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    changed, reported = BROKEN[name]
    np.savez(tmp_path / "a.npz", **(GOOD | changed), allow_pickle=True)
    assert reported in refused(tmp_path / "a.npz").what
    assert not capsys.readouterr().out


@pytest.mark.parametrize("name", GOOD)
def test_missing_array(tmp_path: Path, name: str) -> None:
    np.savez(tmp_path / "a.npz", **{key: value for key, value in GOOD.items() if key != name})
    assert refused(tmp_path / "a.npz").what == f"lacks {name}"


def test_the_good_one_is_good(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **GOOD)
    assert len(load_poses(tmp_path / "a.npz").t_ns) == N


@pytest.mark.parametrize("content", [b"", b"hello", bytes(1000), b"PK\x03\x04 and no more"])
def test_no_archive(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    assert "no NPZ archive" in refused(tmp_path / "a.npz").what


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "none.npz").what
    assert "directory" in refused(tmp_path).what


def test_a_single_array_file(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(3))
    refused(tmp_path / "a.npy")


def test_an_archive_of_other_things(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "lacks t_s" in refused(tmp_path / "a.npz").what
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("t_s.npy", "hello")
    refused(tmp_path / "b.npz")


@pytest.mark.parametrize("compressed", [False, True])
def test_cut_off_anywhere(tmp_path: Path, compressed: bool) -> None:
    (np.savez_compressed if compressed else np.savez)(tmp_path / "a.npz", **GOOD)
    content = (tmp_path / "a.npz").read_bytes()
    for size in range(0, len(content) - 1, max(1, len(content) // 40)):
        (tmp_path / "cut.npz").write_bytes(content[:size])
        refused(tmp_path / "cut.npz")


@pytest.mark.parametrize("compressed", [False, True])
def test_bytes_flipped_anywhere_are_refused_or_harmless(tmp_path: Path, compressed: bool) -> None:
    (np.savez_compressed if compressed else np.savez)(tmp_path / "a.npz", **GOOD)
    content = np.frombuffer((tmp_path / "a.npz").read_bytes(), np.uint8)
    random = np.random.default_rng(3)
    for _ in range(150):
        broken = content.copy()
        broken[random.integers(0, len(broken), 3)] ^= random.integers(1, 256, 3).astype(np.uint8)
        (tmp_path / "b.npz").write_bytes(broken.tobytes())
        try:
            poses = load_poses(tmp_path / "b.npz")
        except InputError:
            continue
        assert poses.xy_px.shape == (N, JOINTS, 2)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """A kilobyte that says it holds more than the memory."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (MAX_BYTES,)})
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("t_s.npy", header.getvalue() + bytes(1000))
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02") + 24  # unpacked size in the central directory
    content[at : at + 4] = (0xF0000000).to_bytes(4, "little")
    path.write_bytes(content)
    assert "unpacks to" in refused(path).what


def test_a_header_that_never_ends(tmp_path: Path) -> None:
    """NumPy takes it for one of Python 2 and reads it word by word."""
    text = b"{'descr': ('<f8', (((".ljust(117) + b"\n"
    with zipfile.ZipFile(tmp_path / "poses.npz", "w") as archive:
        archive.writestr("t_s.npy", np.lib.format.magic(1, 0) + len(text).to_bytes(2, "little") + text)
    with pytest.raises(InputError, match="not a plain array"):
        load_poses(tmp_path / "poses.npz")


def test_a_header_that_claims_too_much(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 60,)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("t_s.npy", header.getvalue() + bytes(1000))
    refused(tmp_path / "a.npz")


@pytest.mark.parametrize("poses", [3_000_000, 1 << 40])
def test_what_its_headers_claim_is_believed_before_anything_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, poses: int
) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, shape in (("t_s", (poses,)), ("xy_px", (poses, JOINTS, 2)), ("score", (poses, JOINTS))):
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
            archive.writestr(f"{name}.npy", header.getvalue() + bytes(100_000))
    monkeypatch.setattr("numpy.lib.format.read_array", lambda *_, **__: pytest.fail("unpacked"))
    assert "unpacks to" in refused(tmp_path / "a.npz").what


def test_other_members_are_left_packed(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", **GOOD, notes=np.zeros(90_000_000, np.uint8), more=np.array([Evil()], object))
    assert len(load_poses(tmp_path / "a.npz").t_ns) == N


def test_whole_numbers_and_other_orders_are_read(tmp_path: Path) -> None:
    whole = {"xy_px": np.asfortranarray(np.ones((N, JOINTS, 2), np.int64)), "score": np.ones((N, JOINTS), np.uint8)}
    np.savez(tmp_path / "a.npz", **(GOOD | whole))
    poses = load_poses(tmp_path / "a.npz")
    assert poses.xy_px.dtype == poses.score.dtype == np.float32
    assert (poses.xy_px == 1).all()
