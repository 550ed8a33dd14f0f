"""`station sessions` and `station export`: what the store holds, as a list and as files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import click

from station import wall_clock
from station.errors import StationError, StoreError, UsageError
from station.export.bundle import ON_REQUEST, missing, write_all
from station.export.documents import PUBLISHED
from station.files import json_bytes, write_output
from station.provision import provision
from station.record.archive import Archive, DamagedSession, SessionRow
from station.types import Recording
from station.usb.stick import earlier_below

ROW = "{:<28} {:<10} {:<20} {:>8} {:>8} {:>5}  {}"


@PUBLISHED
@dataclass(frozen=True)
class Sessions:
    """What `station sessions` lists, oldest first."""

    schema: Literal["station.sessions/1"]
    sessions: list[SessionRow]


def list_sessions(config_file: Path | None, json_to: str | None) -> None:
    """Prints all sessions, oldest first; none is an answer like any other.

    Raises StoreError for an unreadable store.
    """
    archive = Archive(provision(config_file).config.station.data_folder)
    rows = archive.sessions()
    if json_to is not None:
        write_output(json_to, json_bytes(asdict(Sessions("station.sessions/1", list(rows)))))
        return
    if not rows:
        click.echo(f"no session is stored in {archive.folder} yet")
        return
    click.echo(ROW.format("session", "state", "started (UTC)", "minutes", "strides", "cues", "exported"))
    for row in rows:
        click.echo(_line(row))


def export_sessions(
    config_file: Path | None, which: str, folder: Path, opensim: bool = False, started: datetime | None = None
) -> None:
    """Writes each chosen session into a folder of its own name below `folder`: the bytes that a
    stick gets. `opensim`: those files too, whatever the settings say.

    started: when the session began, on the clock on the wall, if the station did not know it.
    Raises StoreError, also at the end when a session is damaged: the others are written; and
    UsageError for a `started` that nobody asked for.
    """
    config = provision(config_file).config
    opensim = opensim or config.record.opensim
    archive = Archive(config.station.data_folder, config.station.time_zone)
    chosen = archive.choose(which)
    for session_id in chosen:
        row = archive.session(session_id)
        try:
            recording = archive.recording(session_id, landmarks=opensim)
        except DamagedSession as error:
            archive.mark_damaged([session_id])
            click.echo(f"left out: {error}", err=True)
            continue
        created_utc = row.finished_utc or row.started_utc
        if started is not None:
            recording = _dated(recording, started, len(chosen))
            created_utc = wall_clock.later(recording.started_utc, row.duration_s)
        written = write_all(
            recording,
            folder / session_id,
            core_version=row.core_version,
            created_utc=created_utc,
            opensim=opensim,
            earlier=earlier_below(folder, session_id),
            language=config.station.language,
        )
        for path in written:
            click.echo(f"wrote {path}")
        for words in missing(recording, opensim).values():
            click.echo(f"note: {session_id}: {words}", err=True)
    if not opensim:
        click.echo(f"note: {ON_REQUEST}", err=True)
    damaged = [name for name in archive.damaged() if which == "all" or name in chosen]
    if damaged:
        what = f"{len(damaged)} damaged session{'s' if len(damaged) > 1 else ''} left out: {', '.join(damaged)}"
        raise StoreError(what, str(archive.folder), "`station forget` deletes what cannot be read")


def _dated(recording: Recording, started: datetime, sessions: int) -> Recording:
    """The recording with the date that a person gives it. Raises UsageError where it has one."""
    if sessions > 1:
        raise UsageError("--started is for one session", "", "name it: --session ID, see `station sessions`")
    if recording.dated:
        raise UsageError("the station's clock was set: this session has its date", recording.session_id, "leave --started out")
    utc = wall_clock.utc_text(started.replace(tzinfo=wall_clock.zone(recording.time_zone)))
    return replace(recording, started_utc=utc, date_from="given")


def forget_sessions(config_file: Path | None, session_ids: Sequence[str], yes: bool = False) -> None:
    """Deletes these sessions for good, after asking unless `yes`.

    Raises StoreError, also for a session that is not there, and UsageError when there is nobody to
    ask; what was deleted before it is printed.
    """
    archive = Archive(provision(config_file).config.station.data_folder)
    if not yes:
        _ask(archive, session_ids)
    for session_id in session_ids:
        had_log = archive.forget(session_id)
        click.echo(f"forgot {session_id}{' and its input log' if had_log else ''}; copies on sticks are not reached from here")


def _ask(archive: Archive, session_ids: Sequence[str]) -> None:
    """Shows what would go, and raises unless the answer is yes."""
    for session_id in session_ids:
        click.echo(_line(archive.session(session_id)))
    if not sys.stdin.isatty():
        raise UsageError("nothing was forgotten: there is nobody to ask", "", "add --yes to delete without a question")
    if not click.confirm("Delete for good, with the landmarks?"):
        raise StationError("nothing was forgotten")


def _line(row: SessionRow) -> str:
    started = row.started_utc[:19] if row.clock_trusted else "clock not set"
    return ROW.format(
        row.id, row.state, started, f"{row.duration_s / 60:.1f}", row.strides, row.cues, row.exported_utc[:19] or "no"
    )
