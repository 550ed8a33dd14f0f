"""Makes hardware/evidence.md and its figures.

    python -m tests.lab.evidence            prints the page
    python -m tests.lab.evidence --write    after a change of a RESULTS file or of trials.json

Plots of single trials: python -m tests.lab.evidence.trials
"""

from __future__ import annotations

import sys
from pathlib import Path

import jinja2

from tests.lab.evidence.figures import SOURCES, figures
from tests.lab.evidence.tables import ROOT, cell, has, line, number, table

HERE = Path(__file__).parent
PAGE = ROOT / "hardware" / "evidence.md"
FIGURES = ROOT / "hardware" / "evidence"
CONTACT_S = 0.214  # mean at 3.5 m/s, station/faults/norms_table.py


def page() -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    environment.globals |= {"cell": cell, "number": number, "line": line, "has": has, "table": table}
    return environment.get_template("page.md.jinja").render(SOURCES, contact_pictures=round(30 * CONTACT_S))


def main() -> None:
    if "--write" not in sys.argv[1:]:
        print(page(), end="")
        return
    FIGURES.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    for name, text in figures().items():
        (FIGURES / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
