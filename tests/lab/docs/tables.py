"""The generated sections of the documents. `python -m tests.lab.docs` writes them; tests/docs keeps
them current.

A section stands between `<!-- made: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from station.cli import cli
from station.faults.norms_table import OF_EIGHT, SPEEDS_MPS, TABLE
from station.faults.registry import rule_table
from station.model_errors import METHOD
from station.pose.store import models_dir, read_card, read_errors
from station.present.lights import light_table
from station.types import QUANTITIES

ROOT = Path(__file__).resolve().parents[3]
SECTION = re.compile(r"(<!-- made: (\S+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def leaves() -> Iterator[tuple[str, click.Command]]:
    """Every command by its full name."""
    for name, command in sorted(cli.commands.items()):
        if isinstance(command, click.Group):
            yield from ((f"{name} {part}", leaf) for part, leaf in sorted(command.commands.items()))
        else:
            yield name, command


def commands() -> str:
    rows = ["| command | does | options |", "|---|---|---|"]
    for name, command in leaves():
        arguments = " ".join(p.make_metavar(click.Context(command)) for p in command.params if isinstance(p, click.Argument))
        does = (command.help or "").split("\n\n")[0].replace("\n", " ").strip()
        options = ", ".join(f"`{option}`" for p in command.params if isinstance(p, click.Option) for option in p.opts[:1])
        call = f"{name} {arguments}".strip().replace("|", "\\|")
        rows.append(f"| `station {call}` | {does} | {options} |")
    return "\n".join(rows)


def quantities() -> str:
    rows = ["| name in files | on the report | unit | what it is | how to read it |", "|---|---|---|---|---|"]
    for name, quantity in QUANTITIES.items():
        unit = "" if quantity.unit == "1" else quantity.unit
        rows.append(f"| `{name}` | {quantity.label} | {unit} | {quantity.meaning} | {quantity.good} |")
    return "\n".join(rows)


def bounce() -> str:
    """Norms and errors of the measures whose norms are of the eight recorded runners."""
    models = {name: read_errors(read_card(models_dir() / f"{name}.md"))[0].rows for name in ("pose_landmark_full", "pose_runner")}
    speeds = [f"{speed:g} m/s" for speed in SPEEDS_MPS]
    head = ("measure", "unit", *speeds, *(f"{who}: people / change" for who in ("markers", *models)))
    rows = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name in OF_EIGHT:
        norms = [f"{row[0]:g} ± {row[1]:.2g}" for row in TABLE[name]]
        errors = [f"{known[name].spread:.2g} / {known[name].change:.2g}" for known in (METHOD, *models.values())]
        rows.append("| " + " | ".join((QUANTITIES[name].label, QUANTITIES[name].unit, *norms, *errors)) + " |")
    return "\n".join(rows)


TABLES: dict[str, Callable[[], str]] = {
    "bounce": bounce,
    "commands": commands,
    "lights": light_table,
    "quantities": quantities,
    "rules": lambda: rule_table(3.0),
}


def documents() -> list[Path]:
    """Every document with a generated section."""
    pages = (path for path in ROOT.rglob("*.md") if not any(part.startswith(".") for part in path.relative_to(ROOT).parts))
    return [path for path in sorted(pages) if SECTION.search(path.read_text(encoding="utf-8"))]


def current(text: str) -> str:
    """The document with its sections as the code has them now. Raises KeyError for a section that
    nothing makes.
    """
    return SECTION.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}\n{found[4]}", text)
