"""What a foot pod says by Bluetooth: RSC Measurement (0x2A53) and RSC Feature (0x2A54) of the
Running Speed and Cadence Service (0x1814).

Source: Bluetooth SIG, Running Speed and Cadence Service 1.0, 3.1 and 3.2, and its characteristics
in the GATT Specification Supplement. Cadence is in revolutions a minute, one of them two steps:
foot pods send it so, and watches and programs double it.
"""

from __future__ import annotations

import struct

SERVICE = "00001814-0000-1000-8000-00805f9b34fb"
MEASUREMENT = "00002a53-0000-1000-8000-00805f9b34fb"
FEATURE = "00002a54-0000-1000-8000-00805f9b34fb"
STRIDE_LENGTH, RUNNING = 1 << 0, 1 << 2  # flags of a measurement; the feature has the same bits
SUPPORTED = struct.pack("<H", STRIDE_LENGTH | RUNNING)
PER_MPS = 256  # Bluetooth's Running Speed and Cadence service: 1/256 m/s
FASTEST_MPS = 0xFFFF / PER_MPS


def encode(speed_mps: float, cadence_spm: float, running: bool) -> bytes:
    """One measurement. NaN, for what is not known, is sent as 0: there is no other word for it.
    `cadence_spm`: steps a minute.
    """
    speed = _within(speed_mps, 0.0, FASTEST_MPS)
    strides = round(_within(cadence_spm / 2, 0.0, 255.0))
    flags, length = RUNNING if running else 0, b""
    if speed > 0 and strides > 0:
        flags |= STRIDE_LENGTH
        length = struct.pack("<H", round(_within(100 * speed * 60 / strides, 0.0, 0xFFFF)))
    return struct.pack("<BHB", flags, round(speed * PER_MPS), strides) + length


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high) if value == value else low
