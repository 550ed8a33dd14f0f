"""`station config`: the settings in force, or with --example a settings file that explains every
key, made from the code.

What stands behind a key in `station.config` as a comment, above it, or in its section's docstring,
is what the file says of it; default and limits come from the field itself.
"""

from __future__ import annotations

import inspect
import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import click
from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from station.config import Config, Section
from station.provision import INSTALLERS, provision

WIDTH = 100  # columns
KEY = re.compile(r"    (\w+): .*?(?:  # (.*))?")
HEAD = """\
Settings of a treadmill station. Every key has a default, which is shown; take the # away from what you change. \
Over this file lies a station.toml on the card's boot partition, and over that what an installer's stick brought.
`station config` prints what is in force; `station doctor` says what is wrong with it.
After a change: sudo systemctl restart station"""


def print_settings(config_file: Path | None) -> None:
    """The settings in force as a settings file, with where they come from. Raises ConfigError."""
    found = provision(config_file)
    sources = ", ".join(map(str, found.sources)) or "defaults alone"
    click.echo(f"# in force, from {sources}")
    for what, remedy in found.trouble:
        click.echo(f"# not in force: {what}. {remedy}")
    for name in Config.model_fields:
        values = getattr(found.config, name).model_dump()
        click.echo(f"\n[{name}]")
        for key, value in values.items():
            click.echo(f"# {key} is not set" if value is None else f"{key} = {written(value)}")


def example(data_dir: Path | None = None) -> str:
    """A file that changes nothing, but for `data_dir` where one is given."""
    lines = [*_comment(HEAD)]
    for name, section in Config.model_fields.items():
        lines += ["", f"[{name}]", *_section(name, section.default, data_dir)]
    return "\n".join(lines) + "\n"


def _section(name: str, section: Section, data_dir: Path | None) -> Iterator[str]:
    kind = type(section)
    yield from _comment(_sentences(inspect.getdoc(kind) if kind.__doc__ != Section.__doc__ else ""))
    said = _comments(kind)
    for key, field in kind.model_fields.items():
        default = getattr(section, key)
        only = "" if key in INSTALLERS.get(name, ()) else "in the installed file only"
        notes = "; ".join(note for note in (_limits(field), "not set by default" if default is None else "", only) if note)
        yield ""
        yield from _comment(f"{said.get(key, '')} ({notes})".removesuffix(" ()").strip())
        if (name, key) == ("station", "data_dir") and data_dir is not None:
            yield f"{key} = {written(data_dir)}"
        else:
            yield f"#{key} = {written(_suggestion(field) if default is None else default)}"


def _comments(kind: type[Section]) -> dict[str, str]:
    """What the source says of each key: the comment lines above it and the one behind it."""
    found: dict[str, str] = {}
    above: list[str] = []
    for line in inspect.getsource(kind).splitlines():
        if line.startswith("    # "):
            above.append(line.removeprefix("    # "))
            continue
        match = KEY.fullmatch(line)
        if match:
            found[match[1]] = " ".join([*above, *([match[2]] if match[2] else [])])
        above = []
    return found


def _limits(field: FieldInfo) -> str:
    """Its choices, or its range, as words."""
    kinds = [field.annotation, *get_args(field.annotation)]
    marks = [*field.metadata, *(mark for kind in kinds for mark in _marks(kind))]
    choices = [written(choice) for kind in kinds if get_origin(kind) is Literal for choice in get_args(kind)]
    if choices:
        return " or ".join(choices) if len(choices) < 3 else "one of " + ", ".join(choices)
    low = next((f"{'more than ' * isinstance(m, Gt)}{_bound(m):.10g}" for m in marks if isinstance(m, (Ge, Gt))), "")
    high = next((f"{'less than ' * isinstance(m, Lt)}{_bound(m):.10g}" for m in marks if isinstance(m, (Le, Lt))), "")
    if low and high:
        return f"{low} to {high}"
    return f"{low} or more".replace("more than 0 or more", "more than 0") if low else high


def _bound(mark: Any) -> float:
    return float(next(getattr(mark, name) for name in ("ge", "gt", "le", "lt") if hasattr(mark, name)))


def _marks(kind: Any) -> list[Any]:
    """The limits inside Annotated[float, Field(ge=...)] | None."""
    found: list[Any] = []
    for mark in getattr(kind, "__metadata__", ()):
        found += mark.metadata if isinstance(mark, FieldInfo) else [mark]
    return found


def _suggestion(field: FieldInfo) -> Any:
    """A value that is allowed, for a key without a default."""
    for kind in get_args(field.annotation):
        if get_origin(kind) is Literal:
            return get_args(kind)[0]
        shown = [mark.examples[0] for mark in getattr(kind, "__metadata__", ()) if isinstance(mark, FieldInfo) and mark.examples]
        if shown:
            return shown[0]
        bounds = [_bound(mark) for mark in _marks(kind) if isinstance(mark, (Ge, Gt, Le, Lt))]
        if bounds:
            return sum(bounds) / 2 if len(bounds) > 1 else bounds[0] + 1
        if kind is not NoneType:
            return "/some/where" if Path in (kind, *get_args(kind)) else ""
    return ""


def written(value: Any) -> str:
    """A value as TOML has it."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, frozenset):
        return written(sorted(value))
    return json.dumps(str(value) if isinstance(value, Path) else value)


def _sentences(doc: str | None) -> str:
    return " ".join((doc or "").split()).replace("`", "")


def _comment(text: str) -> list[str]:
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line.replace("`", ""), WIDTH - 2)]
    return [f"# {line}" for line in lines]
