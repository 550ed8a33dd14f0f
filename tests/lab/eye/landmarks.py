"""The landmark network's commands; `python -m tests.lab.eye` calls them.

RUN is the folder of a run: the real frames with what the teacher says of them (`real.npz`), the
checkpoint (`landmarks.pt`), and `models`, what was exported.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from station.pose.store import models_dir

NAME = "pose_runner"
STEPS = 5000
SHARED = Path(__file__).resolve().parents[4] / "shared"
CARD = '+++\nsha256 = "{sha256}"\nlicence = "Apache-2.0"\n\n[outputs]\nheat = "heat"\npresence = "presence"\n+++\n'


def add_to(command: str, parser: argparse.ArgumentParser) -> None:
    """The options of `train` or `evaluate`."""
    parser.add_argument("--ground", type=Path, required=True, help="folder of body shards")
    parser.add_argument("--to", type=Path, required=True, metavar="RUN", help="folder of the run")
    if command == "evaluate":
        parser.add_argument("--model", default=NAME, choices=(NAME, "pose_landmark_full"))
        parser.add_argument("--films", type=Path, help="folder of clips with their truth")
        parser.add_argument("--frames", type=int, default=1000, help="of the ground, at most (default 1000)")
        parser.set_defaults(run=_evaluate)
        return
    parser.add_argument("--teacher", type=Path, help="folder with BlazePose heavy, where RUN has no real.npz yet")
    parser.add_argument("--start", type=Path, metavar="MODEL.onnx",
                        help="what a new run goes on from (default: the published weights)")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"of the whole run (default {STEPS})")
    parser.add_argument("--hours", type=float, default=1.0, help="of this piece (default 1)")
    parser.add_argument("--workers", type=int, default=2, help="processes that draw crops and work out gradients (default 2)")
    parser.set_defaults(run=_train)


def _train(given: argparse.Namespace) -> None:
    import torch

    from .landmarks_export import restore
    from .landmarks_real import collect
    from .landmarks_train import Training, sources_of

    torch.set_num_threads(1)
    given.to.mkdir(parents=True, exist_ok=True)
    real = given.to / "real.npz"
    if not real.exists():
        if given.teacher is None:
            raise SystemExit("--teacher: name the folder with BlazePose heavy (`python -m tests.lab.end_to_end models FOLDER`)")
        collect(SHARED / "data" / "video", given.teacher, models_dir(), real)
    training = Training(given.to, given.steps)
    if given.start is not None and training.step == 0:
        for network in (training.decoder, training.averaged):
            restore(network, given.start)
    training.run(given.ground, real, given.hours, given.workers)
    training.settle_presence(sources_of(given.ground, real))


def _evaluate(given: argparse.Namespace) -> None:
    """Exports the checkpoint when there is one, then tries the model on what was held out."""
    from .landmarks_evaluate import MODELS, lines_films, lines_ground, lines_real, on_ground
    from .landmarks_real import RealFrames

    folder = models_dir()
    if given.model == NAME and (given.to / "landmarks.pt").exists():
        folder = export(given.to)
    model = MODELS[given.model](folder, given.model, 1)
    print("\n".join(lines_ground(on_ground(model, given.ground, given.frames))))
    if given.films is not None:
        print("\n".join(lines_films(model, given.films)))
    print("\n".join(lines_real(model, RealFrames.load(given.to / "real.npz").held_out)))


def export(run: Path) -> Path:
    """The averaged weights of the checkpoint as RUN/models/pose_runner.onnx, with a card that names
    its hash and the detector.
    """
    from .landmarks_export import export as written
    from .landmarks_train import START, Training

    folder = run / "models"
    folder.mkdir(exist_ok=True)
    data = written(Training(run, STEPS).averaged, models_dir() / f"{START}.onnx").SerializeToString(deterministic=True)
    (folder / f"{NAME}.onnx").write_bytes(data)
    (folder / f"{NAME}.md").write_text(CARD.format(sha256=hashlib.sha256(data).hexdigest()))
    for suffix in (".onnx", ".md"):
        (folder / f"pose_detector{suffix}").write_bytes((models_dir() / f"pose_detector{suffix}").read_bytes())
    return folder
