"""The figures of hardware/evidence.md, drawn from trials.json in the style of the report's plots.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.export.plots import Curve
from station.types import NAN
from tests.lab.evidence.drawing import Plot, svg
from tests.lab.evidence.tables import Missing, columns, has
from tests.lab.evidence.trials import KEPT

Trials = list[dict[str, Any]]
SOURCES = {
    "rendered": "tests/lab/end_to_end/RESULTS.md",
    "peers": "tests/lab/peers/RESULTS.md",
    "hip_belt": "tests/lab/accuracy/HIP_BELT.md",
}
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
    made = {name: drawn(plot) for name, plot in plots.items()}
    if has(SOURCES["rendered"]):
        made["rendered-by-azimuth.svg"] = drawn(rendered_by_azimuth(SOURCES["rendered"]))
    if has(SOURCES["hip_belt"]):
        made["hip-belt.svg"] = drawn(belt_turn(SOURCES["hip_belt"]))
    return made


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
        lines.append(Curve(words, azimuths, middle, low, high, dots=True))
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
        reported = [t for t in group if t["turn_deg"] is not None]
        x = np.array([t["true_turn_deg"] for t in reported])
        x = np.repeat(x + np.linspace(-0.02, 0.02, len(x)), 3)
        y = np.array([(t["turn_deg"][1], t["turn_deg"][2], NAN) for t in reported]).ravel()
        lines.append(Curve(f"95 %, turn {label}", x, y))
    top = max(t["true_turn_deg"] for t in usual) + 1
    lines.append(Curve("exactly right", np.array([0, top]), np.array([0, top])))
    return Plot("Pelvic turn after the drill: interval against truth", "true turn, deg", "measured turn, deg", lines)


def turn_by_landmarks(kept: Trials) -> Plot:
    """What the distance of the two hip points says by itself, when the hips are dragged along by
    the thighs.
    """
    lines = []
    for drag in sorted({t["drag"] for t in kept if t["kind"] == "drag"})[1:]:
        group = sorted((t for t in kept if t["kind"] == "drag" and t["drag"] == drag), key=lambda t: t["true_turn_deg"])
        x, y = (_known(t[name] for t in group) for name in ("true_turn_deg", "landmarks_turn_deg"))
        lines.append(Curve(f"hips dragged by {100 * drag:g} %", x, y, dots=True, joined=False))
    ends = np.array([0.0, max(t["true_turn_deg"] for t in kept)])
    lines.append(Curve("exactly right", ends, ends))
    return Plot("Pelvic turn from the bare hip points, before the drill", "true turn, deg", "read off the points, deg", lines)


def rendered_by_azimuth(path: str) -> Plot:
    """Every clip of a reported body that is named after its azimuth, and the side views."""
    points = []
    for nth in range(20):
        try:
            rows = columns(path, "clip", "near thigh RMSE (bias), deg", nth=nth)
        except Missing:
            break
        for clip, reported in rows:
            place = re.fullmatch(
                r"\w+\.(?:side|own|azimuth([+-]\d+)|own([+-]\d+))", clip
            )  # bodies that things were set on are marked behind the name
            if place and reported[:1].isdigit():
                points.append((float(place[1] or place[2] or 0), float(reported.split()[0])))
    x, y = np.array(sorted(points)).T
    middles = sorted(set(x.tolist()))
    lines = [
        Curve("clip", x, y, dots=True, joined=False),
        Curve("median", np.array(middles), np.array([np.median(y[x == a]) for a in middles])),
    ]
    axis = "camera off the pure side view, deg; + is towards the rear of the treadmill"
    return Plot("Near thigh through the pose model, RMSE, by where the camera stands", axis, "RMSE, deg", lines)


def belt_turn(path: str) -> Plot:
    """Reported with its interval against true, pure side view and oblique; half of peak to peak."""
    lines = []
    rows = columns(path, "azimuth", "true", "told")
    for label, keep in (("from the side", True), ("from the rear or front quarter", False)):
        x: list[float] = []
        y: list[float] = []
        for azimuth, true, reported in rows:
            interval = re.fullmatch(r"[\d.]+ \[(-?[\d.]+), (-?[\d.]+)\]", reported)
            if interval and (float(azimuth) == 0) == keep:
                x += [float(true) + (-0.03 if keep else 0.03)] * 3
                y += [float(interval[1]), float(interval[2]), NAN]
        lines.append(Curve(f"95 %, {label}", np.array(x), np.array(y)))
    ends = np.array([0.0, max(float(true) for _, true, _ in rows)])
    lines.append(Curve("exactly right", ends, ends))
    return Plot(
        "Pelvic turn told with the hip belt: interval against truth", "true turn, deg (half of peak to peak)", "told, deg", lines
    )


def _known(values: Any) -> NDArray[np.float64]:
    found: Sequence[float] = list(values)
    array = np.array(found, float)
    return array[np.isfinite(array)]
