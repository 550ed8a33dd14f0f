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
from station.config import Config
from station.faults.norms_table import OF_EIGHT, SPEEDS_MPS, TABLE
from station.faults.registry import RULES
from station.faults.rule import Scene
from station.model_errors import METHOD
from station.pose.store import models_dir, read_card, read_errors
from station.present.lights import NOTICE, PRAISE, SIGNS, Sign
from station.types import KMH_PER_MPS, QUANTITIES

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
        # Joined: before 3.13 the lines of a docstring keep their indentation.
        does = " ".join((command.help or "").split("\n\n")[0].split())
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


def lights() -> str:
    rows = ["| light | shape in time | when | it says |", "|---|---|---|---|"]
    rows += [_light(sign, f"`{rule}`") for rule, sign in SIGNS.items()]
    rows += [_light(PRAISE, "praise"), _light(NOTICE, "anything else")]
    return "\n".join([*rows, "| dark | | nothing to correct | keep running |"])


def _light(sign: Sign, when: str) -> str:
    words = (sign.shape.__doc__ or "Steady.").strip().rstrip(".")
    return f"| {sign.colour} | {sign.shape.__name__}: {words[:1].lower()}{words[1:]} | {when} | {sign.says} |"


# The 40-pin header, pin 1 first: BCM number, or None for power and ground.
HEADER = (
    *(None, None, 2, None, 3, None, 4, 14, None, 15),
    *(17, 18, 27, None, 22, 23, None, 24, 10, None),
    *(9, 25, 11, 8, None, 7, 0, 1, 5, None),
    *(6, 12, 13, None, 19, 16, 26, 20, None, 21),
)
WIRING = {
    "red": "cue light, to the gate of its MOSFET (100 ohm in line, 10 k from gate to ground: the pin is pulled up while booting)",
    "green": "cue light, likewise",
    "blue": "cue light, likewise",
    "status": "status LED, 330 ohm in line",
    "button": "to ground; internal pull-up, 1 k in line, 100 nF to ground",
    "buzzer": "active buzzer through a transistor",
}


def pins() -> str:
    """Every function with its pin, by the default settings."""
    rows = ["| function | GPIO (BCM) | header pin | fitted by default | wiring |", "|---|---|---|---|---|"]
    fitted = Config().pins.claimed()
    for name, wiring in WIRING.items():
        pin = getattr(Config().pins, name)
        rows.append(f"| {name} | {pin} | {HEADER.index(pin) + 1} | {'yes' if name in fitted else 'no'} | {wiring} |")
    return "\n".join(rows)


def rules(speed_mps: float = 3.0) -> str:
    """The rules, thresholds at one speed."""
    at = f"at {speed_mps * KMH_PER_MPS:.1f} km/h"
    rows = [f"| rule | measured by | on {at} | off {at} | said | rank | confidence |", "|---|---|---|---|---|---|---|"]
    for rule in RULES:
        level = rule.levels(Scene(speed_mps))
        sign = "<" if level.enter < level.leave else ">"
        back = ">" if sign == "<" else "<"
        coaching = rule.coaching
        said, rank = (f'"{coaching.cue.spoken}"', coaching.priority) if coaching else ("never, only reported", "")
        unit = "" if rule.unit == "1" else f" {rule.unit}"
        on, off = f"{sign} {level.enter:.3g}{unit}", f"{back} {level.leave:.3g}"
        rows.append(f"| `{rule.name}` | {rule.measure} | {on} | {off} | {said} | {rank} | {rule.confidence} |")
    return "\n".join(rows)


TABLES: dict[str, Callable[[], str]] = {
    "bounce": bounce,
    "commands": commands,
    "lights": lights,
    "pins": pins,
    "quantities": quantities,
    "rules": rules,
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
