"""series.csv: the angles of every frame as measured (not smoothed)."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from station.export.csv_cells import csv_text, texts
from station.types import ANGLES, Recording


def series_csv(recording: Recording) -> bytes:
    """Columns: t_s from the first frame, utc where the clock was set, then types.ANGLES."""
    columns = {"t_s": texts(recording.t_s, 4)}
    if recording.clock_trusted and recording.started_utc:
        columns["utc"] = utc_texts(recording.started_utc, recording.t_s)
    return csv_text(columns | {name: texts(recording.angles[name], 2) for name in ANGLES.names or ()})


def utc_texts(started_utc: str, t_s: NDArray[np.float64]) -> list[str]:
    """ISO 8601 to the millisecond for each time (N,). Raises ValueError."""
    start = np.datetime64(datetime.fromisoformat(started_utc).replace(tzinfo=None), "ms")
    stamps = np.datetime_as_string(start + np.round(t_s * 1000).astype("timedelta64[ms]"))
    return [stamp + "Z" for stamp in stamps.tolist()]
