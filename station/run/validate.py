"""`station validate`: hand counts or another system beside what the station measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from station import wall_clock
from station.errors import InputError, NothingFound, UsageError
from station.files import json_bytes, write_output
from station.provision import provision
from station.record.archive import Archive
from station.types import QUANTITIES
from station.validate.align import Offset, find_offset, sampled
from station.validate.known_groups import waists
from station.validate.measured import Measured, read_folder
from station.validate.page import page_html
from station.validate.pairing import Pairing, pair_belt, pair_series, pair_trials
from station.validate.reference import (
    COUNTS,
    LABELS,
    PER_FRAME,
    PER_STRIDE,
    SERIES_COLUMNS,
    WINDOW,
    BeltStrides,
    Reference,
    Series,
    read_reference,
)
from station.validate.repeat import repeats
from station.validate.result import Result, document, quantities, table
from station.validate.tolerance import is_reversed, suspected_unit, tolerance, unit


@dataclass(frozen=True)
class Options:
    """What the command line asks for. `within`: texts NAME=VALUE."""

    reference: Path
    config_file: Path | None = None
    sessions: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()
    offset_s: float | None = None
    within: tuple[str, ...] = ()
    keep_units: bool = False
    json_to: str | None = None
    out: Path | None = None


def run_validation(options: Options) -> None:
    """Compares and writes what was asked for, whatever the verdict.

    Raises InputError for a file that cannot be compared, NothingFound when the station knows none
    of what it holds, UsageError, StoreError.
    """
    if options.out is not None and options.out.suffix != ".html":
        raise UsageError("--out writes a page", str(options.out), "name a file that ends in .html")
    within = _tolerances(options.within)
    reference = read_reference(options.reference)
    recordings = _recordings(options, reference)
    result = compare(options, reference, recordings, within)
    created_utc = wall_clock.now().utc
    _write(result, options, created_utc)


def compare(options: Options, reference: Reference, recordings: Sequence[Measured], within: Mapping[str, float]) -> Result:
    content, offset, groups = reference.content, None, None
    where, notes = str(reference.path), []
    if isinstance(content, BeltStrides):
        pairs = pair_belt(content)
        notes.append(f"session {content.session}: the pelvis model beside the hip belt, stride by stride, of one runner")
    elif isinstance(content, Series):
        offset = _offset(content, recordings, options.offset_s, where)
        pairs = pair_series(content, recordings[0], offset.offset_s)
    else:
        pairs = pair_trials(content, recordings)
        groups = waists(content, recordings)
        notes += [repeat.words for repeat in repeats(content, recordings)]
        if pairs.quantities and not any(trial.runner for trial in content):
            notes.append("no row names a runner, so every recording is taken for another person")
    if not options.keep_units:
        _check_units(pairs, where)
    if not pairs.quantities and groups is None:
        _nothing(pairs, where)
    return Result(reference, recordings, quantities(pairs, within), pairs.left_out, pairs.observers_off, offset, groups, notes)


def print_columns() -> None:
    """What a reference file may hold, with the tolerance of each."""
    click.echo(
        f"trials, one row each\n  labels: {', '.join(LABELS)}\n  window: {', '.join(WINDOW)}\n  counts: {', '.join(COUNTS)}, and:"
    )
    for name in QUANTITIES:
        click.echo(f"    {name:<30} {unit(name):<14} agrees within ±{tolerance(name):g}")
    click.echo("a file of record.hip_belt_pairs (DATA/pairs/SESSION.csv), as it is\nvalues over time: time_s, and:")
    for name in SERIES_COLUMNS[1:]:
        kind = "every frame" if name in PER_FRAME else "once a stride" if name in PER_STRIDE else "once a recording"
        click.echo(f"    {name:<30} {unit(name):<14} {kind:<16} agrees within ±{tolerance(name):g}")


def _tolerances(texts: Sequence[str]) -> dict[str, float]:
    made = {}
    known = {*SERIES_COLUMNS[1:], "speed_kmh"}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            made[name] = float(value)
        except ValueError:
            made[name] = math.nan
        if name not in known or not 0 < made[name] < math.inf:
            raise UsageError("no tolerance", f"--within {text}", "write it as cadence_spm=1")
    return made


def _recordings(options: Options, reference: Reference) -> list[Measured]:
    """Those asked for; without a word those that the rows name, or all that are stored."""
    if isinstance(reference.content, BeltStrides):
        if options.folders or options.sessions:
            raise UsageError("holds both sides itself", str(reference.path), "leave --session and --against away")
        return []
    found = [read_folder(folder) for folder in options.folders]
    wanted = list(options.sessions)
    content = reference.content
    if not found and not wanted:
        named = [] if isinstance(content, Series) else [trial.session for trial in content]
        wanted = list(dict.fromkeys(named)) if named and all(named) else ["last" if isinstance(content, Series) else "all"]
    if wanted:
        archive = Archive(provision(options.config_file).config.station.data_folder)
        chosen = dict.fromkeys(session for which in wanted for session in archive.choose(which))
        found += [Measured.of(archive.recording(session)) for session in chosen]
    if not found:
        raise NothingFound("no session is stored to compare with", "", "name an analysis with --against FOLDER")
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageError("is there twice", name, "compare each recording once, from folders of different names")
    return found


def _offset(series: Series, recordings: Sequence[Measured], given_s: float | None, where: str) -> Offset:
    """Raises InputError when the clocks cannot be brought together, or then nothing overlaps."""
    if len(recordings) != 1:
        remedy = "name one with --session or --against"
        raise UsageError(f"values over time are of one recording, and {len(recordings)} were named", where, remedy)
    one = recordings[0]
    if given_s is not None:
        offset = Offset(given_s, _correlation(series, one, given_s), math.nan, math.nan, True)
    else:
        name = next((name for name in PER_FRAME if name in series.columns), None)
        if name is None:
            remedy = "say by how much they differ with --offset SECONDS (0: one clock)"
            raise InputError("holds no angle of every frame to bring the two clocks together", where, remedy)
        offset = find_offset(one.t_s, one.angles[name], series.t_s, series.columns[name])
        if not offset.clear:
            remedy = "say by how much they differ with --offset SECONDS"
            raise InputError(f"the two clocks cannot be brought together by {name}: {offset.reason}", where, remedy)
    start, end = series.t_s[0] + offset.offset_s, series.t_s[-1] + offset.offset_s
    if end < 0 or start > one.duration_s:
        there = f"its values lie {start:.1f} to {end:.1f} s after the recording began"
        what = f"{there}, which lasts {one.duration_s:.1f}: no overlap"
        remedy = "choose the recording or the offset that belongs to it"
        raise InputError(what, where, remedy)
    return offset


def _correlation(series: Series, one: Measured, offset_s: float) -> float:
    for name in PER_FRAME:
        if name in series.columns:
            there = sampled(series.t_s + offset_s, series.columns[name], one.t_s)
            both = np.isfinite(there) & np.isfinite(one.angles[name])
            if both.sum() > 2 and there[both].std() > 0 and one.angles[name][both].std() > 0:
                return float(np.corrcoef(there[both], one.angles[name][both])[0, 1])
    return math.nan


def _check_units(pairs: Pairing, where: str) -> None:
    """Raises InputError for the first quantity that looks as if it were in another unit."""
    remedy = "correct it; --keep-units compares it as it is, should the station be the one that is wrong"
    for name, paired in pairs.quantities.items():
        station, reference = np.array(paired.station), np.array(paired.reference)
        rows = [slice(i, i + 1) for i in range(len(station))] if paired.level == "trial" and not name.endswith("_deg") else []
        for rows_at in [slice(None), *rows]:
            looks_like = suspected_unit(name, station[rows_at], reference[rows_at])
            if looks_like:
                place = where if rows_at == slice(None) else f"{where}, {paired.places[rows_at][0]}"
                what = f"{name} looks like {looks_like} ({reference[rows_at][0]:.4g} beside {station[rows_at][0]:.4g})"
                raise InputError(what, place, remedy)
        if paired.level == "picture" and is_reversed(station, reference):
            raise InputError(f"{name} goes up where the station's goes down", where, f"turn its sign: forward is plus; {remedy}")


def _nothing(pairs: Pairing, where: str) -> None:
    """Raises what is the matter when no pair was found."""
    places = [f"{place}: {why}" for place, why in pairs.left_out]
    more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
    what = f"nothing could be compared; {places[0] if places else 'no row holds a value'}{more}"
    raise NothingFound(what, where, "see `station validate --columns`")


def _write(result: Result, options: Options, created_utc: str) -> None:
    if options.out is not None:
        write_output(options.out, page_html(result, created_utc))
        click.echo(f"wrote {options.out}", err=True)
    if options.json_to is not None:
        write_output(options.json_to, json_bytes(document(result, created_utc)))
    if options.json_to != "-":
        click.echo(table(result))
