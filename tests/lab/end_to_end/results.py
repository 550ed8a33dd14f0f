"""RESULTS.md: every clip that was rendered and estimated, against its truth."""

from __future__ import annotations

from pathlib import Path

from . import tables
from .clips import TUNED
from .dataset import Set, reported

HEAD = """# End to end on rendered runners

Pictures -> the station's pose model -> angle core -> rules and governor, against the exact truth of rendered runners.
Made by, in this order (the first needs `tests/lab/render/requirements.txt`, the others the station's own environment):

    python -m tests.lab.end_to_end render FOLDER
    python -m tests.lab.end_to_end estimate FOLDER
    python -m tests.lab.end_to_end score FOLDER --write

{clips} clips of {bodies} bodies, {seconds:.0f} s; 480x640 portrait, 30 pictures a second and an exposure of 4 ms unless the name
says otherwise. The bodies {tuned} were used to set things and are marked; every sum is over the others. The station is told the
belt speed, as an owner would, and nothing else. A rendered runner is no human: skin and cloth do not slide, and the joints lie
where the body model has them, which need not be where an anatomist would; a bias of the landmarks holds that difference too.
Clips are short; a runner is not. So the poses of a clip are played in a circle for 110 s, and what is said of angles, measures
and verdicts is what the station makes of that stream in the end; intervals, events and "first seconds" are of the clip played
once.
Errors are measured minus true. Landmark columns: median/95th percentile of the distance. Times: median ± SD.
"""


def report(folder: Path, write: bool) -> None:
    """Print the tables; `write` also puts them into RESULTS.md beside this file."""
    data = Set(folder)
    everybody, scores = data.scores(), data.scores(reported)
    seconds = sum(score.clip.spec.duration_s for score in everybody)
    bodies = len({score.clip.body for score in everybody})
    parts = [HEAD.format(clips=len(everybody), bodies=bodies, seconds=seconds, tuned=" and ".join(f"`{b}`" for b in TUNED))]
    parts += [*tables.together(data), *tables.verdict_tables(scores), *tables.honesty(scores), *tables.pelvis(data)]
    parts += [*tables.models(folder), *tables.groups(data), *tables.told_azimuth(data)]
    text = "\n".join(parts).rstrip() + "\n"
    print(text)
    if write:
        Path(__file__).with_name("RESULTS.md").write_text(text, encoding="utf-8")
