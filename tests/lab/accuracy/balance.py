"""Ground contact balance from one side: why the station does not report it.

python -m tests.lab.accuracy.balance [FOLDER]

Left contact time as a share of both feet's, per cent: what it is by the force plate, how far it is
off on markers with 8 mm of noise, and through the pose models on the rendered people of the
end-to-end FOLDER, who are even.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from station.types import NS, Event, Side
from tests.analysed import analyse
from tests.lab.accuracy.intervals import SHARED
from tests.lab.accuracy.projection import HELD, SPEEDS, TUNED, Filming, filmed, load
from tests.lab.accuracy.truth import truth

MODELS = ("pose_landmark_full", "pose_runner")
SIDES: tuple[Side, Side] = ("left", "right")


def contact_s(contacts_s: Iterable[float], toe_offs_s: Iterable[float]) -> float:
    """Median time from a contact to the toe-off after it."""
    left = np.sort(list(toe_offs_s))
    spans = [left[left > at][0] - at for at in contacts_s if (left > at).any()]
    return float(np.median(spans)) if spans else float("nan")


def balance_pct(events: Iterable[Event], first: Side, second: Side) -> float:
    times: dict[tuple[str, Side], list[float]] = {}
    for event in events:
        times.setdefault((event.kind, event.side), []).append(event.t_ns / NS)
    spans = [contact_s(times.get(("contact", side), ()), times.get(("toe_off", side), ())) for side in (first, second)]
    return 100.0 * spans[0] / sum(spans)


def on_markers() -> Iterator[tuple[float, float]]:
    """(true, measured) of every trial, from both sides."""
    for runner in (*TUNED, *HELD):
        for speed in SPEEDS:
            trial = load(SHARED, runner, speed)
            spans = [contact_s(one.contacts_s, one.toe_offs_s) for one in (truth(trial, side) for side in SIDES)]
            for side in SIDES:
                filming = Filming(side=side)
                found = analyse(filmed(trial, filming), filming.view, trial.speed_mps)
                yield 100.0 * spans[0] / sum(spans), balance_pct(found.events, *SIDES)


def through(model: str, folder: Path) -> Iterator[float]:
    """Near foot's share less 50, of everybody as they run, 60 frames a second."""
    from tests.lab.end_to_end.clips import CLIPS
    from tests.lab.end_to_end.estimate import poses_path
    from tests.lab.end_to_end.streams import Seen
    from tests.lab.end_to_end.truth import near_side

    for clip in (c for c in CLIPS if (c.group, c.row) == ("people", "own")):
        path = poses_path(folder, model, clip.name)
        if path.exists():
            seen = Seen.load(clip, path, 1, model)
            near = near_side(clip.spec)
            events = analyse(seen.looped(20.0), seen.view, seen.speed_mps).events
            yield balance_pct(events, near, "left" if near == "right" else "right") - 50.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="clips and poses of tests.lab.end_to_end")
    asked = parser.parse_args()
    true, found = np.array(list(on_markers())).T
    print(f"force plate: SD {true.std():.2f} % between {len(true) // 2} trials")
    print(f"markers: {found.mean() - true.mean():+.2f}, SD of the error {np.std(found - true):.2f} % of {len(true)} trials")
    for model in MODELS if asked.folder else ():
        off = np.array(list(through(model, asked.folder)))
        print(f"{model}: {np.nanmean(off):+.2f}, SD of the error {np.nanstd(off, ddof=1):.2f} % of {len(off)} people")


if __name__ == "__main__":
    main()
