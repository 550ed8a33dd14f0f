"""angles.mot: the sagittal angles for OpenSim, of the longest stretch without a hole.

The joints carry the names and signs of the coordinates of Rajagopal et al. 2016 (IEEE Trans Biomed
Eng 63:2068, Rajagopal2016.osim): hip_flexion and knee_angle are plus in flexion. In gait2392 and
its kin knee_angle is minus in flexion. What a side camera cannot tell is not there: no pelvis_tilt,
no lumbar_extension, no hip rotation or adduction. The thigh is measured against the trunk, since
the pelvis is not seen; trunk_lean is no coordinate of that model, and OpenSim passes over it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from station.export.csv_cells import joined, texts
from station.export.gapless import NO_STRETCH, longest
from station.types import Recording

HEAD = (
    "Sagittal angles from one side camera, the longest stretch without a hole, at a constant rate.",
    "Names and signs of joints: Rajagopal2016.osim (Rajagopal et al. 2016), flexion is plus.",
    "Turn the sign of knee_angle for gait2392, gait2354 and models made from them.",
    "hip_flexion is the thigh against the trunk, not against the pelvis; trunk_lean is the trunk",
    "against the vertical, plus is forward. pelvis_tilt and lumbar_extension are not measured.",
)


def why_no_angles(recording: Recording) -> str:
    """Why there is no angles.mot of this recording, "" where there is one."""
    if longest(recording) is None:
        return NO_STRETCH
    return "" if recording.near_side else "which leg is the near one is not known"


def angles_mot(recording: Recording) -> bytes:
    """Raises ValueError where `why_no_angles` has a reason."""
    stretch = longest(recording)
    if stretch is None or recording.near_side is None:
        raise ValueError(why_no_angles(recording))
    near, far = ("l", "r") if recording.near_side == "left" else ("r", "l")
    wanted = {
        "trunk_lean": "trunk_lean_deg",
        f"hip_flexion_{near}": "hip_flexion_near_deg",
        f"knee_angle_{near}": "knee_flexion_near_deg",
        f"hip_flexion_{far}": "hip_flexion_far_deg",
        f"knee_angle_{far}": "knee_flexion_far_deg",
    }
    columns: dict[str, NDArray[np.float64]] = {"time": stretch.t_s}
    for name, series in wanted.items():
        resampled = stretch.resample(recording.angles[series])
        if resampled is not None:
            columns[name] = resampled
    unseen = [name for name in wanted if name not in columns]
    head = [
        "angles",
        "version=1",
        f"nRows={len(stretch.t_s)}",
        f"nColumns={len(columns)}",
        "inDegrees=yes",
        "",
        *HEAD,
        *([f"Left out, since they were not seen all the time: {', '.join(unseen)}."] if unseen else []),
        "endheader",
        "\t".join(columns),
    ]
    cells = [texts(values, 6 if name == "time" else 3) for name, values in columns.items()]
    return joined([*head, *map("\t".join, zip(*cells, strict=True))])
