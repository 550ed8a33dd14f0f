"""Do the intervals hold the truth? Recorded runners, the core alone.

python -m tests.lab.accuracy.intervals     some minutes

Eight runners at each speed, from both sides, with landmark errors of 8 mm. "whole": the summary of
the 30 s; "window": what the core says live at the end; "3 to 6 strides": the summary of so few in a
row; "change": from one speed to the next, the same runner before the same camera, by ci95_change;
"halves": whether two halves of one trial differ by no more than their ci95_change allow, without
any truth. The truth is the mean over all strides of the trial, from the markers without error and
the force plate, without the product's code. What is known of the core's own errors
(model_errors.METHOD) comes from the other seven runners each time.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, pairwise, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.model_errors import KnownErrors, reach
from station.record.summary import summarise
from station.types import NAN, QUANTITIES, Joint, Measure, MeasureError, Side
from tests.analysed import analyse
from tests.lab.accuracy.projection import HELD, SPEEDS, TUNED, Filming, Trial, filmed, load
from tests.lab.accuracy.truth import truth

SHARED = Path(__file__).resolve().parents[4] / "shared"
HOWS = ("whole", "window", "3 to 6 strides")
EVERYBODY = (*TUNED, *HELD)

LEAST_SHARE = 0.6  # statistical errors alone would be half of the half-width


def method_errors(runners: Iterable[str]) -> dict[str, MeasureError]:
    """What the core itself is off over the runners, by measure, where that is more than the strides
    of half a minute explain; and how many spreads hold 95 % of the trials of each when they are
    left out. Of changes there are few: all of them are held.
    """
    runners = tuple(runners)
    off: dict[str, list[tuple[str, float]]] = {}
    changed: dict[str, list[tuple[str, float]]] = {}
    for runner in runners:
        others = _method_errors(other for other in runners if other != runner)
        for name, _, error in whole(runner):
            if name in others:
                off.setdefault(name, []).append((runner, abs(error) / others[name].spread))
        for name, _, error in changes(runner, {}):
            if name in others:
                changed.setdefault(name, []).append((runner, abs(error) / others[name].change))
    return {
        name: replace(
            row,
            reach=reach_of(off.get(name, []), row.people),
            change_reach=reach_of(changed.get(name, []), row.people, 1.0),
        )
        for name, row in _method_errors(runners).items()
    }


def reach_of(shares: Sequence[tuple[str, float]], people: int, holds: float = 0.95) -> float:
    """The share of a spread that `holds` of them do not exceed, at most what Student's t takes.

    `shares`: person, and the size of their error as a share of what the others showed; every person
    counts the same.
    """
    most = reach(people)
    if not shares:
        return round(most, 2)
    ordered = sorted(shares, key=lambda one: one[1])
    persons = [person for person, _ in ordered]
    weight = np.cumsum([1.0 / persons.count(person) for person in persons])
    at = min(int(np.searchsorted(weight, holds * weight[-1])), len(ordered) - 1)
    return round(min(ordered[at][1], most), 2)


def _method_errors(runners: Iterable[str]) -> dict[str, MeasureError]:
    """Root mean square over the trials, and of a change between two speeds of one runner."""
    errors: dict[str, list[list[float]]] = {}
    halves: dict[str, list[float]] = {}
    for runner in runners:
        mine: dict[str, list[float]] = {}
        for name, half, error in whole(runner):
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
def whole(runner: str) -> list[tuple[str, float, float]]:
    """(measure, half-width, error) of the runner's whole trials."""
    return [(n, (m.high - m.low) / 2, m.value - true) for how, n, m, true in judged((runner,)) if how == "whole"]


@cache
def strides_sampled(name: str, n: int, runners: tuple[str, ...] = HELD) -> NDArray[np.float64]:
    """How far the means of n strides in a row lie from that of their half minute: every such mean
    of recorded runners, without landmark errors; empty for a measure that true_strides lacks.
    """
    off = []
    for runner, speed, side in product(runners, SPEEDS, ("right", "left")):
        values = _true_columns(runner, speed, side).get(name, np.empty(0))  # type: ignore[arg-type]
        if len(values) > n:
            off.append(np.convolve(values, np.full(n, 1.0 / n), "valid") - values.mean())
    return np.concatenate(off) if off else np.empty(0)


@cache
def _true_columns(runner: str, speed: str, side: Side) -> dict[str, NDArray[np.float64]]:
    return true_strides(load(SHARED, runner, speed), side)


def true_values(trial: Trial, side: Side) -> dict[str, float]:
    """Means over the strides of a trial, keyed as QUANTITIES."""
    strides = true_strides(trial, side)
    duration_s = float(strides["duration_s"].mean())
    mean = {name: float(values.mean()) for name, values in strides.items() if name != "duration_s"}
    contact_ms = mean["contact_time_ms"]
    return mean | {
        "flight_time_ms": 500 * duration_s - contact_ms,
        "duty_factor_pct": contact_ms / duration_s / 10,
        "vertical_ratio_pct": 2 * mean["vertical_oscillation_cm"] / (trial.speed_mps * duration_s),
        "cadence_spm": 120 / duration_s,
    }


def true_strides(trial: Trial, side: Side) -> dict[str, NDArray[np.float64]]:
    """Every measure stride by stride, (strides,) each."""
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
    found = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    duration_s, swing = found["duration_s"], true.forward_deg + true.tle_deg
    return found | {
        "flight_time_ms": 500 * duration_s - found["contact_time_ms"],
        "duty_factor_pct": found["contact_time_ms"] / duration_s / 10,
        "vertical_ratio_pct": 2 * found["vertical_oscillation_cm"] / (trial.speed_mps * duration_s),
        "cadence_spm": 120 / duration_s,
        "step_length_m": trial.speed_mps * duration_s / 2,
        "thigh_forward_near_deg": true.forward_deg,
        "tle_near_deg": true.tle_deg,
        "thigh_excursion_near_deg": swing,
        "tle_share_near": true.tle_deg / swing,
    }


def _rise(height: NDArray[np.float64]) -> float:
    """From the lowest to the highest, mean of both halves of a stride."""
    half = len(height) // 2
    return float(np.ptp(height[:half]) + np.ptp(height[half:])) / 2


@dataclass(frozen=True)
class Recorded:
    """One trial from one side: what is true, and what the core made of it."""

    speed: str
    side: str
    true: Mapping[str, float]
    strides: NDArray[np.void]
    window: Mapping[str, Measure]


@cache
def recorded(runner: str) -> tuple[Recorded, ...]:
    made = []
    for speed, side in product(SPEEDS, ("right", "left")):
        trial, filming = load(SHARED, runner, speed), Filming(side=side)  # type: ignore[arg-type]
        found = analyse(filmed(trial, filming), filming.view, trial.speed_mps)
        strides = found.strides[found.strides["running"] == 1]
        made.append(Recorded(speed, side, true_values(trial, side), strides, found.last.measures))  # type: ignore[arg-type]
    return tuple(made)


def judged(
    runners: tuple[str, ...], method: Mapping[str, MeasureError] | None = None
) -> Iterator[tuple[str, str, Measure, float]]:
    """(how, measure, what was said, what is true) of every trial; `method`: what is known of the
    core's own errors.
    """
    known = KnownErrors((), NAN, NAN, method or {})
    for trial in chain.from_iterable(map(recorded, runners)):
        strides = trial.strides
        few = [(start, n) for n in (3, 4, 5, 6) for start in range(0, len(strides) - n, max(1, len(strides) // 6))]
        said = [("whole", summarise(strides, {}, known)), ("window", known.corrected(trial.window))]
        said += [("3 to 6 strides", summarise(strides[start : start + n], {}, known)) for start, n in few]
        for how, measures in said:
            for name in trial.true:
                if name in measures and measures[name].measured:
                    yield how, name, measures[name], trial.true[name]


def changes(runner: str, method: Mapping[str, MeasureError]) -> Iterator[tuple[str, float, float]]:
    """(measure, half-width, error) of each change from one speed to the next."""
    known = KnownErrors((), NAN, NAN, method)
    for before, after in product(recorded(runner), repeat=2):
        if before.side != after.side or SPEEDS.index(after.speed) != SPEEDS.index(before.speed) + 1:
            continue
        first, last = (summarise(trial.strides, {}, known) for trial in (before, after))
        for name in before.true:
            if name in first and first[name].measured and last[name].measured:
                halves = [measure.ci95_change[1] - measure.value for measure in (first[name], last[name])]
                seen, real = last[name].value - first[name].value, after.true[name] - before.true[name]
                yield name, float(np.hypot(*halves)), seen - real


def halves(runner: str, method: Mapping[str, MeasureError]) -> Iterator[tuple[str, float, float]]:
    """(measure, half-width, difference) of the two halves of each trial."""
    known = KnownErrors((), NAN, NAN, method)
    for trial in recorded(runner):
        middle = len(trial.strides) // 2
        first, last = (summarise(part, {}, known) for part in (trial.strides[:middle], trial.strides[middle:]))
        for name in trial.true:
            if name in first and first[name].measured and last[name].measured:
                ends = [measure.ci95_change[1] - measure.value for measure in (first[name], last[name])]
                yield name, float(np.hypot(*ends)), last[name].value - first[name].value


def lines() -> Iterator[str]:
    """Markdown: per measure how many intervals hold the truth, and their median half-width."""
    found: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for runner in EVERYBODY:
        method = method_errors(other for other in EVERYBODY if other != runner)
        for how, name, said, true in judged((runner,), method):
            row = (float(said.low <= true <= said.high), (said.high - said.low) / 2)
            found.setdefault(name, {}).setdefault(how, []).append(row)
        for how, compared in (("change", changes(runner, method)), ("halves", halves(runner, method))):
            for name, half, error in compared:
                found.setdefault(name, {}).setdefault(how, []).append((float(abs(error) <= half), half))
    hows = (*HOWS, "change", "halves")
    yield "| measure | " + " | ".join(f"{how}: held | half-width" for how in hows) + " |"
    yield "|---" * (1 + 2 * len(hows)) + "|"
    for name in (n for n in QUANTITIES if n in found):
        cells = []
        for how in hows:
            held, half = np.array(found[name].get(how, [(np.nan, np.nan)])).T
            cells.append(f"{100 * held.mean():.0f} % of {len(held)} | {np.median(half):.2g}")
        yield f"| {QUANTITIES[name].label}, {QUANTITIES[name].unit} | " + " | ".join(cells) + " |"
    shares = {how: np.concatenate([[held for held, _ in by.get(how, [])] for by in found.values()]) for how in hows}
    yield "| all of them | " + " | ".join(f"{100 * shares[how].mean():.0f} % of {len(shares[how])} |" for how in hows) + " |"


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print("\n".join(lines()))


if __name__ == "__main__":
    main()
