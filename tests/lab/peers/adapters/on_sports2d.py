"""Sports2D's angles from a clip and landmarks that were found by another tool.

PYTHON on_sports2d.py CLIP OUT --landmarks FOUND [--level]

Sports2D fetches RTMPose from the net when it first runs; here nothing is fetched. It can start from
a .trc file of pixels instead (`load_trc_px`), so it is given those. Its own settings stay, but for
what a machine without a screen cannot do. `--level` tells it what it cannot see on a treadmill,
where no foot stands still: a level camera, and the side it stands on. Contacts are from Pose2Sim's
`trc_gaitevents`, which comes with it, by the method that its authors recommend for running.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from found import ANGLES, JOINTS, Found, forward_of, measured

HALPE = {"shoulder": "Shoulder", "hip": "Hip", "knee": "Knee", "ankle": "Ankle", "heel": "Heel", "toe": "BigToe"}
MARKERS = [f"{name.split('_')[1][0].upper()}{HALPE[name.split('_')[0]]}" for name in JOINTS]


def write_trc(found: Found, path: Path) -> None:
    """Pixels as Sports2D reads them: y down, like the picture; not found stays empty."""
    fps, count = 1.0 / float(np.median(np.diff(found.t_s))), len(found.t_s)
    numbers = [f"{axis}{i + 1}" for i in range(len(MARKERS)) for axis in "XYZ"]
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{fps}\t{fps}\t{count}\t{len(MARKERS)}\tpx\t{fps}\t0\t{count}",
        "Frame#\tTime\t" + "\t\t\t".join(MARKERS) + "\t\t",
        "\t\t" + "\t".join(numbers),
    ]
    for i, (t_s, row) in enumerate(zip(found.t_s, found.xy_px, strict=True)):
        cells = [f"{x:.2f}\t{y:.2f}\t0" if np.isfinite(x) else "\t\t" for x, y in row]
        lines.append(f"{i}\t{t_s:.6f}\t" + "\t".join(cells))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def settings(clip: Path, trc: Path, folder: Path, side: str | None) -> dict:
    """The settings that it ships with; no window, no pictures, no click."""
    import rtoml
    import Sports2D

    config = rtoml.load(Path(Sports2D.__file__).parent / "Demo" / "Config_demo.toml")
    quiet = {"show_realtime_results": False, "save_vid": False, "save_img": False}
    where = {"video_input": [clip.name], "video_dir": str(clip.parent), "result_dir": str(folder), "load_trc_px": str(trc)}
    config["base"].update(**where, **quiet, nb_persons_to_detect=1, person_ordering_method="highest_likelihood")
    config["post-processing"].update(show_graphs=False, save_graphs=False)
    if side:
        config["base"]["visible_side"] = [side]
        config["px_to_meters_conversion"]["floor_angle"] = 0.0
    return config


def read_mot(path: Path) -> dict[str, np.ndarray]:
    """Columns of an OpenSim .mot file by name."""
    lines = path.read_text(encoding="utf-8").splitlines()
    head = lines.index("endheader") + 1
    names = lines[head].split("\t")
    values = np.array([[float(cell or "nan") for cell in line.split("\t")] for line in lines[head + 1 :]])
    return dict(zip(names, values.T, strict=True))


def angles_deg(mot: dict[str, np.ndarray], pictures: int) -> np.ndarray:
    """ANGLES (pictures, 4). Its thigh is against the horizontal: hanging straight down is -90.

    Pictures are counted by its own clock: its OpenCV may read another frame rate from the file than
    the landmarks' finder did.
    """
    rows = np.rint(mot["time"] / np.median(np.diff(mot["time"]))).astype(int)
    out = np.full((pictures, len(ANGLES)), np.nan)
    for column, name in enumerate(ANGLES):
        part, side = name.split("_")
        value = mot[f"{side} {part}"]
        out[rows, column] = (value + 90.0 + 180.0) % 360.0 - 180.0 if part == "thigh" else value
    return out


def contacts_s(trc_m: Path) -> dict[str, list[float]]:
    """By its toes' height over the floor that Sports2D found; raises whatever trc_gaitevents
    raises.
    """
    from Pose2Sim.Utilities import trc_gaitevents

    with contextlib.redirect_stdout(io.StringIO()):
        (right, left, _, _), _ = trc_gaitevents.gait_events_height_coords(str(trc_m), (1, "Y"), plot=False)
    return {"left": [float(t) for t in left], "right": [float(t) for t in right]}


def main() -> None:
    # No screen here; read when Sports2D is imported.
    os.environ |= {"MPLBACKEND": "Agg", "QT_QPA_PLATFORM": "offscreen"}
    from Sports2D.Sports2D import process

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--landmarks", type=Path, required=True)
    parser.add_argument("--level", action="store_true")
    asked = parser.parse_args()
    given = Found.load(asked.landmarks)
    found = Found.nothing(len(given.t_s), 1.0)
    found.t_s = given.t_s
    side = ("right" if forward_of(given) > 0 else "left") if asked.level else None
    reported: dict = {"versions": {name: version(name) for name in ("sports2d", "pose2sim")}, "notes": [], "cadence_spm": None}
    with tempfile.TemporaryDirectory() as folder:
        trc = Path(folder) / "given_px.trc"
        write_trc(given, trc)
        with measured(reported):
            process(settings(asked.clip.resolve(), trc, Path(folder), side))
        [mot] = Path(folder).rglob("*_angles_person00.mot")
        found.angles_deg = angles_deg(read_mot(mot), len(given.t_s))
        trcs = list(Path(folder).rglob("*_m_person00.trc"))
        try:
            found.contacts_s = contacts_s(trcs[0])
        except (IndexError, ValueError, KeyError) as error:
            reported["notes"].append(f"contacts: {type(error).__name__}: {error}")
    found.reported = reported
    found.save(asked.out)


if __name__ == "__main__":
    main()
