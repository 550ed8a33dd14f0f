"""One filmed trial put beside what really happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.gait.pelvis.landmarks import STRIDES
from station.types import NS, Event, Measure
from tests.analysed import Analysis, analyse
from tests.lab.accuracy.projection import Filming, Trial, filmed_with_drill
from tests.lab.accuracy.truth import Truth, truth

NEAREST_S = 0.12  # an event farther from every true one is a false one
SETTLED_S = 3.0  # after the run begins


@dataclass(frozen=True)
class Scores:
    """Errors (measured minus true) of one trial: angles in degrees, times in ms. Events as arrays,
    everything else one number.
    """

    cadence_spm: float
    thigh_rmse_deg: float
    tle_deg: float
    excursion_deg: float
    speed_pct: float
    contact_ms: NDArray[np.float64]
    toe_off_ms: NDArray[np.float64]
    # Contacts and toe-offs of both feet that were not found, of so many true ones.
    missed: tuple[int, int]
    strides: int  # found
    true_strides: int
    turn: Measure
    quadrature: Measure
    true_turn: complex  # mean over the same strides
    raw_turn: NDArray[np.complex128]  # per stride, the thighs' drag still in it


def scores(trial: Trial, filming: Filming) -> Scores:
    """Films the drill and then the run, analyses both as one recording, compares the run."""
    true, other = truth(trial, filming.side), truth(trial, "left" if filming.side == "right" else "right")
    poses, begins_s = filmed_with_drill(trial, filming)
    found = analyse(poses, filming.view)
    strides = found.strides[found.strides["running"] == 1.0]
    starts = true.peaks_s[:-1] + begins_s
    same = (starts >= strides["start_s"][0] - 0.15) & (starts <= strides["start_s"][-1] + 0.15)
    window = same & (starts >= strides["start_s"][-min(len(strides), STRIDES)] - 0.15)
    duration_s = np.diff(true.peaks_s)
    forward, tle = true.forward_deg[same].mean(), true.tle_deg[same].mean()
    return Scores(
        cadence_spm=120.0 * len(strides) / strides["duration_s"].sum() - 120.0 / float(duration_s[same].mean()),
        thigh_rmse_deg=_rmse(found, true, begins_s),
        tle_deg=float(np.nanmean(strides["tle_near_deg"])) - tle,
        excursion_deg=float(np.nanmean(strides["thigh_excursion_near_deg"])) - tle - forward,
        speed_pct=100.0 * (found.last.speed.mps / trial.speed_mps - 1.0),
        contact_ms=_events(found.events, "contact", filming.side, true.contacts_s, other.contacts_s, begins_s),
        toe_off_ms=_events(found.events, "toe_off", filming.side, true.toe_offs_s, other.toe_offs_s, begins_s),
        missed=_missed(found.events, filming.side, true, other, begins_s, strides),
        strides=int((strides["start_s"] > begins_s + SETTLED_S).sum()),
        true_strides=int((starts > begins_s + SETTLED_S).sum()),
        turn=found.last.measures["pelvic_turn_deg"],
        quadrature=found.last.measures["pelvic_turn_quadrature_deg"],
        true_turn=complex(true.turn[window].mean()),
        raw_turn=strides["pelvic_in_phase_deg"] + 1j * strides["pelvic_quadrature_deg"],
    )


def _rmse(found: Analysis, true: Truth, begins_s: float) -> float:
    running = found.t_s > begins_s + SETTLED_S
    off = found.angles["thigh_near_deg"][running] - np.interp(found.t_s[running] - begins_s, true.t_s, true.thigh_deg)
    return float(np.sqrt(np.nanmean(off**2)))


def _missed(
    found: tuple[Event, ...], side: str, near: Truth, far: Truth, begins_s: float, strides: NDArray[np.void]
) -> tuple[int, int]:
    """Over the strides found after SETTLED_S; what lies in a stride that is not closed cannot be
    known yet.
    """
    first_s = begins_s + SETTLED_S
    last_s = float(strides["start_s"][-1])
    missed = count = 0
    for kind in ("contact", "toe_off"):
        for of_near, truth_ in ((True, near), (False, far)):
            true_s = (truth_.contacts_s if kind == "contact" else truth_.toe_offs_s) + begins_s
            true_s = true_s[(true_s > first_s) & (true_s < last_s)]
            seen_s = np.array([e.t_ns / NS for e in found if e.kind == kind and (e.side == side) == of_near])
            count += len(true_s)
            missed += sum(not len(seen_s) or np.abs(seen_s - t).min() > NEAREST_S for t in true_s)
    return missed, count


def _events(
    found: tuple[Event, ...], kind: str, side: str, near_s: NDArray[np.float64], far_s: NDArray[np.float64], begins_s: float
) -> NDArray[np.float64]:
    """Time from the nearest true event of that foot, for every event found, ms; infinite where
    there is none near.
    """
    off = []
    for event in found:
        if event.kind == kind:
            true_s, when_s = near_s if event.side == side else far_s, event.t_ns / NS - begins_s
            if not true_s[0] - NEAREST_S < when_s < true_s[-1] + NEAREST_S:
                continue  # cut off by the end of the recording
            gaps = when_s - true_s
            nearest = gaps[np.abs(gaps).argmin()]
            off.append(1000.0 * nearest if abs(nearest) < NEAREST_S else np.inf)
    return np.array(off)
