"""All export formats together: for `export`, `analyze --out` and the USB stick."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from station import __version__, wall_clock
from station.errors import StoreError
from station.export.angles_mot import angles_mot, why_no_angles
from station.export.earlier import Earlier
from station.export.markers_trc import markers_trc, why_no_markers
from station.export.report import report_html
from station.export.run_fit import run_fit, why_no_fit
from station.export.session_json import session_json
from station.export.session_xlsx import session_xlsx
from station.export.tables_csv import events_csv, series_csv, strides_csv
from station.files import write_atomic
from station.types import Recording

CHECKSUMS = "SHA256SUMS"
ALWAYS = ("session.json", "strides.csv", "events.csv", "series.csv", "session.xlsx", "report.html")
OPENSIM = ("angles.mot", "markers.trc")
ON_REQUEST = f"{' and '.join(OPENSIM)}, for OpenSim, are written on request: --opensim, or record.opensim in the settings"
# Files that not every recording has: why not, and how they are made.
SOMETIMES = {
    "run.fit": (why_no_fit, run_fit),
    "angles.mot": (why_no_angles, angles_mot),
    "markers.trc": (why_no_markers, markers_trc),
}


def missing(recording: Recording, opensim: bool) -> dict[str, str]:
    """Which files cannot be made of this recording, each with a sentence that says why."""
    asked = {name: why_not for name, (why_not, _) in SOMETIMES.items() if opensim or name not in OPENSIM}
    found = {name: why_not(recording) for name, why_not in asked.items()}
    return {name: f"{name} was not written: {why}" for name, why in found.items() if why}


def names(recording: Recording, opensim: bool) -> tuple[str, ...]:
    """The files that `render` makes, in its order."""
    wanted = (name for name in SOMETIMES if opensim or name not in OPENSIM)
    gone = missing(recording, opensim)
    return (*ALWAYS, *(name for name in wanted if name not in gone))


def render(
    recording: Recording,
    created_utc: str,
    core_version: str = __version__,
    opensim: bool = True,
    earlier: Sequence[Earlier] = (),
    language: str = "en",
) -> Iterator[tuple[str, bytes]]:
    """(name, content) of every file but the checksums, one at a time: an hour is 20 MB.

    The same arguments give the same bytes, so an interrupted export can be taken up again.
    `earlier` are the runner's sessions for the trend in the report, `language` is the report's.
    Where a file cannot be made, a note says why.
    """
    made = names(recording, opensim)
    recording = replace(recording, notes=(*recording.notes, *missing(recording, opensim).values()))
    yield "session.json", session_json(recording, created_utc, core_version)
    yield "strides.csv", strides_csv(recording)
    yield "events.csv", events_csv(recording)
    yield "series.csv", series_csv(recording)
    yield "session.xlsx", session_xlsx(recording, created_utc)
    yield "report.html", report_html(recording, created_utc, earlier, language)
    for name, (_, made_of) in SOMETIMES.items():
        if name in made:
            yield name, made_of(recording)


def checksums(digests: Mapping[str, str]) -> bytes:
    """In the form that `sha256sum --check` reads."""
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_all(
    recording: Recording,
    folder: Path,
    beside: Sequence[str] = (),
    core_version: str = __version__,
    created_utc: str | None = None,
    opensim: bool = True,
    earlier: Sequence[Earlier] = (),
    language: str = "en",
) -> list[Path]:
    """Writes every format and, last, SHA256SUMS, which lists also `beside`: names of files that lie
    there already. Makes the folder where it is missing.

    Each file appears under its name only when it is whole and on the disk. Raises StoreError when
    the folder cannot be written.
    """
    created_utc = wall_clock.now().utc if created_utc is None else created_utc
    digests: dict[str, str] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in render(recording, created_utc, core_version, opensim, earlier, language):
            write_atomic(folder / name, content)
            digests[name] = sha256(content)
        for name in beside:
            with open(folder / name, "rb") as file:
                digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
        write_atomic(folder / CHECKSUMS, checksums(digests))
    except OSError as error:
        raise StoreError(f"cannot be written ({error.strerror})", str(folder), "check its permissions and free space") from None
    return [folder / name for name in (*digests, CHECKSUMS)]
