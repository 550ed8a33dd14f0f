"""Gait to pressure per rule: one file per rule. Pure.

To add a rule, write its file: it declares all that is measured, judged, said, lit and reported. The
contract tests then run over it.
"""

from __future__ import annotations

from station.faults.judge import Judge
from station.faults.registry import BY_NAME, RULES

__all__ = ["BY_NAME", "RULES", "Judge"]
