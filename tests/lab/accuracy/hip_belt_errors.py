"""How far the finder's corners are off in rendered pictures, kept so that made runs can err alike.

python -m tests.lab.accuracy.hip_belt_errors    measures `hip_belt_errors.npz` anew from films (see
hip_belt_films)

Errors are no white noise: an arm's shadow creeps over the same tag at the same phase of every
stride.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from station.pose.hip_belt import HipBeltFinder
from tests.lab.accuracy.hip_belt_cases import HELD, MAIN_DEG, OBLIQUE_DEG, TUNED, Case
from tests.lab.render.camera import eye_m
from tests.lab.render.hip_belt_truth import HipBeltTruth
from tests.lab.render.spec import Camera
from tests.made_hip_belt import MadeRun

TABLE = Path(__file__).with_name("hip_belt_errors.npz")
PIXEL_MIDDLE = 0.5
"""OpenCV has the middle of the first pixel at 0, the truth at 0.5."""
FAR_PX = 4.0
"""A corner so far off belongs to another tag."""
KEPT = 350
"""Tags of one film."""
PHASE_STEP, BEARING_STEP_DEG = 0.02, 6.0
"""How much of either counts as alike when errors are lent to a made tag."""


def measured(case: Case, turn: bool = False) -> tuple[HipBeltTruth, np.ndarray]:
    """Truth of a film and the finder's errors (T, N, 4, 2) px, NaN for tags it did not find."""
    from tests.lab.accuracy.hip_belt_films import film

    shown = film(case.turn if turn else case.run, case.size_px, case.poster)
    finder, truth = HipBeltFinder(), shown.run.truth
    out = np.full(truth.corners_px.shape, np.nan)
    for i, (frame, pose) in enumerate(shown.frames()):
        marks = finder.find(frame, pose)
        for tag, corners in zip(marks.ids, marks.corners_px, strict=True) if marks else ():
            k = int(tag - truth.ids[0])
            if 0 <= k < len(truth.ids):
                out[i, k] = corners + PIXEL_MIDDLE - truth.corners_px[i, k]
    out[abs(out).max(axis=(2, 3)) > FAR_PX] = np.nan
    return truth, out


def bearing_deg(camera: Camera, truth: HipBeltTruth) -> np.ndarray:
    """(T, N) how far each tag is turned away from the camera about the vertical, + = towards the
    right of the picture.
    """
    world = np.einsum("tij,nkj->tnki", truth.rotation, truth.tags_m) + truth.place_m[:, None, None]
    right, up = world[..., 1, :] - world[..., 0, :], world[..., 0, :] - world[..., 3, :]
    outwards, ray = np.cross(right, up), eye_m(camera) - world.mean(axis=2)
    turn = np.arctan2(outwards[..., 0], outwards[..., 2]) - np.arctan2(ray[..., 0], ray[..., 2])
    return (np.degrees(turn) + 180) % 360 - 180


def around(truth: HipBeltTruth) -> np.ndarray:
    """(T,) where the runner is in the stride, or in the slow turn: 0..1."""
    return truth.stride_phase % 1.0 if np.ptp(truth.stride_phase) else truth.turn_deg / 360 % 1.0


def lent(run: MadeRun, rng: np.random.Generator) -> np.ndarray:
    """(T, N, 4, 2) px: errors of a film from about the same direction, of tags alike in phase and
    bearing.
    """
    turn, truth = run.spec.motion.slow_turn, run.truth
    films = [f for f in _table() if f["turn"] == turn]
    away = np.array([abs(f["azimuth_deg"] - run.spec.camera.azimuth_deg) for f in films])
    film = films[int(rng.choice(np.flatnonzero(away <= away.min() + 1.0)))]
    bearing, phase = bearing_deg(run.spec.camera, truth), around(truth)
    out = np.zeros(truth.corners_px.shape)
    for i, k in zip(*np.nonzero(run.found), strict=True):
        off = abs(film["phase"] - phase[i])
        unlike = (np.minimum(off, 1 - off) / PHASE_STEP) ** 2 + ((film["bearing"] - bearing[i, k]) / BEARING_STEP_DEG) ** 2
        alike = np.argpartition(unlike, 3)[:3]
        out[i, k] = film["error"][rng.choice(alike)]
    return out


@cache
def _table() -> list[dict]:
    with np.load(TABLE) as kept:
        rows = {n: kept[n].astype(float) for n in kept.files}
    out = []
    for film in np.unique(rows["film"]):
        mine = rows["film"] == film
        first = int(np.flatnonzero(mine)[0])
        out.append({"turn": bool(rows["turn"][first]), "azimuth_deg": rows["azimuth_deg"][first], "phase": rows["phase"][mine],
                    "bearing": rows["bearing"][mine], "error": rows["error"][mine].reshape(-1, 4, 2)})
    return out


def main() -> None:
    """Measure the table from films: from the side, 20 and 45 degrees to the rear."""
    rng, rows = np.random.default_rng(0), []
    cases = [Case("", body, 4.0, azimuth) for azimuth in MAIN_DEG for body in (*HELD, *TUNED)]
    cases += [Case("", body, 4.0, OBLIQUE_DEG[0]) for body in HELD]
    for number, case in enumerate(cases):
        for turn in (False, True):
            truth, error = measured(case, turn)
            i, k = np.nonzero(np.isfinite(error[..., 0, 0]))
            some = rng.permutation(len(i))[:KEPT]
            i, k = i[some], k[some]
            rows.append((np.full(len(i), 2 * number + turn), np.full(len(i), turn), np.full(len(i), case.azimuth_deg),
                         around(truth)[i], bearing_deg(case.run.camera, truth)[i, k], error[i, k].reshape(-1, 8)))
            flat = error[i, k]
            print(f"{case.body} {case.azimuth_deg:+.0f} {'turn' if turn else 'run '}: {len(i)} tags, mean "
                  f"{flat.mean(axis=(0, 1)).round(2)}, rms {np.sqrt((flat**2).mean()):.2f} px, "
                  f"median {np.median(abs(flat)):.2f}, 95 % {np.percentile(abs(flat), 95):.2f}", flush=True)
    names = ("film", "turn", "azimuth_deg", "phase", "bearing", "error")
    types = ("u1", "?", "f2", "f2", "f2", "f2")
    columns = [np.concatenate(column) for column in zip(*rows, strict=True)]
    np.savez_compressed(TABLE, **{n: c.astype(t) for n, t, c in zip(names, types, columns, strict=True)})


if __name__ == "__main__":
    main()
