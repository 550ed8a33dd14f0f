"""Puts the station beside other tools and writes the tables.

    python -m tests.lab.peers --out FOLDER [--python TOOL=PYTHON]... CLIP[@AZIMUTH]...
    python -m tests.lab.peers --report FOLDER            prints RESULTS.md from what a run kept

Every tool whose Python is named takes part (station, mediapipe, myogait, sports2d; the station's is
this one unless named); requirements/TOOL.txt says what to install there. The first clip is also the
one that is timed. What FOLDER already holds is not found again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.lab.peers.report import report
from tests.lab.peers.run import Clip, Session


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab.peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", nargs="*", type=Clip.parse)
    parser.add_argument("--out", type=Path, help="where to keep what was found")
    parser.add_argument("--report", type=Path, help="print the tables of a folder that a run has filled")
    parser.add_argument("--python", action="append", default=[], metavar="TOOL=PYTHON")
    parser.add_argument("--rounds", type=int, default=3, help="timed runs of each tool")
    asked = parser.parse_args()
    if asked.report:
        print(report(asked.report), end="")
        return
    if not asked.out or not asked.clips:
        parser.error("name --out FOLDER and clips, or --report FOLDER")
    named = dict(entry.split("=", 1) for entry in asked.python)
    # Not resolved: the Python of a virtual environment is a link to the one that it was made from.
    session = Session(asked.out, {tool: Path(path).absolute() for tool, path in ({"station": sys.executable} | named).items()})
    for clip in asked.clips:
        session.find(clip)
    session.time(asked.clips[0], asked.rounds)
    session.write(asked.clips)


if __name__ == "__main__":
    main()
