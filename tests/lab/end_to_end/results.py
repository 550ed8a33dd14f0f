"""RESULTS.md: every clip that was rendered and estimated, against its truth."""

from __future__ import annotations

from pathlib import Path

from . import tables
from .dataset import Set

HEAD = """# End to end on rendered runners

Frames -> the station's pose model -> angle core, against the exact truth of rendered runners.
Made by, in this order (the first needs `tests/lab/render/requirements.txt`, the others the station's own environment):

    python -m tests.lab.end_to_end render FOLDER
    python -m tests.lab.end_to_end estimate FOLDER
    python -m tests.lab.end_to_end score FOLDER --write

{clips} clips of {bodies} bodies, {seconds:.0f} s; 360x480 portrait for the twenty people p00 to p19, 480x640 for the
others, 30 frames a second (`own`, `own+12`, `own-12`: 60) and an exposure of 4 ms, as a camera gives them (what a film's
compression adds: [COMPRESSION.md](COMPRESSION.md)). The belt speed is reported to the station, as an owner would, and nothing
else. Which leg is which was fitted on p00 to p04 and on knee lifts of p12 and p13, nothing else of the core on any body; the
error tables of the models are made of the twenty people and of the own running of the other three. A rendered runner is no human:
skin and cloth do not slide, and the joints lie where the body model has them, which need not be where an anatomist would; a bias
of the landmarks holds that difference too.
Clips are short; a runner is not. So the poses of a clip are played in a circle for 110 s, and what is said of angles and measures
is what the station makes of that stream in the end, its model's known bias taken off the measures; events and "first seconds" are
of the clip played once. Errors are measured minus true. Landmark columns: median/95th percentile of the distance. Times:
median ± SD. What the rules make of it: `python -m tests.lab.end_to_end verdicts FOLDER`; the pelvic turn: [PELVIS.md](PELVIS.md).
"""
MISSED = """## What is missed, and why

- Angles frame by frame: half of what the near thigh is off by is a bias that differs from person to person. The bias that people
  share is taken off the measures, the rest is in the intervals; frames keep it.
- Exchanged legs: where a model names the legs wrongly for longer than a stride, the core follows it until the pattern fits
  again.
- A rendered fault stretches the legs' curves; its feet still land and leave when the recorded runner's did. A real fault may
  move that too.
- Twenty-three bodies run with the strides of eight runners: shares between 90 and 98 % cannot be told apart.
- Belt speed from the feet needs a model that sees both feet: `pose_landmark_full` draws the far foot to the body, so with it
  the station can seldom tell.
"""


def report(folder: Path, write: bool) -> None:
    """Print the tables; `write` also puts them into RESULTS.md beside this file."""
    data = Set(folder)
    everybody = data.scores()
    seconds = sum(score.clip.spec.duration_s for score in everybody)
    bodies = len({score.clip.body for score in everybody})
    parts = [HEAD.format(clips=len(everybody), bodies=bodies, seconds=seconds), *tables.together(data), MISSED]
    parts += [*tables.honesty(folder), *tables.belt(folder), *tables.models(folder)]
    parts += [*tables.groups(data), *tables.told_azimuth(data)]
    text = "\n".join(parts).rstrip() + "\n"
    print(text)
    if write:
        Path(__file__).with_name("RESULTS.md").write_text(text, encoding="utf-8")
