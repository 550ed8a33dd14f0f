"""The bundled clip, with its phases long enough for a fault to be judged and to be seen gone.

Each phase of the clip holds a loop of nine strides that begins on a key frame and whose end fits
its beginning. Repeating packets makes a phase longer without encoding anything again, so that the
package carries 41 seconds instead of 101.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import av

CLIP = Path(__file__).resolve().parents[1] / "demo" / "demo_runner.webm"

Stretch = tuple[int, int, int]
"""First frame, frame after the last, how often. A stretch that is repeated must begin on a key
frame.
"""

# free hip 12 s, locked waist 30 s, recovery 15 s, sitting 44 s
STRETCHES: tuple[Stretch, ...] = (
    (0, 440, 1),
    (440, 638, 4),
    (638, 706, 1),
    (706, 904, 2),
    (904, 990, 1),
    (990, 1188, 6),
    (1188, 1230, 1),
)


def lengthen(clip: Path, out: Path, stretches: Sequence[Stretch] = STRETCHES) -> None:
    """Writes `clip` with its stretches repeated to `out`.

    Raises ValueError when a stretch does not begin on a key frame, or the clip tells no frame rate.
    """
    with av.open(str(clip)) as source, av.open(str(out), "w") as box:
        stream = source.streams.video[0]
        packets = [packet for packet in source.demux(stream) if packet.size]
        for first, _, _ in stretches:
            if not packets[first].is_keyframe:
                raise ValueError(f"{clip}: frame {first} is no key frame, so a loop cannot begin there")
        target = box.add_stream_from_template(stream)
        rate, time_base = stream.average_rate, stream.time_base
        if rate is None or time_base is None:
            raise ValueError(f"{clip}: has no frame rate")
        ticks_per_frame = 1 / (rate * time_base)
        for shown, number in enumerate(frame_order(stretches)):
            copy = av.Packet(bytes(packets[number]))
            copy.pts = copy.dts = round(shown * ticks_per_frame)
            copy.time_base, copy.is_keyframe, copy.stream = time_base, packets[number].is_keyframe, target
            box.mux(copy)


def frame_order(stretches: Sequence[Stretch]) -> Iterator[int]:
    """Which frame of the short clip is shown when."""
    for first, after, times in stretches:
        for _ in range(times):
            yield from range(first, after)
