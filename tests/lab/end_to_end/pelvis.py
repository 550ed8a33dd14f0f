"""What the pixels round the hips show of the pelvis' turn, through the whole station, on bodies
that trained nothing.

Two questions. Alone: a clip goes round for 110 s, no belt, no drill: is the turn reported, does its
interval hold the truth, is a locked waist told from a typical one? Against oneself: drill, baseline
of one's own running, then something else for two minutes: is a fall of the turn noticed, and is
none noticed where nothing fell?
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from station.types import Measure

from .cells import signed, table
from .clips import CLIPS, PEOPLE, TUNED
from .dataset import Set
from .score import JUDGED_S, Score
from .sessions import OWN, Session, sessions
from .streams import Watched

LOCKED_DEG, TYPICAL_DEG = 2.4, 8.0
"""Peak to peak, of an amplitude of 1.2 and of 4 deg: no locked waist turns more, and no typical one
less.
"""
FALL_DEG = 3.0
CHANGE_S = 40.0
QUADRATURE, TURN = "pelvic_turn_quadrature_deg", "pelvic_turn_deg"


@dataclass(frozen=True)
class Read:
    """One clip: what was reported in the end, and what is true. Degrees peak to peak."""

    name: str
    body: str
    azimuth_deg: float
    true: complex
    turn: Measure
    quadrature: Measure
    strides: complex
    """Mean over the strides: in phase + j a quarter stride ahead, corrected by the card; NaN where
    no stride was read.
    """
    state: str
    """Of `locked_waist`."""

    @property
    def locked(self) -> bool:
        return abs(self.true) <= LOCKED_DEG

    @property
    def typical(self) -> bool:
        return abs(self.true) >= TYPICAL_DEG


def read_of(score: Score, judged: Watched) -> Read:
    rows = [complex(s["pelvic_in_phase_deg"], s["pelvic_quadrature_deg"]) for s in judged.strides]
    rows = [row for row in rows if np.isfinite(row)]
    mean = complex(np.mean(rows)) if rows else complex(np.nan, np.nan)
    state = next(fault.state for fault in judged.faults if fault.rule == "locked_waist") if judged.faults else "cannot_tell"
    measures, camera = judged.last.measures, score.clip.spec.camera
    nothing = Measure.cannot_tell("no strides")
    turn, quadrature = (measures.get(name, nothing) for name in (TURN, QUADRATURE))
    return Read(score.clip.name, score.clip.body, camera.azimuth_deg, score.turn()[1], turn, quadrature, mean, state)


PAGE = Path(__file__).with_name("PELVIS.md")
HEAD = """# The pelvis' turn from pixels, through the whole station

    python -m tests.lab.end_to_end pelvis FOLDER --write

"""


def page(folder: Path, model: str) -> str:
    return HEAD + "\n".join(_page(Set(folder, model)))


def _page(data: Set) -> Iterator[str]:
    scores = data.scores(lambda clip: not clip.tuned)
    reads = [read_of(score, score.judged) for score in scores if score.seen.turns is not None]
    yield from _alone(reads)
    yield from _sessions([s for s in sessions(data.seen) if s.own.turns is not None and s.body not in TUNED])


@dataclass(frozen=True)
class Change:
    """One person before one camera running in another way than their own: what changed a quarter
    stride ahead, deg.
    """

    name: str
    true: float
    read: float


def changes(folder: Path, model: str) -> list[Change]:
    """From everybody's own running to their faults, from the side; by the correction that is
    shipped.
    """
    data, found = Set(folder, model), []
    for body in (body for body in PEOPLE if body not in TUNED):
        reads = {}
        for clip in (c for c in CLIPS if c.body == body and c.group in ("people", "pelvis", "body", "gait")):
            every = dict(OWN).get(clip.row, 1)
            if clip.spec.camera.azimuth_deg == 0 and (seen := data.seen(clip.name, every)) and seen.turns is not None:
                reads[clip.row] = read_of(Score(seen), seen.watched(seen.looped(CHANGE_S)))
        own = next((reads.pop(row) for row, _ in OWN if row in reads), None)
        found += [Change(r.name, r.true.imag - own.true.imag, r.strides.imag - own.strides.imag) for r in reads.values() if own]
    return [change for change in found if np.isfinite(change.read)]


def _alone(reads: Sequence[Read]) -> Iterator[str]:
    yield f"""Without belt or drill, {len(reads)} clips of {len({r.body for r in reads})} bodies, each for {JUDGED_S:.0f} s in a
circle. Gain and bias are what is left after the card's correction, of the part a quarter stride ahead: slope and
offset over the clips, and the scatter between bodies (of a body's mean). Degrees peak to peak.
"""
    rows = []
    groups: tuple[tuple[str, Callable[[Read], bool]], ...] = (
        ("from the side", lambda r: r.azimuth_deg == 0),
        ("up to 15 deg", lambda r: 0 < abs(r.azimuth_deg) <= 15),
        ("up to 45 deg", lambda r: 15 < abs(r.azimuth_deg) <= 45),
        ("all", lambda r: True),
    )
    for name, keep in groups:
        own = [r for r in reads if keep(r)]
        if len(own) < 3:
            continue
        both = [(r.true.imag, r.strides.imag) for r in own if np.isfinite(r.strides)]
        true, read = np.array(both).T
        gain, offset = np.polyfit(true, read, 1)
        off = {body: np.mean([r.strides.imag - r.true.imag for r in own if r.body == body]) for body in {r.body for r in own}}
        said = [cell for measure in (QUADRATURE, TURN) for cell in (_held(own, measure), _half(own, measure))]
        rows.append([name, len(own), f"{gain:.2f}", signed(float(offset)), f"{np.nanstd(list(off.values())):.1f}", *said])
    head = ("camera", "clips", "gain", "offset", "SD between bodies", "quarter stride: interval holds", "half width",
            "turn: interval holds", "half width")  # fmt: skip
    yield from table(head, rows)
    kinds = {
        f"locked (true turn at most {LOCKED_DEG} deg)": [r for r in reads if r.locked],
        f"typical (at least {TYPICAL_DEG:.0f} deg)": [r for r in reads if r.typical],
    }
    yield "`locked_waist` of these:\n"
    for name, own in kinds.items():
        yield f"- {name}, {len(own)} clips: {_counted([r.state for r in own])}."
    yield ""


def _counted(states: Sequence[str]) -> str:
    return ", ".join(f"{state} {states.count(state)}" for state in ("on", "ok", "cannot_tell"))


def _held(reads: Sequence[Read], name: str) -> str:
    told = [(m, abs(r.true) if name == TURN else r.true.imag) for r in reads if (m := _measure(r, name)).measured]
    return f"{sum(m.low <= true <= m.high for m, true in told)} of {len(told)}"


def _half(reads: Sequence[Read], name: str) -> str:
    halves = [(m.high - m.low) / 2 for r in reads if (m := _measure(r, name)).measured]
    return f"{np.median(halves):.1f}" if halves else "–"


def _measure(read: Read, name: str) -> Measure:
    return read.turn if name == TURN else read.quadrature


def _sessions(found: Sequence[Session]) -> Iterator[str]:
    yield f"""Against one's own running: the drill, 205 s of baseline, then two minutes of the clip named. Fell: the true part a
quarter stride ahead is at least {FALL_DEG:.0f} deg lower than in the baseline.
"""
    rows: list[list[str]] = []
    tally: dict[str, list[str]] = {}
    for session in found:
        own, then = (session.turn(seen) for seen in (session.own, session.then))
        fell = "fell" if own.imag - then.imag >= FALL_DEG else "did not"
        said = session.said("locked_waist")
        reported = (_told(watched.last.measures) for watched in (session.baseline, session.end))
        rows.append([session.name, f"{own.imag:+.1f}", f"{then.imag:+.1f}", *reported, fell, said])
        tally.setdefault(fell, []).append(said)
    head = ("session", "own: true", "then: true", "own: reported", "then: reported", f"by {FALL_DEG:.0f}", "locked_waist")
    yield from table(head, rows)
    for fell, states in sorted(tally.items()):
        yield f"- {fell}: {_counted(states)}."
    yield ""


def _told(measures: dict[str, Measure]) -> str:
    told = measures.get(QUADRATURE)
    return f"{told.value:+.1f} ± {told.ci95_change[1] - told.value:.1f}" if told is not None and told.measured else "cannot tell"
