"""markers.trc: the landmarks in metres for OpenSim, in the plane of the frame, of the longest
stretch without a hole.

X forward (the way the runner faces), Y up from the lowest point of the feet, Z = 0: one camera
tells no depth. An empty cell is a landmark that was not seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from station.export.csv_cells import joined, texts
from station.export.gapless import NO_STRETCH, Gapless, longest
from station.types import Joint, Recording

MARKERS = {
    Joint.NOSE: "Nose",
    **{
        Joint[f"{side.upper()}_{joint}"]: f"{side[0].upper()}{name}"
        for side in ("left", "right")
        for joint, name in (
            ("SHOULDER", "Shoulder"),
            ("ELBOW", "Elbow"),
            ("WRIST", "Wrist"),
            ("HIP", "Hip"),
            ("KNEE", "Knee"),
            ("ANKLE", "Ankle"),
            ("HEEL", "Heel"),
            ("FOOT_INDEX", "BigToe"),
        )
    },
}
FEET = (Joint.LEFT_HEEL, Joint.RIGHT_HEEL, Joint.LEFT_FOOT_INDEX, Joint.RIGHT_FOOT_INDEX)


def why_no_markers(recording: Recording) -> str:
    """Why there is no markers.trc of this recording, "" where there is one."""
    if recording.xy_px is None:
        return "the landmarks are not there: its input log is gone, or was not kept (record.input_log)"
    if longest(recording) is None:
        return NO_STRETCH
    if recording.direction is None:
        return "the way the runner faces is not known"
    if not np.isfinite(recording.view.px_per_m):
        return "the scale is not known: run `station calibrate`, or set view.px_per_m"
    return ""


def markers_trc(recording: Recording) -> bytes:
    """Raises ValueError where `why_no_markers` has a reason."""
    scale = recording.view.px_per_m
    stretch = longest(recording)
    if recording.xy_px is None or stretch is None or recording.direction is None or not np.isfinite(scale):
        raise ValueError(why_no_markers(recording))
    forward = 1.0 if recording.direction == "right" else -1.0
    metres = recording.xy_px[stretch.rows].astype(float) / scale * (forward, -1.0)
    # The lowest half percent of the feet is the belt; the very lowest point may be a slip of the
    # model.
    feet = metres[:, list(FEET), 1]
    if np.isfinite(feet).any():
        metres[..., 1] -= np.nanpercentile(feet, 0.5)
    columns = [texts(np.arange(1.0, len(stretch.t_s) + 1), 0), texts(stretch.t_s, 6)]
    for joint in MARKERS:
        columns += [*(texts(_resampled(stretch, metres[:, joint, axis]), 4) for axis in (0, 1))]
        columns.append([cell and "0" for cell in columns[-1]])
    return joined([*_head(stretch), *map("\t".join, zip(*columns, strict=True))])


def _head(stretch: Gapless) -> list[str]:
    rate = f"{stretch.rate_hz:g}"
    numbers = [f"{axis}{number}" for number in range(1, len(MARKERS) + 1) for axis in "XYZ"]
    return [
        "PathFileType\t4\t(X/Y/Z)\tmarkers.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate}\t{rate}\t{len(stretch.t_s)}\t{len(MARKERS)}\tm\t{rate}\t1\t{len(stretch.t_s)}",
        "Frame#\tTime\t" + "\t\t\t".join(MARKERS.values()) + "\t\t",
        "\t\t" + "\t".join(numbers),
        "",
    ]


def _resampled(stretch: Gapless, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) on the constant rate from (rows,) as filmed; NaN beside a frame that lacks it."""
    after = np.clip(np.searchsorted(stretch.source_t_s, stretch.t_s), 1, len(stretch.source_t_s) - 1)
    t0, t1 = stretch.source_t_s[after - 1], stretch.source_t_s[after]
    share = (stretch.t_s - t0) / (t1 - t0)
    # On a frame, to a thousandth of the way, its neighbour does not matter: NaN times 0 would still
    # be NaN.
    before, behind = values[after - 1], values[after]
    mixed = (1 - share) * before + share * behind
    return np.where(share <= 1e-3, before, np.where(share >= 1 - 1e-3, behind, mixed))
