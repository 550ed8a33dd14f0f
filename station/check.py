"""One thing that was looked at: its verdict, what was seen, and what to do when it is not well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CheckState = Literal["ok", "bad", "missing", "cannot_tell"]


@dataclass(frozen=True)
class Check:
    """`bad`: there and wrong; `missing`: hardware not there; `cannot_tell`: not looked at."""

    part: str
    state: CheckState
    evidence: str
    remedy: str = ""
