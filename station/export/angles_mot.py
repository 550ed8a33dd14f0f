"""angles.mot: the sagittal angles for OpenSim, of the longest stretch without a hole.

Coordinates carry the names of the Rajagopal 2016 model with flexion positive. What a side camera cannot tell is not there:
no pelvis tilt, no hip rotation or adduction. The hip angle is the thigh against the trunk, not against the pelvis, so the
trunk stands in for the pelvis: pelvis_tilt is minus the trunk lean and the lumbar joint stays still.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from station.export.csv_cells import joined, texts
from station.export.gapless import longest
from station.types import Recording


def angles_mot(recording: Recording) -> bytes | None:
    """None when the recording has no such stretch, or the near side is not known."""
    stretch = longest(recording)
    if stretch is None or recording.near_side is None:
        return None
    near, far = ("l", "r") if recording.near_side == "left" else ("r", "l")
    wanted = {
        "pelvis_tilt": -recording.angles["trunk_lean_deg"],
        f"hip_flexion_{near}": recording.angles["hip_flexion_near_deg"],
        f"knee_angle_{near}": recording.angles["knee_flexion_near_deg"],
        f"hip_flexion_{far}": recording.angles["hip_flexion_far_deg"],
        f"knee_angle_{far}": recording.angles["knee_flexion_far_deg"],
    }
    columns: dict[str, NDArray[np.float64]] = {"time": stretch.t_s}
    for name, values in wanted.items():
        resampled = stretch.resample(values)
        if resampled is not None:
            columns[name] = resampled
    head = [
        "angles",
        "version=1",
        f"nRows={len(stretch.t_s)}",
        f"nColumns={len(columns)}",
        "inDegrees=yes",
        "",
        "Sagittal angles from one side camera, the longest stretch without a hole, at a constant rate.",
        "hip_flexion is thigh against trunk; pelvis_tilt is minus the trunk lean. See session.json.",
        "endheader",
        "\t".join(columns),
    ]
    cells = [texts(values, 6 if name == "time" else 3) for name, values in columns.items()]
    return joined([*head, *map("\t".join, zip(*cells, strict=True))])
