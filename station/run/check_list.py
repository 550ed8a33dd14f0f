"""Checks as lines for the terminal, and as the error that a command ends with."""

from __future__ import annotations

from collections.abc import Sequence

import click

from station.check import Check

MARKS = {"ok": "ok", "bad": "BAD", "missing": "MISSING", "cannot_tell": "CANNOT TELL"}


def print_checks(checks: Sequence[Check]) -> None:
    """One line each: verdict, part, evidence; below it the remedy of what is not well."""
    marks = max((len(MARKS[check.state]) for check in checks), default=0)
    parts = max((len(check.part) for check in checks), default=0)
    for check in checks:
        click.echo(f"{MARKS[check.state]:<{marks}}  {check.part:<{parts}}  {check.evidence}")
        if check.state != "ok":
            click.echo(f"{'':<{marks + parts + 4}}-> {check.remedy}")


def not_ok(checks: Sequence[Check], *states: str) -> str:
    """The parts that are in one of these states (none named: in any but ok), with commas between
    them.
    """
    return ", ".join(check.part for check in checks if (check.state in states if states else check.state != "ok"))
