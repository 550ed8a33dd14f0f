"""Which leg is which: repairs left/right exchanges of the pose model.

A leg moves on smoothly from frame to frame, and on a treadmill the two legs are never at the same place with the same
speed. So each leg's thigh and shank are predicted from the frames before and, once the stride clock runs, from where the
last stride had them at this phase; the labelling that fits the predictions is taken. That keeps the two legs apart but not
named; the names are what the model says most of the time (an exchange is the exception). When the model has contradicted
the names for most of a while, the names were wrong and are turned over, with all that was recorded under them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

STALE_S = 0.12  # a leg unseen for longer cannot be predicted
MEMORY_S = 10.0  # how long the model's labels are remembered: exchanges come in runs of up to some seconds
# Names are turned over when the contradicted share of the time exceeds 1/2 by this much over the root of the independent pieces
# of evidence: one a second, and one more each time the model changes its mind and back.
TURN_OVER = 0.75
_NOISE_DEG = (5.0, 7.0)  # thigh, shank: landmark noise of 8 .. 16 mm
_SWING_PER_S2 = 80.0  # squared angular frequency of a stride of 0.7 s
_MIDDLES_DEG = (5.0, -30.0)  # of thigh and shank, to begin with
MIDDLE_S = 1.5
_BEND_DEG_S2 = (900.0, 3500.0)  # angular acceleration that the prediction leaves out
_PATTERN_DEG = (10.0, 18.0)  # how well a leg keeps to its last stride by the clock
_FAR_OFF = 25.0  # one landmark gone astray may not outvote the rest
LENGTH_OFF = 0.4
LENGTH_MEMORY_S = 1.0
UNPREDICTED = 4.0  # misfit of a leg that was not seen lately
LOST = 45.0  # of the four parts (thigh and shank of two legs) about half are far off, whichever way they are named
# Landmarks that fit neither way, in one picture, leave predictions that may have changed legs: right after it only the stride
# clock's pattern tells the legs apart. Set on rendered runners (tests/lab/end_to_end, the tuning bodies).
SHAKEN, SHAKEN_S = 14.0, 0.07
# The model's label is believed unless the other naming fits better by ONSET; an exchange that has begun goes on while it fits
# better by STAY. Set on rendered and real clips, where landmarks stray most while the legs pass each other: with 3 for both,
# one rendered clip of 1230 pictures with a single exchange got 93 "repairs", with these none.
ONSET, STAY = 14.0, 3.0
# An exchange that began in doubt, beside landmarks that fit neither way or with a misfit over CLEAR, holds for so long by itself;
# then the stride clock's pattern backs it, by ONSET, or it was the predictions that changed legs.
CLEAR, ALONE_S = 10.0, 0.1
TWICE = 0.5  # and beside ONSET it has to fit twice as well: of two bad fits the better one says little


Expected = tuple[tuple[float, float], tuple[float, float]]


def _unlike(expected_deg: Sequence[float], seen_deg: Sequence[float]) -> float:
    """Misfit of a leg to where the stride clock expects it."""
    total = 0.0
    for part in (0, 1):
        off = (seen_deg[part] - expected_deg[part]) / _PATTERN_DEG[part]
        if off == off:
            total += min(off * off, _FAR_OFF)
    return total


class LegTracker:
    """`step` per pose says whether left and right are exchanged in it."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        # Two legs x (thigh, shank) x (angle, speed); leg 0 is the one named "left".
        self._angle = [[float("nan")] * 2, [float("nan")] * 2]
        self._speed = [[0.0] * 2, [0.0] * 2]
        self._middle = [[float("nan")] * 2, [float("nan")] * 2]
        self._when_s = [[-1e9] * 2, [-1e9] * 2]
        self._last_s = 0.0
        self._shaken_s = self._alone_since_s = -1e9
        self._doubtful = False
        self._no_evidence()
        self.turned_over = False

    def _no_evidence(self) -> None:
        self._contradicted, self._known_s, self._changes, self._last = 0.0, 0.0, 0.0, False

    def step(self, t_s: float, segment_deg: Sequence[float], expected: Expected | None = None) -> bool:
        """Takes a row of Body.segment_deg; True: left and right are exchanged in this pose.

        `expected`: thigh and shank of the left and of the right leg by the stride clock, while that runs.
        `turned_over` is True after a step that found all names since the last reset or turn-over to be wrong.
        """
        self.turned_over = False
        if t_s - max(max(leg) for leg in self._when_s) > STALE_S:
            self._no_evidence()  # out of sight: continuity is broken, the model's labels name the legs again
        legs = ((segment_deg[0], segment_deg[2]), (segment_deg[1], segment_deg[3]))
        straight = self._misfit(t_s, 0, legs[0]) + self._misfit(t_s, 1, legs[1])
        crossed = self._misfit(t_s, 0, legs[1]) + self._misfit(t_s, 1, legs[0])
        lost, shaken = min(straight, crossed) > LOST, t_s - self._shaken_s <= SHAKEN_S
        if min(straight, crossed) > SHAKEN:
            self._shaken_s = t_s
        backed = False
        if expected is not None:
            if shaken:
                straight = crossed = 0.0
            as_named = _unlike(expected[0], legs[0]) + _unlike(expected[1], legs[1])
            as_exchanged = _unlike(expected[0], legs[1]) + _unlike(expected[1], legs[0])
            straight, crossed, backed = straight + as_named, crossed + as_exchanged, as_exchanged + ONSET < as_named
        exchanged = crossed + (STAY if self._last and not shaken else max(ONSET, TWICE * straight)) < straight
        if exchanged and not self._last:
            self._doubtful = shaken or crossed > CLEAR
        if not exchanged or backed:
            self._alone_since_s = t_s
        elif self._doubtful and t_s - self._alone_since_s > ALONE_S:
            self._exchange_predictions()
            exchanged = False
        in_doubt = not exchanged and crossed + STAY < straight
        if (in_doubt and not shaken) or lost:
            return False  # legs that were not surely seen teach nothing: the predictions would be led astray
        self._learn(t_s, 0, legs[1] if exchanged else legs[0])
        self._learn(t_s, 1, legs[0] if exchanged else legs[1])
        self._vote(t_s, exchanged)
        if self.turned_over:
            self._exchange_predictions()
            return not exchanged
        return exchanged

    def _exchange_predictions(self) -> None:
        for state in (self._angle, self._speed, self._middle, self._when_s):
            state.reverse()

    def _misfit(self, t_s: float, leg: int, seen_deg: Sequence[float]) -> float:
        total = 0.0
        for part in (0, 1):
            gap_s = t_s - self._when_s[leg][part]
            if seen_deg[part] != seen_deg[part]:
                continue
            if gap_s > STALE_S:
                total += UNPREDICTED
                continue
            # Swinging about its middle, a leg is pulled back; its speed is half a frame old.
            pull = _SWING_PER_S2 * (self._middle[leg][part] - self._angle[leg][part])
            off = seen_deg[part] - self._angle[leg][part] - (self._speed[leg][part] + pull * gap_s) * gap_s
            allowed = _NOISE_DEG[part] + _BEND_DEG_S2[part] * gap_s * gap_s
            total += min((off / allowed) ** 2, _FAR_OFF)
        return total

    def _learn(self, t_s: float, leg: int, seen_deg: Sequence[float]) -> None:
        for part in (0, 1):
            angle = seen_deg[part]
            if angle != angle:
                continue
            gap_s = t_s - self._when_s[leg][part]
            if 0.0 < gap_s <= STALE_S:
                speed = (angle - self._angle[leg][part]) / gap_s
                weight = gap_s / (gap_s + 0.01)  # at high frame rates the speed needs several frames
                self._speed[leg][part] += weight * (speed - self._speed[leg][part])
                self._middle[leg][part] += gap_s / MIDDLE_S * (angle - self._middle[leg][part])
            else:
                self._speed[leg][part] = 0.0
                if self._middle[leg][part] != self._middle[leg][part]:
                    self._middle[leg][part] = _MIDDLES_DEG[part]
            self._angle[leg][part], self._when_s[leg][part] = angle, t_s

    def _vote(self, t_s: float, exchanged: bool) -> None:
        gap_s = min(max(t_s - self._last_s, 0.0), STALE_S)
        self._last_s = t_s
        self._known_s += gap_s
        if self._known_s > MEMORY_S:
            self._changes *= MEMORY_S / self._known_s
            self._known_s = MEMORY_S
        self._changes += exchanged != self._last
        self._last = exchanged
        if gap_s > 0.0:
            self._contradicted += gap_s / self._known_s * (float(exchanged) - self._contradicted)
        pieces = 1.0 + self._known_s + 0.5 * self._changes
        if self._contradicted > 0.5 and (self._contradicted - 0.5) * sqrt(pieces) > TURN_OVER:
            self._no_evidence()
            self.turned_over = True


class LengthGate:
    """Thighs keep their length in the picture; one that looks much longer or shorter than usual was not seen right."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._usual_px = float("nan")
        self._usual_s = 0.0

    def passes(self, t_s: float, length_px: float) -> bool:
        if length_px != length_px:
            return False
        if not t_s - self._usual_s <= LENGTH_MEMORY_S:
            self._usual_px, self._usual_s = length_px, t_s  # nothing believable for a while: what is usual now may differ
        elif not abs(length_px - self._usual_px) <= LENGTH_OFF * self._usual_px:
            return self._usual_px != self._usual_px and self._first(t_s, length_px)
        self._usual_px += min((t_s - self._usual_s) / LENGTH_MEMORY_S, 1.0) * (length_px - self._usual_px)
        self._usual_s = t_s
        return True

    def _first(self, t_s: float, length_px: float) -> bool:
        self._usual_px, self._usual_s = length_px, t_s
        return True
