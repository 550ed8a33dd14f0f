"""`station compare`: two sessions of one runner, before and after."""

from __future__ import annotations

from pathlib import Path

import click

from station import wall_clock
from station.config import Config
from station.errors import InputError, NothingFound, UsageError
from station.export.beside import Setup
from station.export.compare import Comparison, compare_html, compare_json, compare_table
from station.export.earlier import Earlier, read_earlier
from station.export.session_json import SCHEMA as SESSION
from station.files import json_bytes, write_output
from station.language import catalogue
from station.provision import provision
from station.record.archive import Archive

ANALYSIS = "station.analysis/1"
MOST_BYTES = 200_000_000  # of an analysis in JSON, tables and all: a film of some hours
SAME_WAY = "compare sessions of one runner at one belt speed, filmed from one place; --speed-kmh gives `analyze` the speed"


def run_comparison(
    before: str, after: str, config_file: Path | None = None, json_to: str | None = None, out: Path | None = None
) -> None:
    """Prints and writes what changed from one stored session, exported folder or analysis file to
    another.

    Raises NothingFound when no measure may be compared, with the reason; InputError for a file that
    is none of the station's, StoreError for a session that is not stored, UsageError.
    """
    if before == after:
        raise UsageError("this is the same session twice", after, "name an earlier and a later one")
    config = provision(config_file).config
    earlier, later = (_side(name, config) for name in (before, after))
    one = Comparison((before, after), earlier, later, config.station.time_zone or "UTC")
    created_utc, spoken = wall_clock.now().utc, catalogue(config.station.language)
    if json_to is not None:
        write_output(json_to, json_bytes(compare_json(one, created_utc)))
    if not one.compared:
        reasons = list(dict.fromkeys(found.reason for found in one.changes.values())) or ["no measure is in both"]
        raise NothingFound(f"cannot be compared: {reasons[0]}", f"{before}, {after}", SAME_WAY)
    if out is not None:
        write_output(out, compare_html(one, created_utc, spoken))
        click.echo(f"wrote {out}", err=True)
    if json_to != "-":
        click.echo(compare_table(one, spoken))


def _side(name: str, config: Config) -> Earlier:
    path = Path(name)
    if path.is_dir():
        path = path / "session.json"
        if not path.is_file():
            raise InputError("holds no session.json", name, "name a folder that `station export` or `analyze --out` wrote")
    if path.is_file():
        return _read(path)
    if name in ("all", "new"):
        raise UsageError("names several sessions", name, "name one; `station sessions` lists them")
    archive = Archive(config.station.data_folder)
    (session_id,) = archive.choose(name)
    recording = archive.recording(session_id)
    return Earlier(session_id, recording.started_utc if recording.dated else "", recording.summary, Setup.of(recording))


def _read(path: Path) -> Earlier:
    try:
        content = path.read_bytes()
        return read_earlier(content, (SESSION, ANALYSIS), MOST_BYTES)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", str(path), "check the path and its permissions") from None
    except ValueError as error:
        remedy = "name a session.json, or what `analyze --json` wrote"
        raise InputError(f"is not a session of the station ({error})", str(path), remedy) from None
