"""Whether the camera still stands as it was calibrated, and people stand upright in its frames.

Looked at while the belt is empty: at the start, then once a minute. The comparison (some 50 ms)
runs beside the think thread.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from threading import Thread

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.framing import turn_remedy, turned_deg
from station.calibrate.scene import Drift, Surroundings, drift_of
from station.types import NAN, NS, Frame, Pose, Troubles, View

log = logging.getLogger("station")

Task = Callable[[], Drift]

EMPTY_S = 2.0  # nobody for so long: the belt is empty
FRAMES, FRAME_EVERY_S = 5, 0.2  # whose mean is compared: less noise
EVERY_S, SOON_S = 60.0, 3.0  # between comparisons; while one is still to be confirmed
SURE = {"moved": 2, "unknown": 3}  # so many in a row before it is believed
POSE_EVERY_S, POSES = 0.2, 25  # the last five seconds of whoever is there
REMEDY = "run `station calibrate`, or put the camera back"


def in_thread(task: Task) -> Future[Drift]:
    """Does it in a thread of its own; what it raises is raised by the result."""
    future: Future[Drift] = Future()

    def work() -> None:
        try:
            future.set_result(task())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=work, name="place", daemon=True).start()
    return future


class PlaceWatch:
    """`step` per frame with its pose. `trouble`: what is wrong now; `drift`: the last one believed.

    scene: as calibrated, None when it never was: then only upright people are looked for.
    `turned_now_deg`: camera.turned_deg, None for a film.
    """

    def __init__(
        self, scene: Surroundings | None, turned_now_deg: int | None, run: Callable[[Task], Future[Drift]] = in_thread
    ) -> None:
        self._scene, self._turned_now_deg, self._run = scene, turned_now_deg, run
        self._seen_ns: int | None = None
        self._greys: list[NDArray[np.uint8]] = []
        self._grey_due_ns = self._check_due_ns = self._pose_due_ns = 0
        self._job: Future[Drift] | None = None
        self._row: list[str] = []
        self._poses: deque[Pose] = deque(maxlen=POSES)
        self._turn_deg = 0
        self.drift: Drift | None = None

    @property
    def trouble(self) -> Troubles:
        trouble: list[tuple[str, str]] = []
        if self._turn_deg:
            how = "upside down" if self._turn_deg == 180 else "on their side"
            trouble.append((f"people are {how} in the frame", turn_remedy(self._turn_deg, self._turned_now_deg)))
        if self.doubted and self.drift is not None:
            trouble.append((f"the camera was moved since it was calibrated: {self.drift.evidence}", REMEDY))
        return tuple(trouble)

    @property
    def doubted(self) -> bool:
        """Whether the calibration no longer holds."""
        return self.drift is not None and self.drift.state in SURE

    def corrected(self, view: View) -> View:
        """The view as far as it holds: a moved camera has no scale, and the roll of now."""
        drift = self.drift
        if drift is None or not self.doubted:
            return view
        turn_deg = drift.roll_deg if drift.state == "moved" else 0.0
        return replace(view, px_per_m=NAN, azimuth_given=False, roll_deg=round(view.roll_deg + turn_deg, 2))

    def step(self, frame: Frame, pose: Pose) -> None:
        if self._seen_ns is None or frame.t_ns < self._seen_ns:
            self._seen_ns = frame.t_ns
        if pose.seen:
            self._see(pose)
            return
        self._collect_verdict(frame.t_ns)
        if self._scene is None or self._job is not None or frame.t_ns < self._check_due_ns:
            return
        if frame.t_ns - self._seen_ns >= EMPTY_S * NS and frame.t_ns >= self._grey_due_ns:
            self._look(frame, self._scene)

    def _see(self, pose: Pose) -> None:
        self._seen_ns = pose.t_ns
        self._greys.clear()
        if pose.t_ns >= self._pose_due_ns:
            self._pose_due_ns = pose.t_ns + round(POSE_EVERY_S * NS)
            self._poses.append(pose)
            turn = turned_deg(self._poses)
            self._turn_deg = self._turn_deg if turn is None else turn

    def _look(self, frame: Frame, scene: Surroundings) -> None:
        self._grey_due_ns = frame.t_ns + round(FRAME_EVERY_S * NS)
        self._greys.append(np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), np.uint8))
        if len(self._greys) == FRAMES:
            mean = np.mean(self._greys, axis=0).astype(np.uint8)
            self._greys.clear()
            self._job = self._run(lambda: drift_of(scene, mean))

    def _collect_verdict(self, t_ns: int) -> None:
        if self._job is None or not self._job.done():
            return
        drift, self._job = self._job.result(), None
        self._row = [*self._row, drift.state] if self._row and self._row[-1] == drift.state else [drift.state]
        believed = len(self._row) >= SURE.get(drift.state, 1)
        if believed and drift.state != "cannot_tell":
            if self.drift is None or self.drift.state != drift.state:
                log.info("the camera's place against its calibration: %s (%s)", drift.state, drift.evidence)
            self.drift = drift
        self._check_due_ns = t_ns + round((EVERY_S if believed else SOON_S) * NS)
