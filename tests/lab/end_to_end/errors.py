"""A pose model's own errors by measure and condition, from rendered people that nothing was tuned
on.

python -m tests.lab.end_to_end errors FOLDER [--model NAME] [--write]    --write:
models/NAME.errors.json

Every clip of the groups "people" and "body" runs in a circle through the core without a table. What
it measures differs from the truth by the model's error; how that differs from person to person is
the table. How many spreads an interval takes is found by leaving each of the people out; that the
table holds for somebody new is shown by leaving one more out, making the table of the others, and
counting how often its intervals hold the truth.

"once" counts twice. The strides of a rendered clip hardly differ, and its truth is the mean of
these very strides: against that an interval that speaks of the runner, not of these strides, is too
wide. So the mean is also put where the runner's own mean over half a minute would be, by how far
the means of so many strides in a row of recorded runners (held out) lie from theirs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np

from station.gait import GaitCore
from station.jsonable import jsonable
from station.model_errors import DERIVED, TIMED, KnownErrors
from station.pose.store import models_dir, read_card
from station.record.summary import summarise
from station.stats import STRIDE_SD
from station.types import QUANTITIES, STRIDE, ErrorBand, Measure, MeasureError, Pose, Reading, View
from tests.lab.accuracy.intervals import reach_of, strides_sampled
from tests.lab.render.camera import project_px
from tests.lab.render.spec import Camera, ClipSpec

from .cells import label, table
from .clips import CLIPS, FAULTS, PEOPLE
from .estimate import poses_path
from .streams import Seen
from .truth import near_side, truth

SECONDS = 36.0
"""In a circle: as many strides as the window of the gait room holds."""
BY_EYE = ("own", "own+12", "own-12")
"""Seen by cameras set up by eye: square to the belt or not."""
FAR = ("tle_far_deg", "thigh_forward_far_deg")
PELVIC = "pelvi"
"""The pelvic measures have their own intervals, from the drill or the hip belt."""


@dataclass(frozen=True, eq=False)
class Reading_:
    """One clip as measured and as it is. `runner`: whose strides the person runs with. `strides`:
    raw STRIDE rows of the run; `once`: those of the clip played once. `given`: whether the station
    was told the camera's azimuth.
    """

    person: str
    runner: str
    row: str
    fps: float
    azimuth_deg: float
    strides: np.ndarray
    once: np.ndarray
    true: Mapping[str, float]
    given: bool = True

    @property
    def known_azimuth_deg(self) -> float:
        return self.azimuth_deg if self.given else math.nan


def readings(folder: Path, model: str) -> list[Reading_]:
    """Every clip of the people for which poses are there, and the own running of the other bodies
    on whom nothing was tuned. What they run as their own also as a station sees it whose camera was
    set up by eye.
    """
    found = []
    for clip in (c for c in CLIPS if c.group == "people" or (c.group == "body" and not c.tuned)):
        for every in (1, *clip.slower):
            path = poses_path(folder, model, clip.name, every)
            if path.exists():
                seen = Seen.load(clip, path, every)
                found.append(_reading(seen))
                if clip.row in BY_EYE:
                    found.append(_reading(seen, given=False) if found[-1].azimuth_deg else replace(found[-1], given=False))
    return found


def _reading(seen: Seen, given: bool = True) -> Reading_:
    spec, clip = seen.clip.spec, seen.clip
    strides, once = strides_of(seen, given), _strides(seen.once(), _view(seen, given), seen.speed_mps)
    azimuth_deg = spec.camera.azimuth_deg
    return Reading_(clip.body, PEOPLE[clip.body].runner, clip.row, seen.fps, azimuth_deg, strides, once, _true(spec), given)


def strides_of(seen: Seen, given: bool = True) -> np.ndarray:
    """Raw STRIDE rows of the clip played in a circle for SECONDS."""
    return _strides(seen.looped(SECONDS), _view(seen, given), seen.speed_mps)


def _view(seen: Seen, given: bool = True) -> View:
    """As a calibration finds it; or as one that found nothing but the scale."""
    camera = seen.clip.spec.camera
    return replace(seen.view, azimuth_deg=camera.azimuth_deg if given else 0.0, px_per_m=px_per_m(camera))


def px_per_m(camera: Camera) -> float:
    """What a calibration finds: upright at the runner's mid-line, hip high."""
    top, foot = project_px(camera, np.array([[camera.aim_forward_m, height_m, 0.0] for height_m in (1.2, 0.6)]))
    return float(np.hypot(*(top - foot))) / 0.6


@cache
def _true(spec: ClipSpec) -> Mapping[str, float]:
    return truth(spec, near_side(spec)).values


def _strides(poses: Sequence[Pose], view: View, speed_mps: float) -> np.ndarray:
    core, rows = GaitCore(view), []
    core.step(Reading(0, "speed_given_mps", speed_mps))
    for pose in poses:
        rows.extend(core.step(pose).strides)
    made = np.array(rows, STRIDE)
    return made[made["running"] == 1]


# ---- the table -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Condition:
    """One band of the table: which readings it is made of and holds for. `most_azimuth_deg`: NaN
    where it is not given.
    """

    name: str
    least_fps: float
    most_azimuth_deg: float
    holds: Callable[[Reading_], bool]


CONDITIONS = (
    Condition("side view, 50 frames a second and more", 45.0, 7.0, lambda r: r.known_azimuth_deg == 0 and r.fps >= 45),
    Condition("side view, 25 to 50", 24.0, 7.0, lambda r: r.known_azimuth_deg == 0 and 24 <= r.fps < 45),
    Condition("side view, 18 to 25", 18.0, 7.0, lambda r: r.known_azimuth_deg == 0 and 18 <= r.fps < 24),
    Condition("up to 18 deg off the side", 18.0, 18.0, lambda r: 0 < abs(r.known_azimuth_deg) <= 18),
    Condition("up to 30 deg off the side", 18.0, 30.0, lambda r: 18 < abs(r.known_azimuth_deg) <= 30),
    Condition("camera angle not given, 50 frames a second and more", 45.0, math.nan, lambda r: not r.given and r.fps >= 45),
    Condition("camera angle not given, 18 to 50", 18.0, math.nan, lambda r: not r.given and r.fps < 45),
)


def bands(found: Sequence[Reading_]) -> tuple[ErrorBand, ...]:
    """The table, with how many spreads hold 95 % of its own people when each is left out: at most
    as many as Student's t takes. With the camera's angle given and not given they are counted
    apart.
    """
    off = {given: _left_out([r for r in found if r.given is given]) for given in (True, False)}
    changed = _changed_left_out(found)
    made = []
    for band in _bands(found):
        here = off[not math.isnan(band.most_azimuth_deg)]
        rows = {
            name: replace(
                row,
                reach=reach_of(here.get(name, []), row.people),
                change_reach=reach_of(changed.get(name, []), row.people),
            )
            for name, row in band.rows.items()
        }
        made.append(replace(band, rows=rows))
    return tuple(made)


Shares = dict[str, list[tuple[str, float]]]
"""By measure: runner, and their error as a share of what the others showed."""


def _left_out(found: Sequence[Reading_]) -> Shares:
    """Of each reading, by the table of the other runners."""
    off: Shares = {}
    for runner, mine, others in _each_left_out(found):
        made = _bands(others)
        for reading in mine:
            known = KnownErrors(made, reading.fps, reading.known_azimuth_deg)
            for name, error in errors_of(reading, known).items():
                if name in known.rows and known.rows[name].spread > 0:
                    off.setdefault(name, []).append((runner, abs(error) / known.rows[name].spread))
    return off


def _changed_left_out(found: Sequence[Reading_]) -> Shares:
    """Of each change to a fault, likewise."""
    changed: Shares = {}
    for runner, mine, others in _each_left_out(found):
        changes = _changes(others)
        for name, error in _changed(mine):
            if changes.get(name, 0.0) > 0:
                changed.setdefault(name, []).append((runner, abs(error) / changes[name]))
    return changed


def _each_left_out(found: Sequence[Reading_]) -> Iterator[tuple[str, list[Reading_], list[Reading_]]]:
    """Runner, their readings, those of the others."""
    for runner in _runners(found):
        yield runner, [r for r in found if r.runner == runner], [r for r in found if r.runner != runner]


def _runners(found: Sequence[Reading_]) -> list[str]:
    """Bodies that run with the same strides err alike: they are left out together, and are one
    person to Student's t.
    """
    return sorted({r.runner for r in found})


def _bands(found: Sequence[Reading_]) -> tuple[ErrorBand, ...]:
    """What faults change in the error is measured from the side and taken for every condition."""
    changes = _changes(found)
    made = []
    for condition in CONDITIONS:
        here = [r for r in found if condition.holds(r)]
        rows = _rows(here, changes)
        if rows:
            made.append(ErrorBand(condition.least_fps, condition.most_azimuth_deg, rows))
    return tuple(made)


@cache
def raw_errors(reading: Reading_) -> dict[str, float]:
    """With nothing known of the model."""
    return errors_of(reading, NOTHING)


def errors_of(reading: Reading_, known: KnownErrors) -> dict[str, float]:
    """Measured minus true by measure, the bias that is known taken off; what was not measured is
    left out.
    """
    said = measured(reading.strides, known)
    return {name: m.value - reading.true[name] for name, m in said.items() if name in reading.true and m.measured}


def measured(strides: np.ndarray, known: KnownErrors) -> dict[str, Measure]:
    """What a recording of these strides says, as its summary does; and the far leg's columns."""
    if not len(strides):
        return {}
    rows = np.array([known.unbiased(stride) for stride in strides], STRIDE)
    said = {n: m for n, m in summarise(rows, {}, known).items() if not n.startswith(PELVIC)}
    return said | {n: Measure(float(np.nanmean(rows[n])), math.nan, math.nan, len(rows)) for n in FAR}


NOTHING = KnownErrors((), math.nan, math.nan, {})


def _rows(here: Sequence[Reading_], changes: Mapping[str, float]) -> dict[str, MeasureError]:
    people, runners = sorted({r.person for r in here}), len(_runners(here))
    if runners < 4:
        return {}
    raw = {id(r): raw_errors(r) for r in here}
    bias = {name: _bias(here, raw, name) for name in _names(raw.values()) if name not in DERIVED | TIMED}
    # What follows from several columns is worked out anew from those without bias, as the station
    # does.
    first = {name: MeasureError(b, 0.0, 0.0, runners) for name, b in bias.items()}
    known = KnownErrors((ErrorBand(0.0, 90.0, first),), 1.0, 0.0)
    left = {id(r): errors_of(r, known) for r in here}
    rows = {}
    for name in _names(left.values()):
        by_person = [_values([r for r in here if r.person == p], left, name) for p in people]
        by_person = [values for values in by_person if values]
        if len(by_person) < 4:
            continue
        # Every person counts the same; about zero, because the next person is corrected by this
        # bias and no other.
        spread = math.sqrt(np.mean([np.mean(np.square(values)) for values in by_person]))
        rows[name] = MeasureError(
            round(bias.get(name, 0.0), 3), round(spread, 3), round(changes.get(name, spread), 3), runners
        )
    return rows


def _names(errors: Iterator[dict[str, float]] | Sequence[dict[str, float]]) -> list[str]:
    known = {name for one in errors for name in one}
    return [name for name in (*QUANTITIES, *FAR) if name in known]


def _values(here: Sequence[Reading_], errors: Mapping[int, dict[str, float]], name: str) -> list[float]:
    return [errors[id(r)][name] for r in here if name in errors[id(r)]]


def _bias(here: Sequence[Reading_], errors: Mapping[int, dict[str, float]], name: str) -> float:
    """Mean over the people, 0 unless the mean of the other runners' people makes those left out
    better.
    """
    means: dict[str, list[float]] = {}
    for person in sorted({r.person for r in here}):
        mine = [r for r in here if r.person == person]
        values = _values(mine, errors, name)
        if values:
            means.setdefault(mine[0].runner, []).append(float(np.mean(values)))
    every = np.concatenate([*means.values()]) if len(means) >= 4 else np.zeros(0)
    if not len(every):
        return 0.0
    left = [np.array(own) - (every.sum() - sum(own)) / (len(every) - len(own)) for own in means.values()]
    return float(every.mean()) if np.mean(np.concatenate(left) ** 2) < np.mean(every**2) else 0.0


def _changes(found: Sequence[Reading_]) -> dict[str, float]:
    """Root mean square, over people and faults, of how much the error differs from the same
    person's own running.
    """
    off: dict[str, list[float]] = {}
    for name, error in _changed(found):
        off.setdefault(name, []).append(error)
    return {name: math.sqrt(np.mean(np.square(values))) for name, values in off.items() if len(values) >= 8}


def _changed(found: Sequence[Reading_]) -> Iterator[tuple[str, float]]:
    """(measure, error of a fault less that of the same person's own running)."""
    for own, fault in _pairs(found):
        before = raw_errors(own)
        for name, error in raw_errors(fault).items():
            if name in before:
                yield name, error - before[name]


def _pairs(found: Sequence[Reading_]) -> Iterator[tuple[Reading_, Reading_]]:
    """Each fault, after the own running of the same person at the same frame rate."""
    own = {r.person: r for r in found if r.given and r.row == "own" and 24 <= r.fps < 45}
    for reading in found:
        if reading.row in FAULTS and reading.person in own:
            yield own[reading.person], reading


# ---- whether it holds ----------------------------------------------------------------------------


@dataclass
class Count:
    """Intervals of one measure on people who were left out. `half`: median half-width; `before`:
    without a table. `runner`: of the runner's mean, not of these strides.
    """

    held: float = 0.0
    before: float = 0.0
    runner: float = 0.0
    n: int = 0
    halves: list[float] = field(default_factory=list)


def coverage(tables: Mapping[str, tuple[ErrorBand, ...]], found: Sequence[Reading_], once: bool) -> dict[str, Count]:
    """Intervals that hold the truth of a runner who is not in the table, each clip played once or
    in a circle.
    """
    counts: dict[str, Count] = {}
    for reading in found:
        known = KnownErrors(tables[reading.runner], reading.fps, reading.known_azimuth_deg)
        strides = reading.once if once else reading.strides
        without = measured(strides, NOTHING)
        for name, said in measured(strides, known).items():
            if name in QUANTITIES and name in reading.true and said.measured:
                count, true = counts.setdefault(name, Count()), reading.true[name]
                count.n += 1
                count.held += _holds(said, true)
                count.before += _holds(without[name], true)
                count.halves.append((said.high - said.low) / 2)
                if once:
                    wandered = strides_sampled(name, said.n) if name in SAMPLED else np.zeros(1)
                    count.runner += _holds(said, true + wandered)
    return counts


def _holds(said: Measure, true: float | np.ndarray) -> float:
    """Share of what may be true that the interval holds."""
    return float(np.mean((said.low <= true) & (true <= said.high)))


SAMPLED = {name for name in STRIDE_SD if name != "duration_s"}
"""Measures that recorded runners, who have no trunk, show as well."""


def change_coverage(tables: Mapping[str, tuple[ErrorBand, ...]], found: Sequence[Reading_]) -> dict[str, Count]:
    """Changes from a person's own running to a fault: whether the two ci95_change intervals
    together hold the true change.
    """
    counts: dict[str, Count] = {}
    for own, reading in _pairs(found):
        known = KnownErrors(tables[reading.runner], reading.fps, 0.0)
        before, after = measured(own.strides, known), measured(reading.strides, known)
        for name in (n for n in after if n in QUANTITIES and n in reading.true):
            if before[name].measured and after[name].measured:
                count = counts.setdefault(name, Count())
                halves = [(m.ci95_change[1] - m.ci95_change[0]) / 2 for m in (before[name], after[name])]
                change, real = after[name].value - before[name].value, reading.true[name] - own.true[name]
                count.n += 1
                count.held += abs(change - real) <= math.hypot(*halves)
                count.halves.append(math.hypot(*halves))
    return counts


def report(folder: Path, model: str, write: bool) -> None:
    """Prints the table and how well it holds; with `write` also keeps it beside the model."""
    found = readings(folder, model)
    made = bands(found)
    print("\n".join(lines(found, made)))
    if write:
        card = read_card(models_dir() / f"{model}.md")
        document = {
            "schema": "station.errors/1",
            "model": model,
            "sha256": card.sha256,
            "made_by": f"python -m tests.lab.end_to_end errors FOLDER --model {model} --write",
            "people": len({r.person for r in found}),
            "clips": sum(r.given for r in found),
            "bands": jsonable([asdict(band) for band in made]),
        }
        path = card.path.with_suffix(".errors.json")
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        print(f"wrote {path}")


def lines(found: Sequence[Reading_], made: Sequence[ErrorBand]) -> Iterator[str]:
    """Markdown: the table by condition, then the intervals."""
    names = {(c.least_fps, c.most_azimuth_deg): c.name for c in CONDITIONS}
    clips, people = sum(r.given for r in found), len({r.person for r in found})
    yield f"{clips} clips of {people} people; measured minus true, each person counting the same.\n"
    head = ("measure", "bias", "spread between people (SD)", "of a change (SD)", "an interval takes", "of a change", "people")
    for band in made:
        yield f"### {names[band.least_fps, band.most_azimuth_deg]}\n"
        rows = [
            (n, f"{e.bias:+.3g}", f"{e.spread:.3g}", f"{e.change:.3g}", f"{e.reach:.2f} SD", f"{e.change_reach:.2f} SD", e.people)
            for n, e in band.rows.items()
        ]
        yield from table(head, rows)
    yield "### Intervals on people who were left out of the table\n"
    yield from held_lines(found)


def held_lines(found: Sequence[Reading_]) -> Iterator[str]:
    """Markdown: whether the intervals hold, with the camera's angle given and not given."""
    tables = {runner: bands([r for r in found if r.runner != runner]) for runner in _runners(found)}
    yield from _held_lines(tables, [r for r in found if r.given])
    yield "Before a camera set up by eye, square to the belt or 12 deg off, whose angle is not given:\n"
    yield from _held_lines(tables, [r for r in found if not r.given])


def _held_lines(tables: Mapping[str, tuple[ErrorBand, ...]], found: Sequence[Reading_]) -> Iterator[str]:
    once, circle, change = coverage(tables, found, True), coverage(tables, found, False), change_coverage(tables, found)
    head = ("measure", "clips", "once: these strides", "once: the runner", "without a table", "half-width")
    head += ("in a circle: held", "half-width", *(("changes", "held", "half-width") if change else ()))
    yield from table(head, [_row(n, once[n], circle.get(n), change.get(n))[: len(head)] for n in QUANTITIES if n in once])


def _row(name: str, once: Count, circle: Count | None, change: Count | None) -> tuple[object, ...]:
    def held(count: Count | None) -> tuple[str, str]:
        return (f"{100 * count.held / count.n:.0f} %", f"{np.median(count.halves):.3g}") if count and count.n else ("–", "–")

    share, half = held(once)
    runner, before = (f"{100 * part / once.n:.0f} %" for part in (once.runner, once.before))
    return (label(name), once.n, share, runner, before, half, *held(circle), change.n if change else "–", *held(change))
