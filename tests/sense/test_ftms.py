"""Treadmill Data as makers send it, and whatever else may come over the air."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.sense.ftms import FASTEST_KMH, TreadmillData, decode
from station.types import KMH_PER_MPS


def payload(flags: int, *parts: bytes) -> bytes:
    return struct.pack("<H", flags) + b"".join(parts)


SPEED = struct.pack("<H", 1080)  # 10.8 km/h
DISTANCE = (1234).to_bytes(3, "little")
INCLINE = struct.pack("<hh", 25, 0x7FFF)


def near(found: TreadmillData, speed_mps: float, incline_pct: float = math.nan, distance_m: float = math.nan) -> None:
    for value, expected in (
        (found.speed_mps, speed_mps),
        (found.incline_pct, incline_pct),
        (found.distance_m, distance_m),
    ):
        assert value == pytest.approx(expected, nan_ok=True)


def test_the_speed_alone() -> None:
    near(decode(payload(0x0000, SPEED)), 3.0)


def test_everything_in_one() -> None:
    """Average speed, distance, incline, elevation, paces, energy, heart rate, MET, times, force."""
    paces, energy, heart_and_met, times = b"\x05\x06", b"\0" * 5, b"\x91\x50", b"\0" * 4
    rest = (b"\0" * 4, paces, energy, heart_and_met, times, b"\0" * 4)
    near(decode(payload(0x1FFE, SPEED, b"\x00\x04", DISTANCE, INCLINE, *rest)), 3.0, 2.5, 1234.0)


def test_bit_0_set_means_that_the_speed_is_in_another_part() -> None:
    near(decode(payload(0x0005, DISTANCE)), math.nan, distance_m=1234.0)


def test_downhill_and_unknown_incline() -> None:
    near(decode(payload(0x0008, SPEED, struct.pack("<hh", -30, 0))), 3.0, -3.0)
    near(decode(payload(0x0008, SPEED, struct.pack("<hh", 0x7FFF, 0x7FFF))), 3.0)


@pytest.mark.parametrize("cut", range(12))
def test_a_payload_cut_short_says_what_is_whole(cut: int) -> None:
    whole = payload(0x000C, SPEED, DISTANCE, INCLINE)
    found = decode(whole[:cut])
    assert (found.speed_mps == found.speed_mps) == (cut >= 4)
    assert (found.distance_m == found.distance_m) == (cut >= 7)
    assert (found.incline_pct == found.incline_pct) == (cut >= 9)


@given(st.binary(max_size=40))
def test_whatever_comes_never_raises_and_is_never_absurd(content: bytes) -> None:
    found = decode(content)
    assert not found.speed_mps > FASTEST_KMH / KMH_PER_MPS
    assert not abs(found.incline_pct) > 50


# What treadmills of six makers have sent, as others have published it; numbers only, each with
# where it is from.
CAPTURES = {
    # TrackMyIndoorWorkout, test/life_fitness_treadmill_test.dart
    "Life Fitness": ("9e04 7302 3302 250000 3c00 ff7f 0000 ff7f 0200 ffff ff 1f00", 6.27, 6.0, 37.0),
    "Life Fitness, heart rate": ("9e05 1705 9202 fb0000 0000 ff7f 7c00 ff7f 1b00 ffff ff 69 8a00", 13.03, 0.0, 251.0),
    "Life Fitness, remaining time": ("9e0c 5000 bd02 530100 0000 ff7f 7c00 ff7f 2300 ffff ff ad00 3b00", 0.8, 0.0, 339.0),
    # the same, test/matrix_treadmill_test.dart: flags that announce more than the 20 bytes that fit
    "Matrix, cut off": ("9e1f c603 9402 3e0100 5a00 ff7f 3200 ffff 2500 f4", 9.66, 9.0, 318.0),
    "Matrix, before the workout": ("9e1b 0000 0000 000000 0000 ff7f 0000 ffff 0000 00", 0.0, 0.0, 0.0),
    # the same, its tests of the Technogym MyRun: one message in two parts
    "Technogym MyRun, first part": ("1f00 8401 2a0000 0000 0000 0100 0000", math.nan, 0.0, 42.0),
    "Technogym MyRun, second part": ("8006 4e02 0200 ffff ff 37 2700", 5.9, math.nan, math.nan),
    # knallfahrrad.de/?p=1236
    "Kettler Alpha Run 600": ("8c05 6400 140000 0000 0000 0500 e700 03 00 5b00", 1.0, 0.0, 20.0),
    # WalkingPadSDK, FTMSTests: a reserved flag is set, for steps that follow at the end
    "KingSmith KS-HD-Z1D": ("8424 2c01 960000 0c00 0000 00 7800", 3.0, math.nan, 150.0),
    # cagnulein/qdomyos-zwift#175
    "Horizon, standing": ("8404 0000 000000 0000 0000 00 0000", 0.0, math.nan, 0.0),
}


@pytest.mark.parametrize("maker", CAPTURES)
def test_what_makers_send(maker: str) -> None:
    content, kmh, incline_pct, distance_m = CAPTURES[maker]
    near(decode(bytes.fromhex(content)), kmh / KMH_PER_MPS, incline_pct, distance_m)


def test_captures_are_of_six_makers() -> None:
    assert len({maker.split(",")[0].split(" ")[0] for maker in CAPTURES}) >= 6


@pytest.mark.parametrize("maker", CAPTURES)
def test_a_capture_cut_anywhere_never_raises(maker: str) -> None:
    content = bytes.fromhex(CAPTURES[maker][0])
    for cut in range(len(content)):
        found = decode(content[:cut])
        assert math.isnan(found.speed_mps) or found.speed_mps == decode(content).speed_mps
