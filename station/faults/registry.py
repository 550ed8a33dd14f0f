"""The rules in the order of reports."""

from __future__ import annotations

from station.faults import low_cadence, sitting
from station.faults.rule import Rule

RULES: tuple[Rule, ...] = (sitting.RULE, low_cadence.RULE)
