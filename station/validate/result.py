"""What a comparison found, as numbers, as JSON (`station.validation/1`) and as words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from station import __version__
from station.export.analysis_json import filled, number
from station.validate.agreement import FEWEST, Agreement, AgreementState, agreement, pairs_needed, share_interval, verdict
from station.validate.align import Offset
from station.validate.documents import ClockOffset, Compared, ComparedPair, Validation
from station.validate.known_groups import Waists
from station.validate.measured import Measured
from station.validate.pairing import Level, Paired, Pairing
from station.validate.reference import BeltStrides, Reference, Series
from station.validate.tolerance import tolerance, unit

DECIMALS = 6  # finer than anything is measured
_number = partial(number, decimals=DECIMALS)
SHAPES: dict[type, Literal["series", "belt_strides"]] = {Series: "series", BeltStrides: "belt_strides"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """One quantity compared: `held` of `intervals` hold the reference."""

    name: str
    unit: str
    level: Level
    found: Agreement
    within: float
    state: AgreementState
    held: int
    intervals: int
    paired: Paired

    @property
    def words(self) -> str:
        """The verdict for people, with whom it speaks of."""
        people = "on this one runner" if self.found.runners == 1 else f"{self.found.runners} runners"
        limit = f"±{self.within:g} {self.unit}".rstrip(" 1") if self.unit == "1" else f"±{self.within:g} {self.unit}"
        if self.state == "agrees":
            return f"agrees within {limit} ({people})"
        if self.state == "differs":
            return f"differs by more than {limit} ({people})"
        return f"cannot tell whether within {limit}: {self._lacking()}"

    def _lacking(self) -> str:
        if self.found.n < FEWEST:
            return f"{self.found.n} of at least {FEWEST} pairs"
        needed = pairs_needed(self.found.bias, self.found.sd, self.within)
        if needed is None:
            return "too near the limit for any number of pairs, as they scatter now"
        return f"too few trials; about {needed} independent ones if they scatter as these {self.found.independent:.0f} do"


@dataclass(frozen=True, slots=True)
class Result:
    reference: Reference
    recordings: Sequence[Measured]
    quantities: Sequence[Quantity]
    left_out: Sequence[tuple[str, str]]
    observers_off: Mapping[str, list[float]]
    offset: Offset | None = None
    waists: Waists | None = None
    notes: Sequence[str] = field(default_factory=tuple)


def quantities(pairs: Pairing, within: Mapping[str, float]) -> list[Quantity]:
    """`within`: tolerances that replace the usual ones, by quantity."""
    made = []
    for name, paired in pairs.quantities.items():
        found = agreement(paired.differences, paired.runners)
        limit = within.get(name, tolerance(name))
        held = sum(low <= reference <= high for low, high, reference in paired.intervals)
        made.append(
            Quantity(name, unit(name), paired.level, found, limit, verdict(found, limit), held, len(paired.intervals), paired)
        )
    return made


def document(result: Result, created_utc: str) -> Validation:
    return {
        "schema": "station.validation/1",
        "created_utc": created_utc,
        "station_version": __version__,
        "reference": {
            "path": result.reference.path.name,
            "sha256": result.reference.sha256,
            "shape": SHAPES.get(type(result.reference.content), "trials"),
        },
        "recordings": [recording.name for recording in result.recordings],
        "offset": filled(ClockOffset, result.offset, DECIMALS) if result.offset else None,
        "quantities": [_quantity(one) for one in result.quantities],
        "observers": {
            name: {"windows": len(off), "mean_range": _number(sum(off) / len(off))} for name, off in result.observers_off.items()
        },
        "waist": result.waists.document() if result.waists else None,
        "left_out": [{"where": where, "why": why} for where, why in result.left_out],
        "notes": list(result.notes),
    }


def _quantity(one: Quantity) -> Compared:
    found, paired = one.found, one.paired
    share = share_interval(one.held, one.intervals) if one.intervals else (math.nan, math.nan)
    pairs = zip(paired.places, paired.runners, paired.station, paired.reference, strict=True)
    return filled(
        Compared,
        found,
        DECIMALS,
        name=one.name,
        unit=one.unit,
        level=one.level,
        bias_ci95=[_number(found.bias_low), _number(found.bias_high)],
        limits_of_agreement=[_number(found.low), _number(found.high)],
        limit_ci95_half=_number(found.limit_half),
        interval={"holds": one.held, "of": one.intervals, "share_ci95": [_number(share[0]), _number(share[1])]},
        tolerance=one.within,
        verdict=one.state,
        words=one.words,
        pairs=None if one.level == "picture" else [_pair(*pair) for pair in pairs],
    )


def _pair(where: str, runner: str, station: float, reference: float) -> ComparedPair:
    return {"where": where, "runner": runner, "station": _number(station), "reference": _number(reference)}


ROW = "{:<26} {:>6}  {:<24} {:<20} {:>8} {:>8}  {:<12} {}"


def table(result: Result) -> str:
    """The same for the terminal."""
    names = ", ".join(one.name for one in result.recordings) or "the hip belt's own strides"
    lines = [f"{result.reference.path.name} beside {names}; differences are station minus reference", ""]
    if result.offset is not None:
        off_s, r = result.offset.offset_s, result.offset.r
        lines += [f"  the reference's clock {off_s:+.3f} s is the station's (correlation {r:.3f})", ""]
    if result.quantities:
        lines.append(ROW.format("quantity", "n", "bias [95 %]", "limits of agreement", "RMSE", "MAE", "in interval", "verdict"))
    for one in result.quantities:
        found = one.found
        bias = f"{_short(found.bias, True)} [{_short(found.bias_low, True)} .. {_short(found.bias_high, True)}]"
        limits = f"{_short(found.low, True)} .. {_short(found.high, True)}"
        held = f"{one.held} of {one.intervals}" if one.intervals else "-"
        lines.append(ROW.format(f"{one.name}", found.n, bias, limits, _short(found.rmse), _short(found.mae), held, one.words))
    for name, off in result.observers_off.items():
        spread = f"differ by {sum(off) / len(off):.2f} {unit(name)} on average"
        lines.append(f"  observers of the same window {spread} ({name}, {len(off)} windows)")
    if result.waists is not None:
        lines += ["", *result.waists.lines()]
    lines += [f"  note: {note}" for note in result.notes]
    lines += [f"  left out: {where}: {why}" for where, why in result.left_out]
    return "\n".join(lines)


def _short(value: float, sign: bool = False) -> str:
    if not math.isfinite(value):
        return "?"
    return f"{value:{'+' if sign else ''}.{3 if abs(value) < 0.1 else 2 if abs(value) < 100 else 0}f}"
