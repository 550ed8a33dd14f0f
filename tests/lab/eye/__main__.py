"""Train, export and judge the station's own networks.

    python -m tests.lab.eye train pelvis --ground ground/hip-train --to run/pelvis --hours 1
    python -m tests.lab.eye evaluate pelvis --ground ground/hip-test --films ground/hip-films \\
        --to run/pelvis
    python -m tests.lab.eye train landmarks --ground ground/body-train --teacher FOLDER \\
        --to run/landmarks
    python -m tests.lab.eye evaluate landmarks --ground ground/body-test --to run/landmarks
"""

from __future__ import annotations

import argparse
from pathlib import Path

from . import landmarks
from .loop import Plan


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.eye", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for command, text in (("train", "train, or go on training"), ("evaluate", "measure, and write the model")):
        networks = commands.add_parser(command, help=text).add_subparsers(dest="network", required=True)
        _pelvis(command, networks.add_parser("pelvis", help="the turn of the pelvis"))
        landmarks.add_to(command, networks.add_parser("landmarks", help="the runner's joints"))
    _others(commands)
    given = parser.parse_args()
    given.run(given)


def _pelvis(command: str, parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ground", type=Path, required=True, nargs="+", help="folders of shards")
    parser.add_argument("--to", type=Path, required=True, help="folder of the run")
    if command == "evaluate":
        parser.add_argument("--films", type=Path, required=True, nargs="+", help="folders of shards of steady films")
        parser.add_argument("--bodies", type=Path, nargs="*", default=[],
                            help="folders of body shards: judge with the pose model's hips too")
        parser.add_argument("--pose-model", default="pose_landmark_full", choices=["pose_landmark_full", "pose_runner"],
                                help="whose hips (default: pose_landmark_full)")
        parser.add_argument("--models", type=Path, help="folder for model and card (default: the run's)")
        parser.set_defaults(run=_evaluate_pelvis)
        return
    parser.add_argument("--steps", type=int, default=14_000, help="of the whole run (default 14000)")
    parser.add_argument("--hours", type=float, default=1.0, help="of this piece (default 1)")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that prepare pictures")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size-px", type=int, default=112)
    parser.add_argument("--aux-weight", type=float, default=1.0)
    parser.add_argument("--thighs-given", action="store_true")
    parser.set_defaults(run=_train_pelvis)


def _others(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("ablate", help="which inputs of the head help, on a trained network's features")
    parser.add_argument("--ground", type=Path, required=True, nargs="+", help="folders of shards to train the heads on")
    parser.add_argument("--test", type=Path, required=True, nargs="+", help="folders of held-out shards")
    parser.add_argument("--to", type=Path, required=True, help="folder of the run")
    parser.set_defaults(run=_ablate)
    parser = commands.add_parser("shapes", help="what helps the pelvis network: train it anew, one thing changed at a time")
    parser.add_argument("--ground", type=Path, required=True, nargs="+", help="folders of shards to train on")
    parser.add_argument("--test", type=Path, required=True, nargs="+", help="folders of held-out shards")
    parser.add_argument("--start", type=Path, required=True, metavar="RUN", help="whose convolutions all begin with")
    parser.add_argument("--to", type=Path, required=True, help="folder of the runs, one each")
    parser.add_argument("--steps", type=int, default=1500, help="of each run (default 1500)")
    parser.add_argument("--hours", type=float, default=1.0, help="at most, of each run (default 1)")
    parser.add_argument("--threads", type=int, default=1)
    parser.set_defaults(run=_shapes)
    parser = commands.add_parser("crops", help="write the held-out crops of tests/pose")
    parser.add_argument("--ground", type=Path, required=True, nargs="+", help="folders of held-out hip shards")
    parser.add_argument("--to", type=Path, required=True)
    parser.set_defaults(run=_crops)


def _ablate(given: argparse.Namespace) -> None:
    from .pelvis_ablate import ablate

    print(ablate(given.to, given.ground, given.test))


def _shapes(given: argparse.Namespace) -> None:
    from .pelvis_shapes import table, train_all

    train_all(given.ground, given.start, given.to, given.steps, given.hours, given.threads)
    print(table(given.to, given.test, given.steps))


def _crops(given: argparse.Namespace) -> None:
    from .pelvis_crops import write

    write(given.ground, given.to)


def _train_pelvis(given: argparse.Namespace) -> None:
    from .pelvis import Shape
    from .pelvis_train import RATE, WEIGHT_DECAY, train

    shape = Shape(size_px=given.size_px, aux_weight=given.aux_weight, thighs_given=given.thighs_given)
    plan = Plan(given.steps, given.hours, RATE, WEIGHT_DECAY, device=given.device, threads=given.threads)
    train(given.ground, given.to, shape, plan, given.seed, given.workers)


def _evaluate_pelvis(given: argparse.Namespace) -> None:
    from station.pose.blazepose import BlazePose
    from station.pose.runner import RunnerPose
    from station.pose.store import models_dir

    from .pelvis_report import NAME, card, hips_table, judge, tables
    from .pelvis_train import trained

    model = (given.models or given.to) / f"{NAME}.onnx"
    found = judge(given.to, given.ground, given.films, model)
    print(f"after {found.steps} steps, spread x {found.temperature:.2f}\n\n{tables(found)}")
    if given.bodies:
        kind = {"pose_landmark_full": BlazePose, "pose_runner": RunnerPose}[given.pose_model]
        print("\n" + hips_table(model, kind(models_dir(), given.pose_model, 1), given.bodies))
    model.with_suffix(".md").write_text(card(found, sum(p.numel() for p in trained(given.to)[0].parameters())))


if __name__ == "__main__":
    main()
