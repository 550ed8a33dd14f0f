"""The moving picture of the README: the real screen while the demo coaches its rendered runner.

    python -m tests.lab.coaching_picture [FROM_S TO_S]

Plays the demo's clip through pose model, core and rules as fast as it goes, draws the screen as a
runner would see it, and writes hardware/pictures/coaching.gif.
"""

from __future__ import annotations

import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from station.coach import Coach
from station.config import Config
from station.ports import EndOfSource
from station.present.screen import render_rgb
from station.run.clock import SystemClock
from station.run.demo import PLAN
from station.run.demo_clip import CLIP, lengthen
from station.run.inlet import Inlet
from station.run.wiring import estimator_for, given_speed, view_of
from station.sense.open import open_source
from station.types import NS, Snapshot

SPEED_KMH = 10.08  # what the rendered treadmill runs at
TARGET = Path(__file__).resolve().parents[2] / "hardware" / "pictures" / "coaching.gif"
FROM_S, TO_S = 34.0, 44.0  # the first cue is given at 38 s
FPS = 6
DRAWN_PX, SHOWN_PX = (1280, 720), (640, 360)


def snapshots(from_s: float, to_s: float) -> list[Snapshot]:
    config = Config()
    found: list[Snapshot] = []
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "demo.webm"
        lengthen(CLIP, clip)
        with open_source(clip, config, SystemClock(), realtime=False) as source:
            estimator = estimator_for(config, source.info)
            errors = estimator.model.errors if estimator else ()
            coach, inlet = Coach(view_of(config, source), PLAN, errors), Inlet(estimator)
            for reading in given_speed(config, SPEED_KMH):
                coach.step(reading)
            due_s = from_s
            while due_s <= to_s:
                try:
                    item = source.read(1.0)
                except EndOfSource:
                    break
                for given in inlet.inputs(item) if item is not None else ():
                    step = coach.step(given)
                    if given.t_ns / NS >= due_s:
                        found.append(step.snapshot)
                        due_s += 1 / FPS
    return found


def write(images: list[NDArray[np.uint8]], path: Path) -> None:
    """A looping GIF with one palette for all frames."""
    height, width = SHOWN_PX[1], SHOWN_PX[0]
    with av.open(str(path), "w", options={"loop": "0"}) as container:
        stream = container.add_stream("gif", rate=Fraction(FPS))
        stream.width, stream.height, stream.pix_fmt = width, height, "pal8"
        graph = av.filter.Graph()
        source = graph.add_buffer(width=DRAWN_PX[0], height=DRAWN_PX[1], format="rgb24", time_base=Fraction(1, FPS))
        scale, split = graph.add("scale", f"{width}:{height}:flags=area"), graph.add("split")
        palette, use = graph.add("palettegen", "max_colors=64"), graph.add("paletteuse", "dither=none")
        sink = graph.add("buffersink")
        source.link_to(scale)
        scale.link_to(split)
        split.link_to(palette, 0, 0)
        split.link_to(use, 1, 0)
        palette.link_to(use, 0, 1)
        use.link_to(sink)
        graph.configure()
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            source.push(frame)
        source.push(None)
        while True:
            try:
                shown = sink.pull()
            except (av.error.EOFError, av.error.BlockingIOError):
                break
            for packet in stream.encode(shown):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


if __name__ == "__main__":
    bounds = [float(word) for word in sys.argv[1:]] or [FROM_S, TO_S]
    write([render_rgb(snapshot, DRAWN_PX) for snapshot in snapshots(*bounds)], TARGET)
    print(f"wrote {TARGET.name}, {TARGET.stat().st_size / 1e3:.0f} kB")
