"""The figures of hardware/evidence.md, drawn from trials.json in the style of the report's plots."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.record.plots import Line, Plot, svg
from station.types import NAN
from tests.evidence.trials import KEPT

Trials = list[dict[str, Any]]
BACKGROUND = '<rect width="720" height="230" fill="#ffffff"/>'  # readable on a dark page too


def trials() -> Trials:
    kept: Trials = json.loads(KEPT.read_text(encoding="utf-8"))
    return kept


def figures() -> dict[str, str]:
    """SVG text by file name."""
    kept = trials()
    plots = {
        "thigh-by-azimuth.svg": by_azimuth(kept, "thigh_rmse_deg", "Near thigh, RMSE", "deg"),
        "tle-by-azimuth.svg": by_azimuth(kept, "tle_off_deg", "Trailing-limb extension, absolute error", "deg"),
        "speed-by-azimuth.svg": by_azimuth(kept, "speed_off_pct", "Belt speed, absolute error", "%"),
        "turn-intervals.svg": turn_intervals(kept),
        "turn-by-landmarks.svg": turn_by_landmarks(kept),
    }
    return {name: drawn(plot) for name, plot in plots.items()}


def drawn(plot: Plot) -> str:
    """As a file of its own: with the font that an <svg> inside a page inherits."""
    text = svg(plot).replace("<svg ", '<svg font-family="system-ui, sans-serif" ', 1)
    head, rest = text.split("</title>", 1)
    return f"{head}</title>{BACKGROUND}{rest}\n"


def by_azimuth(kept: Trials, name: str, label: str, unit: str) -> Plot:
    """Median and, as a band, the smallest to the largest of the trials from each side."""
    lines = []
    for kind, words in (
        ("azimuth", "station knows where its camera stands"),
        ("azimuth not told", "it believes it stands square"),
    ):
        of_kind = [trial for trial in kept if trial["kind"] == kind]
        azimuths = np.array(sorted({trial["azimuth_deg"] for trial in of_kind}), float)
        values = [
            _known(abs(t[name]) if t[name] is not None else NAN for t in of_kind if t["azimuth_deg"] == a) for a in azimuths
        ]
        middle = np.array([np.median(v) if len(v) else NAN for v in values])
        low, high = (np.array([f(v) if len(v) else NAN for v in values]) for f in (np.min, np.max))
        lines.append(Line(words, azimuths, middle, low, high, dots=True))
    title = f"{label}, by where the camera stands"
    return Plot(
        title,
        "camera off the pure side view, deg; + is towards the rear of the treadmill",
        f"{label.split(',')[-1].strip()}, {unit}",
        lines,
    )


def turn_intervals(kept: Trials) -> Plot:
    """The measured turn with its interval against the true one, for usual and for locked waists."""
    usual = [t for t in kept if t["kind"] == "azimuth" and t["azimuth_deg"] == 0]
    locked = [t for t in kept if t["kind"] == "locked"]
    lines = []
    for label, group in (("as recorded", usual), ("a tenth of it left", locked)):
        told = [t for t in group if t["turn_deg"] is not None]
        x = np.array([t["true_turn_deg"] for t in told])
        x = np.repeat(x + np.linspace(-0.02, 0.02, len(x)), 3)
        y = np.array([(t["turn_deg"][1], t["turn_deg"][2], NAN) for t in told]).ravel()
        lines.append(Line(f"95 %, turn {label}", x, y))
    top = max(t["true_turn_deg"] for t in usual) + 1
    lines.append(Line("exactly right", np.array([0, top]), np.array([0, top])))
    return Plot("Pelvic turn after the drill: interval against truth", "true turn, deg", "measured turn, deg", lines)


def turn_by_landmarks(kept: Trials) -> Plot:
    """What the distance of the two hip points says by itself, when the hips are dragged along by the thighs."""
    lines = []
    for drag in sorted({t["drag"] for t in kept if t["kind"] == "drag"})[1:]:
        group = sorted((t for t in kept if t["kind"] == "drag" and t["drag"] == drag), key=lambda t: t["true_turn_deg"])
        x, y = (_known(t[name] for t in group) for name in ("true_turn_deg", "landmarks_turn_deg"))
        lines.append(Line(f"hips dragged by {100 * drag:g} %", x, y, dots=True, joined=False))
    ends = np.array([0.0, max(t["true_turn_deg"] for t in kept)])
    lines.append(Line("exactly right", ends, ends))
    return Plot("Pelvic turn from the bare hip points, before the drill", "true turn, deg", "read off the points, deg", lines)


def _known(values: Any) -> NDArray[np.float64]:
    found: Sequence[float] = list(values)
    array = np.array(found, float)
    return array[np.isfinite(array)]
