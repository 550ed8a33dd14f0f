"""Do the intervals hold the truth? Recorded runners, the core alone.

python -m tests.lab.accuracy.intervals [--tuned]     a minute

Each runner at each speed, from both sides, with landmark errors of 8 mm. "whole": the summary of
the 30 s; "window": what the core says live at the end; "3 to 6 strides": the summary of so few in a
row, six times a trial. The truth is the mean over all strides of the trial, from the markers
without error and the force plate, without the product's code. What is known of the core's own
errors (model_errors.METHOD) comes from the other seven runners each time.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.model_errors import KnownErrors
from station.record.summary import summarise
from station.types import NAN, Joint, Measure, MeasureError, Side
from tests.analysed import analyse
from tests.lab.accuracy.projection import HELD, SPEEDS, TUNED, Filming, Trial, filmed, load
from tests.lab.accuracy.truth import truth

SHARED = Path(__file__).resolve().parents[4] / "shared"
HOWS = ("whole", "window", "3 to 6 strides")


LEAST_SHARE = 0.6  # statistical errors alone would be half of the half-width


def method_errors(runners: Iterable[str]) -> dict[str, MeasureError]:
    """What the core itself is off over the runners, by measure, where that is more than the strides
    of half a minute explain: root mean square over the trials, and of a change between two speeds
    of one runner."""
    errors: dict[str, list[list[float]]] = {}
    halves: dict[str, list[float]] = {}
    for runner in runners:
        mine: dict[str, list[float]] = {}
        for name, half, error in _whole(runner):
            mine.setdefault(name, []).append(error)
            halves.setdefault(name, []).append(half)
        for name, found in mine.items():
            errors.setdefault(name, []).append(found)
    made = {}
    for name, by_runner in errors.items():
        spread = float(np.sqrt(np.mean(np.square(np.concatenate(by_runner)))))
        change = float(np.sqrt(2 * np.mean([np.var(found) for found in by_runner])))
        if spread > LEAST_SHARE * float(np.median(halves[name])):
            made[name] = MeasureError(0.0, round(spread, 3), round(change, 3), len(by_runner))
    return made


@cache
def _whole(runner: str) -> list[tuple[str, float, float]]:
    """(measure, half-width, error) of the runner's whole trials."""
    return [(n, (m.high - m.low) / 2, m.value - true) for how, n, m, true in judged((runner,)) if how == "whole"]


def true_values(trial: Trial, side: Side) -> dict[str, float]:
    """Means over the strides of a trial, keyed as QUANTITIES."""
    true = truth(trial, side)
    k = 0 if side == "left" else 1
    p, t_s = trial.points, trial.t_s
    knee = true.thigh_deg - true.shank_deg
    ahead = p[Joint.LEFT_HEEL + k][:, 0] - (p[Joint.LEFT_HIP][:, 0] + p[Joint.RIGHT_HIP][:, 0]) / 2
    reach = p[Joint.LEFT_ANKLE + k][:, 0] - p[Joint.LEFT_HIP + k][:, 0]
    height = (p[Joint.LEFT_HIP][:, 1] + p[Joint.RIGHT_HIP][:, 1]) / 2
    rows = []
    for start_s, end_s in pairwise(true.peaks_s.tolist()):
        inside = (t_s >= start_s) & (t_s < end_s)
        landed = true.contacts_s[(true.contacts_s > start_s - 0.1) & (true.contacts_s < end_s)]
        left = true.toe_offs_s[true.toe_offs_s > landed[0]] if len(landed) else np.empty(0)
        if not len(left):
            continue
        stance = (t_s >= landed[0]) & (t_s <= left[0])
        early = (t_s >= start_s - 0.05) & (t_s < start_s + 0.34 * (end_s - start_s))
        reach_s = float(t_s[early][ahead[early].argmax()])
        rows.append({
            "duration_s": end_s - start_s,
            "knee_flexion_stance_near_deg": knee[stance].max(),
            "knee_flexion_swing_near_deg": knee[inside].max(),
            "contact_time_ms": 1000 * (left[0] - landed[0]),
            "retraction_near_pct": 100 * (reach_s - start_s) / (end_s - start_s),
            "retraction_near_deg": np.interp(start_s, t_s, true.thigh_deg) - np.interp(reach_s, t_s, true.thigh_deg),
            "vertical_oscillation_cm": 100 * _rise(height[inside]),
            "overstride_near_cm": 100 * np.interp(landed[0], t_s, reach),
            "shank_contact_near_deg": np.interp(landed[0], t_s, true.shank_deg),
        })  # fmt: skip
    mean = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    forward, tle = float(true.forward_deg.mean()), float(true.tle_deg.mean())
    return mean | {
        "flight_time_ms": 500 * mean["duration_s"] - mean["contact_time_ms"],
        "duty_factor_pct": mean["contact_time_ms"] / mean["duration_s"] / 10,
        "vertical_ratio_pct": 2 * mean["vertical_oscillation_cm"] / (trial.speed_mps * mean["duration_s"]),
        "cadence_spm": 120 / mean["duration_s"],
        "step_length_m": trial.speed_mps * mean["duration_s"] / 2,
        "thigh_forward_near_deg": forward,
        "tle_near_deg": tle,
        "thigh_excursion_near_deg": forward + tle,
        "tle_share_near": float(np.mean(true.tle_deg / (true.tle_deg + true.forward_deg))),
    }


def _rise(height: NDArray[np.float64]) -> float:
    """From the lowest to the highest, mean of both halves of a stride."""
    half = len(height) // 2
    return float(np.ptp(height[:half]) + np.ptp(height[half:])) / 2


def judged(
    runners: tuple[str, ...], method: Mapping[str, MeasureError] | None = None
) -> Iterator[tuple[str, str, Measure, float]]:
    """(how, measure, what was said, what is true) of every trial; `method`: what is known of the
    core's own errors.
    """
    known = KnownErrors((), NAN, NAN, method or {})
    for runner in runners:
        for speed in SPEEDS:
            trial = load(SHARED, runner, speed)
            for side in ("right", "left"):
                filming = Filming(side=side)  # type: ignore[arg-type]
                true = true_values(trial, side)  # type: ignore[arg-type]
                found = analyse(filmed(trial, filming), filming.view, trial.speed_mps)
                strides = found.strides[found.strides["running"] == 1]
                few = [(start, 3 + start % 4) for start in range(0, len(strides) - 6, max(1, len(strides) // 6))]
                said = [("whole", summarise(strides, {}, known)), ("window", known.corrected(found.last.measures))]
                said += [("3 to 6 strides", summarise(strides[start : start + n], {}, known)) for start, n in few]
                for how, measures in said:
                    for name in true:
                        if name in measures and measures[name].measured:
                            yield how, name, measures[name], true[name]


def lines(runners: tuple[str, ...]) -> Iterator[str]:
    """Markdown: per measure how many intervals hold the truth, their half-width and the mean error.
    """
    found: dict[str, dict[str, list[tuple[float, float, float]]]] = {}
    everybody = (*TUNED, *HELD)
    for how, name, said, true in chain.from_iterable(
        judged((runner,), method_errors(other for other in everybody if other != runner)) for runner in runners
    ):
        row = (float(said.low <= true <= said.high), (said.high - said.low) / 2, said.value - true)
        found.setdefault(name, {}).setdefault(how, []).append(row)
    yield "| measure | " + " | ".join(f"{how}: held | half-width | mean error" for how in HOWS) + " |"
    yield "|---" * (1 + 3 * len(HOWS)) + "|"
    for name, hows in found.items():
        cells = []
        for how in HOWS:
            held, half, error = np.array(hows.get(how, [(np.nan,) * 3])).T
            cells.append(f"{100 * held.mean():.0f} % of {len(held)} | {np.median(half):.2g} | {error.mean():+.2g}")
        yield f"| {name} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tuned", action="store_true", help="the runners that constants were fitted on")
    print("\n".join(lines(TUNED if parser.parse_args().tuned else HELD)))


if __name__ == "__main__":
    main()
