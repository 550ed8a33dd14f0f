"""Every verdict counted: rendered runners and faults, whole sessions, recorded runners, films.

python -m tests.lab.end_to_end verdicts FOLDER [--write]     --write: VERDICTS.md. Minutes.

What is true of a rendered runner is what the same rules say of the true motion. Recorded runners
are healthy, and nobody runs on a treadmill in ../shared/data/video: there every rule that is on is
a false one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from station.faults import RULES
from station.faults.rule import Look
from tests.lab.accuracy.norms import SHARED
from tests.lab.accuracy.projection import HELD, SPEEDS, TUNED, Filming, filmed, load

from .cells import table
from .dataset import Set, reported
from .score import JUDGED_S
from .sessions import BASELINE_S, CHANGES, THEN_S, Session, sessions
from .streams import watch

PAGE = Path(__file__).with_name("VERDICTS.md")
ROWS = (*CHANGES, *((row, 1) for row in ("thigh_mild", "short_mild", "short_strong", "sits_mild")))
FILMS = ("sports2d_demo.mp4", "vtest.avi", "opencap_walk/walk_video.mp4", "opencap_walk/walk_ts_video.mp4")
HEAD = ("rule", "fault: right", "**missed**", "cannot tell", "no fault: right", "**false**", "cannot tell",
        "between: on", "ok", "cannot tell")  # fmt: skip
ORDER: Mapping[Look, tuple[str, str, str]] = {
    "out": ("on", "ok", "cannot_tell"),
    "inside": ("ok", "on", "cannot_tell"),
    "between": ("on", "ok", "cannot_tell"),
}
WHY = """## What is missed, and why

- Thigh-only drive by the norms alone: people differ by as much as a mild fault changes, and the pose model's error comes on top
  ([how near one can come](../accuracy/THIGH_ONLY.md)). After a baseline of the own running it is seen.
- Low cadence: one runner (p19) whose cadence of 157.9 steps/min is 0.2 below the threshold and is read as 158.3.
- Locked waist cannot be told from clips without drill, belt or baseline; [PELVIS.md](PELVIS.md) counts the pixels.
"""
THIGH_ONLY = "thigh_only_drive"
KINDS = {
    "healthy": ("own", "side", "own+12", "own-12", "locked"),
    "thigh, mild": ("thigh_mild",),
    "short, mild": ("short_mild",),
    "thigh, strong": ("thigh_strong", "thigh_only"),
    "short, strong": ("short_strong",),
}
Told = tuple[Mapping[str, Look], Mapping[str, str]]  # what is true, and what was said, by rule


def counts(told: Sequence[Told]) -> list[str]:
    """One row per rule."""
    rows = []
    for rule in (rule.name for rule in RULES):
        said = Counter((true[rule], states[rule]) for true, states in told)
        rows.append((rule, *(said[look, state] for look, states in ORDER.items() for state in states)))
    return table(HEAD, rows)


def of_clips(data: Set) -> list[tuple[str, Told]]:
    scores = data.scores(reported)
    return [(s.clip.row, (s.true_looks, {rule: state for rule, (_, state, _) in s.told().items()})) for s in scores]


def of_sessions(found: Iterable[Session]) -> list[tuple[str, Told]]:
    return [(s.then.clip.row, (s.true_looks, {rule.name: s.said(rule.name) for rule in RULES})) for s in found]


def of_runners() -> list[Told]:
    """The recorded runners, on perfect landmarks from both sides at three speeds."""
    told: list[Told] = []
    healthy: Mapping[str, Look] = {rule.name: "inside" for rule in RULES}
    for runner in (*TUNED, *HELD):
        for speed in SPEEDS:
            trial = load(SHARED, runner, speed)
            for side in ("right", "left"):
                filming = Filming(side=side, fps=75.0, noise_mm=0.0)
                watched = watch(filmed(trial, filming), filming.view, int(speed) / 10)
                told.append((healthy, {fault.rule: fault.state for fault in watched.faults}))
    return told


def of_films(folder: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Name, and what `station analyze` says by rule; what it refuses has no verdict."""
    for name in FILMS:
        if (folder / name).exists():
            command = [sys.executable, "-m", "station", "analyze", str(folder / name), "--json", "-"]
            done = subprocess.run(command, capture_output=True, check=False)
            faults = json.loads(done.stdout)["faults"] if done.stdout else []
            yield name, {fault["rule"]: fault["state"] for fault in faults}


def recipe_rows(alone: Sequence[tuple[str, Told]], own: Sequence[tuple[str, Told]]) -> list[str]:
    rows = []
    for kind, names in KINDS.items():
        cells = []
        for told in (alone, own):
            said = [states[THIGH_ONLY] for row, (_, states) in told if row in names]
            cells.append(f"{said.count('on')} of {len(said)}")
        rows.append((kind, *cells))
    return table(("runners", "on by the norms alone", "on in a session with a baseline"), rows)


def page(folder: Path, model: str) -> Iterator[str]:
    data = Set(folder, model)
    yield "# Verdicts, counted\n"
    yield f"""`python -m tests.lab.end_to_end verdicts FOLDER --write`, seen by `{model}`. Between a rule's two thresholds either
verdict is right. The people p00 to p19 are those of the pose model's error table, by which the rules allow for its error; no
threshold was fitted on verdicts of these clips.
"""
    alone = of_clips(data)
    yield f"## Rendered clips, {len(alone)} of them, {JUDGED_S:.0f} s in a circle, no baseline\n"
    yield from counts([told for _, told in alone])
    own = of_sessions(s for s in sessions(data.seen, ROWS) if reported(s.then.clip))
    yield f"## Rendered sessions, {len(own)}: the drill, {BASELINE_S:.0f} s of the own running, then {THEN_S:.0f} s of another\n"
    yield from counts([told for _, told in own])
    yield "## Thigh-only drive, by what was rendered\n"
    yield from recipe_rows(alone, own)
    runners = of_runners()
    yield f"## Recorded runners, {len(runners)} trials of 30 s on perfect landmarks, all healthy\n"
    yield from counts(runners)
    films = dict(of_films(SHARED / "data" / "video"))
    yield "## Films of real people, none of whom runs on a treadmill\n"
    rows = []
    for name, said in films.items():
        on = [rule for rule, state in said.items() if state == "on"]
        rows.append((name, ", ".join(on) or "none", f"{[*said.values()].count('cannot_tell')} of {len(said)}"))
    yield from table(("film", "rules on", "cannot tell"), rows)
    yield WHY
