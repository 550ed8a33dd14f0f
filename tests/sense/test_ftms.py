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
