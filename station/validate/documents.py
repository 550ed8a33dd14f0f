"""The shape of `station validate --json`, field by field; null = not known."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from station.export.documents import PUBLISHED, Interval, Number
from station.validate.agreement import AgreementState
from station.validate.pairing import Level


class ReferenceFile(TypedDict):
    path: str
    sha256: str
    shape: Literal["series", "trials", "belt_strides"]


class ClockOffset(TypedDict):
    """What makes the reference's clock the station's, and the second best guess."""

    offset_s: Number
    r: Number
    """Correlation of the two curves at that offset."""
    next_s: Number
    next_r: Number


class IntervalsHeld(TypedDict):
    holds: int
    of: int
    share_ci95: Interval


class ComparedPair(TypedDict):
    where: str
    runner: str
    station: Number
    reference: Number


class Compared(TypedDict):
    """One quantity: differences are station minus reference."""

    name: str
    unit: str
    level: Level
    """What makes a pair: a trial, a stride or a frame ("picture")."""
    n: int
    runners: int
    independent: Number
    """Pairs that count as independent of each other."""
    bias: Number
    bias_ci95: Interval
    sd: Number
    limits_of_agreement: Interval
    limit_ci95_half: Number
    rmse: Number
    mae: Number
    interval: IntervalsHeld
    """How often the station's 95 % interval held the reference."""
    tolerance: float
    verdict: AgreementState
    words: str
    pairs: list[ComparedPair] | None
    """None where a pair is a frame: too many to list."""


class Observers(TypedDict):
    windows: int
    mean_range: Number


class Judged(TypedDict):
    on: int
    ok: int
    cannot_tell: int


class KnownGroups(TypedDict):
    """What the rule said of runners who were asked to run stiff, or free."""

    rule: str
    stiff: Judged
    free_or_natural: Judged
    turn_free_minus_stiff_deg: list[float]


class LeftOut(TypedDict):
    where: str
    why: str


@PUBLISHED
class Validation(TypedDict):
    """The station's values beside those of a reference."""

    schema: Literal["station.validation/1"]
    created_utc: str
    station_version: str
    reference: ReferenceFile
    recordings: list[str]
    offset: ClockOffset | None
    quantities: list[Compared]
    observers: dict[str, Observers]
    """How far observers of the same window are apart, by quantity."""
    waist: KnownGroups | None
    left_out: list[LeftOut]
    notes: list[str]
