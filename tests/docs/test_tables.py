"""Documents say what the code says: generated tables are current, links lead somewhere, and no
command is left out.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from station.faults.registry import RULES
from tests.lab.docs.tables import ROOT, TABLES, current, documents, leaves, rules

LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)|\!\[[^\]]*\]\(([^)\s]+)\)")
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if ".venv" not in path.parts and "node_modules" not in path.parts and ".git" not in path.parts
)


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_made_sections_are_current(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text == current(text), "run `python -m tests.lab.docs`"


def test_every_table_stands_somewhere() -> None:
    made = {name for path in documents() for name in re.findall(r"<!-- made: (\S+) -->", path.read_text(encoding="utf-8"))}
    assert made == set(TABLES)


def test_every_command_is_in_the_table() -> None:
    table = TABLES["commands"]()
    assert all(f"`station {name}" in table for name, _ in leaves())
    assert len(list(leaves())) > 10


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [one or other for one, other in LINK.findall(text)]
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not (path.parent / target).exists()] == []


def test_the_walks_name_what_is_there() -> None:
    walks = (ROOT / "station" / "README.md").read_text(encoding="utf-8").partition("## Four walks")[2].partition("\n## ")[0]
    stops = re.findall(r"`([a-z_]+(?:\.[a-z_]+)*(?:\.[A-Z]\w+)?(?:\.[a-z_]+)?)`", walks)
    assert len(stops) > 30
    assert [stop for stop in stops if "." in stop and not is_there(stop)] == []


def is_there(dotted: str) -> bool:
    """Whether a module of the station has that function, class or method."""
    names = dotted.split(".")
    module = next(cut for cut in range(len(names), 0, -1) if (ROOT / "station" / Path(*names[:cut])).with_suffix(".py").is_file())
    found: Any = ast.parse((ROOT / "station" / Path(*names[:module])).with_suffix(".py").read_text(encoding="utf-8"))
    for name in names[module:]:
        found = next((node for node in found.body if getattr(node, "name", "") == name), None)
        if found is None:
            return False
    return True


def test_code_names_files_that_are_there() -> None:
    """In comments, docstrings and tables: a file that was renamed leaves no old name behind."""
    there = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py")]
    named = [
        (str(path.relative_to(ROOT)), name)
        for path in ROOT.rglob("*.py")
        if path.parts[len(ROOT.parts)] in ("station", "hardware", "systemd")
        for name in re.findall(r"(?<![\w/.-])((?:\w+/)*\w+\.py)\b", path.read_text(encoding="utf-8"))
    ]
    assert [one for one in named if "NAME" not in one[1] and not any(f"/{file}".endswith(f"/{one[1]}") for file in there)] == []


def test_the_table_of_rules_has_a_row_per_rule() -> None:
    rows = rules().splitlines()
    assert len(rows) == 2 + len(RULES)
    assert {row.count("|") for row in rows} == {8}
    assert "| `low_cadence` | cadence_spm | < 153 steps/min | > 159 |" in rules()
    assert "never" in next(row for row in rows if "slow_retraction" in row)
