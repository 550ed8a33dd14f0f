"""This project's own analysis of a recording, as `station analyze` runs it.

PYTHON on_station.py CLIP OUT [--threads N] [--azimuth-deg DEG]
"""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path

from found import ANGLES, JOINTS, SIDES, Found, measured

from station.config import Config, PoseSection, ViewSection
from station.run.analyze import Options, analyse_file
from station.types import NS, Joint, Recording

LANDMARK = {"toe": "foot_index"}


def rows() -> list[int]:
    """Where our landmarks stand in the station's order."""
    names = (name.partition("_") for name in JOINTS)
    return [Joint[f"{side}_{LANDMARK.get(part, part)}".upper()] for part, _, side in names]


def converted(recording: Recording) -> Found:
    """Near and far become left and right; the cadence is that of its summary."""
    fps = recording.source.fps
    found = Found.nothing(len(recording.t_s), fps)
    found.t_s = recording.t_s
    if recording.xy_px is not None:
        found.xy_px[:] = recording.xy_px[:, rows()]
    for side in SIDES:
        leg = "near" if side == recording.near_side else "far"
        found.angles_deg[:, ANGLES.index(f"thigh_{side}")] = recording.angles[f"thigh_{leg}_deg"]
        found.angles_deg[:, ANGLES.index(f"hip_{side}")] = recording.angles[f"hip_flexion_{leg}_deg"]
    contacts = [event for event in recording.events if event.kind == "contact"]
    found.contacts_s = {side: [e.t_ns / NS for e in contacts if e.side == side] for side in SIDES}
    cadence = recording.summary["cadence_spm"]
    found.reported = {"cadence_spm": cadence.value if cadence.measured else None, "notes": [f"near side: {recording.near_side}"]}
    if not cadence.measured:
        found.reported["notes"].append(f"cadence: {cadence.reason}")
    return found


def main() -> None:
    import station.pose.session
    import station.sense.video  # noqa: F401  before the clock runs, as for the others

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--threads", type=int, default=PoseSection().threads)
    parser.add_argument("--azimuth-deg", type=float, default=0.0)
    asked = parser.parse_args()
    config = Config(pose=PoseSection(threads=asked.threads), view=ViewSection(azimuth_deg=asked.azimuth_deg))
    reported: dict = {}
    with measured(reported):
        # An out_dir makes it keep the landmarks; nothing is written here.
        recording, problem = analyse_file(Options(str(asked.clip), out_dir=asked.out.parent), config)
    found = converted(recording)
    found.reported |= reported | {"versions": {name: version(name) for name in ("treadmill-station", "onnxruntime", "numpy")}}
    if problem is not None:
        found.reported["notes"].append(str(problem))
    found.save(asked.out)


if __name__ == "__main__":
    main()
