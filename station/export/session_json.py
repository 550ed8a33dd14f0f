"""session.json, `station.session/1`: what a session found, small enough to be read again by the
next one.

It holds everything of station.analysis/1 but the long tables, which are series.csv, strides.csv and
events.csv beside it, and adds what only a coached session has: modes, what changed from baseline to
retention, whether cues helped.
"""

from __future__ import annotations

from typing import Literal

from station import __version__
from station.export.analysis_json import TIME_DECIMALS, filled, findings, head, measure_json, seconds
from station.export.documents import Change, CueOutcome, Session
from station.files import json_bytes
from station.jsonable import jsonable
from station.types import QUANTITIES, Recording, SessionPage

SCHEMA: Literal["station.session/1"] = "station.session/1"


def session_json(recording: Recording, created_utc: str, core_version: str = __version__) -> bytes:
    content: Session = {
        "schema": SCHEMA,
        "session_id": recording.session_id,
        "started_utc": recording.started_utc or None,
        "clock_trusted": recording.clock_trusted,
        "date_from": recording.date_from if recording.dated else None,
        "time_zone": recording.time_zone,
        **head(recording, core_version, created_utc),
        "view": jsonable(recording.view),
        "strides": len(recording.strides),
        **findings(recording),
        "units": {name: quantity.unit for name, quantity in QUANTITIES.items()},
        "outcomes": [filled(CueOutcome, one, t_s=seconds(one), cue=one.cue_seq) for one in recording.outcomes],
        "modes": [{"start_s": round(start_s, TIME_DECIMALS), "mode": mode} for start_s, mode in recording.modes],
        "change": _page(recording.page) if recording.page else None,
    }
    return json_bytes(content, indent=1)


def _page(page: SessionPage) -> Change:
    return {
        "rows": [
            {"name": name, "baseline": measure_json(before), "retention": measure_json(after)}
            for name, before, after in page.rows
        ],
        "best_block": page.best_block or None,
        "best_block_on_fraction": round(page.best_block_on_fraction, 3) if page.best_block else None,
        "next_focus": page.next_focus,
        "cues_given": page.cues_given,
        "cues_cleared": page.cues_cleared,
    }
