"""Runs every tool over every clip, each in a process of its own, and keeps what it found and what
it cost.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.lab.peers.adapters.found import Found
from tests.lab.peers.truth import truth_of

EVERY_CORE = len(os.sched_getaffinity(0))
ADAPTERS = Path(__file__).with_name("adapters")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SIZE = """
import pathlib, sysconfig
root = pathlib.Path(sysconfig.get_path("purelib"))
own = {"pip", "setuptools", "pkg_resources", "_distutils_hack"}
files = (f for f in root.rglob("*") if f.relative_to(root).parts[0].split("-")[0] not in own)
print(sum(f.stat().st_size for f in files if f.is_file() and f.suffix != ".pyc") / 1e6)
"""


@dataclass(frozen=True)
class Peer:
    """One way to run a tool. `fed` names the peer whose landmarks it is given; `oblique`: only for
    clips with a known azimuth.
    """

    name: str
    tool: str
    options: tuple[str, ...] = ()
    fed: str = ""
    oblique: bool = False


PEERS = (
    Peer("station", "station"),
    Peer("station, azimuth told", "station", oblique=True),
    Peer("mediapipe", "mediapipe"),
    Peer("mediapipe, unsmoothed", "mediapipe", ("--unsmoothed",)),
    Peer("myogait", "myogait"),
    Peer("myogait, set for running", "myogait", ("--running",)),
    Peer("sports2d, fed", "sports2d", fed="mediapipe, unsmoothed"),
    Peer("sports2d, fed, level", "sports2d", ("--level",), fed="mediapipe, unsmoothed"),
)


@dataclass(frozen=True)
class Clip:
    """A video; `azimuth_deg` where the camera is known to stand off the side view."""

    path: Path
    azimuth_deg: float | None = None

    @property
    def name(self) -> str:
        return self.path.stem

    @classmethod
    def parse(cls, text: str) -> Clip:
        """`clip.mp4`, or `clip.mp4@45` for a camera 45 degrees off the side view."""
        path, at, azimuth = text.partition("@")
        return cls(Path(path).resolve(), float(azimuth) if at else None)


@dataclass(frozen=True)
class Run:
    """What one process cost. The whole of it: process_*; the analysis alone, without imports:
    wall_s, cpu_s.
    """

    peer: str
    clip: str
    cores: int
    pictures: int
    wall_s: float
    cpu_s: float
    process_wall_s: float
    process_cpu_s: float
    peak_mb: float


@dataclass(frozen=True)
class Failure:
    peer: str
    clip: str
    message: str


def kept_at(folder: Path, clip: str, peer: str) -> Path:
    return folder / f"{clip}.{peer.replace(', ', '-').replace(' ', '_')}.found"


class Session:
    """Runs peers over clips into one folder. `pythons` maps a tool to the Python that has it."""

    def __init__(self, folder: Path, pythons: dict[str, Path]) -> None:
        self.folder, self.pythons = folder, pythons
        self.peers = [peer for peer in PEERS if peer.tool in pythons]
        self.runs: list[Run] = []
        self.failures: list[Failure] = []
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, clip: Clip) -> None:
        """Every peer once over a clip; writes `<clip>.<peer>.found` and `<clip>.truth.found`, and
        leaves those that are there.
        """
        if (truth := truth_of(clip.path)) is not None:
            truth.save(kept_at(self.folder, clip.name, "truth"))
        for peer in self.peers:
            out = kept_at(self.folder, clip.name, peer.name)
            if not out.exists() and (not peer.oblique or clip.azimuth_deg is not None):
                self._run(peer, clip, out, EVERY_CORE)

    def time(self, clip: Clip, rounds: int) -> None:
        """Every peer `rounds` times on one core and on all, taking turns, so that a busy minute
        hits all of them.
        """
        with tempfile.TemporaryDirectory() as scratch:
            for cores in (1, EVERY_CORE) * rounds:
                for peer in self.peers:
                    if not peer.oblique and (run := self._run(peer, clip, Path(scratch) / "found", cores)):
                        self.runs.append(run)

    def write(self, clips: Sequence[Clip]) -> None:
        """`runs.json`: where, what failed, what each timed run cost."""
        document = {
            "machine": machine(),
            "clips": [{"name": clip.name, "azimuth_deg": clip.azimuth_deg} for clip in clips],
            "peers": [peer.name for peer in self.peers],
            "install_mb": {tool: _size_mb(python) for tool, python in self.pythons.items()},
            "runs": [asdict(run) for run in self.runs],
            "failures": [asdict(failure) for failure in self.failures],
        }
        (self.folder / "runs.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

    def _run(self, peer: Peer, clip: Clip, out: Path, cores: int) -> Run | None:
        with tempfile.TemporaryDirectory() as scratch:
            wall_s, usage, message = _process(self._command(peer, clip, out, cores), cores, Path(scratch))
        print(f"{clip.name:24} {peer.name:26} {cores} core(s)  {message or f'{wall_s:.1f} s'}", flush=True)
        if message:
            self.failures.append(Failure(peer.name, clip.name, message))
            return None
        found = Found.load(out)
        cost, spent_s = found.reported["cost"], usage.ru_utime + usage.ru_stime
        return Run(
            peer.name, clip.name, cores, len(found.t_s), cost["wall_s"], cost["cpu_s"], wall_s, spent_s, usage.ru_maxrss / 1024
        )

    def _command(self, peer: Peer, clip: Clip, out: Path, cores: int) -> list[str]:
        script = ADAPTERS / f"on_{peer.tool}.py"
        command = [str(self.pythons[peer.tool]), "-E", "-s", str(script), str(clip.path), str(out.resolve()), *peer.options]
        if peer.fed:
            command += ["--landmarks", str(kept_at(self.folder, clip.name, peer.fed).resolve())]
        if peer.oblique:
            command += ["--azimuth-deg", str(clip.azimuth_deg)]
        if cores == 1 and peer.tool == "station":
            command += ["--threads", "1"]
        return command


def machine() -> dict[str, str]:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))]
    return {"cpu": names[0] if names else platform.machine(), "cores": str(os.cpu_count()), "python": platform.python_version()}


def _process(command: list[str], cores: int, scratch: Path) -> tuple[float, os.struct_rusage, str]:
    """Wall seconds, what the kernel counted, and the last line of a failed run ("" when it went
    well).
    """
    all_cores = os.sched_getaffinity(0)
    environment = os.environ | (dict.fromkeys(THREADS, "1") if cores == 1 else {})
    os.sched_setaffinity(0, sorted(all_cores)[:cores])  # the child inherits it
    try:
        with (scratch / "log").open("w+", encoding="utf-8") as log:
            start = time.perf_counter()
            child = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=scratch)
            _, status, usage = os.wait4(child.pid, 0)
            wall_s = time.perf_counter() - start
            child.returncode = os.waitstatus_to_exitcode(status)
            log.seek(0)
            said = log.read().strip().splitlines() or ["no message"]
    finally:
        os.sched_setaffinity(0, all_cores)
    return wall_s, usage, said[-1] if child.returncode else ""


def _size_mb(python: Path) -> float:
    done = subprocess.run([str(python), "-c", SIZE], capture_output=True, text=True, check=True)
    return round(float(done.stdout), 1)
