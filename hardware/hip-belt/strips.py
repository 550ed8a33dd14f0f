"""The hip belt's tags to print: three belts of 16, for A4 and Letter, true to scale.

    python hardware/hip-belt/strips.py    # writes pages/*.svg and belt-N-PAPER.pdf

Needs rsvg-convert (Debian's librsvg2-bin) for the PDF. The patterns are those that the station
reads.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from station.pose.tag_code import IDS, MODULES, patterns

HERE = Path(__file__).resolve().parent
BELTS = 3
PER_BELT = IDS // BELTS
# All in millimetres. A patch carries one tag and is stiff; what stretches is the gap to the next.
TAG, WHITE, GAP, FLAP = 50.0, 5.0, 5.0, 10.0
# Below the white, so that nothing is printed within it: the arrow and the number that are seen when
# the belt is worn.
LABEL = 4.0
PATCH, PATCH_HEIGHT = TAG + 2 * WHITE, TAG + 2 * WHITE + LABEL
PITCH = PATCH + GAP
ROW = PATCH_HEIGHT + 2 * FLAP + 4.0
COLUMNS, ROWS = 4, 2
TOP = 17.0
RULER = 100.0
CUT = 'fill="none" stroke="#999" stroke-width="0.15"'
FOLD = 'fill="none" stroke="#999" stroke-width="0.15" stroke-dasharray="2 2"'


@dataclass(frozen=True)
class Paper:
    name: str
    width: float
    height: float


PAPERS = (Paper("a4", 297.0, 210.0), Paper("letter", 279.4, 215.9))


def text(x: float, y: float, words: str, size: float, style: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{style}>{words}</text>'


def tag(number: int, x: float, y: float) -> str:
    """A black square with the white modules as one shape, so that no seam shows between them. `x`,
    `y`: its top left.
    """
    module = TAG / MODULES
    white = "".join(
        f"M{x + column * module:.4f} {y + row * module:.4f}h{module:.4f}v{module:.4f}h-{module:.4f}z"
        for row in range(MODULES)
        for column in range(MODULES)
        if patterns()[number, row, column]
    )
    return f'<rect x="{x:g}" y="{y:g}" width="{TAG:g}" height="{TAG:g}"/><path d="{white}" fill="white"/>'


def patch(number: int, x: float, y: float) -> list[str]:
    """One tag to cut out, between flaps that are folded behind the elastic. The arrow points up
    when worn.
    """
    middle, label = x + PATCH / 2, y + FLAP + PATCH_HEIGHT - 1
    folds = f"M{x:g} {y + FLAP:g}h{PATCH:g}M{x:g} {y + FLAP + PATCH_HEIGHT:g}h{PATCH:g}"
    return [
        f'<rect x="{x:g}" y="{y:g}" width="{PATCH:g}" height="{PATCH_HEIGHT + 2 * FLAP:g}" {CUT}/>',
        f'<path d="{folds}" {FOLD}/>',
        text(x + WHITE, y + 6.5, f"belt {number // PER_BELT + 1}, tag {number}, fold back", 3.6),
        tag(number, x + WHITE, y + FLAP + WHITE),
        f'<path d="M{middle - 3:g} {label:g}l1.5 -2.8 1.5 2.8z"/>',
        text(middle + 1, label, str(number), 3.2),
    ]


def ruler(x: float, y: float) -> list[str]:
    ticks = "".join(f"M{x + 10 * number:g} {y:g}v{-4 if number % 5 == 0 else -2.5:g}" for number in range(int(RULER / 10) + 1))
    return [
        f'<path d="M{x:g} {y:g}h{RULER:g}{ticks}" fill="none" stroke="black" stroke-width="0.25"/>',
        text(
            x + RULER + 3,
            y,
            f"{RULER:g} mm. By a ruler 99.5 to 100.5; if not, print anew, at 100 %.",
            3.6,
        ),
    ]


def page(paper: Paper, belt: int, number: int) -> str:
    """Page `number` (0, 1) of belt `belt` (0..2) as SVG, in millimetres."""
    per_page = COLUMNS * ROWS
    first = belt * PER_BELT + number * per_page
    left = (paper.width - COLUMNS * PITCH + GAP) / 2
    drawn = [
        text(left, 8, f"Hip belt {belt + 1}, tags {first} to {first + per_page - 1}", 5, ' font-weight="bold"'),
        text(
            left,
            13.5,
            "Cut on the lines, fold on the dashes. Whoever can read this has no mirrored print: a mirrored tag is no tag.",
            3.6,
        ),
    ]
    for place in range(per_page):
        row, column = divmod(place, COLUMNS)
        drawn += patch(first + place, left + column * PITCH, TOP + row * ROW)
    drawn += ruler(left, TOP + ROWS * ROW + 4)
    size = f'width="{paper.width:g}mm" height="{paper.height:g}mm" viewBox="0 0 {paper.width:g} {paper.height:g}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="DejaVu Sans, sans-serif">'
    return "\n".join([head, f'<rect width="{paper.width:g}" height="{paper.height:g}" fill="white"/>', *drawn, "</svg>", ""])


def pages() -> dict[str, str]:
    """File name to SVG, of every page of every belt on every paper."""
    return {
        f"belt-{belt + 1}-{paper.name}-{number + 1}.svg": page(paper, belt, number)
        for paper in PAPERS
        for belt in range(BELTS)
        for number in range(PER_BELT // COLUMNS // ROWS)
    }


if __name__ == "__main__":
    folder = HERE / "pages"
    folder.mkdir(exist_ok=True)
    for name, drawing in pages().items():
        (folder / name).write_text(drawing, encoding="utf-8")
    for paper in PAPERS:
        for belt in range(1, BELTS + 1):
            pdf = HERE / f"belt-{belt}-{paper.name}.pdf"
            sheets = sorted(folder.glob(f"belt-{belt}-{paper.name}-*.svg"))
            command = ["rsvg-convert", "--format", "pdf", "--output", str(pdf), *map(str, sheets)]
            # The same file every time.
            subprocess.run(command, check=True, env={**os.environ, "SOURCE_DATE_EPOCH": "0"})
            print(f"wrote {pdf.name}")
