"""Longer clips from a short one: whole loops of strides repeated, packet by packet, without encoding again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from .demo import LOOP_FRAMES, PHASES

Stretch = tuple[int, int, int]
"""First frame, frame after the last, how often. All but the first must begin on a key frame."""


def phase_stretches(times: int, frames: int) -> list[Stretch]:
    """The demo clip of `frames` frames with the loop of every phase played `times` times."""
    out, at = [], 0
    for phase in PHASES:
        out += [(at, phase.loop_frame, 1), (phase.loop_frame, phase.loop_frame + LOOP_FRAMES, times)]
        at = phase.loop_frame + LOOP_FRAMES
    return [*out, (at, frames, 1)]


def frame_order(stretches: Sequence[Stretch]) -> np.ndarray:
    """Which frame of the short clip is shown when, (T,): indexes its truth."""
    return np.concatenate([np.tile(np.arange(a, b), times) for a, b, times in stretches])


def repeat(clip: Path, out: Path, stretches: Sequence[Stretch]) -> None:
    """Write `clip` with its stretches repeated. Raises ValueError when one does not begin on a key frame."""
    with av.open(str(clip)) as source, av.open(str(out), "w") as box:
        stream = source.streams.video[0]
        packets = [p for p in source.demux(stream) if p.size]
        target = box.add_stream_from_template(stream)
        ticks_per_frame = 1 / (stream.average_rate * stream.time_base)
        for first, _, _ in stretches:
            if not packets[first].is_keyframe:
                raise ValueError(f"{clip}: frame {first} is no key frame, so a loop cannot begin there")
        for shown, i in enumerate(frame_order(stretches)):
            copy = av.Packet(bytes(packets[i]))
            copy.pts = copy.dts = round(shown * ticks_per_frame)
            copy.time_base, copy.is_keyframe, copy.stream = stream.time_base, packets[i].is_keyframe, target
            box.mux(copy)
