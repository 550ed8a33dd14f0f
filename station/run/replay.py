"""`station replay`: a recorded input log through the coach again, without threads or clock."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path

import click

from station.coach import Coach
from station.cues.plan import Plan
from station.errors import InputError, StationError
from station.record.log import CUES_APART, read_cues, read_log, read_lost
from station.types import NS, Cue


def run_replay(path: Path, compare: bool) -> None:
    """Prints the cues. With `compare`, raises StationError at the first that differs."""
    cues, missing = replayed(path), gaps(path)
    for gap in missing:
        click.echo(f"note: {gap}", err=True)
    if not compare:
        for cue in cues:
            click.echo(_line(cue))
        click.echo(f"{len(cues)} cues")
        return
    given = list(read_cues(path))
    cues = cues[: len(cues) - parted(path, cues, given)]
    for number, (now, live) in enumerate(zip_longest(cues, given), start=1):
        if now != live:
            remedy = "inputs are missing from the log, see the notes" if missing else "was the station updated since?"
            raise StationError(f"cue {number} differs: live {_line(live)}; replayed {_line(now)}", str(path), remedy)
    click.echo(f"{len(cues)} cues, all equal")


def replayed(path: Path) -> list[Cue]:
    """The cues for a log's inputs. Raises InputError for a log of another version."""
    header, inputs = read_log(path)
    try:
        errors = header.model.errors if header.model else ()
        coach = Coach(header.view, Plan.from_dict(header.plan), errors, header.turn_bands)
    except (TypeError, ValueError) as error:
        remedy = "replay it with the version that wrote it"
        raise InputError(f"was written by another version ({error})", str(path), remedy) from None
    return [cue for given in inputs for cue in coach.step(given).cues]


def parted(path: Path, cues: list[Cue], given: list[Cue]) -> int:
    """How many last cues a power cut parted from their input, in a log of the first format."""
    header, inputs = read_log(path)
    if header.schema != CUES_APART or cues[: len(given)] != given:
        return 0
    last_ns = max((one.t_ns for one in inputs), default=0)
    extra = cues[len(given) :]
    return len(extra) if all(cue.t_ns == last_ns for cue in extra) else 0


def gaps(path: Path) -> list[str]:
    """What the coach saw live and the log lacks, in words; empty when it lacks nothing."""
    lost, torn = read_lost(path), read_log(path)[0].torn_bytes
    notes = [f"{lost} inputs never reached the log, because the disk was too slow"] if lost else []
    return [*notes, f"{torn} bytes at the end are torn and were left out"] if torn else notes


def _line(cue: Cue | None) -> str:
    if cue is None:
        return "nothing"
    return f"{cue.t_ns / NS:9.3f} s  {cue.action:<6} {cue.rule or 'station':<18} {cue.text}"
