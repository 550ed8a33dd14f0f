"""Earlier sessions of the same runner, read from the session.json files on their stick: all that is
ever read from a stick.

The stick is in a stranger's hand between two sessions, so nothing in the file is trusted: the size
is bounded, every value is checked for type and range, and anything odd makes the whole file be left
out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from station.export.beside import Setup
from station.export.session_json import SCHEMA
from station.record.archive import SESSION_ID
from station.types import NAN, QUANTITIES, Measure

MOST_BYTES = 1_000_000  # chosen: far more than is written
UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
LARGEST = 1e4  # no quantity comes near


def order(session_id: str) -> tuple[int, str]:
    """What session ids are sorted by: the station's own count, whatever its clock said."""
    return int(session_id.partition("-")[0]), session_id


@dataclass(frozen=True, slots=True)
class Earlier:
    """One earlier session: its measures by name, also unknown ones, and how it was seen."""

    session_id: str
    started_utc: str  # "" when the station's clock was not set
    measures: Mapping[str, Measure]
    setup: Setup = field(default_factory=Setup)


def read_earlier(content: bytes, schemas: Sequence[str] = (SCHEMA,), most_bytes: int = MOST_BYTES) -> Earlier:
    """Raises ValueError when the content is not a session.json as the station writes it. `schemas`:
    what else it may be; only a session has an id."""
    if len(content) > most_bytes:
        raise ValueError(f"longer than {most_bytes} bytes")
    try:
        document = json.loads(content.decode("utf-8"), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(document, dict) or document.get("schema") not in schemas:
        raise ValueError("not a session file")
    session_id, started = document.get("session_id"), document.get("started_utc")
    if document["schema"] == SCHEMA and session_id and not (isinstance(session_id, str) and SESSION_ID.fullmatch(session_id)):
        raise ValueError("no session id")
    dated = document.get("clock_trusted") is True or document.get("date_from") in ("film", "file", "given")
    trusted = dated and isinstance(started, str) and UTC.fullmatch(started)
    summary = document.get("summary")
    if not isinstance(summary, dict):
        raise ValueError("no summary")
    measures = {name: _measure(summary[name]) for name in QUANTITIES if name in summary}
    return Earlier(str(session_id or ""), str(started) if trusted else "", measures, _setup(document))


def _measure(entry: Any) -> Measure:
    """With its two intervals; the first versions wrote only one. The file's own reason is not taken
    over: anybody may have written it."""
    if not isinstance(entry, dict) or entry.get("state") != "measured":
        return Measure.cannot_tell("not measured in one of the sessions")
    value, (low, high) = _number(entry.get("value")), _interval(entry.get("ci95"))
    change = entry.get("ci95_change")
    half = -1.0 if change is None else max(0.0, (_interval(change)[1] - _interval(change)[0]) / 2)
    n = entry.get("n")
    return Measure(value, low, high, n if isinstance(n, int) and 0 <= n <= LARGEST else 0, change_half=half)


def _interval(ends: Any) -> tuple[float, float]:
    if not isinstance(ends, list) or len(ends) != 2:
        raise ValueError("no interval")
    return _number(ends[0]), _number(ends[1])


def _setup(document: Mapping[str, Any]) -> Setup:
    """How the session was seen; what is odd or missing is not known."""
    runner, speed, view, model, source = (_table(document, name) for name in ("runner", "speed", "view", "model", "source"))
    words = (runner.get("near_side"), model.get("sha256"), runner.get("pelvic_source"))
    near_side, sha256, pelvic_source = (word[:64] if isinstance(word, str) else "" for word in words)
    numbers = (speed.get("mps"), view.get("azimuth_deg"), source.get("fps"))
    mps, azimuth_deg, fps = (_number(value) if value is not None else NAN for value in numbers)
    return Setup(near_side, sha256, pelvic_source, mps, azimuth_deg, fps)


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = document.get(name)
    return part if isinstance(part, dict) else {}


def _number(value: Any) -> float:
    # Not NaN either; and an integer of hundreds of digits is compared, never made a float.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= LARGEST:
        raise ValueError("not a number that the station writes")
    return float(value)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")
