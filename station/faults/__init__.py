"""Gait to pressure per rule: one file per rule. Pure.

To add a rule: write its file, add its name to types.RULES and its texts to cues/texts. The contract tests then run over it.
"""

from __future__ import annotations

from station.faults.judge import Judge
from station.faults.registry import BROKEN, RULES

__all__ = ["BROKEN", "RULES", "Judge"]
