"""What hip landmarks read of a pelvic turn that the hip belt knows: one row a stride, for a later
model that needs no belt.

    <data_dir>/pairs/<session>.csv    only where `record.hip_belt_pairs` is on; no landmarks

How landmarks answer depends on the runner and on where the camera stands, so each row carries both
and needs no other file. A power cut costs the rows of the last SYNC_STRIDES strides.
"""

from __future__ import annotations

import csv
import math
import os
from dataclasses import fields
from pathlib import Path
from typing import TextIO

from station.types import NAN, Gait, PelvicPair, View

PAIRS = "pairs"
SYNC_STRIDES = 10  # chosen: a power cut loses ten strides at most
COLUMNS = (
    "session",
    "near_side",
    "azimuth_deg",
    "roll_deg",
    "px_per_m",
    "focal_px",
    "speed_mps",
    "pelvic_turn_deg",
    "pelvic_turn_low_deg",
    "pelvic_turn_high_deg",
    *(entry.name for entry in fields(PelvicPair)),
)


def pairs_path(folder: Path, session_id: str) -> Path:
    return folder / PAIRS / f"{session_id}.csv"


class PairsFile:
    """`add` per step; the file is made with the first pair. Raises OSError, as on a full disk."""

    def __init__(self, folder: Path, session_id: str, view: View) -> None:
        self.path = pairs_path(folder, session_id)
        self._session_id, self._view = session_id, view
        self._file: TextIO | None = None
        self._unsynced = 0

    def add(self, gait: Gait) -> None:
        """Nothing, unless this gait closed a stride that both saw."""
        if gait.pelvic_pair is None:
            return
        if self._file is None:
            self.path.parent.mkdir(exist_ok=True)
            self._file = open(self.path, "x", newline="", encoding="utf-8")  # noqa: SIM115 - closed by close()
            csv.writer(self._file).writerow(COLUMNS)
        csv.writer(self._file).writerow(self._row(gait, gait.pelvic_pair))
        self._unsynced += 1
        if self._unsynced >= SYNC_STRIDES:
            self._sync(self._file)

    def close(self) -> None:
        """A second call does nothing."""
        file, self._file = self._file, None
        if file is not None:
            try:
                self._sync(file)
            finally:
                file.close()

    def _sync(self, file: TextIO) -> None:
        file.flush()
        os.fsync(file.fileno())
        self._unsynced = 0

    def _row(self, gait: Gait, pair: PelvicPair) -> list[str]:
        view, turn = self._view, gait.measures.get("pelvic_turn_deg")
        turned = (turn.value, turn.low, turn.high) if turn is not None and turn.measured else (NAN, NAN, NAN)
        place = (view.azimuth_deg, view.roll_deg, view.px_per_m, view.focal_px, gait.speed.mps)
        numbers = (*place, *turned, *(getattr(pair, entry.name) for entry in fields(pair)))
        return [self._session_id, gait.near_side or "", *("" if math.isnan(value) else f"{value:.6g}" for value in numbers)]
