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
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from station.config import Config, Section
from station.provision import INSTALLERS, provision

WIDTH = 100  # columns
# The ends of a range as JSON Schema names them, and as words.
LOWEST = {"minimum": "{:.10g}", "exclusiveMinimum": "more than {:.10g}"}
HIGHEST = {"maximum": "{:.10g}", "exclusiveMaximum": "less than {:.10g}"}
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
    yield from _comment(" ".join((kind.__doc__ or "").split()) if kind.__doc__ != Section.__doc__ else "")
    said = _comments(kind)
    for key, schema in kind.model_json_schema()["properties"].items():
        field = _flat(schema)
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


def _flat(key: Mapping[str, Any]) -> dict[str, Any]:
    """What a key's JSON Schema says, of the value or of the parts of it, in one level."""
    parts = (key.get("items", {}), *key.get("prefixItems", ()), *key.get("anyOf", ()), key)
    return {name: value for part in parts for name, value in part.items()}


def _limits(key: Mapping[str, Any]) -> str:
    """Its choices, or its range, as words."""
    choices = [written(choice) for choice in key.get("enum", ())]
    if choices:
        return " or ".join(choices) if len(choices) < 3 else "one of " + ", ".join(choices)
    low, high = (
        next((words.format(key[name]) for name, words in ends.items() if name in key), "") for ends in (LOWEST, HIGHEST)
    )
    if low and high:
        return f"{low} to {high}"
    return f"{low} or more" if "minimum" in key else low or high


def _suggestion(key: Mapping[str, Any]) -> Any:
    """A value that is allowed, for a key without a default."""
    for given in ("enum", "examples"):
        if given in key:
            return key[given][0]
    bounds = [key[name] for name in (*LOWEST, *HIGHEST) if name in key]
    if bounds:
        return sum(bounds) / 2 if len(bounds) > 1 else float(bounds[0] + 1)
    return "/some/where" if key.get("format") == "path" else ""


def written(value: Any) -> str:
    """A value as TOML has it."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, frozenset):
        return written(sorted(value))
    return json.dumps(str(value) if isinstance(value, Path) else value)


def _comment(text: str) -> list[str]:
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line.replace("`", ""), WIDTH - 2)]
    return [f"# {line}" for line in lines]
