"""strides.csv: one row per stride, the columns of types.STRIDE."""

from __future__ import annotations

from station.export.csv_cells import csv_text, texts
from station.types import STRIDE, Recording


def strides_csv(recording: Recording) -> bytes:
    return csv_text({name: texts(recording.strides[name], 4) for name in STRIDE.names or ()})
