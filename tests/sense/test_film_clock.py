"""Which of a film's clocks is believed, and what is made of its times."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
import pytest

from station.sense.film_clock import FrameClock, capture_rate, clock_of, slowness
from station.types import NS

STEP_NS = NS // 10


def frames(pts: Sequence[int | None]) -> list[av.VideoFrame]:
    """Frames whose times are tenths of a second."""
    made = []
    for ticks in pts:
        frame = av.VideoFrame(16, 16, "yuv420p")
        frame.pts, frame.time_base = ticks, Fraction(1, 10)
        made.append(frame)
    return made


def stamps(clock: FrameClock, pts: Sequence[int | None]) -> list[float | None]:
    return [None if t is None else round(t / NS, 6) for t in (clock.stamp(frame) for frame in frames(pts))]


def test_the_clock_that_rises_is_believed() -> None:
    assert clock_of([(0, 0), (1, 1), (2, 2)]) == "pts"
    assert clock_of([(0, None), (100, None), (233, None)]) == "pts"
    decoding_order = [(1, 2), (3, 3), (4, 4), (2, 5), (7, 6), (6, 7), (8, 8), (5, 9)]
    assert clock_of(decoding_order) == "dts"


def test_a_rare_step_back_is_the_clocks_fault_many_are_its_end() -> None:
    steady = [(i, None) for i in range(40)]
    steady[20] = (19, None)
    assert clock_of(steady) == "pts"
    random = np.random.default_rng(3).permutation(40)
    assert clock_of([(int(i), int(j)) for i, j in zip(random, random[::-1], strict=True)]) == "none"


def test_no_times_are_no_clock_but_one_frame_needs_none() -> None:
    assert clock_of([(None, None)] * 5) == "none"
    assert clock_of([(0, 0)] * 5) == "none"
    assert clock_of([(None, None)]) == "pts"


def test_frames_that_do_not_rise_are_left_out_and_counted() -> None:
    clock = FrameClock("pts", STEP_NS)
    assert stamps(clock, [7, 8, 9, 9, 8, 12]) == [0.0, 0.1, 0.2, None, None, 0.5]
    assert (clock.disordered, clock.joined, clock.frames) == (2, 0, 6)


def test_a_gap_of_hours_is_kept() -> None:
    assert stamps(FrameClock("pts", STEP_NS), [0, 1, 100_000]) == [0.0, 0.1, 10_000.0]


def test_a_long_step_back_is_another_recording() -> None:
    clock = FrameClock("pts", STEP_NS)
    assert stamps(clock, [50, 51, 3, 4]) == [0.0, 0.1, 0.2, 0.3]
    assert clock.joined == 1


def test_frames_without_a_time_stand_between_those_with_one() -> None:
    assert stamps(FrameClock("pts", STEP_NS), [4, None, 6, None]) == [0.0, 0.1, 0.2, 0.3]
    assert stamps(FrameClock("pts", STEP_NS), [None, None, 6, 7]) == [0.0, 0.1, 0.2, 0.3]


def test_slow_motion_runs_as_fast_as_it_was() -> None:
    clock = FrameClock("pts", STEP_NS, slow=4.0)
    assert stamps(clock, [0, 1, 2]) == [0.0, 0.025, 0.05]
    assert clock.file_s == pytest.approx(0.2)
    assert clock.step_ns == STEP_NS // 4


def test_a_given_rate_wins_over_the_file_and_lost_frames_take_their_time() -> None:
    clock = FrameClock("pts", STEP_NS, slow=4.0, fps=50)
    assert stamps(clock, [0, 1, 1]) == [0.0, 0.02, 0.04]
    clock.lose()
    assert stamps(clock, [9]) == [0.08]


@pytest.mark.parametrize(
    ("tags", "rate"),
    [
        ({"com.android.capture.fps": "240.000000"}, 240),
        ({"com.apple.quicktime.captureFps": "120"}, 120),
        ({"COM.EXAMPLE.CAPTURE_FRAMERATE": "59.94"}, 59.94),
        ({"com.android.capture.fps": "fast"}, np.nan),
        ({"com.android.capture.fps": "0"}, np.nan),
        ({"title": "capture of fps 30"}, np.nan),
        ({}, np.nan),
    ],
)
def test_the_rate_at_which_a_film_was_taken(tags: dict[str, str], rate: float) -> None:
    assert capture_rate(tags) == pytest.approx(rate, nan_ok=True)


@pytest.mark.parametrize(
    ("captured", "shown", "slow"),
    [
        (120, 30, 4),
        (30, 29.97, 1),
        (30, 27.3, 1),
        (240, 240, 1),
        (1, 30, 1 / 30),
        (9000, 30, 1),
        (np.nan, 30, 1),
        (30, np.nan, 1),
    ],
)
def test_how_slow_it_is(captured: float, shown: float, slow: float) -> None:
    assert slowness(captured, shown) == pytest.approx(slow)
