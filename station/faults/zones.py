"""Where the values on the screen should lie: made of the thresholds by which the rules judge.

The screen and the rules cannot disagree: a zone ends where a rule would come on and, once it is on,
where it would go off again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from station.faults import norms
from station.faults.rule import Rule, Scene, Sign
from station.types import NAN, Band, Measure


def zones(rules: Iterable[tuple[Rule, bool]], measures: Mapping[str, Measure], scene: Scene) -> dict[str, Band]:
    """Band by measure that a rule judges. `rules`: each with whether it is on.

    At an unknown speed only what a rule is on about has a zone: by thresholds that hold at any
    speed hardly anything lies outside.
    """
    edges: dict[str, list[tuple[Sign, float]]] = {}
    wanted: set[str] = set()
    for rule, on in rules:
        for sign in rule.signs(measures, scene):
            edges.setdefault(sign.measure, []).append((sign, sign.leave if on else sign.enter))
            if on or scene.speed_known:
                wanted.add(sign.measure)
    bands = {name: _band(name, edges[name], scene) for name in edges if name in wanted}
    return {name: band for name, band in bands.items() if math.isfinite(band.low + band.high)}


def _band(name: str, edges: list[tuple[Sign, float]], scene: Scene) -> Band:
    """The strictest of each side; the side that no rule judges ends where healthy runners do."""
    lows = [(edge, sign) for sign, edge in edges if sign.low_is_bad]
    highs = [(edge, sign) for sign, edge in edges if not sign.low_is_bad]
    low, by_low = max(lows, key=lambda one: one[0], default=(NAN, None))
    high, by_high = min(highs, key=lambda one: one[0], default=(NAN, None))
    judge = by_low or by_high
    assert judge is not None
    first, last = _usual(name, scene, judge)
    if math.isnan(low):
        low = min(first, high - (last - first))
    if math.isnan(high):
        high = max(last, low + (last - first))
    return Band(low, high)


def _usual(name: str, scene: Scene, judge: Sign) -> tuple[float, float]:
    """From where to where healthy runners are seen by this pose model; without norms as far as the
    sign says.
    """
    if name not in norms.MEASURES:
        return min(judge.leave, judge.most), max(judge.leave, judge.most)
    spread, speed_mps = scene.spread(name), scene.speed_mps
    return norms.lowest(name, speed_mps, "p5", spread), norms.highest(name, speed_mps, "p95", spread)


def shown(rule: Rule, measures: Mapping[str, Measure], scene: Scene) -> str:
    """The measure of the first sign that is not gone, one that is measured before one that is not.
    """
    there = [(sign, measures.get(sign.measure)) for sign in rule.signs(measures, scene)]
    seen = [sign for sign, measure in there if measure is not None and measure.measured and not sign.gone(measure.value)]
    unseen = [sign for sign, measure in there if measure is None or not measure.measured]
    return next((sign.measure for sign in (*seen, *unseen)), rule.measure)
