"""The rules, one file each, in the order of types.RULES.

A file that fails to import takes only its own rule away: the row stays and says so, and the session goes on without it.
"""

from __future__ import annotations

from station.faults.rule import REPORT_ONLY, Levels, Rule, Verdict
from station.types import NAN
from station.types import RULES as NAMES


def load(name: str) -> Rule:
    """The RULE of station/faults/NAME.py, or a rule that cannot tell and says why its file is of no use."""
    try:
        # The plain function: `import` as a statement would let one broken file stop them all.
        rule = __import__(f"station.faults.{name}", fromlist=["RULE"]).RULE
        if rule.name != name:
            raise ValueError(f"it calls itself {rule.name!r}")
    except (ImportError, SyntaxError, AttributeError, NameError, TypeError, ValueError, KeyError) as error:
        return broken(name, f"{type(error).__name__}: {error}")
    return rule


def broken(name: str, why: str) -> Rule:
    """A rule that is off."""
    reason = f"rule is off: station/faults/{name}.py cannot be used ({why}); reinstall the station or correct the file"
    return Rule(
        name=name,
        title=name.replace("_", " ").capitalize(),
        measure="",
        needs=(),
        unit="",
        levels=lambda speed_mps: Levels(NAN, NAN),
        look=lambda measures, scene: Verdict("unknown", NAN, NAN, reason),
        rise_s=1.0,
        fall_s=1.0,
        modes=REPORT_ONLY,
        priority=99,
        cue=f"cue.{name}",
        source=reason,
        confidence="report only",
        goldens=(),
    )


RULES: tuple[Rule, ...] = tuple(load(name) for name in NAMES)
BROKEN: tuple[Rule, ...] = tuple(rule for rule in RULES if rule.priority == 99)


def rule_table(speed_mps: float = 3.0) -> str:
    """The rules as a Markdown table, thresholds at one speed, for the README."""
    at = f"at {speed_mps * 3.6:.1f} km/h"
    rows = [f"| rule | measured by | on {at} | off {at} | said | rank | confidence |", "|---|---|---|---|---|---|---|"]
    for rule in RULES:
        level = rule.levels(speed_mps)
        sign = "<" if level.enter < level.leave else ">"
        back = ">" if sign == "<" else "<"
        said = f"`{rule.cue}`" if rule.modes else "never, only reported"
        unit = "" if rule.unit == "1" else f" {rule.unit}"
        on, off = f"{sign} {level.enter:.3g}{unit}", f"{back} {level.leave:.3g}"
        rows.append(f"| `{rule.name}` | {rule.measure} | {on} | {off} | {said} | {rule.priority} | {rule.confidence} |")
    return "\n".join(rows)
