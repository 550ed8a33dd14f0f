"""Render runners with known truth: `python -m tests.lab.render --help`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from . import body, clip, curves
from .demo import END_S, PHASES, demo_spec
from .hip_belt import HipBelt
from .skeleton import skeletons
from .spec import Bystander, Camera, ClipSpec, Gait, Keyframe, Look, Motion, Sensor

TRANSITION_S = Motion().transition_s
RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "data" / "rbds"


def main() -> None:
    """Parse the command line and run one command."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.render", description=__doc__)
    commands = parser.add_subparsers(required=True)
    _clip_command(commands)
    still = commands.add_parser("still", help="one picture of the demo clip as PNG")
    still.add_argument("out", type=Path)
    still.add_argument("--at-s", type=float, default=0.3)
    still.set_defaults(run=_still)
    demo = commands.add_parser("demo", help="the product's demo clip and its truth")
    demo.add_argument("out", type=Path, help="e.g. station/demo/demo_runner.webm")
    demo.set_defaults(run=lambda a: _say(a.out, clip.render_clip(demo_spec(), a.out)))
    stretch = commands.add_parser("stretch", help="the demo clip with the loop of every phase repeated, without rendering")
    stretch.add_argument("clip", type=Path)
    stretch.add_argument("out", type=Path)
    stretch.add_argument("--times", type=int, default=8, help="one loop lasts 6.6 s")
    stretch.set_defaults(run=_stretch)
    score = commands.add_parser("compare", help="the station's pose model against a clip's truth")
    score.add_argument("clip", type=Path)
    score.set_defaults(run=_compare)
    derive = commands.add_parser("curves", help="derive curves.json from the recordings")
    derive.add_argument("recordings", type=Path, nargs="?", default=RECORDINGS)
    derive.set_defaults(run=lambda a: curves.build_table(a.recordings))
    bodies = commands.add_parser("bodies", help="measure skeletons.json from the body model")
    bodies.set_defaults(run=_bodies)
    outlines = commands.add_parser("outlines", help="measure hip_outlines.json: what a hip belt lies on")
    outlines.set_defaults(run=_outlines)
    arguments = parser.parse_args()
    arguments.run(arguments)


def _clip_command(commands: argparse._SubParsersAction) -> None:
    p = commands.add_parser(
        "clip", help="one clip and its truth", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    p.add_argument("out", type=Path, help=".webm (VP9) or .mp4 (H.264); the truth goes to <stem>.truth.npz")
    p.add_argument("--duration-s", type=float, default=10.0)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--runner", choices=curves.runners(), default="mean", help="whose stride")
    p.add_argument("--body", choices=sorted(skeletons()), default="f_slim")
    for name in ("speed_mps", "cadence_spm", "pelvic_turn_scale", "tle_scale", "thigh_forward_scale", "sitting",
                 "trunk_lean_deg", "arm_swing_scale"):
        p.add_argument(f"--{name.replace('_', '-')}", type=float, default=getattr(Gait(), name))
    for name in ("azimuth_deg", "distance_m", "height_m", "aim_height_m", "roll_deg", "fov_deg", "width_px", "height_px"):
        default = getattr(Camera(), name)
        p.add_argument(f"--camera-{name.replace('_', '-')}", type=type(default), default=default)
    p.add_argument("--camera-side", choices=("right", "left"), default="right")
    for name in ("fps", "shutter_s", "subframes", "noise_sd"):
        default = getattr(Sensor(), name)
        p.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    for name in ("skin", "hair", "shirt", "shorts", "shoes"):
        p.add_argument(f"--{name}", type=float, nargs=3, default=getattr(Look(), name), metavar=("R", "G", "B"))
    p.add_argument("--ponytail", action="store_true")
    p.add_argument("--slow-turn", action="store_true", help="no run: the person turns once slowly round")
    p.add_argument("--hip-belt", action="store_true", help="a belt of tags round the hips")
    p.add_argument("--bystander", action="store_true", help="somebody stands in the background")
    p.set_defaults(run=lambda a: _say(a.out, clip.render_clip(_spec(a), a.out)))


def _spec(a: argparse.Namespace) -> ClipSpec:
    given = vars(a)

    def chosen(kind: type, prefix: str = "") -> dict[str, object]:
        return {f: given[prefix + f] for f in kind.__dataclass_fields__ if prefix + f in given}

    look = {k: tuple(v) if isinstance(v, list) else v for k, v in chosen(Look).items()}
    return ClipSpec(
        duration_s=a.duration_s,
        seed=a.seed,
        motion=Motion((Keyframe(0.0, Gait(**chosen(Gait))),), runner=a.runner, slow_turn=a.slow_turn),
        look=Look(**{**look, "hip_belt": HipBelt() if a.hip_belt else None}),
        camera=Camera(**chosen(Camera, "camera_")),
        sensor=Sensor(**chosen(Sensor)),
        bystanders=(Bystander(),) if a.bystander else (),
    )


def _still(a: argparse.Namespace) -> None:
    from PIL import Image

    spec = demo_spec()
    start = round(a.at_s * spec.sensor.fps)
    picture = next(iter(clip.render_frames(spec, first_frame=start)))
    Image.fromarray(picture).save(a.out)


def _compare(a: argparse.Namespace) -> None:
    from .compare import compare, report

    result = compare(a.clip)
    starts = [p.start_s for p in PHASES]
    spans = [(p.name, p.start_s + TRANSITION_S, stop) for p, stop in zip(PHASES, [*starts[1:], END_S], strict=True)]
    if a.clip.stem != "demo_runner":
        spans = [("whole clip", 1.0, float(result.truth["t_s"][-1]))]
    print(report(result, spans))


def _stretch(a: argparse.Namespace) -> None:
    from .loops import phase_stretches, repeat

    repeat(a.clip, a.out, phase_stretches(a.times, len(demo_spec().frame_times_s())))


def _bodies(_: argparse.Namespace) -> None:
    body.measure_skeletons()
    for name, s in skeletons().items():
        print(f"{name:8} {s.height_m:.2f} m, leg {s.leg_m:.2f} m")


def _outlines(_: argparse.Namespace) -> None:
    from .hip_belt import length_m, outline_m
    from .hip_belt_mesh import measure_outlines

    measure_outlines()
    for name in skeletons():
        print(f"{name:8} {100 * length_m(outline_m(name)):.0f} cm round")


def _say(path: Path, truth: clip.Truth) -> None:
    thigh = truth.angles_deg["thigh_right"]
    print(f"{path}: {len(truth.t_s)} frames, {path.stat().st_size / 1e6:.2f} MB, thigh {thigh.min():.1f}.."
          f"{thigh.max():.1f} deg, pelvic turn {np.ptp(truth.angles_deg['pelvic_turn']):.1f} deg peak to peak")


if __name__ == "__main__":
    main()
