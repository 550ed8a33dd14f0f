"""Which leg is which: a two-state hidden Markov model over the pose model's left and right.

In every frame the pose model's names are right ("as named") or left and right are exchanged. Two stories are kept, the
likeliest one that ends in each state; the cheaper one is believed:

    as named  -- SWITCH_NATS + ln(1 s / gap) -->  exchanged      each second in "exchanged" costs more, most while it is
    as named  <-- the same --------------------   exchanged      brief: an exchange is the exception, and seldom long

A story owns what it made of the legs: the thigh and shank of each, with their speeds. The frame's cost under either naming is
how far each segment lies from where its story predicts it (a leg swings about its middle, so the prediction has the pull of a
pendulum), in standard deviations, half the square of it, and never more than FAR_NATS: one landmark gone astray may not outvote
the rest. Once the stride clock runs, the distance to the last stride at this phase counts too.

Because a wrong turn is kept as one of two stories and not as the only truth, it is taken back as soon as what follows fits the
other one better; then all that was recorded since the two parted is renamed. What the legs' movement cannot say is which of the
two legs bears which name: that is the model's word, most of the time. So when "exchanged" was believed for so much more time than
"as named" that chance does not make it (TURN_OVER), the names were wrong from the beginning and are turned over.

Times in seconds, angles in degrees, costs in nats (natural logarithm of the likelihood ratio).
`python -m tests.lab.accuracy.legs` measures how often it is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite, log, nan, sqrt
from typing import NamedTuple

from station.types import NEVER

# Fitted on the tuning runners of tests/lab/accuracy/legs.py.
NOISE_DEG = (5.0, 8.0)  # thigh, shank: scatter of what a pose model says from frame to frame
BEND_DEG_S2 = (2200.0, 3500.0)  # half the angular acceleration that the prediction leaves out
PULL_PER_S2 = 90.0  # squared angular frequency of a stride of 0.66 s
GAIN, SPEED_S = 0.8, 0.03  # share of the misfit that the angle follows, and the time constant of the speed
SWITCH_NATS = 1.5  # a change of state, in a second
EXCHANGED_NATS_S = (40.0, 3.0)  # each second of an exchange, while it is brief and later
BRIEF_S = 0.15  # pose models exchange the legs in 0 to 8 % of the frames, for 0.03 to 0.1 s at a time, seldom longer
FIRST_NATS = 5.0  # that the first frame is exchanged
TURN_OVER = 1.5  # standard deviations by which the time exchanged outweighs the time as named when the names were wrong
MEMORY_S = 10.0  # of that
FAR_NATS = 6.0  # of one segment: 3.5 standard deviations, and no lesson for the prediction
PATTERN_DEG = (10.0, 18.0)  # how well a leg keeps to its last stride by the clock
PATTERN_S = 0.2  # what is off the pattern stays off for so long: frames within it count as one

STALE_S = 0.12  # a segment unseen for longer cannot be predicted
UNPREDICTED_NATS = 3.0  # of such a segment (chosen: between a fit and none)
ANEW_S = 0.5  # of nobody: the model's names hold again
MIDDLES_DEG = (5.0, -30.0)  # of thigh and shank, to begin with
MIDDLE_S = 1.5  # time constant of the middles (chosen: two strides)

LENGTH_OFF = 0.4  # share by which a segment's length may be off (chosen)
LENGTH_MEMORY_S = 1.0  # time constant (chosen)

Leg = tuple[float, float]  # thigh, shank
Part = tuple[float, float, float]  # angle, speed, when
Track = tuple[Part, Part]
Guess = tuple[float, float, float, float]  # angle, speed, standard deviation, seconds since it was seen
UNSEEN: Track = ((nan, 0.0, NEVER), (nan, 0.0, NEVER))


class Pattern(NamedTuple):
    """Thigh and shank of the left and the right leg by the stride clock, from a forward peak at `since_s`."""

    left: Leg
    right: Leg
    since_s: float


class Naming(NamedTuple):
    """`exchanged` in this frame; what was said since `renamed_s` was wrong the other way (inf: nothing)."""

    exchanged: bool
    renamed_s: float = inf


class _Story(NamedTuple):
    cost: float
    entered_s: float  # when it came into its state
    left: Track
    right: Track


class LegTracker:
    """`step` per pose."""

    def __init__(self) -> None:
        self.reset()

    def reset(self, t_s: float = NEVER) -> None:
        self._stories = (_Story(0.0, t_s, UNSEEN, UNSEEN), _Story(FIRST_NATS, t_s, UNSEEN, UNSEEN))  # as named, exchanged
        self._believed = 0
        self._names_s = t_s  # since when these names hold
        self._for_names_s = (0.0, 0.0)  # time as named and exchanged, as believed
        self._parted_s = NEVER  # since when the other story names the legs otherwise than was said
        self._middle = list(MIDDLES_DEG)
        self._seen_s = t_s

    def step(self, t_s: float, segment_deg: Sequence[float], pattern: Pattern | None = None) -> Naming:
        """Takes a row of Body.segment_deg: whether left and right are exchanged in this pose.

        `pattern`: where each leg should be, while the stride clock runs.
        """
        left, right = (segment_deg[0], segment_deg[2]), (segment_deg[1], segment_deg[3])
        if not (isfinite(left[0]) or isfinite(right[0]) or isfinite(left[1]) or isfinite(right[1])):
            return Naming(bool(self._believed))
        if t_s - self._seen_s > ANEW_S:
            self.reset(t_s)
        gap_s, self._seen_s = t_s - self._seen_s, t_s
        self._learn_middle(gap_s, left, right)
        naming = self._decide(t_s, gap_s, left, right, pattern)
        return self._turned_over(t_s) if self._doubts_names(t_s, gap_s, naming) else naming

    def _doubts_names(self, t_s: float, gap_s: float, naming: Naming) -> bool:
        """Whether the model has contradicted the names for most of the time: each second is one piece of evidence."""
        kept = 1.0 - gap_s / MEMORY_S
        named_s, exchanged_s = (kept * s for s in self._for_names_s)
        if naming.exchanged:
            exchanged_s += gap_s
        else:
            named_s += gap_s
        self._for_names_s = named_s, exchanged_s
        known_s = named_s + exchanged_s
        return exchanged_s - named_s > TURN_OVER * known_s / sqrt(1.0 + known_s)

    def _turned_over(self, t_s: float) -> Naming:
        """The other leg bore the name from the beginning: "exchanged" was "as named"."""
        named, exchanged = self._stories
        self._stories = (
            exchanged._replace(left=exchanged.right, right=exchanged.left),
            named._replace(left=named.right, right=named.left),
        )
        self._believed = 1 - self._believed
        self._for_names_s = self._for_names_s[::-1]
        renamed_s, self._names_s = self._names_s, t_s
        return Naming(bool(self._believed), renamed_s)

    def _decide(self, t_s: float, gap_s: float, left: Leg, right: Leg, pattern: Pattern | None) -> Naming:
        """Both stories go on by one frame, each from the cheaper of the two before it."""
        switch = SWITCH_NATS - log(max(gap_s, 1e-3))
        before = self._stories
        later = t_s - before[1].entered_s > BRIEF_S
        stay = ((0.0, EXCHANGED_NATS_S[0] * gap_s), (0.0, EXCHANGED_NATS_S[later] * gap_s))
        guesses = [self._guess(t_s, story) for story in before]
        parents, costs = [0, 0], [inf, inf]
        for was in (0, 1):
            fits = _fits(guesses[was], left, right)
            if pattern is not None:
                turned = was != self._believed and self._parted_s < pattern.since_s
                fits = _with_pattern(fits, pattern, left, right, turned, min(gap_s / PATTERN_S, 1.0))
            for now in (0, 1):
                cost = before[was].cost + fits[now] + stay[was][now] + (switch if now != was else 0.0)
                if cost < costs[now]:
                    parents[now], costs[now] = was, cost
        least = min(costs)
        self._stories = (
            _told(t_s, costs[0] - least, guesses[parents[0]], before[parents[0]], left, right, parents[0] == 0),
            _told(t_s, costs[1] - least, guesses[parents[1]], before[parents[1]], right, left, parents[1] == 1),
        )
        return self._believe(t_s, int(costs[1] < costs[0]), parents)

    def _believe(self, t_s: float, now: int, parents: Sequence[int]) -> Naming:
        """The cheaper story is what is said; since when does the other one part from it?"""
        mine, other = parents[now], parents[1 - now]
        renamed_s = inf
        if mine != self._believed:  # it was not this story that was believed up to now
            renamed_s = self._parted_s
            self._parted_s = t_s if other == mine else renamed_s
        elif other == mine:
            self._parted_s = t_s
        self._believed = now
        return Naming(bool(now), renamed_s)

    def _guess(self, t_s: float, story: _Story) -> tuple[tuple[Guess | None, ...], tuple[Guess | None, ...]]:
        """Where a story expects the thigh and shank of its left and right leg."""
        thigh, shank = self._middle
        return (
            (_ahead(story.left[0], t_s, thigh, 0), _ahead(story.left[1], t_s, shank, 1)),
            (_ahead(story.right[0], t_s, thigh, 0), _ahead(story.right[1], t_s, shank, 1)),
        )

    def _learn_middle(self, gap_s: float, left: Leg, right: Leg) -> None:
        for part in (0, 1):
            angle = 0.5 * (left[part] + right[part])
            if isfinite(angle):
                self._middle[part] += min(gap_s / MIDDLE_S, 1.0) * (angle - self._middle[part])


def _ahead(part: Part, t_s: float, middle: float, which: int) -> Guess | None:
    """The part now: swinging about its middle it is pulled back. None where it was not seen lately."""
    angle, speed, when_s = part
    gap_s = t_s - when_s
    if not gap_s <= STALE_S:
        return None
    pull = PULL_PER_S2 * (middle - angle)
    noise, bend = NOISE_DEG[which], BEND_DEG_S2[which] * gap_s * gap_s
    return angle + (speed + 0.5 * pull * gap_s) * gap_s, speed + pull * gap_s, (noise * noise + bend * bend) ** 0.5, gap_s


def _misfit(guess: Guess | None, angle: float) -> float:
    if not isfinite(angle):
        return 0.0
    if guess is None:
        return UNPREDICTED_NATS
    off = (angle - guess[0]) / guess[2]
    return min(0.5 * off * off, FAR_NATS)


Guesses = tuple[tuple[Guess | None, ...], tuple[Guess | None, ...]]


def _fits(guesses: Guesses, left: Leg, right: Leg) -> tuple[float, float]:
    """Cost of this frame for a story if the names are right, and if they are exchanged."""
    (thigh_l, shank_l), (thigh_r, shank_r) = guesses
    named = _misfit(thigh_l, left[0]) + _misfit(shank_l, left[1]) + _misfit(thigh_r, right[0]) + _misfit(shank_r, right[1])
    exchanged = _misfit(thigh_l, right[0]) + _misfit(shank_l, right[1]) + _misfit(thigh_r, left[0]) + _misfit(shank_r, left[1])
    return named, exchanged


def _with_pattern(
    fits: tuple[float, float], pattern: Pattern, left: Leg, right: Leg, turned: bool, weight: float
) -> tuple[float, float]:
    """The pattern's cost added. `turned`: for this story the peak that set the clock was one of the other leg."""
    named = _unlike(pattern.left, left) + _unlike(pattern.right, right)
    exchanged = _unlike(pattern.left, right) + _unlike(pattern.right, left)
    if turned:
        named, exchanged = exchanged, named
    return fits[0] + weight * named, fits[1] + weight * exchanged


def _unlike(expected_deg: Leg, seen_deg: Leg) -> float:
    total = 0.0
    for part in (0, 1):
        off = (seen_deg[part] - expected_deg[part]) / PATTERN_DEG[part]
        if isfinite(off):
            total += min(0.5 * off * off, FAR_NATS)
    return total


def _told(t_s: float, cost: float, guesses: Guesses, before: _Story, left: Leg, right: Leg, stayed: bool) -> _Story:
    """A story with this frame's legs added, under the names it gives them."""
    return _Story(
        cost,
        before.entered_s if stayed else t_s,
        tuple(map(_followed, before.left, guesses[0], left, (t_s, t_s))),  # type: ignore[arg-type]
        tuple(map(_followed, before.right, guesses[1], right, (t_s, t_s))),  # type: ignore[arg-type]
    )


def _followed(part: Part, guess: Guess | None, angle: float, t_s: float) -> Part:
    if not isfinite(angle):
        return part
    if guess is None:
        return angle, 0.0, t_s
    expected, speed, sd, gap_s = guess
    off = angle - expected
    if off * off >= 2.0 * FAR_NATS * sd * sd:
        return part  # gone astray: nothing is learnt from it
    return expected + GAIN * off, speed + off / (gap_s + SPEED_S), t_s


class LengthGate:
    """Thighs keep their length in the frame; one that looks much longer or shorter than usual was not seen right."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._usual_px = nan
        self._usual_s = NEVER

    def passes(self, t_s: float, length_px: float) -> bool:
        """Whether a thigh of this length (px, NaN where not seen) is believed."""
        if not isfinite(length_px):
            return False
        if t_s - self._usual_s > LENGTH_MEMORY_S:
            self._usual_px = length_px  # nothing believable for a while: what is usual now may differ
        elif abs(length_px - self._usual_px) > LENGTH_OFF * self._usual_px:
            return False
        self._usual_px += min((t_s - self._usual_s) / LENGTH_MEMORY_S, 1.0) * (length_px - self._usual_px)
        self._usual_s = t_s
        return True
