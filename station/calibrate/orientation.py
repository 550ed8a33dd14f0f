"""How the camera stands to the treadmill: roll from plumb lines, azimuth from the deck's edges.

Level lines that run along the belt meet at one point of the frame, plumb lines at another; where
these points lie follows from roll r, pitch p, azimuth a and focal length f. The four are fitted to
all lines at once, with what is known beforehand as priors. A plumb line tells the roll by itself. A
single edge of the deck does not: seen from above, it slopes by r + (H/Z) tan a (H: lens over deck,
Z: distance), a third of a degree per degree of azimuth. Two edges at different heights tell both
apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from station.calibrate.lines import Coordinates, ImageLine
from station.types import Measure

STEEPEST_DEG = 20.0  # lines farther off plumb or level than that are something else
# Shortest line that counts: of the frame's height, of its width.
PLUMB_SHARE, DECK_SHARE = 0.06, 0.18
DECK_FROM = 0.5  # the deck is in the lower half
STRAIGHT_DEG = 0.35  # SD: walls, frames and treadmills are built no truer. A guess
LARGEST_ROLL_DEG, ROLL_STEP_DEG = 15.0, 0.25  # chosen: a mount set by eye is truer
COLUMNS = 12  # plumb lines count once per column: five bars of one machine are one witness
BLUNT = 3.0  # residuals beyond so many SDs hardly count (Geman-McClure)
# SD of roll, pitch, azimuth as mounted with eye and spirit level. Guesses.
PRIOR_DEG = (3.0, 3.0, 15.0)
# Focal length of usual lenses over the frame's long side; SD of its logarithm.
FOCAL_LONG_SIDES, FOCAL_SD = 1.05, 0.35
# A second bundle of lines as strong as that, so far off, is a contradiction.
RIVAL_SHARE, RIVAL_DEG = 0.6, 1.0
# So much of all plumb lines' length within so much of the frame's width: one machine.
APART, ONE_SHARE = 0.35, 0.8
DECK_WITNESS_DEG = 2.0  # a deck that knows the roll no better (SD) is no witness
ROUNDS = 25  # chosen: the fit has settled by then
# Half-widths of the 95 % interval up to which an angle is reported.
TELL_ROLL_DEG, TELL_AZIMUTH_DEG = 1.5, 4.0
Z95 = 1.96  # of the normal distribution

NO_LINES = "no plumb line and no deck edge was found"
DISAGREE = "the lines disagree"
ONE_PLACE = "upright lines in one place only, which may be posts that lean"
ROUGH = "known to {0:.1f} deg only"


@dataclass(frozen=True)
class Known:
    """What a person gave beforehand: lines of the frame, and the focal length (None: not given)."""

    plumb: ImageLine | None = None
    deck: ImageLine | None = None
    focal_px: float | None = None
    focal_sd: float = 0.03  # of its logarithm


@dataclass(frozen=True)
class CameraPlace:
    """Angles in deg with 95 % intervals. `azimuth`: + when the belt's right-hand end is farther.

    `plumb`, `deck`: the lines that it stands on. `spread`: (4, 4) covariance of roll, pitch,
    azimuth (deg) and log focal length.
    """

    roll: Measure
    azimuth: Measure
    pitch_deg: float
    focal_px: float
    plumb: tuple[ImageLine, ...] = ()
    deck: tuple[ImageLine, ...] = ()
    spread: NDArray[np.float64] = field(default_factory=lambda: np.full((4, 4), np.nan))


def place_of(lines: Sequence[ImageLine], width_px: int, height_px: int, known: Known | None = None) -> CameraPlace:
    """The camera's place from the lines of one frame of that size."""
    known = known or Known()
    plumb = [known.plumb] if known.plumb else [line for line in lines if _plumb_like(line, height_px)]
    deck = [line for line in lines if deck_like(line, width_px, height_px)] + ([known.deck] if known.deck else [])
    if not plumb and not deck:
        blank = Measure.cannot_tell(NO_LINES)
        return CameraPlace(blank, blank, np.nan, known.focal_px or FOCAL_LONG_SIDES * max(width_px, height_px))
    plumbed = known.plumb is not None
    fits = [
        _Fit(plumb, deck, width_px, height_px, known).settled(start)
        for start in ([known.plumb.tilt_deg] if known.plumb else _bundles(plumb, deck, width_px))
    ]
    fits.sort(key=lambda fit: -fit.support)
    best = fits[0]
    if plumbed:
        return _described(best, "")
    doubt = _rival(best, fits[1:]) or _one_machine(best, _Fit([], deck, width_px, height_px, known) if deck else None)
    return _described(best, doubt)


def _plumb_like(line: ImageLine, height_px: int) -> bool:
    return abs(line.tilt_deg) < STEEPEST_DEG and line.length_px > PLUMB_SHARE * height_px


def deck_like(line: ImageLine, width_px: int, height_px: int) -> bool:
    """Whether a line may run along the belt: long, nearly level, in the lower half."""
    low = line.middle[1] > DECK_FROM * height_px
    return low and abs(line.slope_deg) < STEEPEST_DEG and line.length_px > DECK_SHARE * width_px


def _bundles(plumb: Sequence[ImageLine], deck: Sequence[ImageLine], width_px: int) -> list[float]:
    """Rolls to start from, deg: tilts that many columns show, and what the deck says."""
    grid = np.arange(-LARGEST_ROLL_DEG, LARGEST_ROLL_DEG + ROLL_STEP_DEG, ROLL_STEP_DEG)
    votes = np.zeros((COLUMNS, len(grid)))
    for line in plumb:
        column = min(COLUMNS - 1, max(0, int(line.middle[0] / width_px * COLUMNS)))
        near = np.exp(-0.5 * ((grid - line.tilt_deg) / (STRAIGHT_DEG + line.tilt_sd_deg)) ** 2)
        votes[column] = np.maximum(votes[column], line.length_px * near)
    total = votes.sum(axis=0)
    starts: list[float] = []
    while len(starts) < 3 and total.max() > 0:
        starts.append(float(grid[total.argmax()]))
        total = np.where(np.abs(grid - starts[-1]) < 2.0, 0.0, total)
    if deck:
        starts.append(float(np.average([line.slope_deg for line in deck], weights=[line.length_px for line in deck])))
    return starts


class _Fit:
    """One robust least-squares fit of (roll, pitch, azimuth in rad, log focal length)."""

    def __init__(
        self, plumb: Sequence[ImageLine], deck: Sequence[ImageLine], width_px: int, height_px: int, known: Known
    ) -> None:
        self.plumb, self.deck, self.width_px, self.known = tuple(plumb), tuple(deck), width_px, known
        lines = (*plumb, *deck)
        centre = np.array([width_px / 2, height_px / 2])
        self._middle = np.array([line.middle for line in lines]) - centre
        along = np.array([(line.x1 - line.x0, line.y1 - line.y0) for line in lines])
        self._along = along / np.linalg.norm(along, axis=1, keepdims=True)
        given = [line is known.plumb or line is known.deck for line in lines]
        sd = np.hypot([line.tilt_sd_deg for line in lines], np.where(given, 0.1, STRAIGHT_DEG))
        self._sd = np.radians(sd)
        focal = known.focal_px or FOCAL_LONG_SIDES * max(width_px, height_px)
        self._prior = np.array([0.0, 0.0, 0.0, np.log(focal)])
        self._prior_sd = np.array([*np.radians(PRIOR_DEG), known.focal_sd if known.focal_px else FOCAL_SD])
        self.values = self._prior.copy()

    def settled(self, roll_deg: float) -> _Fit:
        self.values[0] = np.radians(roll_deg)
        for _ in range(ROUNDS):
            weight = self.weight
            residual, slope = self._misses(self.values) / self._sd, self._jacobian() / self._sd[:, None]
            left = (slope.T * weight) @ slope + np.diag(self._prior_sd**-2.0)
            right = (slope.T * weight) @ residual + (self.values - self._prior) / self._prior_sd**2
            step = np.linalg.solve(left, right)
            self.values = self.values - np.clip(step, -0.2, 0.2)
            if np.abs(step).max() < 1e-7:
                break
        return self

    @property
    def weight(self) -> NDArray[np.float64]:
        """(N,) 0..1, how much each line counts (Geman-McClure); those of one column as one."""
        x = self._misses(self.values) / self._sd / BLUNT
        weight = 1 / (1 + x * x) ** 2
        columns = np.clip((self._middle[:, 0] / self.width_px + 0.5) * COLUMNS, 0, COLUMNS - 1).astype(int)
        columns[len(self.plumb) :] = COLUMNS
        for column in range(COLUMNS):
            mine = columns == column
            weight[mine] /= max(1.0, weight[mine].sum())
        return weight

    @property
    def support(self) -> float:
        """Length of what agrees, px, less what the priors object."""
        return self._support(len(self.plumb) + len(self.deck))

    @property
    def plumb_support(self) -> float:
        """The same of the plumb lines alone: any roll agrees with a deck, given its azimuth."""
        return self._support(len(self.plumb))

    def _support(self, count: int) -> float:
        objection = float((((self.values - self._prior) / self._prior_sd) ** 2)[:3].sum())
        length = np.array([line.length_px for line in (*self.plumb, *self.deck)])
        return float((self.weight * length)[:count].sum() * np.exp(-objection / 8))

    @property
    def agreeing(self) -> NDArray[np.bool_]:
        return np.abs(self._misses(self.values)) < BLUNT * self._sd

    def spread(self) -> NDArray[np.float64]:
        """(4, 4) covariance; angles in deg. Lines that miss by more than they should widen it."""
        slope, weight = self._jacobian() / self._sd[:, None], self.weight
        miss = self._misses(self.values) / self._sd
        excess = max(1.0, float((weight * miss**2).sum() / max(weight.sum(), 1.0)))
        inverse = np.linalg.inv((slope.T * weight) @ slope / excess + np.diag(self._prior_sd**-2.0))
        unit = np.array([*np.degrees([1.0, 1.0, 1.0]), 1.0])
        return np.asarray(inverse * np.outer(unit, unit))

    def _jacobian(self) -> NDArray[np.float64]:
        step = 1e-5
        moved = [self._misses(self.values + step * axis) - self._misses(self.values - step * axis) for axis in np.eye(4)]
        return np.array(moved).T / (2 * step)

    def _misses(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) angle in rad between each line and the direction that it should have where it is."""
        down, belt = directions(*values[:3])
        focal = np.exp(values[3])
        to = np.where((np.arange(len(self._middle)) < len(self.plumb))[:, None], down, belt)
        towards = focal * to[:, :2] - to[:, 2:] * self._middle
        cross = self._along[:, 0] * towards[:, 1] - self._along[:, 1] * towards[:, 0]
        miss = np.arctan2(cross, (self._along * towards).sum(axis=1))
        return np.asarray((miss + np.pi / 2) % np.pi - np.pi / 2)


def directions(roll: float, pitch: float, azimuth: float) -> tuple[Coordinates, Coordinates]:
    """Unit vectors (3,) down and along the belt, in camera axes: x right, y down, z away."""
    down = np.array([0.0, np.cos(pitch), np.sin(pitch)])
    belt = np.array([np.cos(azimuth), -np.sin(azimuth) * np.sin(pitch), np.sin(azimuth) * np.cos(pitch)])
    c, s = np.cos(roll), np.sin(roll)
    turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    return turn @ down, turn @ belt


def _rival(best: _Fit, others: Sequence[_Fit]) -> str:
    """What is to be said when another bundle of lines is nearly as strong; "" when none is."""
    for other in others:
        apart = abs(np.degrees(other.values[0] - best.values[0]))
        if apart > RIVAL_DEG and other.plumb_support > RIVAL_SHARE * best.plumb_support > 0:
            return _two(best, other)
    return ""


def _one_machine(best: _Fit, deck: _Fit | None) -> str:
    """Upright lines in one place may be leaning posts: the deck has to agree."""
    found = [line for line, good in zip(best.plumb, best.agreeing, strict=False) if good]
    x, length = np.array([line.middle[0] for line in found]), np.array([line.length_px for line in found])
    window = [length[(x >= left) & (x <= left + APART * best.width_px)].sum() for left in x]
    if not found or max(window) < ONE_SHARE * length.sum():
        return ""
    if deck is None:
        return ONE_PLACE
    deck.settled(0.0)
    sd = float(np.sqrt(deck.spread()[0, 0]))
    apart = abs(float(np.degrees(deck.values[0] - best.values[0])))
    return _two(best, deck) if apart > RIVAL_DEG + 2 * sd or sd > DECK_WITNESS_DEG else ""


def _two(a: _Fit, b: _Fit) -> str:
    return f"{DISAGREE}: {np.degrees(a.values[0]):.1f} and {np.degrees(b.values[0]):.1f} deg"


def _described(fit: _Fit, doubt: str) -> CameraPlace:
    spread, agreeing = fit.spread(), fit.agreeing
    roll_deg, pitch_deg, azimuth_deg = (float(value) for value in np.degrees(fit.values[:3]))
    plumb = tuple(line for line, good in zip(fit.plumb, agreeing[: len(fit.plumb)], strict=True) if good)
    deck = tuple(line for line, good in zip(fit.deck, agreeing[len(fit.plumb) :], strict=True) if good)
    roll = _reported(roll_deg, spread[0, 0], TELL_ROLL_DEG, len(plumb) + len(deck))
    azimuth = _reported(azimuth_deg, spread[2, 2], TELL_AZIMUTH_DEG, len(deck))
    if doubt or not (plumb or deck):
        roll = replace(roll, reason=doubt or DISAGREE)
        azimuth = replace(azimuth, reason=azimuth.reason or roll.reason)
    return CameraPlace(roll, azimuth, pitch_deg, float(np.exp(fit.values[3])), plumb, deck, spread)


def _reported(value: float, variance: float, limit_deg: float, n: int) -> Measure:
    half = Z95 * float(np.sqrt(variance))
    reason = "" if half <= limit_deg else ROUGH.format(half)
    return Measure(value, value - half, value + half, n, reason)
