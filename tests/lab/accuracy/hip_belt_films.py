"""Films of runners with a hip belt, kept in the user's cache folder because drawing them takes
long.

python -m tests.lab.accuracy.hip_belt_films    draws those that are missing (needs
tests/lab/render/requirements.txt)
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from station.types import NS, Frame, Pose
from tests.lab.render.hip_belt import Poster
from tests.lab.render.spec import ClipSpec
from tests.made_hip_belt import MadeRun, made

LOOK_OF_FILMS = 1
"""Raised when the same spec is drawn otherwise: old films are drawn again."""


@dataclass(frozen=True)
class Film:
    """Pictures of one stretch and what is true in them."""

    run: MadeRun
    windows: np.ndarray
    """(T, h, w) uint8 grey: the waist."""
    corner: np.ndarray
    """(T, 2) column and row of each window's first pixel in the picture."""

    def frames(self) -> Iterator[tuple[Frame, Pose]]:
        """Whole pictures, grey outside the window, and landmarks with 8 px of error."""
        camera = self.run.spec.camera
        for i, t_s in enumerate(self.run.truth.t_s):
            image = np.full((camera.height_px, camera.width_px), 128, np.uint8)
            (x0, y0), (h, w) = self.corner[i], self.windows.shape[1:]
            image[y0 : y0 + h, x0 : x0 + w] = self.windows[i]
            px = self.run.landmarks_px[i]
            t_ns = self.run.start_ns + round(float(t_s) * NS)
            yield Frame(t_ns, i, np.repeat(image[..., None], 3, axis=2)), Pose(t_ns, px, np.isfinite(px[:, 0]))


def film(spec: ClipSpec, size_px: tuple[int, int] = (240, 136), poster: Poster | None = None) -> Film:
    """From the cache, or drawn now. Raises ImportError where it must be drawn and the renderer is
    not installed.
    """
    path = _path(spec, size_px, poster)
    if not path.exists():
        _draw(spec, size_px, poster, path)
    with np.load(path) as kept:
        return Film(made(spec), kept["windows"], kept["corner"])


def _path(spec: ClipSpec, size_px: tuple[int, int], poster: Poster | None) -> Path:
    root = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "rendered-runner" / "hip_belt"
    gait = spec.motion.keyframes[0].gait
    motion = (spec.motion.slow_turn, spec.motion.runner, gait.speed_mps, round(gait.pelvic_turn_scale, 6))
    people = [(spec.look.body, spec.look.hip_belt)]
    people += [(person.look.body, person.look.hip_belt, person.x_m, person.z_m) for person in spec.bystanders]
    key = repr((LOOK_OF_FILMS, spec.duration_s, spec.seed, motion, people, spec.camera, spec.sensor, size_px, poster or ()))
    return root / f"{hashlib.sha256(key.encode()).hexdigest()[:20]}.npz"


def _draw(spec: ClipSpec, size_px: tuple[int, int], poster: Poster | None, path: Path) -> None:
    import cv2

    from tests.lab.render.hip_belt_clip import waist_windows

    windows = list(waist_windows(spec, size_px, poster))
    grey = np.stack([cv2.cvtColor(w.image, cv2.COLOR_RGB2GRAY) for w in windows])
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez(part, windows=grey, corner=np.array([(w.x0, w.y0) for w in windows]))
    part.rename(path)


def main() -> None:
    """Draw every film of the table that is missing."""
    from tests.lab.accuracy.hip_belt_cases import all_films

    wanted = list(dict.fromkeys(all_films()))
    for i, (spec, size_px, poster) in enumerate(wanted):
        if not _path(spec, size_px, poster).exists():
            _draw(spec, size_px, poster, _path(spec, size_px, poster))
        print(f"{i + 1} of {len(wanted)}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
