"""The comparison as one page with Bland-Altman plots: self-contained, no script, prints."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from station import __version__
from station.export.pages import page
from station.export.plots import Curve, Plot, figure
from station.types import NAN
from station.validate.agreement import share_interval
from station.validate.result import Quantity, Result, table

MOST_DOTS = 400  # of a curve with thousands of values; evenly picked


def page_html(result: Result, created_utc: str) -> bytes:
    shown = {
        "reference": result.reference,
        "recordings": [one.name for one in result.recordings],
        "rows": [_row(one) for one in result.quantities],
        "plots": [Markup(plot) for one in result.quantities if (plot := figure(bland_altman(one)))],
        "text": table(result),
        "created_utc": created_utc,
        "version": __version__,
    }
    return page("station.validate", "page.html.jinja", str, shown)


def bland_altman(one: Quantity) -> Plot:
    """Difference against mean, with bias and limits of agreement and their 95 % intervals."""
    station, reference = np.array(one.paired.station), np.array(one.paired.reference)
    pick = np.unique(np.linspace(0, len(station) - 1, min(len(station), MOST_DOTS)).round().astype(int))
    middle, off = ((station + reference) / 2)[pick], (station - reference)[pick]
    found = one.found
    ends = np.array([middle.min(), middle.max()]) if np.ptp(middle) > 0 else middle[0] + np.array([-0.5, 0.5])
    bias, low, high = (np.full(2, level) for level in (found.bias, found.bias_low, found.bias_high))
    limits = np.array([found.low, found.low, NAN, found.high, found.high])
    lines = [
        Curve("pair", middle, off, dots=True, joined=False),
        Curve("bias and its 95 % interval", ends, bias, low, high),
        Curve("95 % limits of agreement", np.array([*ends, NAN, *ends]), limits),
    ]
    title = f"{one.name}: station minus reference"
    return Plot(title, one.unit, f"mean of both, {one.unit}", lines, least_span=2 * one.within)


def _row(one: Quantity) -> dict[str, str]:
    found = one.found
    share = share_interval(one.held, one.intervals) if one.intervals else None
    return {
        "name": one.name,
        "unit": one.unit,
        "n": str(found.n),
        "runners": str(found.runners),
        "bias": f"{_text(found.bias)} ({_text(found.bias_low)} to {_text(found.bias_high)})",
        "limits": f"{_text(found.low)} to {_text(found.high)}",
        "rmse": _text(found.rmse),
        "mae": _text(found.mae),
        "interval": f"{one.held} of {one.intervals} ({share[0]:.0%} to {share[1]:.0%})" if share else "–",
        "words": one.words,
        "state": one.state,
    }


def _text(value: float) -> str:
    return f"{value:.{3 if abs(value) < 0.1 else 2}f}".replace("-", "−") if np.isfinite(value) else "–"
