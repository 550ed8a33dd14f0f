"""The accuracy suite: conditions, what is asked of each quantity, and what was reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.lab.accuracy.norms import turn_percentile
from tests.lab.accuracy.projection import SPEEDS, Filming, Trial, load
from tests.lab.accuracy.scores import Scores, scores

Trials = list[tuple[Trial, Scores]]

TURN_HELD = "pelvic turn: 95 % interval holds the truth"
LOCKED = 0.1  # share of the recorded pelvic turn that a locked waist keeps
CONDITIONS: dict[str, Filming] = {
    "60 fps, 8 mm, side view": Filming(),
    "4 mm": Filming(noise_mm=4.0),
    "16 mm": Filming(noise_mm=16.0),
    "30 fps": Filming(fps=30.0),
    "10 deg to the rear": Filming(azimuth_deg=10.0),
    "20 deg to the rear": Filming(azimuth_deg=20.0),
    "2 % drag": Filming(drag=0.02),
    "5 % drag": Filming(drag=0.05),
}


def again(filming: Filming) -> Filming:
    """The same with other landmark errors."""
    return replace(filming, seed=filming.seed + 1)


@cache
def _trial(shared: Path, runner: str, speed: str, yaw_scale: float) -> Trial:
    return load(shared, runner, speed, yaw_scale)


def run(
    shared: Path,
    runners: Iterable[str],
    filming: Filming,
    yaw_scale: float = 1.0,
    speeds: Iterable[str] = SPEEDS,
    sides: Iterable[str] = ("right", "left"),
) -> Trials:
    """Every runner at every speed, filmed from the right and from the left."""
    trials: Trials = []
    for runner in runners:
        for speed in speeds:
            trial = _trial(shared, runner, speed, yaw_scale)
            trials += [(trial, scores(trial, replace(filming, side=side))) for side in sides]  # type: ignore[arg-type]
    return trials


@dataclass(frozen=True)
class Row:
    """One line of the table: what was reached, what is asked (NaN: nothing), and whether that is
    met.
    """

    what: str
    reached: str
    asked: str
    met: bool


def rows(trials: Trials) -> Iterator[Row]:
    """The bars that one set of trials shows."""
    got = [s for _, s in trials]

    def worst(what: str, unit: str, of: Callable[[Scores], float], bar: float, digits: int = 2) -> Row:
        values = np.abs([of(s) for s in got])
        told = values[np.isfinite(values)]
        text = f"median {np.median(told):.{digits}f}, worst {told.max():.{digits}f} {unit}"
        text += f", unknown in {len(values) - len(told)} trials" if len(told) < len(values) else ""
        return Row(what, text, f"≤ {bar:g} {unit}", bool(len(told) == len(values) and told.max() <= bar))

    yield worst("cadence error per trial", "steps/min", lambda s: s.cadence_spm, 0.5)
    yield worst("near thigh RMSE", "deg", lambda s: s.thigh_rmse_deg, 2.5)
    yield worst("trailing-limb extension error", "deg", lambda s: s.tle_deg, 1.5)
    yield worst("thigh excursion error", "deg", lambda s: s.excursion_deg, 1.5)
    yield worst("belt speed error", "%", lambda s: s.speed_pct, 3.0, 1)
    yield _timing("foot contact", [s.contact_ms for s in got], 15.0)
    yield _timing("toe-off", [s.toe_off_ms for s in got], 20.0)
    missed, all_events = (sum(s.missed[k] for s in got) for k in (0, 1))
    most = max(s.missed[0] / s.missed[1] for s in got)
    text = f"{missed} of {all_events}, worst trial {100 * most:.1f} %"
    yield Row("contacts and toe-offs missed", text, "≤ 0.5 %", missed <= 0.005 * all_events)
    found, true = sum(s.strides for s in got), sum(s.true_strides for s in got)
    yield Row("strides found after the third second", f"{found} of {true}", "all", abs(found - true) <= len(got))


def _timing(what: str, off_ms: list[NDArray[np.float64]], bar_ms: float) -> Row:
    everything = np.concatenate(off_ms)
    real = everything[np.isfinite(everything)]
    middle = float(np.median(np.abs(real)))
    worst = max(float(np.median(np.abs(o[np.isfinite(o)]))) for o in off_ms)
    false = int(np.isinf(everything).sum())
    text = (
        f"median {middle:.1f} ms, worst trial {worst:.0f} ms, bias {np.median(real):+.1f} ms, {len(real)} events, {false} false"
    )
    return Row(f"{what}, median absolute error", text, f"≤ {bar_ms:g} ms", middle <= bar_ms)


def coverage(trials: Trials, of: str = "") -> Row:
    """How often the interval of the pelvic turn holds the truth. `of`: whose trials these are."""
    told = [(s.turn, abs(s.true_turn)) for _, s in trials if s.turn.measured]
    if not told:
        return Row(TURN_HELD + of, f"cannot tell in all {len(trials)} trials", "90–98 %", False)
    inside = sum(m.low <= true <= m.high for m, true in told)
    error = np.array([m.value - true for m, true in told])
    half = np.array([m.high - m.low for m, _ in told]) / 2
    size = f"RMSE {np.sqrt((error**2).mean()):.1f}, half-width {half.mean():.1f} deg"
    text = f"{inside} of {len(told)} told ({len(trials)} trials); {size}"
    return Row(TURN_HELD + of, text, "90–98 %", 0.9 * len(told) <= inside <= 0.98 * len(told))


def added(dragged: Trials, free: Trials, bar_deg: float) -> Row:
    """What drag does to the quadrature part, all else and every landmark error being the same."""
    pairs = zip(dragged, free, strict=True)
    off = np.array([abs(float(np.nanmean(d.raw_turn.imag) - np.nanmean(f.raw_turn.imag))) for (_, d), (_, f) in pairs])
    text = f"median {np.median(off):.2f}, worst {off.max():.2f} deg"
    return Row("what the drag adds to the quadrature part", text, f"≤ {bar_deg:g} deg", bool((off <= bar_deg).all()))


def quadrature(trials: Trials, bar_deg: float) -> Row:
    off = np.array([s.quadrature.value - s.true_turn.imag for _, s in trials if s.quadrature.measured])
    text = f"RMSE {np.sqrt((off**2).mean()):.2f}, worst {np.abs(off).max():.2f} deg; {(np.abs(off) <= bar_deg).mean():.0%} within"
    return Row("quadrature part of the pelvic turn", text, f"≤ {bar_deg:g} deg", bool((np.abs(off) <= bar_deg).all()))


def has_fallen(before: NDArray[np.complex128], now: NDArray[np.complex128]) -> bool:
    """Whether a runner's turn has surely fallen below half of what it was, from the strides of two
    windows.

    The thighs' drag is the same in both and cancels; so do hip width and scale.
    """
    before, now = before[np.isfinite(before)], now[np.isfinite(now)]
    was, change = before.mean(), now.mean() - before.mean()
    variance = sum(float((np.abs(w - w.mean()) ** 2).sum()) / (len(w) - 1) / len(w) / 2.0 for w in (before, now))
    kept = float(((was + change) * np.conj(was)).real) / abs(was) ** 2
    return bool(abs(change) > 2.45 * np.sqrt(variance) and kept < 0.5)


def locked(recorded: Trials, again: Trials, stiff: Trials) -> Iterator[Row]:
    """A locked waist told from the same runner's own, and never seen in a runner who has none."""
    above = [
        (r, k)
        for (trial, r), (_, k) in zip(recorded, stiff, strict=True)
        if abs(r.true_turn) > turn_percentile("p25", trial.speed_mps)
    ]
    told = sum(has_fallen(r.raw_turn, k.raw_turn) for r, k in above)
    text = f"{told} of {len(above)} trials with a recorded turn above P25"
    yield Row(
        "locked (x 0.1) told from the own recorded turn, without drag calibration", text, "≥ 95 %", told >= 0.95 * len(above)
    )
    false = sum(has_fallen(r.raw_turn, k.raw_turn) for (_, r), (_, k) in zip(recorded, again, strict=True))
    yield Row("locked verdict on a second recording of the same runner", f"{false} of {len(recorded)} trials", "0", false == 0)
    usual = [(trial, s) for trial, s in recorded if abs(s.true_turn) > _p10(trial.speed_mps)]
    false = sum(_by_norm(trial, s) for trial, s in usual)
    what = "locked verdict by the norms (upper bound < P5) on a recorded turn above P10"
    yield Row(what, f"{false} of {len(usual)} trials", "0", false == 0)
    told = sum(_by_norm(trial, s) for trial, s in stiff)
    yield Row("locked (x 0.1) told by the norms alone", f"{told} of {len(stiff)} trials", "≥ 95 %", told >= 0.95 * len(stiff))


def _by_norm(trial: Trial, s: Scores) -> bool:
    return s.turn.measured and s.turn.high < max(turn_percentile("p5", trial.speed_mps), 2.0)


def _p10(speed_mps: float) -> float:
    """Between the percentiles that the norms hold."""
    p5, p25 = turn_percentile("p5", speed_mps), turn_percentile("p25", speed_mps)
    return p5 + 0.25 * (p25 - p5)
