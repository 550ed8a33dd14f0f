"""One suite over every source: camera, video, poses, synthetic runner, as fast as it goes, in real
time and looping.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from station.config import CameraSection
from station.ports import EndOfSource
from station.sense.picamera import PicameraSource
from station.sense.poses import Poses, PosesSource, save_poses
from station.sense.still import StillSource
from station.sense.video import VideoSource
from station.testing.fake_picamera2 import FakeLibrary
from station.testing.synthetic import SyntheticRunner
from station.testing.synthetic_motion import RunnerSpec
from station.types import JOINTS, NS, Frame, Pose, SourceInfo
from tests.made_film import corners, number_of, numbered, write_film
from tests.manual_clock import ManualClock

N = 30
Make = Callable[[Path, ManualClock], Any]


def runner() -> SyntheticRunner:
    return SyntheticRunner(RunnerSpec(), N / 50)


def camera(_: Path, clock: ManualClock) -> Any:
    library = FakeLibrary(clock, lambda _: corners())
    return PicameraSource(CameraSection(), clock, library, library.boottime_ns)


def video(realtime: bool = False, loop: bool = False) -> Make:
    def make(folder: Path, clock: ManualClock) -> Any:
        path = write_film(folder / "a.mp4", (numbered(i) for i in range(N)), fps=50)
        return VideoSource(path, clock, realtime, loop)

    return make


def poses(realtime: bool = False, loop: bool = False) -> Make:
    def make(folder: Path, clock: ManualClock) -> Any:
        one = runner()
        save_poses(folder / "a.npz", Poses(one.t_ns, one.xy_px, one.score, 720, 1280))
        return PosesSource(folder / "a.npz", clock, realtime, loop)

    return make


def synthetic(realtime: bool = False, loop: bool = False) -> Make:
    return lambda _, clock: runner().source(clock, realtime, loop)


def still(folder: Path, _: ManualClock) -> Any:
    cv2.imwrite(str(folder / "a.png"), corners())
    return StillSource(folder / "a.png", N)


ENDING = {
    "still": still,
    "video": video(),
    "video_realtime": video(realtime=True),
    "poses": poses(),
    "poses_realtime": poses(realtime=True),
    "synthetic": synthetic(),
    "synthetic_realtime": synthetic(realtime=True),
}
ENDLESS = {
    "camera": camera,
    "video_loop": video(loop=True),
    "video_realtime_loop": video(realtime=True, loop=True),
    "poses_loop": poses(loop=True),
    "synthetic_realtime_loop": synthetic(realtime=True, loop=True),
}
EVERY = ENDING | ENDLESS
PACED = {name: make for name, make in EVERY.items() if "realtime" in name or name == "camera"}
TIMEOUT_S = 0.1


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(50 * NS)


def read_some(source: Any, n: int) -> list[Frame | Pose]:
    items = []
    while len(items) < n:
        try:
            item = source.read(TIMEOUT_S)
        except EndOfSource:
            break
        if item is not None:
            items.append(item)
    return items


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_items_are_whole_and_in_order(make: Make, tmp_path: Path, clock: ManualClock) -> None:
    with make(tmp_path, clock) as source:
        items = read_some(source, 2 * N)
        assert len(items) >= N
        assert len({type(item) for item in items}) == 1
        assert all(type(item.t_ns) is int for item in items)
        assert all(a.t_ns < b.t_ns for a, b in pairwise(items))
        for item in items:
            if isinstance(item, Frame):
                assert item.image.dtype == np.uint8
                assert item.image.shape == (source.info.height_px, source.info.width_px, 3)
            else:
                assert item.xy_px.shape == (JOINTS, 2)
        if isinstance(items[0], Frame):
            seqs = [item.seq for item in items if isinstance(item, Frame)]
            assert seqs[0] == 0
            assert all(a < b for a, b in pairwise(seqs))


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_info_is_there_once_entered(make: Make, tmp_path: Path, clock: ManualClock) -> None:
    with make(tmp_path, clock) as source:
        assert isinstance(source.info, SourceInfo)
        assert source.info.width_px > 0
        assert source.info.height_px > 0
        assert source.info.fps == pytest.approx(10 if isinstance(source, StillSource) else 50, rel=0.05)
        assert source.info.kind in ("camera", "video", "poses", "synthetic")


@pytest.mark.parametrize("make", ENDING.values(), ids=ENDING)
def test_the_end_is_reported_and_stays(make: Make, tmp_path: Path, clock: ManualClock) -> None:
    with make(tmp_path, clock) as source:
        assert len(read_some(source, 10 * N)) == N
        for _ in range(3):
            with pytest.raises(EndOfSource):
                source.read(TIMEOUT_S)


@pytest.mark.parametrize("make", ENDLESS.values(), ids=ENDLESS)
def test_no_end(make: Make, tmp_path: Path, clock: ManualClock) -> None:
    with make(tmp_path, clock) as source:
        assert len(read_some(source, 3 * N + 5)) == 3 * N + 5


@pytest.mark.parametrize("make", PACED.values(), ids=PACED)
def test_paced_items_are_of_now(make: Make, tmp_path: Path, clock: ManualClock) -> None:
    with make(tmp_path, clock) as source:
        for _ in range(20):
            start_ns = clock.now_ns()
            item = source.read(TIMEOUT_S)
            assert item is not None
            assert clock.now_ns() - start_ns <= TIMEOUT_S * NS
            assert 0 <= clock.now_ns() - item.t_ns <= 0.025 * NS


@pytest.mark.parametrize("make", PACED.values(), ids=PACED)
def test_a_time_out_is_kept_and_gives_none(make: Make, tmp_path: Path, clock: ManualClock) -> None:
    with make(tmp_path, clock) as source:
        source.read(TIMEOUT_S)
        start_ns = clock.now_ns()
        assert source.read(0.002) is None
        assert clock.now_ns() - start_ns == pytest.approx(0.002 * NS, abs=1000)
        assert source.read(TIMEOUT_S) is not None


@pytest.mark.parametrize("make", [ENDING[name] for name in ("video", "poses", "synthetic")])
def test_unpaced_items_cost_no_time_and_count_from_zero(make: Make, tmp_path: Path, clock: ManualClock) -> None:
    with make(tmp_path, clock) as source:
        items = read_some(source, N)
    assert clock.now_ns() == 50 * NS
    assert items[0].t_ns == 0
    assert items[-1].t_ns / NS == pytest.approx((N - 1) / 50, abs=0.002)


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_it_closes_after_an_error_inside_and_begins_again(make: Make, tmp_path: Path, clock: ManualClock) -> None:
    source = make(tmp_path, clock)

    def fail() -> None:
        with source:
            read_some(source, 5)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    clock.push(100)
    with source:
        first = read_some(source, 1)[0]
        if isinstance(first, Frame) and source.info.kind != "camera":
            assert number_of(first.image) == 0
        assert first.t_ns == 0 or clock.now_ns() - first.t_ns < 0.025 * NS
