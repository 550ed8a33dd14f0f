"""The rules: every file of this room that declares a RULE, in the order in which they are said;
those only reported come last.

A file that fails to import takes only its own rule away: the row stays and says so, and the session
goes on without it.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator

from station import faults as room
from station.faults.rule import Rule, Verdict
from station.types import NAN

UNUSABLE = (ImportError, SyntaxError, AttributeError, NameError, TypeError, ValueError, KeyError)


def discover() -> Iterator[Rule]:
    """A rule per file that declares one. A new rule is one new file, and nothing else has to know.
    """
    for module in pkgutil.iter_modules(room.__path__):
        if f"{room.__name__}.{module.name}" != __name__:
            rule = load(module.name)
            if rule is not None:
                yield rule


def load(name: str) -> Rule | None:
    """The RULE of station/faults/NAME.py, None where it declares none, or a rule that says why its
    file is of no use.
    """
    try:
        # The plain function: `import` as a statement would let one broken file stop them all.
        rule = getattr(__import__(f"{room.__name__}.{name}", fromlist=["RULE"]), "RULE", None)
        if rule is not None and rule.name != name:
            raise ValueError(f"it calls itself {rule.name!r}")
    except UNUSABLE as error:
        return broken(name, f"{type(error).__name__}: {error}")
    return rule


def broken(name: str, why: str) -> Rule:
    """A rule that is off."""
    reason = f"rule is off: station/faults/{name}.py cannot be used ({why}); reinstall the station or correct the file"
    return Rule(
        name=name,
        title=name.replace("_", " ").capitalize(),
        advice="",
        measure="",
        needs=(),
        signs=lambda measures, scene: (),
        look=lambda measures, scene: Verdict("unknown", NAN, NAN, reason),
        rise_s=1.0,
        fall_s=1.0,
        source=reason,
        confidence="report only",
        goldens=(),
        broken=True,
    )


def _rank(rule: Rule) -> tuple[float, str]:
    return (rule.coaching.priority if rule.coaching else float("inf")), rule.name


RULES: tuple[Rule, ...] = tuple(sorted(discover(), key=_rank))
BY_NAME = {rule.name: rule for rule in RULES}
