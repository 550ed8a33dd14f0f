"""Looks numbers up in the RESULTS files, so that no number on the page was typed."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


class Missing(LookupError):
    """A row or column that a RESULTS file should have and has not, or has twice."""


def has(path: str) -> bool:
    return (ROOT / path).exists()


@cache
def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tables_of(path: str, under: str = "") -> tuple[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]], ...]:
    """(header, rows) of every table in a Markdown file, or of those after a heading, cells
    stripped.
    """
    found = []
    text = text_of(path).partition(f"\n{under}\n")[2] if under else text_of(path)
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        rows = [tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in block.splitlines()]
        found.append((rows[0], tuple(rows[2:])))
    return tuple(found)


def columns(path: str, *names: str, nth: int = 0, under: str = "") -> list[tuple[str, ...]]:
    """Those columns, row by row, of the nth table (after a heading) that has them all; a name given
    twice is taken in order. Raises Missing.
    """
    found = [(header, rows) for header, rows in tables_of(path, under) if not Counter(names) - Counter(header)]
    if nth >= len(found):
        raise Missing(f"{path}: {len(found)} tables with the columns {names} {under}".rstrip())
    header, rows = found[nth]
    places = [[at for at, name in enumerate(header) if name == wanted] for wanted in names]
    at = [places[i][names[:i].count(wanted)] for i, wanted in enumerate(names)]
    return [tuple(row[i] for i in at) for row in rows]


def table(path: str, *names: str, under: str = "") -> str:
    """The same as Markdown."""
    rows = [names, ("---",) * len(names), *columns(path, *names, under=under)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def cell(path: str, column: str, *keys: str) -> str:
    """The cell of that column in the one row that has all `keys` among its cells. Raises Missing.
    """
    found = [
        row[header.index(column)] for header, rows in tables_of(path) if column in header for row in rows if set(keys) <= set(row)
    ]
    if len(found) != 1:
        raise Missing(f"{path}: {len(found)} rows with {keys} and a column {column!r}")
    return found[0]


def number(path: str, column: str, *keys: str, after: str = "") -> str:
    """The first number of that cell, or the first one after some words."""
    reported = cell(path, column, *keys)
    match = re.search(re.escape(after) + r"\D*?([-+]?\d+(?:\.\d+)?)", reported)
    if match is None:
        raise Missing(f"{path}: no number after {after!r} in {reported!r}")
    return match[1]


def line(path: str, start: str, section: str = "") -> str:
    """The list item that begins so, below that heading, its broken lines joined, without how long
    it took. Raises Missing.
    """
    text = text_of(path)
    if section:
        at = text.find(f"## {section}\n")
        if at < 0:
            raise Missing(f"{path}: no heading {section!r}")
        text = text[at + 3 :].split("\n## ")[0]
    found = [item for item in re.findall(r"^- (.*(?:\n  .*)*)", text, flags=re.MULTILINE) if item.startswith(start)]
    if len(found) != 1:
        raise Missing(f"{path}: {len(found)} items that begin with {start!r}")
    return re.sub(r":? \(\d+ s\)$| as pid \d+|pid \d+, then \d+; ", "", " ".join(found[0].split()))
