"""Checks as lines for the terminal, and as the error that a command ends with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from station.check import Check

MARKS = {"ok": "ok", "bad": "BAD", "missing": "MISSING", "cannot_tell": "CANNOT TELL"}


def print_checks(checks: Sequence[Check], say: Callable[[str], str] = str) -> None:
    """A line each: verdict, part, evidence, then the remedy if not ok. `say` translates."""
    marks = max((len(say(MARKS[check.state])) for check in checks), default=0)
    parts = max((len(check.part) for check in checks), default=0)
    for check in checks:
        click.echo(f"{say(MARKS[check.state]):<{marks}}  {check.part:<{parts}}  {say(check.evidence)}")
        if check.state != "ok":
            click.echo(f"{'':<{marks + parts + 4}}-> {say(check.remedy)}")


def not_ok(checks: Sequence[Check], *states: str) -> str:
    """The parts in one of these states (none named: in any but ok), with commas between."""
    return ", ".join(check.part for check in checks if (check.state in states if states else check.state != "ok"))
