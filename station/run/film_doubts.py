"""What makes a film doubtful: an impossible cadence, too little of it, lying on its side."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

import numpy as np

from station.config import Config
from station.errors import InputError
from station.run.clock import SystemClock
from station.run.wiring import estimator_for
from station.sense.film_reading import FilmReading
from station.sense.open import open_source
from station.sense.opened import frames
from station.types import NS, Joint, Measure, Pose, Recording

# Running cadences of adults lie between about 140 and 220 steps a minute; outside these limits
# (chosen, with room for slow joggers and sprinters) a film is shown slower or faster than life.
CADENCES_SPM = (115.0, 260.0)
# Three whole strides of a slow jogger, and what it takes to see that somebody runs: the bundled
# clip at 164 steps/min, cut after 3.0 s, gives no cadence, cut after 3.5 s it does.
ENOUGH_S = 4.0
# What a wrong clock makes wrong; angles stay right.
TIMED = ("cadence_spm", "contact_time_ms", "step_length_m")
LOOK_S, LOOK_EVERY_S = 6.0, 0.1  # chosen: a few strides
FOUND = 0.5  # share of the frames in which somebody is seen head up once it is turned (chosen)
TURNS_DEG = (0, 90, 270, 180)  # in the order in which films lie; of equals the first is taken
SHOULDERS = (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER)
HIPS = (Joint.LEFT_HIP, Joint.RIGHT_HIP)
ANKLES = (Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE)


def speed_doubt(recording: Recording) -> str:
    """Why the film's speed is doubtful, "" where it is not."""
    cadence = recording.summary.get("cadence_spm")
    if recording.source.kind != "video" or cadence is None or not cadence.measured:
        return ""
    low, high = CADENCES_SPM
    if low <= cadence.value <= high:
        return ""
    kind = "slow motion" if cadence.value < low else "a sped-up film"
    return f"a running cadence of {cadence.value:.0f} steps/min is no runner's: {kind}? give --fps"


def too_short(recording: Recording) -> str:
    """Why a film without a measure was too short for one, "" where that is not it."""
    cadence, lasted_s = recording.summary.get("cadence_spm"), recording.source.duration_s
    if recording.source.kind != "video" or (cadence is not None and cadence.measured) or not lasted_s < ENOUGH_S:
        return ""
    return f"only {lasted_s:.2g} s of real time: too short for the three whole strides that a measure needs"


def without_times(recording: Recording, reason: str) -> Recording:
    """The recording without the measures that hang on the film's speed."""
    unknown = {name: Measure.cannot_tell(reason, recording.summary[name].n) for name in TIMED if name in recording.summary}
    faults = tuple(
        replace(fault, state="cannot_tell", reason=reason) if fault.rule == "low_cadence" else fault for fault in recording.faults
    )
    notes = (*recording.notes, reason)
    return replace(recording, summary={**recording.summary, **unknown}, faults=faults, notes=notes, time_doubt=reason)


def turned_deg_of(source_text: str, config: Config, reading: FilmReading) -> int:
    """How far clockwise a film must be turned for somebody to be found; 0: that does not help.

    A pose model that was trained on upright people may see one in a runner upside down, if seldom.
    """
    given = reading.turned_deg
    shares = {turn: _share_seen(source_text, config, replace(reading, turned_deg=(given + turn) % 360)) for turn in TURNS_DEG}
    best = max(shares, key=lambda turn: shares[turn])
    return best if shares[best] >= FOUND else 0


def _share_seen(source_text: str, config: Config, reading: FilmReading) -> float:
    """Share of the first frames in which somebody is followed head up: the model takes any way."""
    looked = seen = 0
    due_ns = 0
    with open_source(source_text, config, SystemClock(), reading=reading) as source:
        estimator = estimator_for(config, source.info)
        if estimator is None:
            return 0.0
        try:
            for frame in takewhile(lambda frame: frame.t_ns <= LOOK_S * NS, frames(source, 1.0)):
                if frame.t_ns >= due_ns:
                    looked, seen = looked + 1, seen + _stands(estimator.estimate(frame))
                    due_ns = frame.t_ns + round(LOOK_EVERY_S * NS)
        except InputError:
            pass
        finally:
            estimator.close()
    return seen / looked if looked else 0.0


def _stands(pose: Pose) -> bool:
    """Shoulders over hips over ankles, and the whole rather upright than lying."""
    if not pose.seen:
        return False
    shoulders, hips, ankles = (np.nanmean(pose.xy_px[list(pair)], axis=0) for pair in (SHOULDERS, HIPS, ANKLES))
    aside, down = np.abs(ankles - shoulders)[0], (ankles - shoulders)[1]
    return bool(shoulders[1] < hips[1] < ankles[1] and aside < down / 2)
