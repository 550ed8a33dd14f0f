"""The card beside the treadmill, A4: how to start, what the lights mean, what happens with the
pictures.

    python hardware/wall_card.py
    rsvg-convert --format pdf --output hardware/wall-card.pdf hardware/wall-card.svg

Lights and durations come from the code that makes them, so that the card cannot say anything else;
a test compares the drawing. rsvg-convert is in Debian's librsvg2-bin.
"""

from __future__ import annotations

import itertools
import textwrap
from html import escape
from pathlib import Path

from station.config import Config
from station.present.lights import NOTICE, PRAISE, SIGNS, STATUS, Rgb, Shape, Sign

CARD = Path(__file__).resolve().with_name("wall-card.svg")
STRIP_S, STRIP_STEP_S = 10.0, 0.1  # how much of a sign's time is drawn
STRIP_MM = (52.0, 7.0)
GREEN: Rgb = (0.0, 1.0, 0.0)
OFF = (34, 34, 34)
LINE_CHARACTERS = 82


def text(x: float, y: float, words: str, size: float = 4.2, style: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{style}>{escape(words)}</text>'


def bold(x: float, y: float, words: str, size: float) -> str:
    return text(x, y, words, size, ' font-weight="bold"')


def strip(x: float, y: float, rgb: Rgb, shape: Shape | None) -> list[str]:
    """A sign as time goes on, left to right: what the light looks like, and the brightness as a
    line for who sees no colours.
    """
    width, height = STRIP_MM
    count = round(STRIP_S / STRIP_STEP_S)
    step = width / count
    levels = [shape(number * STRIP_STEP_S) if shape is not None else 0.0 for number in range(count)]
    drawn = [f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="rgb{OFF}"/>']
    start = 0
    for seen, run in itertools.groupby(lit(rgb, level) for level in levels):
        end = start + len(list(run))
        place = f'x="{x + start * step:.2f}" y="{y + 0.5:g}" width="{(end - start) * step:.2f}" height="{height - 2.6:g}"'
        drawn.append(f'<rect {place} fill="rgb{seen}" shape-rendering="crispEdges"/>')
        start = end
    points = " ".join(f"{x + number * step:.2f},{y + height - 0.3 - 1.4 * level:.2f}" for number, level in enumerate(levels))
    drawn.append(f'<polyline points="{points}" fill="none" stroke="white" stroke-width="0.3"/>')
    return drawn


def lit(rgb: Rgb, level: float) -> tuple[int, ...]:
    """What is printed for a light of that colour and brightness, 0..1; unlit is dark grey."""
    return tuple(round(dark + level * (255 * part - dark)) for dark, part in zip(OFF, rgb, strict=True))


def sign_rows(y: float) -> tuple[list[str], float]:
    drawn = []
    rows: list[tuple[str, Sign]] = [(sign.colour, sign) for sign in SIGNS.values()]
    for name, sign in (*rows, (PRAISE.colour, PRAISE), (NOTICE.colour, NOTICE)):
        drawn += strip(15, y, sign.rgb, sign.shape)
        rhythm = (sign.shape.__doc__ or "Steady.").strip().rstrip(".")
        drawn += [bold(71, y + 3.2, sign.says[:1].upper() + sign.says[1:], 4.4), text(71, y + 7, f"{name}. {rhythm}.", 3.0)]
        y += 9.6
    return drawn, y


def status_rows(y: float) -> tuple[list[str], float]:
    drawn = []
    for shape, says in STATUS.values():
        drawn += strip(15, y, GREEN, shape)
        drawn.append(text(71, y + 4.8, says[:1].upper() + says[1:]))
        y += 8.4
    return drawn, y


def paragraph(y: float, words: tuple[str, ...]) -> tuple[list[str], float]:
    lines = textwrap.wrap(" ".join(words), LINE_CHARACTERS)
    return [text(15, y + 5.6 * number, line) for number, line in enumerate(lines)], y + 5.6 * len(lines)


def start_lines(config: Config) -> tuple[str, ...]:
    watched, alone = (f"{seconds / 60:g} minutes" for seconds in (config.session.baseline_s, config.session.retention_s))
    return (
        "Step onto the belt and run as you always do; there is nothing to press.",
        f"For {watched} it only watches. Then it helps: one thing at a time, by voice and light, and is quiet in between.",
        f"The last {alone} are yours alone. Step off, and your summary is on the screen.",
        "To take it along, put a USB stick in. Leave it in while the small light flickers.",
    )


PRIVACY = (
    "No picture is kept and nothing is sent anywhere. What stays are the positions of your joints, as numbers without a name;",
    "the oldest go first. If you do not want it, take another treadmill.",
)
SAFETY = (
    "The treadmill's red stop works as ever; this station cannot stop a belt. It is no medical device.",
    "If anything hurts, stop: what it says is an offer.",
)


def card(config: Config) -> str:
    """The whole card as SVG, in millimetres."""
    drawn = [bold(15, 22, "Run. This station watches your hip.", 9)]
    drawn.append(bold(15, 32, "How to start", 5.6))
    lines, y = paragraph(39, start_lines(config))
    drawn += lines
    drawn.append(bold(15, y + 4, f"The cue light, {STRIP_S:g} seconds of it", 5.6))
    lines, y = sign_rows(y + 8)
    drawn += [*lines, text(15, y + 3, "Dark: nothing to correct. Keep running.")]
    drawn.append(bold(15, y + 12, "The small light", 5.6))
    lines, y = status_rows(y + 15)
    drawn += lines
    for title, block in (("What happens with the pictures", PRIVACY), ("Safety", SAFETY)):
        drawn.append(bold(15, y + 6, title, 5.6))
        lines, y = paragraph(y + 13, block)
        drawn += lines
    size = 'width="210mm" height="297mm" viewBox="0 0 210 297"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="DejaVu Sans, sans-serif">'
    return "\n".join([head, '<rect width="210" height="297" fill="white"/>', *drawn, "</svg>", ""])


if __name__ == "__main__":
    CARD.write_text(card(Config()), encoding="utf-8")
    print(f"wrote {CARD.name}")
