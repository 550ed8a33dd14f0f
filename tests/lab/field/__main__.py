"""Make a film of each kind, let `station analyze` loose on it, write RESULTS.md."""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.lab.field.films import CASES, Case, base_images

PAGE = Path(__file__).with_name("RESULTS.md")
CADENCE_SPM, TLE_DEG = 0.5, 0.5  # how far a film of any kind may be from the base film
FIELD = Path(__file__).resolve().parents[4] / "shared/data/field"
OTHERS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("raw_30fps.h264", ("--fps", "30"), "another encoder's elementary stream"),
    ("avi_b.avi", (), "60 numbered frames, nobody in them"),
    ("trimmed_by_edit_list.mp4", (), "9 s of which 7 are shown"),
    ("preview_track_first.mov", (), "a preview as the first track"),
    ("still_marked_default.mkv", (), "a still picture marked as default, and one frame"),
    ("slow_motion_4x_tagged.mp4", (), "0.75 s of a run, shown in 3 s"),
    ("runner_on_black_bars.mp4", (), "360 of 720 lines"),
    ("rail_over_knees.mp4", (), "a bar in front of the knees"),
    ("sideways.mp4", (), "the rotation tag lost"),
    ("sideways.mp4", ("--turn", "270"), "the same, turned as the station says"),
    ("chunk4g.png", (), "a PNG of 61 bytes that asks for 4 GB"),
    ("tall.bmp", (), "a BMP of 60 bytes that asks for 24 MB"),
)


@dataclass(frozen=True)
class Reported:
    """What the command said: exit code, the two numbers (NaN: none), and its notes and errors."""

    code: int
    cadence_spm: float
    tle_deg: float
    words: str

    @property
    def measured(self) -> bool:
        return math.isfinite(self.cadence_spm)


def analysed(path: Path, options: tuple[str, ...]) -> Reported:
    command = [sys.executable, "-m", "station", "analyze", str(path), *options, "--json", "-"]
    done = subprocess.run(command, capture_output=True, check=False)
    summary = json.loads(done.stdout)["summary"] if done.stdout else {}
    cadence, tle = (summary.get(name, {}).get("value") for name in ("cadence_spm", "tle_near_deg"))
    shown = str(path).encode("utf-8", "replace").decode()
    said = done.stderr.decode("utf-8", "replace").replace("\\udcff", "?").replace("\\udce4", "?")
    # Each of these films was made a moment ago, without a date: the same note on every one.
    notable = [line for line in said.splitlines() if line.strip() and "no date is in it" not in line]
    lines = [line.replace(f"{shown}: ", "").replace("station: ", "") for line in notable]
    return Reported(done.returncode, *(math.nan if one is None else one for one in (cadence, tle)), " / ".join(lines))


def verdict(case: Case, reported: Reported, base: Reported) -> str:
    if case.right == "refused":
        return "refused" if reported.code != 0 and not reported.measured and reported.words else "WRONG"
    near = abs(reported.cadence_spm - base.cadence_spm) <= CADENCE_SPM and abs(reported.tle_deg - base.tle_deg) <= TLE_DEG
    if case.right == "said":
        return "said" if reported.words and (near or reported.code == 1 or "may be off by" in reported.words) else "WRONG"
    return "same" if reported.code == 0 and near else "WRONG"


def row(name: str, situation: str, options: tuple[str, ...], reported: Reported, judged: str) -> str:
    numbers = [f"{one:.1f}" if math.isfinite(one) else "-" for one in (reported.cadence_spm, reported.tle_deg)]
    given = f" `{' '.join(options)}`" if options else ""
    return f"| {name}{given} | {situation} | {numbers[0]} | {numbers[1]} | {reported.code} | {reported.words or '-'} | {judged} |"


def main(names: list[str]) -> int:
    images = base_images()
    rows, wrong = [], []
    with tempfile.TemporaryDirectory() as folder:
        base = None
        for case in CASES:
            if names and case.name not in names and base is not None:
                continue
            made = case.make(Path(folder) / case.name, images)
            reported = analysed(made if isinstance(made, Path) else Path(folder) / case.name, case.options)
            base = base or reported
            judged = verdict(case, reported, base)
            wrong += [case.name] if judged == "WRONG" else []
            rows.append(row(case.name, case.situation, case.options, reported, judged))
            print(rows[-1], flush=True)
    others = [
        row(name, situation, options, analysed(FIELD / name, options), "")
        for name, options, situation in OTHERS
        if (FIELD / name).exists() and not names
    ]
    if not names:
        PAGE.write_text(page(rows, others), encoding="utf-8", newline="\n")
    print(f"wrong: {', '.join(wrong) or 'none'}")
    return 1 if wrong else 0


COLUMNS = ("film", "situation", "cadence, steps/min", "TLE, deg", "exit code", "what the station says", "verdict")


def table(rows: list[str]) -> str:
    head = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"
    return "\n".join((head, *rows))


def page(rows: list[str], others: list[str]) -> str:
    return f"""# Films as people have them

Made by `python -m tests.lab.field`: each film is the bundled clip in another shape, and `station analyze` is run
on it. *same*: exit code 0, cadence within {CADENCE_SPM} steps/min and trailing-limb extension within {TLE_DEG} deg of the base
film. *refused*: no number, and what to do. *said*: a number beside a named problem. Exit codes: 0 done, 1 finished
with a problem it names, 2 wrong input.

{table(rows)}

## Files from elsewhere

Small inputs that went wrong once (they lie beside the checkout, not in it). Their base clip
reads 163.6 steps/min; preview_track_first.mov holds it unchanged.

{table(others) if others else "Not beside this checkout."}
"""


def asked() -> list[str]:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.field", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of films; none: all, and RESULTS.md is written")
    names: list[str] = parser.parse_args().names
    unknown = set(names) - {case.name for case in CASES}
    if unknown:
        parser.error(f"no such film: {', '.join(sorted(unknown))}; there are {', '.join(case.name for case in CASES)}")
    return names


if __name__ == "__main__":
    sys.exit(main(asked()))
