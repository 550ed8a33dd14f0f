"""Prints the accuracy table; see README.

python -m tests.lab.accuracy            runners held out: what is reported
python -m tests.lab.accuracy --tuned    the runners that constants were fitted on
python -m tests.lab.accuracy --write    also writes RESULTS.md beside this file (held out)
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.lab.accuracy import intervals, quantities, real_walks, suite, synthetic
from tests.lab.accuracy.norms import SHARED
from tests.lab.accuracy.projection import HELD, TUNED
from tests.lab.accuracy.suite import CONDITIONS, LOCKED, Row

BASE = "60 fps, 8 mm, side view"
HEAD = """# Accuracy against known truth

`python -m tests.lab.accuracy --write` makes this table from `../shared/data/rbds` (Fukuchi, Fukuchi and Duarte 2017, CC BY 4.0):
runners {runners}{kept}, each at 2.5, 3.5 and 4.5 m/s and filmed from the right and from the left, after
seven knee lifts per leg. A pinhole camera stands 3 m away; landmark errors have the given standard deviation at the runner
and a memory of 50 ms. Each trial is 30 s long. "Worst" is the worst of the trials.

Whether the interval of the pelvic turn is as wide as it should be is asked of all eight recorded runners: 24 trials of four
people cannot tell 95 % from 100 %. A locked waist turns by less than a degree, which any interval that begins at zero holds.
"""
NOTES = """
## What is missed, and why

{notes}
"""
INTERVALS = """
## Intervals

`python -m tests.lab.accuracy.intervals`: how many 95 % intervals hold the truth, of eight recorded runners at three speeds and
from both sides, without a pose model; what the core itself is off comes from the other seven each time. "Window" is what is shown
live at the end, "change" from one speed to the next by the interval of a change, "halves" whether the first and the second half
of a trial differ by no more than the intervals of a change allow.

An interval says where the runner's mean lies, over other strides than those seen too. The truth of "whole" and "window" is the
mean over the very strides that were seen, so what is sure for a runner (cadence, and step length with it, are timed to a tenth of
a step a minute) lies in it every time. That these intervals are not too wide is seen of other strides: of 3 to 6 against
the half minute, and of one half minute's halves against each other. They drift apart more often than strides that were
drawn at random would: people do not run the same for half a minute.
Through a pose model: [end to end](../end_to_end/RESULTS.md).
"""
SYNTHETIC = """
## The synthetic runner

`python -m tests.lab.accuracy.synthetic`: 30 s each, 8 mm of landmark noise, strides that vary as real ones do. Of exchanges that
last 0.8 s on average some last for seconds, and in a view without near and far nothing but the names tells which leg is which:
names that are wrong for so long may be believed until most of them speak against it. Then all is renamed; the strides in between
are lost.
"""
WALKS = """
## Real walks

`python -m tests.lab.accuracy.real_walks`: two walks of 1.3 s seen from about 45 degrees, landmarks by the station's pose model,
against motion capture; "spread" is what is left without the mean.
"""
LANDING = """
## Knee, bounce, flight and landing, by runner

`python -m tests.lab.accuracy.quantities`: root mean square error of the mean of half a minute, at three speeds and from both
sides, without a pose model. Flight and duty factor are as good as the contact time that they are made of, and that is timed worst
at toe-off. Where the foot lands errs between runners by half of what they differ by; most in runner 016, whose ankle comes down
latest.
"""
WHY = {
    "locked (x 0.1) told by the norms alone": "Fourteen knee lifts seen with 8 mm of landmark noise leave the in-phase part "
    "uncertain by about 4 deg, and hip width differs between people, so the upper bound seldom falls below the 5th percentile "
    "of 2.0 / 4.0 / 7.1 deg. A runner's own recorded turn is the better yardstick, and the one used with landmarks.",
    "quadrature": "Forty strides with 8 mm of noise at both hips leave a standard error of 0.7 deg, and the hip width of a "
    "person is known to 8 %; drag adds nothing to it.",
    "pelvic turn": "Hip width differs by 8 % between people and is not known of the one who runs; the four to whom this was "
    "fitted differ more than the others.",
    "belt speed": "At 4.5 m/s a foot stands still on the belt for some 50 ms between landing and leaving, three pictures.",
    "foot contact": "The ankles of some runners come down on to the flat foot later than those of others.",
    "toe-off": "At 2.5 m/s some runners straighten the trailing knee long before the toe leaves.",
}


def table(runners: tuple[str, ...], shared: Path) -> Iterator[tuple[str, Row]]:
    """(condition, row) for every line. Some minutes."""
    others = tuple(runner for runner in (*TUNED, *HELD) if runner not in runners)
    base = suite.run(shared, runners, CONDITIONS[BASE])
    yield from ((BASE, row) for row in suite.rows(base))
    yield BASE, replace(suite.coverage(base), asked="")
    yield BASE, suite.coverage([*base, *suite.run(shared, others, CONDITIONS[BASE])], ", all eight runners")
    stiff = suite.run(shared, runners, suite.again(CONDITIONS[BASE]), LOCKED)
    yield from ((BASE, row) for row in suite.locked(base, suite.run(shared, runners, suite.again(CONDITIONS[BASE])), stiff))
    yield f"{BASE}, pelvis x {LOCKED}", replace(suite.coverage(stiff), asked="")
    for name, filming in CONDITIONS.items():
        if name != BASE:
            trials = suite.run(shared, runners, filming)
            if filming.drag:
                yield name, suite.quadrature(trials, 1.5)
                yield name, suite.added(trials, base, 1.5)
                yield name, replace(suite.coverage(trials), asked="")
            else:
                yield from ((name, row) for row in suite.rows(trials))
                yield name, suite.coverage(trials)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab.accuracy", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--tuned", action="store_true", help="the runners that constants were fitted on")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    asked = parser.parse_args()
    runners = TUNED if asked.tuned else HELD
    lines = [
        HEAD.format(runners=", ".join(runners), kept="" if asked.tuned else ", none of which was used to fit a constant"),
        "| condition | quantity | reached | asked | met |",
        "|---|---|---|---|---|",
    ]
    print("\n".join(lines))
    missed = []
    for condition, row in table(runners, SHARED):
        bar = condition.startswith(BASE) or "drag" in condition
        asked_of = row.asked if bar else ""
        verdict = ("yes" if row.met else "**no**") if asked_of else ""
        lines.append(f"| {condition} | {row.what} | {row.reached} | {asked_of} | {verdict} |")
        print(lines[-1], flush=True)
        if asked_of and not row.met:
            missed += [f"- {row.what}: {why}" for name, why in WHY.items() if row.what.startswith(name)]
    more = [INTERVALS, *intervals.lines(), LANDING, *quantities.lines(runners)]
    more += [SYNTHETIC, *synthetic.lines(), WALKS, *real_walks.lines()]
    print("\n".join(more))
    if asked.write and not asked.tuned:
        notes = NOTES.format(notes="\n".join(dict.fromkeys(missed))) if missed else ""
        text = "\n".join([*lines, notes, *more]) + "\n"
        Path(__file__).with_name("RESULTS.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
