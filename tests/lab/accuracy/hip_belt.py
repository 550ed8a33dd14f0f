"""Prints the truth tables of the hip belt; see README.

python -m tests.lab.accuracy.hip_belt            films (drawn where missing:
tests/lab/render/requirements.txt) and made runs python -m tests.lab.accuracy.hip_belt --tuned
the body that finder and geometry were tuned on python -m tests.lab.accuracy.hip_belt --write
also writes HIP_BELT.md beside this file
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from tests.lab.accuracy.hip_belt_cases import FEW_DEG, HELD, MAIN_DEG, OBLIQUE_DEG, TUNED, Case, grid, unfilmed, worse
from tests.lab.accuracy.hip_belt_scores import CUT_DEG, LOCKED_DEG, TYPICAL_DEG, Reported, filmed
from tests.lab.accuracy.hip_belt_trials import TRIALS, trials

BAR_DEG = 1.0
LEAST_HELD = 0.9
"""Share of 95 % intervals that hold the truth: what so few intervals can show."""
HEAD = """# The hip belt against known truth

`python -m tests.lab.accuracy.hip_belt --write` makes these tables. A runner with a belt of tags is drawn with a body model, moved
by
recorded strides, and filmed at 2.5 m by a pinhole camera (720x1280, 30 fps, shutter 3 ms, lens blur 0.5 px, noise 3 grey levels,
one hard lamp: arms cast shadows); the station's finder reads the pictures, its core gets landmarks with 8 px of error.
Before each run the runner turned once slowly round. Bodies {bodies}; constants of finder and geometry were chosen on {tuned} and
on made belts.
A run lasts 9 s: what is told after 10 to 12 strides. Amplitudes are of the turn at stride frequency, half of peak to peak, in
degrees; in brackets the 95 % interval. Azimuth + = camera moved to the rear. Errors are told - true; list and tilt peak to peak.
"In one picture" is the SD of the turn as it is shown live; then the share of pictures with one tag and with two at least.
Nobody real has been filmed: a belt on cloth and skin moves in ways that are not in these pictures.
"""
NOTES = """
- All intervals hold the truth because they also allow for what these runs lack: a belt that slips a little (0.4 deg peak to peak,
  a guess) and light that is worse.
- A belt that slips in phase with the stride is read as pelvis, one to one, and no interval tells (rows "slips"): how much a real
  belt does is not known.
- A shirt over the tags, a belt upside down: nothing is told but the reason.
- One stride shape drives all films; the made runs have eight. No lens distortion, no rolling shutter, no video codec but JPEG.
"""
COLUMNS = ("", "body", "azimuth", "true", "told", "error", "phase error", "list", "tilt", "in one picture", "1 tag", "2 tags",
           "trouble")


def row(reported: Reported) -> str:
    """One run as a row of a table."""
    case, turn, sd_deg = reported.case, reported.turn, reported.picture_sd_deg
    value = f"nothing: {turn.reason}"
    if turn.measured:
        value = f"{reported.amplitude_deg:.2f} [{turn.low / 2:.2f}, {turn.high / 2:.2f}]"
    list_, tilt = (f"{m.value - true:+.1f}" if m.measured else "" for m, true in
                   ((reported.list_, reported.true_list_deg), (reported.tilt, reported.true_tilt_deg)))
    cells = (
        case.name or "run", case.body, f"{case.azimuth_deg:+.0f}", f"{reported.true_amplitude_deg:.2f}", value,
        f"{reported.error_deg:+.2f}{'' if reported.held else ' (outside)'}" if turn.measured else "",
        f"{reported.phase_error_deg:+.0f}" if reported.lead.measured else "", list_, tilt,
        "" if np.isnan(sd_deg) else f"{sd_deg:.1f}", f"{100 * reported.one_tag:.0f} %", f"{100 * reported.two_tags:.0f} %",
        ", ".join(reported.troubles),
    )
    return _cells(cells)


def _cells(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def table(cases: Iterable[Case], score: Callable[[Case], Reported], all_reported: list[Reported]) -> Iterator[str]:
    """Header and a row per case, appended to `all_told`."""
    yield _cells(COLUMNS)
    yield _cells("---" for _ in COLUMNS)
    for case in cases:
        all_reported.append(score(case))
        yield row(all_reported[-1])


def bars(grid_reported: list[Reported], trials_reported: list[Reported]) -> Iterator[str]:
    """What was asked, and what was reached."""
    yield "| asked | where | reached | met |\n|---|---|---|---|"
    side = [t for t in grid_reported if t.case.azimuth_deg == 0.0]
    for name, runs in (("from the side, from pixels", side), ("from every camera, from pixels", grid_reported)):
        reported = [t for t in runs if t.turn.measured]
        if not reported:
            continue
        worst = max(abs(t.error_deg) for t in reported)
        good = worst <= BAR_DEG and len(reported) == len(runs)
        yield (f"| amplitude within {BAR_DEG} deg after ten strides | {name}, {len(runs)} runs | told in {len(reported)}, "
               f"worst error {worst:.2f} deg, rms {np.sqrt(np.mean([t.error_deg**2 for t in reported])):.2f} | {_met(good)} |")
        held = sum(t.held for t in reported)
        met = _met(held >= LEAST_HELD * len(reported))
        yield f"| 95 % intervals hold the truth | {name} | {held} of {len(reported)} | {met} |"
    for name, runs in (("from pixels", grid_reported), ("made runs with the errors measured in pixels", trials_reported)):
        yield _confused(name, runs)
    reported = [t for t in trials_reported if t.turn.measured]
    held = sum(t.held for t in reported)
    met = _met(held >= LEAST_HELD * len(reported))
    yield f"| 95 % intervals hold the truth | made runs | {held} of {len(reported)} | {met} |"


def _confused(name: str, runs: list[Reported]) -> str:
    locked = [t for t in runs if t.case.amplitude_deg <= LOCKED_DEG]
    typical = [t for t in runs if t.case.amplitude_deg >= TYPICAL_DEG]
    wrong = sum(t.called == "typical" for t in locked) + sum(t.called == "locked" for t in typical)
    silent = sum(not t.turn.measured for t in (*locked, *typical))
    return (f"| locked (up to {LOCKED_DEG}) and typical (from {TYPICAL_DEG} deg) never confused, cut at {CUT_DEG} | {name}, "
            f"{len(locked)} locked and {len(typical)} typical runs | {wrong} confused, {silent} not told | {_met(wrong == 0)} |")


def _met(good: bool) -> str:
    return "yes" if good else "**no**"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.accuracy.hip_belt", description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tuned", action="store_true", help="the body that finder and geometry were tuned on")
    parser.add_argument("--write", action="store_true", help="write HIP_BELT.md")
    asked = parser.parse_args()
    runs: list[Reported] = []
    if asked.tuned:
        for text in table(grid(TUNED, MAIN_DEG, FEW_DEG), filmed, runs):
            print(text, flush=True)
        return
    sections: list[str] = []

    def say(text: str) -> None:
        print(text, flush=True)
        sections.append(text)

    for text in table((*grid(HELD), *grid(HELD, OBLIQUE_DEG, FEW_DEG)), filmed, runs):
        say(text)
    many = list(trials())
    say("\n## What goes wrong, one thing at a time, from pixels\n")
    for text in table((*worse(), *unfilmed()), filmed, []):
        say(text)
    reached = "\n".join(bars(runs, many))
    print(reached)
    if asked.write:
        head = HEAD.format(bodies=" and ".join(HELD), tuned=", ".join(TUNED))
        text = "\n".join([head, reached, TRIALS + NOTES, "## Every run, from pixels\n", *sections]) + "\n"
        Path(__file__).with_name("HIP_BELT.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
