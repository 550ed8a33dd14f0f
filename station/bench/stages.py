"""`station bench`: what every stage costs on this machine; nothing here is asserted in a test."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import click
import numpy as np

from station import __version__
from station.bench import mediapipe_peer
from station.bench.drawing import draw_benchmark
from station.bench.film import analysis_rate
from station.coach import Coach
from station.config import Config, PoseSection
from station.cues.plan import Plan
from station.errors import StationError, UsageError
from station.export.documents import Bench
from station.files import json_bytes, write_output
from station.gait.angles import angles
from station.gait.core import GaitCore
from station.gait.pelvis.belt import FOCAL
from station.gait.pelvis.belt_pose import seen_at, upright
from station.gait.pelvis.belt_shape import BeltShape
from station.pose.drawn_belt import DrawnBelt, worn
from station.pose.estimator import open_estimator
from station.pose.hip_belt import TAG_PER_TORSO, HipBeltFinder
from station.pose.pelvis_model import NAME as PELVIS_MODEL
from station.pose.pelvis_model import PelvisModel
from station.pose.store import models_dir, read_card
from station.run.clock import SystemClock
from station.run.demo_clip import CLIP
from station.run.slots import LatestSlot
from station.sense.open import open_source
from station.sense.opened import frames
from station.testing.synthetic import RunnerSpec, SyntheticRunner
from station.types import NS, Frame, Joint, Marks, Pose, Reading, View

T = TypeVar("T")

WARM_UP = 5  # frames whose time does not count (chosen)
ROUNDS = 3  # ours and the peer's take turns, so that a busy minute hits both
CORE_SECONDS = 120.0  # of synthetic running (chosen)
BATCH_FRAMES = 1_000_000  # chosen: a few hundred milliseconds of work
AGE_FPS, AGE_FRAMES = 60, 180  # the camera's usual rate, for three seconds

# Of a group of figures, or of one: what the text says behind it.
UNITS = {
    **dict.fromkeys(("pose_ms", "pelvis_ms", "hip_belt_ms", "cue_latency_ms", "screen", "ours_cpu_ms", "mediapipe_cpu_ms"), "ms"),
    "core": "us a pose",
    "frame_age": "frame times",
    "batch_angles": "frames/s",
    "analysis": "frames/s",
    **dict.fromkeys(("tracked", "tags", "frames", "ratio", "ratio_with_pelvis", "mediapipe_tracked", "cues"), ""),
}


def run_bench(
    as_json: bool, vs: str | None, peer_python: Path | None, clip: Path | None, frames: int, latency: bool
) -> None:
    """Prints the figures. Raises UsageError without the peer, InputError for an unreadable clip."""
    clip = clip or CLIP
    result: Bench = {"schema": "station.bench/1", "machine": machine()}
    if latency:
        from station.bench.latency import cue_latency

        result["cue_latency_ms"] = cue_latency()
    else:
        taken = _frames(clip, frames)
        result["clip"] = {"frames": len(taken), "width_px": taken[0].image.shape[1], "height_px": taken[0].image.shape[0]}
        result["pose_ms"] = {f"{threads} thread": pose_ms(taken, threads) for threads in (1, 2)}
        poses = _posed(taken)
        result["pelvis_ms"] = pelvis_ms(taken, poses)
        result["hip_belt_ms"] = hip_belt_ms(taken, poses)
        result["core"] = core_us()
        result["batch_angles"] = batch_angles()
        result["frame_age"] = frame_age(taken)
        spent = draw_benchmark()
        result["screen"] = {"median": statistics.median(spent), "p99": float(np.percentile(spent, 99)), "frames": len(spent)}
        result["analysis"] = analysis_rate(clip)
        if vs:
            result["vs_mediapipe"] = versus_mediapipe(taken, poses, peer_python or Path(sys.executable))
    if as_json:
        write_output("-", json_bytes(result))
    else:
        for line in _lines(result):
            click.echo(line)


def machine() -> dict[str, str]:
    """What the figures were taken on."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))]
    packages = ("numpy", "onnxruntime", "opencv-python-headless", "pygame-ce")
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "station": __version__,
        **{name: version(name) for name in packages},
    }


def pose_ms(frames: Sequence[Frame], threads: int) -> dict[str, float]:
    """Medians over the tracked frames, ms: each stage, the whole (wall), the whole's CPU (mean)."""
    estimator = open_estimator(PoseSection(threads=threads))
    stages: dict[str, list[float]] = {}
    whole, cpu = [], []
    for frame in frames[:WARM_UP]:
        estimator.estimate(frame)
    for frame in frames[WARM_UP:]:
        start, start_cpu = time.perf_counter(), time.process_time()
        pose = estimator.estimate(frame)
        spent, spent_cpu = time.perf_counter() - start, time.process_time() - start_cpu
        for name, stage_ms in estimator.stage_ms.items():
            if stage_ms:
                stages.setdefault(name, []).append(stage_ms)
        if pose.seen:
            whole.append(1e3 * spent)
            cpu.append(1e3 * spent_cpu)
    estimator.close()
    if not whole:
        raise StationError("nobody was tracked in these frames", "clip", "name a clip of a runner filmed from the side")
    medians = {name: statistics.median(values) for name, values in stages.items()}
    share = len(whole) / (len(frames) - WARM_UP)
    return medians | {"whole": statistics.median(whole), "cpu": statistics.fmean(cpu), "tracked": share}


def pelvis_ms(frames: Sequence[Frame], poses: Sequence[Pose]) -> dict[str, float]:
    """CPU milliseconds a frame of the pelvis model with its crop, and the share that it read."""
    model = PelvisModel(read_card(models_dir() / f"{PELVIS_MODEL}.md"))
    spent = [cpu_ms for found, cpu_ms in _timed(model.find, frames, poses) if found is not None]
    costs = {"median": statistics.median(spent), "mean": statistics.fmean(spent)} if spent else {}
    return costs | {"tracked": len(spent) / len(frames)}


def hip_belt_ms(frames: Sequence[Frame], poses: Sequence[Pose]) -> dict[str, float]:
    """CPU milliseconds of following a drawn hip belt, and of one search without any."""
    worn_by = [_wearing(frame, pose) for frame, pose in zip(frames, poses, strict=True)]
    found = [*_timed(HipBeltFinder().find, worn_by, poses)][WARM_UP:]
    searched = [*_timed(lambda frame, pose: HipBeltFinder().find(frame, pose), frames, poses)][WARM_UP:]
    spent = [cpu_ms for _, cpu_ms in found]
    return {
        "tracked_mean": statistics.fmean(spent),
        "tracked_p95": float(np.percentile(spent, 95)),
        "tags": statistics.fmean(0 if marks is None else len(marks.ids) for marks, _ in found),
        "one_search": statistics.fmean(cpu_ms for _, cpu_ms in searched),
    }


def _timed(work: Callable[..., T], *columns: Iterable[Any]) -> Iterator[tuple[T, float]]:
    """What `work` makes of each row of the columns, and the CPU milliseconds of this thread."""
    for row in zip(*columns, strict=True):
        start = time.thread_time_ns()
        made = work(*row)
        yield made, (time.thread_time_ns() - start) / 1e6


def _posed(frames: Sequence[Frame]) -> list[Pose]:
    estimator = open_estimator(PoseSection(threads=1))
    poses = [estimator.estimate(frame) for frame in frames]
    estimator.close()
    return poses


def _wearing(frame: Frame, pose: Pose) -> Frame:
    """The frame with a belt drawn on its runner, if there is one, turning by 8 degrees."""
    if not pose.seen:
        return frame
    hips, shoulders = (pose.xy_px[[left, left + 1]].mean(0) for left in (Joint.LEFT_HIP, Joint.LEFT_SHOULDER))
    torso_px = float(np.hypot(*(shoulders - hips)))
    belt = DrawnBelt(side_px=TAG_PER_TORSO * torso_px, turn_deg=8.0 * math.sin(frame.seq / 5))
    middle = hips + 0.15 * (shoulders - hips)
    return Frame(frame.t_ns, frame.seq, worn(frame.image, belt, (float(middle[0]), float(middle[1]))))


def core_us() -> dict[str, float]:
    """CPU microseconds a pose: the angle core alone, and the whole coach (core, rules, session,
    governor); and a frame's tags of a hip belt: the belt's pose, its shape, and a share of each
    stride."""
    runner = SyntheticRunner(RunnerSpec(speed_mps=3.0), seconds=CORE_SECONDS)
    poses = list(runner.poses())
    core, coach = GaitCore(runner.view), Coach(runner.view, Plan())
    speed = Reading(0, "speed_given_mps", 3.0)
    core.step(speed)
    coach.step(speed)
    result = {}
    for name, step in (("core", core.step), ("coach", coach.step)):
        spent = [1e3 * cpu_ms for _, cpu_ms in _timed(step, poses)]
        result[f"{name}_mean"] = statistics.fmean(spent)
        result[f"{name}_median"] = statistics.median(spent)
        result[f"{name}_p99"] = float(np.percentile(spent, 99))
    belted = GaitCore(runner.view)
    inputs = [given for pose in poses for given in (_tags(pose, runner.view), pose)]
    spent = [1e3 * cpu_ms for _, cpu_ms in _timed(belted.step, inputs)]
    result["hip_belt_mean"] = sum(spent) / len(poses) - result["core_mean"]
    result["hip_belt_p99"] = float(np.percentile(spent[::2], 99))
    return result


def _tags(pose: Pose, view: View) -> Marks:
    """What would be seen of a belt on the hips of that pose, turning to and fro by 8 degrees."""
    shape, focal_px = BeltShape(), FOCAL * max(view.width_px, view.height_px)
    rotation = upright(0.14 * math.sin(pose.t_ns / 1.1e8))
    hips_px = pose.xy_px[[Joint.LEFT_HIP, Joint.RIGHT_HIP]].mean(0)
    middle_px = np.array([view.width_px, view.height_px]) / 2
    place_m = np.append((hips_px - middle_px) / view.px_per_m - [0.0, 0.07], focal_px / view.px_per_m)
    seen, _ = seen_at(shape.corners_m, shape.skewed, rotation, place_m, focal_px)
    ids = np.flatnonzero((rotation @ shape.rotation[:14, :, 2].T)[2] < -0.4)
    return Marks(pose.t_ns, ids.astype(np.int16), (seen[ids] + middle_px).astype(np.float32))


def batch_angles() -> dict[str, float]:
    """Frames a second of the vectorised angles, one thread and two."""
    xy = np.random.default_rng(0).normal(500, 100, (BATCH_FRAMES // 4, 33, 2)).astype(np.float32)
    result = {}
    for threads in (1, 2):
        # Chunks that stay in the cache: four times the speed of one sweep through memory.
        chunks = np.array_split(xy, len(xy) // 2000)
        with ThreadPoolExecutor(threads) as pool:
            start = time.perf_counter()
            for _ in pool.map(lambda chunk: angles(chunk, "right"), chunks):
                pass
            result[f"frames_per_s_{threads}_thread"] = len(xy) / (time.perf_counter() - start)
    return result


def frame_age(frames: Sequence[Frame]) -> dict[str, float]:
    """Age of the frame when inference starts, in frame times of a 60 fps source with one slot."""
    estimator = open_estimator(PoseSection(threads=2))
    slot: LatestSlot[Frame] = LatestSlot()
    clock, stop = SystemClock(), threading.Event()

    def capture() -> None:
        start = clock.now_ns()
        for number in range(AGE_FRAMES):
            due = start + number * NS // AGE_FPS
            clock.sleep((due - clock.now_ns()) / NS)
            slot.put(Frame(due, number, frames[number % len(frames)].image))
        stop.set()

    worker = threading.Thread(target=capture, daemon=True)
    worker.start()
    ages = []
    while not stop.is_set():
        frame = slot.take(0.5)
        if frame is not None:
            ages.append((clock.now_ns() - frame.t_ns) / NS * AGE_FPS)
            estimator.estimate(frame)
    worker.join()
    estimator.close()
    return {
        "median_frames": statistics.median(ages),
        "p95_frames": float(np.percentile(ages, 95)),
        "of_fps": AGE_FPS,
        "taken": len(ages),
    }


def versus_mediapipe(frames: Sequence[Frame], poses: Sequence[Pose], python: Path) -> dict[str, Any]:
    """CPU a frame of `mp.solutions.pose` (complexity 1) and of our pose model with one thread, the
    same frames, in turns; and of ours with the pelvis model beside it, which has no counterpart
    there."""
    ours, theirs, pelvis = [], [], []
    peer: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "frames.npy"
        np.save(stored, np.stack([frame.image for frame in frames]))
        for _ in range(ROUNDS):
            ours.append(pose_ms(frames, 1)["cpu"])
            pelvis.append(pelvis_ms(frames, poses).get("mean", math.nan))
            peer = _peer(python, stored)
            theirs.append(float(peer["cpu_ms"]))
    return {
        "mediapipe": peer["version"],
        "rounds": ROUNDS,
        "ours_cpu_ms": statistics.median(ours),
        "mediapipe_cpu_ms": statistics.median(theirs),
        "ratio": statistics.median(a / b for a, b in zip(ours, theirs, strict=True)),
        "ratio_with_pelvis": statistics.median((a + p) / b for a, p, b in zip(ours, pelvis, theirs, strict=True)),
        "mediapipe_tracked": peer["tracked"],
    }


def _peer(python: Path, frames: Path) -> dict[str, Any]:
    # -I: the peer's Python must not see this folder, where names of ours would hide packages of its
    # own.
    command = [str(python), "-I", str(Path(mediapipe_peer.__file__)), str(frames)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        remedy = "name a Python that has mediapipe 0.10.21 by --peer-python"
        raise UsageError(f"mediapipe does not run there ({last})", str(python), remedy)
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def _frames(clip: Path, count: int) -> list[Frame]:
    with open_source(str(clip), Config(), SystemClock(), realtime=False) as source:
        taken = list(islice(frames(source, 60.0), count))
    if len(taken) <= WARM_UP:
        raise StationError(f"has only {len(taken)} frames", str(clip), "name a longer clip")
    return taken


def _lines(result: Mapping[str, object], indent: str = "", unit: str = "") -> Iterator[str]:
    for name, value in result.items():
        if isinstance(value, dict):
            yield f"{indent}{name.removesuffix('_ms')}"
            yield from _lines(value, indent + "  ", UNITS.get(name, unit))
        else:
            shown = UNITS.get(name, unit) if isinstance(value, float) else ""
            yield f"{indent}{name:<24} {_rounded(value)} {shown}".rstrip()


def _rounded(value: object) -> str:
    """Three digits that count, no more: the machine is not as steady as sixteen."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
