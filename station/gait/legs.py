"""Which leg is which: a two-state hidden Markov model over the pose model's left and right.

In every frame the pose model's names are right ("as named") or left and right are exchanged. Two
stories are kept, the likeliest one that ends in each state; the cheaper one is believed:

    as named  -- BEGIN_HZ -->  exchanged      an exchange begins seldom (or STANDING_HZ),
    as named  <-- END_HZ ---   exchanged      ends soon, and costs by the second while it lasts

A story owns what it made of the legs: the thigh and shank of each, with their speeds, and when the
thighs passed each other. What a frame costs under either naming:

    prediction   how far each segment lies from where its story predicts it, in standard
                 deviations, half the square of it; a leg that strides swings about its middle, so
                 its prediction has the pull of a pendulum; a leg held up has none
    passing      thighs that do not pass each other for longer than half a stride takes: running
                 legs never meet and turn back
    pattern      once the stride clock runs, the distance to the last stride at this phase
    length       the near leg looks longer than the far one

No segment ever costs more than FAR_NATS: one landmark gone astray may not outvote the rest. While
it stays astray it costs that once in ASTRAY_S. Because a wrong turn is kept as one of two stories
and not as the only truth, it is taken back as soon as what follows fits the other one better; then
all that was recorded since the two parted is renamed.

Both stories agree on most of the past, so neither knows whether the legs were mistaken for each
other long ago. Two things tell: the pose model's names are right most of the time, and the near leg
looks longer. Their log odds are summed for what is believed, up to SURE_NATS. Two stories of the
same movement under exchanged names differ by that sum alone; when it falls under zero the legs are
turned over, back to when it was last full. So a turn that was wrong is undone from where it began.

Times in seconds, angles in degrees, costs in nats (natural logarithm of the likelihood ratio).
`python -m tests.lab.accuracy.legs` measures how often it is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, hypot, inf, isfinite, log, nan
from typing import NamedTuple

from station.types import NEVER

# Fitted on the tuning runners and people of tests/lab/accuracy/legs.py.
NOISE_DEG = (4.5, 7.5)  # thigh, shank: scatter of what a pose model says from frame to frame
BEND_DEG_S2 = (1500.0, 2400.0)  # half the angular acceleration that the prediction leaves out
PULL_PER_S2 = 90.0  # squared angular frequency of a stride of 0.66 s
# Time constants by which a segment's angle and speed follow what is seen.
FOLLOW_S, SPEED_S = 0.004, 0.08
ASTRAY_S = 1 / 30  # a segment gone astray stays so for so long: frames within it count as one
FAR_NATS = 5.5  # of one segment: 3.3 standard deviations, and no lesson for the prediction
BEGIN_HZ = 0.4  # how often an exchange begins while legs stride
# While they do not: legs apart, and legs that hang side by side, which pose models name at random.
STANDING_HZ = (0.05, 8.0)
END_HZ = (25.0, 2.0)  # how soon it ends, while it is brief and later: most last 0.03 to 0.1 s
BRIEF_S = 0.15  # chosen: longer than most exchanges last
FIRST_NATS = 4.5  # that the first frame is exchanged
APART_DEG = 10.0  # thighs farther apart than this are one ahead of the other
HANGING_DEG = 15.0  # thighs that hang are no farther than that from the vertical
# Half a stride of a run, and what each second of as long again costs.
PASSING_S, PASSING_NATS_S = 0.36, 60.0
PATTERN_DEG = (10.0, 18.0)  # how well a leg keeps to its last stride by the clock
PATTERN_S = 0.1  # what is off the pattern stays off for so long: frames within it count as one
# How much longer the near thigh and shank look than the far ones, natural logarithm of the ratio:
# mean over people, cameras and pose models, and the scatter of its mean over a second.
LONGER, LONGER_NOISE = 0.045, 0.025
LONGER_MOST = 0.25  # beyond that a leg was not seen right
SURE_NATS = 16.0  # the most that the past may weigh against the present

STALE_S = 0.12  # a segment unseen for longer cannot be predicted
UNPREDICTED_NATS = 3.0  # of such a segment (chosen: between a fit and none)
ANEW_S = 0.5  # of nobody: the model's names hold again
LEAST_S = 1e-3  # between frames
MIDDLES_DEG = (5.0, -30.0)  # of thigh and shank, to begin with
MIDDLE_S = 1.5  # time constant of the middles (chosen: two strides)

LENGTH_OFF = 0.4  # share by which a segment's length may be off (chosen)
LENGTH_MEMORY_S = 1.0  # time constant (chosen)

Legs = tuple[float, float, float, float]  # near thigh and shank, far thigh and shank
Part = tuple[float, float, float]  # angle, speed, when
# Angle, speed, standard deviation, seconds since it was seen.
Guess = tuple[float, float, float, float]
PATTERN_SD = PATTERN_DEG * 2
Costs = tuple[tuple[float, float], tuple[float, float]]
NOTHING: Costs = ((0.0, 0.0), (0.0, 0.0))  # of a pose that says nothing
UNSEEN: Part = (nan, 0.0, NEVER)


class Pattern(NamedTuple):
    """Where legs should be by the stride clock, from a forward peak of the near one, `since_s`."""

    legs: Legs
    since_s: float


class Naming(NamedTuple):
    """`exchanged` in this frame; since `renamed_s` it was wrong the other way (inf: nothing)."""

    exchanged: bool
    renamed_s: float = inf


class _Story(NamedTuple):
    """`parts` in the order of Legs; `ahead` > 0: the near thigh was last in front, since `passed_s`
    (0: neither yet). `due_s`: when they should have passed each other again, if they do it in
    strides."""

    cost: float
    entered_s: float  # when it came into its state
    parts: tuple[Part, ...] = (UNSEEN,) * 4
    ahead: float = 0.0
    passed_s: float = NEVER
    due_s: float = inf

    def strides(self, t_s: float) -> bool:
        """Whether the legs still pass each other again and again."""
        return t_s < self.due_s + PASSING_S < inf

    def renamed(self) -> _Story:
        return self._replace(parts=self.parts[2:] + self.parts[:2], ahead=-self.ahead)


class LegTracker:
    """`step` per pose."""

    def __init__(self) -> None:
        self.reset()

    def reset(self, t_s: float = NEVER) -> None:
        # Whoever comes into view is taken to stride until they are seen not to.
        new = _Story(0.0, t_s, passed_s=t_s, due_s=t_s + PASSING_S)
        self._stories = (new, new._replace(cost=FIRST_NATS))  # as named, exchanged
        self._believed = 0
        self._sure_nats, self._sure_s = FIRST_NATS, t_s
        self._parted_s = NEVER  # since when the other story names the legs otherwise than was said
        self._middle = list(MIDDLES_DEG)
        self._seen_s = t_s

    def step(self, t_s: float, named: Legs, pattern: Pattern | None = None, longer: float = nan) -> Naming:
        """Takes thigh and shank of the leg that the pose model names as the near one, and of the
        other; forward is plus.

        `pattern`: where each leg should be, while the stride clock runs. `longer`: natural
        logarithm of how much longer the leg named as the near one looks.
        """
        if not any(map(isfinite, named)):
            return Naming(bool(self._believed))
        if t_s - self._seen_s > ANEW_S:
            self.reset(t_s)
        gap_s, self._seen_s = max(t_s - self._seen_s, LEAST_S), t_s
        self._learn_middle(gap_s, named)
        odds = LONGER * longer * gap_s / LONGER_NOISE**2 if abs(longer) <= LONGER_MOST else 0.0
        naming = self._decide(t_s, gap_s, named, pattern, odds)
        return self._turned_over() if self._mistaken(t_s, gap_s, odds) else naming

    def _mistaken(self, t_s: float, gap_s: float, odds: float) -> bool:
        """Whether names and lengths of the last seconds speak against what is believed of legs."""
        lasts_s = t_s - self._stories[self._believed].entered_s
        gain = END_HZ[lasts_s > BRIEF_S] * gap_s + 2.0 * odds
        self._sure_nats += -gain if self._believed else gain
        if self._sure_nats >= SURE_NATS:
            self._sure_nats, self._sure_s = SURE_NATS, t_s
        return self._sure_nats < 0.0

    def _turned_over(self) -> Naming:
        """Each leg bore the other's name: "exchanged" was "as named"."""
        named, exchanged = self._stories
        self._stories = exchanged.renamed(), named.renamed()
        self._believed = 1 - self._believed
        self._sure_nats = -self._sure_nats
        return Naming(bool(self._believed), self._sure_s)

    def _decide(self, t_s: float, gap_s: float, named: Legs, pattern: Pattern | None, odds: float) -> Naming:
        """Both stories go on by one frame, each from the cheaper of the two before it."""
        before = self._stories
        legs = named, named[2:] + named[:2]
        ends = END_HZ[t_s - before[1].entered_s > BRIEF_S] * gap_s
        strides = any(story.strides(t_s) for story in before)
        begins = (BEGIN_HZ if strides else STANDING_HZ[int(_hang(named))]) * gap_s
        changes = ((begins, -log(begins)), (-log(1.0 - exp(-ends)), ends))
        guesses = [_ahead(story.parts, t_s, self._middle, PULL_PER_S2 if story.strides(t_s) else 0.0) for story in before]
        parents, costs = [0, 0], [-odds, odds]
        unlike = self._unlike(pattern, legs, gap_s)
        for now in (0, 1):
            leg = legs[now]
            ways = [
                story.cost
                + changes[was][now]
                + _misfit(guesses[was], leg, gap_s)
                + _unpassed(story, t_s, gap_s, leg)
                + unlike[was][now]
                for was, story in enumerate(before)
            ]
            parents[now] = int(ways[1] < ways[0])
            costs[now] += ways[parents[now]]
        if parents[0] != parents[1] and _same_but_for_names(*before):
            mine = parents.index(self._believed)
            costs[1 - mine] = max(costs[1 - mine], costs[mine] + self._sure_nats)
        least = min(costs)
        self._stories = tuple(  # type: ignore[assignment]
            _told(t_s, costs[now] - least, before[parents[now]], guesses[parents[now]], legs[now], parents[now] == now)
            for now in (0, 1)
        )
        return self._believe(t_s, int(costs[1] < costs[0]), parents)

    def _unlike(self, pattern: Pattern | None, legs: tuple[Legs, Legs], gap_s: float) -> Costs:
        """Cost of the distance to the last stride, by the story before and the state now. The clock
        was set by a peak of what is believed to be the near leg; for a story that parted before, it
        was the other leg's."""
        if pattern is None:
            return NOTHING
        weight = min(gap_s / PATTERN_S, 1.0)
        named, exchanged = weight * _distance(legs[0], pattern.legs), weight * _distance(legs[1], pattern.legs)
        believed = other = (named, exchanged)
        if self._parted_s < pattern.since_s:
            other = exchanged, named
        return (other, believed) if self._believed else (believed, other)

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

    def _learn_middle(self, gap_s: float, named: Legs) -> None:
        for part in (0, 1):
            angle = 0.5 * (named[part] + named[part + 2])
            if isfinite(angle):
                self._middle[part] += min(gap_s / MIDDLE_S, 1.0) * (angle - self._middle[part])


def _distance(legs: Legs, expected: Legs) -> float:
    total = 0.0
    for seen, angle, sd in zip(legs, expected, PATTERN_SD, strict=True):
        off = (seen - angle) / sd
        if off == off:
            nats = 0.5 * off * off
            total += nats if nats < FAR_NATS else FAR_NATS
    return total


def _ahead(parts: tuple[Part, ...], t_s: float, middle: Sequence[float], pull_per_s2: float) -> list[Guess | None]:
    """Where each part is now, pulled back from its swing's middle; None where not seen lately."""
    guesses: list[Guess | None] = []
    which = 1
    for angle, speed, when_s in parts:
        gap_s, which = t_s - when_s, 1 - which
        if gap_s <= STALE_S:
            pull = pull_per_s2 * (middle[which] - angle)
            sd = hypot(NOISE_DEG[which], BEND_DEG_S2[which] * gap_s * gap_s)
            guesses.append((angle + (speed + 0.5 * pull * gap_s) * gap_s, speed + pull * gap_s, sd, gap_s))
        else:
            guesses.append(None)
    return guesses


def _misfit(guesses: Sequence[Guess | None], legs: Legs, gap_s: float) -> float:
    """Cost of what was seen, `gap_s` after the frame before."""
    total, again = 0.0, min(gap_s / ASTRAY_S, 1.0)
    for guess, angle in zip(guesses, legs, strict=True):
        if angle != angle:
            continue
        if guess is None:
            total += UNPREDICTED_NATS
        else:
            off = (angle - guess[0]) / guess[2]
            nats = 0.5 * off * off
            # Not seen, or astray, in the frame before: the same error is not counted anew.
            weight = 1.0 if guess[3] < 1.5 * gap_s else again
            total += weight * (nats if nats < FAR_NATS else FAR_NATS)
    return total


def _hang(legs: Legs) -> bool:
    """Whether both thighs hang beside each other, rather than being drawn between two apart."""
    return abs(legs[0] - legs[2]) < APART_DEG and abs(legs[0] + legs[2]) < 2.0 * HANGING_DEG


def _same_but_for_names(a: _Story, b: _Story) -> bool:
    """Whether both tell the same movement since the legs passed each other, with left and right
    exchanged. What then speaks for one of them is what is known of the names."""
    return a.passed_s == b.passed_s and a.ahead * b.ahead < 0.0


def _unpassed(story: _Story, t_s: float, gap_s: float, legs: Legs) -> float:
    """Cost of thighs that have not passed each other for too long."""
    if not story.due_s < t_s < story.due_s + PASSING_S:
        return 0.0
    apart = legs[0] - legs[2]
    return PASSING_NATS_S * gap_s if abs(apart) >= APART_DEG and apart * story.ahead > 0.0 else 0.0


def _told(t_s: float, cost: float, before: _Story, guesses: Sequence[Guess | None], legs: Legs, stayed: bool) -> _Story:
    """A story with this frame's legs added, under the names it gives them."""
    ahead, passed_s, due_s, apart = before.ahead, before.passed_s, before.due_s, legs[0] - legs[2]
    if abs(apart) >= APART_DEG and apart * ahead <= 0.0:
        due_s = t_s + PASSING_S if t_s - passed_s < 2.0 * PASSING_S else inf
        ahead, passed_s = apart, t_s
    parts = []
    for part, guess, angle in zip(before.parts, guesses, legs, strict=True):
        if angle != angle:
            parts.append(part)
        elif guess is None:
            parts.append((angle, 0.0, t_s))
        else:
            expected, speed, sd, gap_s = guess
            off = angle - expected
            if off * off >= 2.0 * FAR_NATS * sd * sd:
                parts.append(part)  # gone astray: nothing is learnt from it
            else:
                parts.append((expected + off * gap_s / (gap_s + FOLLOW_S), speed + off / (gap_s + SPEED_S), t_s))
    return _Story(cost, before.entered_s if stayed else t_s, tuple(parts), ahead, passed_s, due_s)


class LengthGate:
    """Thighs keep their length in the frame; one that looks much longer or shorter is wrong."""

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
            # Nothing believable for a while: what is usual now may differ.
            self._usual_px = length_px
        elif abs(length_px - self._usual_px) > LENGTH_OFF * self._usual_px:
            return False
        self._usual_px += min((t_s - self._usual_s) / LENGTH_MEMORY_S, 1.0) * (length_px - self._usual_px)
        self._usual_s = t_s
        return True
