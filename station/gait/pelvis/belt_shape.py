"""The shape of a hip belt on one runner: where each tag sits, and what is known beforehand.

Ids rise to the right as one looks at the belt from outside; the buckle, between the last tag and
the first, is worn in front. Nothing hangs on the buckle's place: it only makes the first guess a
better one.
"""

from __future__ import annotations

import numpy as np

from station.gait.pelvis.belt_pose import TAG_M, Array, rotation_vectors, skew, turned

TAGS = 16  # ids of one belt; those of the next belt follow
PITCH_M = 0.065  # from patch to patch, as the sheets are mounted
USUAL_TAGS = 14  # a perimeter of 91 cm
WIDTH_TO_DEPTH = 1.45  # of a hip's outline
# How far a tag may sit off its place against its neighbour on an elliptic belt: turned about and
# shifted along its own right, up and outward axes. The bend about `up` varies most, with the
# runner's hips; a conical hip rolls neighbours a little.
BEND_SD_RAD = np.radians([4.0, 10.0, 4.0])
SHIFT_SD_M = np.array([0.004, 0.002, 0.006])
# Guess: blur and threshold move the edges of a black square; what the correction for it leaves.
PUSH_SD_PX = 0.12
MIDDLE = 1e8  # weight that holds the belt's middle, which no frame shows
CORNERS = np.array([[-1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [1.0, -1.0, 0.0], [-1.0, -1.0, 0.0]]) * TAG_M / 2
UNKNOWNS = 6 * TAGS + 1  # a twist (w, v) in belt axes for each tag, and the push


def ellipse() -> tuple[Array, Array]:
    """A belt to begin with: rotation (TAGS, 3, 3) (right, up, outward) and place (TAGS, 3) m."""
    angle = np.linspace(0.0, 2.0 * np.pi, 721)
    ring = np.stack([np.cos(angle), -WIDTH_TO_DEPTH * np.sin(angle)], axis=1)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(ring, axis=0).T))])
    at = (np.arange(TAGS) + 0.5) / USUAL_TAGS * along[-1]
    half = 0.5 * TAG_M / PITCH_M / USUAL_TAGS * along[-1]
    place, right = np.zeros((TAGS, 3)), np.zeros((TAGS, 3))
    for axis, column in ((0, 0), (2, 1)):
        ahead, behind, here = (np.interp(at + d, along, ring[:, column], period=along[-1]) for d in (half, -half, 0.0))
        place[:, axis], right[:, axis] = here * USUAL_TAGS * PITCH_M / along[-1], ahead - behind
    right /= np.sqrt((right * right).sum(axis=1, keepdims=True))
    up = np.tile([0.0, 1.0, 0.0], (TAGS, 1))
    return np.stack([right, up, np.cross(right, up)], axis=2), place


class BeltShape:
    """`corners_m` (TAGS, 4, 3) in belt axes, `skewed` their skew matrices, `push_px` how much
    farther out corners are than they were found, `cov` (UNKNOWNS, UNKNOWNS) of what is unknown."""

    def __init__(self) -> None:
        self.rotation, self.place_m = ellipse()
        self._expected = self._between()
        self.push_px = 0.0
        self._placed()
        self.forget()

    def forget(self) -> None:
        """The shape stays the best guess, but no more is known than of any belt."""
        self.cov = np.asarray(np.linalg.inv(self.beforehand(np.ones(TAGS))[0]), np.float64)

    def twist(self, unknowns: Array) -> None:
        """Moves the tags by their twists and changes the push: (UNKNOWNS,)."""
        w, v = unknowns[:-1].reshape(TAGS, 2, 3).swapaxes(0, 1)
        by = turned(w)
        self.rotation = by @ self.rotation
        self.place_m = (by @ self.place_m[..., None])[..., 0] + v
        self.push_px += float(unknowns[-1])
        self._placed()

    def _placed(self) -> None:
        self.corners_m = self.place_m[:, None] + CORNERS @ np.swapaxes(self.rotation, 1, 2)
        self.skewed = skew(self.corners_m)

    def _between(self) -> tuple[Array, Array]:
        """Each tag but the first as its neighbour sees it: (TAGS - 1, 3, 3) and (TAGS - 1, 3) m."""
        back = np.swapaxes(self.rotation[:-1], 1, 2)
        return back @ self.rotation[1:], (back @ (self.place_m[1:] - self.place_m[:-1])[..., None])[..., 0]

    def beforehand(self, held: Array) -> tuple[Array, Array]:
        """What is known of any belt: information (UNKNOWNS, UNKNOWNS) and gradient (UNKNOWNS,) of
        the neighbours' bends and shifts, of the push, and of the belt's middle: that of the tags
        with a weight in `held` (TAGS,)."""
        rotation, place = self._between()
        bend = rotation_vectors(np.swapaxes(self._expected[0], 1, 2) @ rotation)
        off = np.concatenate([bend, place - self._expected[1]], axis=1)
        # A twist of a tag moves it by R^T w against itself and by (v + w x place) in the axes of
        # its neighbour before.
        axes, local = np.swapaxes(self.rotation[:-1], 1, 2), np.zeros((TAGS - 1, 6, 6))
        local[:, :3, :3] = np.swapaxes(self.rotation[1:], 1, 2)
        local[:, 3:, :3] = -axes @ skew(self.place_m[1:])
        local[:, 3:, 3:] = axes
        slope, pairs = np.zeros((TAGS - 1, 6, TAGS, 6)), np.arange(TAGS - 1)
        slope[pairs, :, pairs + 1], slope[pairs, :, pairs] = local, -local
        flat = np.pad(slope.reshape(-1, 6 * TAGS), ((0, 0), (0, 1)))
        weighted = flat * np.tile(1.0 / np.concatenate([BEND_SD_RAD, SHIFT_SD_M]) ** 2, TAGS - 1)[:, None]
        information, gradient = flat.T @ weighted, -(weighted.T @ off.ravel())
        middle = np.kron((held / held.sum())[:, None], np.eye(6))
        information[:-1, :-1] += MIDDLE * (middle @ middle.T)
        information[-1, -1] += PUSH_SD_PX**-2
        gradient[-1] -= self.push_px * PUSH_SD_PX**-2
        return information, gradient

    def bend_sd_deg(self) -> Array:
        """How well each tag's bend against its neighbour is known, (TAGS - 1,) degrees."""
        about = np.arange(TAGS) * 6 + 1
        cov = self.cov[np.ix_(about, about)]
        own = np.diag(cov)
        return np.degrees(np.sqrt(np.maximum(own[1:] + own[:-1] - 2.0 * np.diag(cov, 1), 0.0)))
