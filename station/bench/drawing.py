"""How long a frame of the coaching page takes to draw while the runner runs."""

from __future__ import annotations

import time

from station.present.screen import page
from station.present.screen.ink import Ink
from station.present.screen.pace import Pace
from station.testing import screen_samples as samples

FPS = 30  # as the screen draws


def draw_benchmark(seconds: float = 2.0, size: tuple[int, int] = (1280, 720)) -> list[float]:
    """Milliseconds of one core for each frame drawn in memory, in about that many seconds, the
    first page excluded.

    It is this thread's CPU time: other work on the machine does not count. Snapshots are made
    outside of the measured time.
    """
    ink, pace = Ink(size), Pace()
    page.paint(ink, samples.running(0.0))  # fonts and the page that stands still are made once
    spent: list[float] = []
    end = time.perf_counter() + seconds
    while not spent or time.perf_counter() < end:
        snapshot = samples.running(len(spent) / FPS)
        begin = time.thread_time()
        page.paint(ink, *pace.step(snapshot))
        spent.append(1000 * (time.thread_time() - begin))
    return spent
