"""README, help texts and report keep to the glossary of station/README.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from station.types import QUANTITIES
from tests.lab.docs.tables import leaves

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = (ROOT / "station" / "README.md").read_text(encoding="utf-8").partition("## Glossary")[2]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in GLOSSARY.splitlines() if line.startswith("| ")][1:]
AVOIDED = [word.strip() for row in ROWS for word in row[2].split(",") if word.strip()]


def texts() -> dict[str, str]:
    help_texts = [command.help or "" for _, command in leaves()]
    help_texts += [getattr(p, "help", "") or "" for _, command in leaves() for p in command.params]
    return {
        "README.md": (ROOT / "README.md").read_text(encoding="utf-8"),
        "help texts": "\n".join(help_texts),
        "report": (ROOT / "station/export/report.html.jinja").read_text(encoding="utf-8"),
        "measures": "\n".join(f"{q.label} {q.short} {q.meaning} {q.good}" for q in QUANTITIES.values()),
    }


def test_the_glossary_has_thirty_words() -> None:
    assert len(ROWS) >= 30
    assert all(len(row) == 3 and row[0] and row[1] for row in ROWS)


@pytest.mark.parametrize("where", ["README.md", "help texts", "report", "measures"])
def test_other_words_for_the_same_thing_are_avoided(where: str) -> None:
    text = texts()[where]
    assert [word for word in AVOIDED if re.search(rf"\b{re.escape(word)}s?\b", text, re.IGNORECASE)] == []
