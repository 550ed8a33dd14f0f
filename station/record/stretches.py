"""The worst and the best stretch of a recording, rule by rule: a film of ten seconds gets an
answer, a fault between good minutes its place, and a runner the minutes to run like again.

The verdict over a whole recording asks for many strides, as the live station must before it speaks.
Looking back, every eight strides in a row are judged by the same rules, and the worst are named
with their time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from station.faults import RULES, norms
from station.faults.judge import ask
from station.faults.rule import Rule, Scene, Verdict
from station.faults.window import BACKWARD, COLUMNS, IN_PHASE, PHASE, QUADRATURE, backward, pelvic_turn, ratio_of
from station.model_errors import KnownErrors
from station.stats import FEWEST, STRIDE_SD, spreads
from station.types import NAN, FaultState, Measure, Stretch

LEAST = 8  # strides, some five seconds: the mean of fewer wanders more than runners differ (chosen)
MOST_LOOKS = 2000  # an hour of running is looked at in steps of several strides
PAUSE = 2.6  # strides apart: one may be missing, after more another stretch begins (chosen)
SAME_SPEED_MPS = 0.25  # within a stretch (chosen)
RANK = {"out": 3, "between": 2, "inside": 1, "unknown": 0}
STATES: Mapping[str, FaultState] = {"out": "on", "between": "ok", "inside": "ok", "unknown": "cannot_tell"}


class Piece(NamedTuple):
    """Rows `first` to `end` (excluded) of the run's strides, their measures and scene."""

    first: int
    end: int
    measures: Mapping[str, Measure]
    scene: Scene
    backward: bool


class Stretches(NamedTuple):
    """One per rule. `best`: the longest without the fault, of 0 strides where there is none."""

    worst: tuple[Stretch, ...]
    best: tuple[Stretch, ...]


def find_stretches(strides: NDArray[np.void], known: KnownErrors, pelvic_source: str = "landmarks") -> Stretches:
    """`strides` (M,) STRIDE without the model's bias; `known`: the errors of that model."""
    run = strides[strides["running"] == 1]
    scene = Scene(pelvic_source=pelvic_source, errors=known.rows)
    pieces = [_piece(run, first, first + LEAST, scene) for first in _starts(run)]
    if not pieces:
        reason = f"too short to judge ({len(run)} of {LEAST} strides in a row)"
        nothing = tuple(_nothing(rule, reason) for rule in RULES)
        return Stretches(nothing, nothing)
    worst, best = [], []
    for rule in RULES:
        verdicts = [_verdict(rule, piece) for piece in pieces]
        worst.append(_worst(rule, run, pieces, verdicts, known))
        best.append(_best(rule, run, pieces, verdicts, known))
    return Stretches(tuple(worst), tuple(best))


def _nothing(rule: Rule, reason: str) -> Stretch:
    return Stretch(rule.name, "cannot_tell", reason, NAN, NAN, 0, NAN, NAN, NAN, rule.unit)


def _starts(run: NDArray[np.void]) -> Iterator[int]:
    """First rows of every LEAST strides in a row at one belt speed."""
    gap = np.diff(run["start_s"]) > PAUSE * run["duration_s"][:-1]
    speed = run["speed_mps"]
    step = 1 + len(run) // MOST_LOOKS
    for first in range(0, len(run) - LEAST + 1, step):
        inside = slice(first, first + LEAST)
        if not gap[first : first + LEAST - 1].any() and not np.ptp(speed[inside]) > SAME_SPEED_MPS:
            yield first


def _piece(run: NDArray[np.void], first: int, end: int, scene: Scene) -> Piece:
    rows = run[first:end]
    columns = np.array([rows[name] for name in COLUMNS]).T
    measures = {}
    for name, spread in zip(COLUMNS, spreads(columns, [STRIDE_SD.get(name, NAN) for name in COLUMNS]), strict=True):
        seen = spread.n >= max(FEWEST, (end - first) // 2)
        measure = Measure(spread.mean, spread.mean - spread.half, spread.mean + spread.half, spread.n)
        measures[name] = measure if seen else Measure.cannot_tell("not seen in enough strides", spread.n)
    # How landmarks and pixels follow the pelvis differs between people, which the scatter of a few
    # strides does not show.
    if scene.pelvic_source == "hip_belt":
        measures |= _pelvis(rows, measures["thigh_excursion_near_deg"].value)
    speeds = rows["speed_mps"][np.isfinite(rows["speed_mps"])]
    speed_mps = float(np.median(speeds)) if len(speeds) else NAN
    return Piece(first, end, measures, replace(scene, speed_mps=speed_mps), backward(rows[PHASE].tolist()))


def _pelvis(rows: NDArray[np.void], excursion_deg: float) -> dict[str, Measure]:
    turn, quadrature = pelvic_turn([*zip(rows[IN_PHASE].tolist(), rows[QUADRATURE].tolist(), strict=True)])
    ratio = ratio_of(turn, excursion_deg)
    return {"pelvic_turn_deg": turn, "pelvic_turn_quadrature_deg": quadrature, "pelvis_thigh_ratio": ratio}


def _worst(rule: Rule, run: NDArray[np.void], pieces: list[Piece], verdicts: list[Verdict], known: KnownErrors) -> Stretch:
    worst = max(range(len(pieces)), key=lambda i: _badness(rule, pieces[i], verdicts[i]))
    piece = pieces[worst]
    if verdicts[worst].look == "out":  # as far as every eight strides show it
        first, last = next(chain for chain in _chains(pieces, verdicts, "out") if chain[0] <= worst <= chain[1])
        if last > first:
            piece = _piece(run, *_trimmed(rule, run, pieces[first].first, pieces[last].end, piece), piece.scene)
    return _stretch(rule, run, piece, known)


def _best(rule: Rule, run: NDArray[np.void], pieces: list[Piece], verdicts: list[Verdict], known: KnownErrors) -> Stretch:
    """The most strides of which every eight are clear of the fault; the first of equals."""
    good = list(_chains(pieces, verdicts, "inside"))
    if not good:
        return _nothing(rule, "no eight strides in a row were clear of it")
    first, last = max(good, key=lambda chain: pieces[chain[1]].end - pieces[chain[0]].first)
    return _stretch(rule, run, _piece(run, pieces[first].first, pieces[last].end, pieces[first].scene), known)


def _chains(pieces: list[Piece], verdicts: list[Verdict], look: str) -> Iterator[tuple[int, int]]:
    """First and last of the pieces that overlap one another and all look like that."""
    first: int | None = None
    for i, verdict in enumerate(verdicts):
        if verdict.look == look and first is None:
            first = i
        if first is not None:
            ends = i + 1 == len(pieces) or verdicts[i + 1].look != look or pieces[i].end < pieces[i + 1].first
            if ends:
                yield first, i
                first = None


def _stretch(rule: Rule, run: NDArray[np.void], piece: Piece, known: KnownErrors) -> Stretch:
    verdict = _verdict(rule, piece)
    if verdict.look == "unknown":
        return _nothing(rule, verdict.reason)
    measure = known.widened(rule.measure, piece.measures.get(rule.measure, Measure.cannot_tell("")))
    end = run[piece.end - 1]
    return Stretch(
        rule.name,
        STATES[verdict.look],
        verdict.reason,
        float(run["start_s"][piece.first]),
        float(end["start_s"] + end["duration_s"]),
        piece.end - piece.first,
        verdict.value,
        measure.low,
        measure.high,
        rule.unit,
        *norms.band(rule.measure, piece.scene.speed_mps),
    )


def _trimmed(rule: Rule, run: NDArray[np.void], first: int, end: int, worst: Piece) -> tuple[int, int]:
    """Without the good strides at both ends, which the means over eight took along."""
    if rule.measure not in COLUMNS:
        return first, end
    limit, values = rule.levels(worst.scene, worst.measures), run[rule.measure]
    bad = values < limit.enter if limit.enter < limit.leave else values > limit.enter
    while end - first > LEAST and not bad[first]:
        first += 1
    while end - first > LEAST and not bad[end - 1]:
        end -= 1
    return first, end


def _verdict(rule: Rule, piece: Piece) -> Verdict:
    if piece.backward:
        return Verdict("unknown", NAN, NAN, BACKWARD)
    speed_mps = piece.scene.speed_mps
    if not math.isnan(speed_mps) and not norms.judged(speed_mps):
        return Verdict("unknown", NAN, NAN, norms.why_not(speed_mps))
    return ask(rule, piece.measures, piece.scene, FEWEST)


def _badness(rule: Rule, piece: Piece, verdict: Verdict) -> tuple[int, float]:
    """Greater is worse: the look, then the distance beyond the threshold."""
    limit = rule.levels(piece.scene, piece.measures)
    beyond = (limit.enter - verdict.value) / (limit.leave - limit.enter) if verdict.look != "unknown" else NAN
    return RANK[verdict.look], beyond if not math.isnan(beyond) else -np.inf
