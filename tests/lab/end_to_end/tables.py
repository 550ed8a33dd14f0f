"""The tables of RESULTS.md, each from what was scored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from station.types import NAN

from . import feet
from .cells import error, name_of, rmse, signed, table, timing, two
from .clips import FAULTS, Clip
from .dataset import Set, reported
from .errors import held_lines, readings
from .models import cost_ms
from .score import JUDGED_S, Score

MODELS = ("pose_landmark_full", "pose_runner")
"""Those of the station."""
GROUPS = {
    "people": "Ten people: as they run, with faults, from other azimuths (the error tables are made of them)",
    "body": "By body (pure side view from the right, 30 frames a second)",
    "azimuth": "By camera azimuth (+ = moved to the runner's rear, - = to the front)",
    "side": "Filmed from the left",
    "gait": "By way of running",
    "pelvis": "Pelvis changed",
    "rate": "By frame rate",
    "light": "By light",
    "clothes": "By clothes",
    "confusion": "Things that confuse",
    "uneven": "An uneven runner (the left thigh opens less)",
    "picture": "A larger frame (720x960)",
}
KINDS: dict[str, Callable[[Clip], bool]] = {
    "side view, own running": lambda c: c.group == "body" or c.row == "own",
    "side view, changed running": lambda c: c.group == "gait" or c.row in FAULTS,
    "waist locked or exaggerated": lambda c: c.row in ("locked", "over_rotation"),
    "±10 and ±12 deg": lambda c: _azimuth(c) in (10, 12),
    "±20 and ±25 deg": lambda c: _azimuth(c) in (20, 25),
    "±45 deg": lambda c: _azimuth(c) == 45,
    "from the left": lambda c: c.group == "side",
    "light and clothes": lambda c: c.group in ("light", "clothes"),
    "things that confuse": lambda c: c.group == "confusion",
}


def _azimuth(clip: Clip) -> float:
    return abs(clip.spec.camera.azimuth_deg)


LANDMARK_HEAD = ("clip", "found, %", "hip, px", "knee, px", "ankle, px", "hip, % thigh", "knee, % thigh", "ankle, % thigh",
                 "far hip, % thigh", "far knee, % thigh", "legs exchanged by the model, %",
                 "after the core: first seconds", "later")  # fmt: skip
ANGLE_HEAD = ("clip", "near thigh RMSE (bias), deg", "far thigh", "near knee", "trunk lean bias", "TLE error", "forward error",
              "stance knee error", "cadence error", "contact near, ms", "contact far", "toe-off near", "toe-off far")  # fmt: skip
SUM_HEAD = ("hip / knee / ankle, % of thigh", "exchanged, %: model", "core, first seconds / later", "near thigh RMSE", "its bias",
            "TLE error: mean, worst", "forward error", "cadence error, worst", "trunk lean bias", "contact near, ms")  # fmt: skip


# ---- clip by clip --------------------------------------------------------------------------------


def groups(data: Set) -> Iterator[str]:
    yield "## Clip by clip\n"
    for group, title in GROUPS.items():
        scores = data.scores(lambda clip, group=group: clip.group == group)
        if scores:
            yield f"### {title}\n"
            yield from table(LANDMARK_HEAD, map(_landmark_row, scores))
            yield from table(ANGLE_HEAD, map(_angle_row, scores))


def _landmark_row(score: Score) -> Iterator[object]:
    near = [score.off_px(part, score.near) for part in ("hip", "knee", "ankle")]
    far = [score.off_px(part, score.far) for part in ("hip", "knee")]
    yield from (name_of(score), f"{score.found_pct:.0f}", *(two(off) for off in near))
    yield from (two(off, score.thigh_px / 100) for off in (*near, *far))
    yield from (f"{share:.1f}" for share in (score.exchanged_pct(), *score.exchanged_after_pct()))


def _angle_row(score: Score) -> Iterator[object]:
    yield name_of(score)
    yield from (rmse(score.angle_error(name)) for name in ("thigh_near", "thigh_far", "knee_flexion_near"))
    lean = score.angle_error("trunk_lean")
    yield signed(float(lean.mean())) if len(lean) else "–"
    yield from (error(score, n) for n in ("tle_near_deg", "thigh_forward_near_deg", "knee_flexion_stance_near_deg"))
    yield error(score, "cadence_spm", 2)
    yield from (timing(score, kind, side) for kind in ("contact", "toe_off") for side in (score.near, score.far))


def told_azimuth(data: Set) -> Iterator[str]:
    """The same clips when the owner told the camera's azimuth."""
    scores = data.scores(lambda c: reported(c) and c.spec.camera.azimuth_deg != 0)
    if not scores:
        return
    yield "### The azimuth reported to the station (`view.azimuth_deg`)\n"
    rows = []
    for score in scores:
        view = replace(score.seen.view, azimuth_deg=score.clip.spec.camera.azimuth_deg, azimuth_given=True)
        told = score.seen.watched(score.seen.looped(JUDGED_S), view=view)
        cells = [name_of(score)]
        for name in ("tle_near_deg", "thigh_forward_near_deg", "trunk_lean_deg"):
            miss = score.miss(name, told)
            cells += [error(score, name), "–" if miss is None else signed(miss.error)]
        rows.append(cells)
    quantities = ("TLE", "forward", "lean")
    yield from table(("clip", *(f"{q} error, {how}" for q in quantities for how in ("not reported", "reported"))), rows)


# ---- sums ----------------------------------------------------------------------------------------


def together(data: Set) -> Iterator[str]:
    """Over the reported bodies, by kind of clip."""
    yield "## In short\n"
    sums = {name: data.scores(lambda c, keep=keep: reported(c) and keep(c)) for name, keep in KINDS.items()}
    yield from table(("clips", "n", *SUM_HEAD), ([name, len(s), *_sums(s)] for name, s in sums.items() if s))


def _sums(scores: list[Score]) -> list[object]:
    def misses(name: str) -> list[float]:
        return [m.error for s in scores if (m := s.miss(name, s.judged)) is not None]

    def both(errors: list[float]) -> str:
        return f"{signed(_mean(errors))}, {signed(max(errors, key=abs, default=NAN))}"

    thigh = [e for s in scores if len(e := s.angle_error("thigh_near"))]
    lean = [float(e.mean()) for s in scores if len(e := s.angle_error("trunk_lean"))]
    contact = [1000 * float(np.median(e)) for s in scores if len(e := s.event_errors_s("contact", s.near)) >= 3]
    parts = [_mean(100 * float(np.median(s.off_px(p, s.near))) / s.thigh_px for s in scores) for p in ("hip", "knee", "ankle")]
    return [
        " / ".join(f"{part:.0f}" for part in parts),
        f"{_mean(s.exchanged_pct() for s in scores):.1f}",
        f"{_mean(s.exchanged_after_pct()[0] for s in scores):.1f} / {_mean(s.exchanged_after_pct()[1] for s in scores):.1f}",
        f"{_mean(float(np.sqrt((e**2).mean())) for e in thigh):.1f}",
        signed(_mean(float(e.mean()) for e in thigh)),
        both(misses("tle_near_deg")),
        both(misses("thigh_forward_near_deg")),
        signed(max(misses("cadence_spm"), key=abs, default=NAN), 2),
        signed(_mean(lean)),
        signed(_mean(contact), 0),
    ]


def _mean(values: Iterable[float]) -> float:
    found = [v for v in values if np.isfinite(v)]
    return float(np.mean(found)) if found else NAN


def honesty(folder: Path) -> Iterator[str]:
    """Whether intervals hold, model by model."""
    yield "## Do the intervals hold the truth?\n"
    yield HELD
    for model in MODELS:
        found = readings(folder, model)
        if found:
            yield f"### Through `{model}`\n"
            yield from held_lines(found)


HELD = """People who were left out of everything that made their error table, and with them whoever runs with the strides of the
same recorded runner; half-widths in the measure's unit (`python -m tests.lab.end_to_end errors FOLDER --model NAME`). "Once": a
clip of four to six strides, asked for the mean of these strides, and for that of the runner, whose strides differ as recorded
runners' do. Where the interval holds the runner's mean as often as it should, it holds that of these strides too often: rendered
strides hardly differ. In a circle they repeat to the frame, so there the intervals of cadence and step length, which are hardly
wider than what a runner's strides leave open, hold nearly always. "Changes": from the own running to a fault, by the interval of
a change.
"""

# ---- belt speed ----------------------------------------------------------------------------------

FEET = """No speed is reported to the station here, only the scale. Rendered feet slide over the belt: curves of one runner move
the legs of another body, and faults stretch them, so a foot goes faster or slower in mid-stance than the clip's belt. What the
station can see is the foot's own speed; that is the truth below. Where both feet and their strides do not agree, the speed is
unknown: the model guesses the far foot, exchanges legs, or too few strides were seen.
"""


def belt(folder: Path) -> Iterator[str]:
    """Belt speed from feet, model by model."""
    yield "## Belt speed from the feet\n"
    yield FEET
    rows = []
    for model in MODELS:
        seen = list(feet.seen(folder, model))
        off = np.array([100 * (one.seen_mps / one.foot_mps - 1) for one in seen if np.isfinite(one.seen_mps)])
        slide = np.array([one.foot_mps / one.clip_mps for one in seen])
        if len(off):
            sums = (f"{off.mean():+.1f}", f"{np.sqrt((off**2).mean()):.1f}", f"{off[abs(off).argmax()]:+.0f}")
            rows.append((model, f"{len(off)} of {len(seen)}", *sums, f"{slide.min():.2f} to {slide.max():.2f}"))
    head = ("model", "reported", "mean error, %", "RMS, %", "worst, %", "foot's speed / clip's")
    yield from table(head, rows)


# ---- models --------------------------------------------------------------------------------------


def models(folder: Path) -> Iterator[str]:
    """Each other model beside the station's, over the reported clips that both have poses of."""
    shipped = Set(folder)
    others = sorted(path.name for path in (folder / "poses").iterdir() if path.is_dir() and path.name != shipped.model)
    rows, clips = [], []
    for other in (Set(folder, name) for name in others):
        both = [score.clip.name for score in other.scores(reported) if shipped.score(score.clip.name) is not None]
        if both:
            rows += [_model_row(shipped, both), _model_row(other, both)]
            clips.append(f"- `{other.model}`: {len(both)} clips")
    if rows:
        yield "## Pose models compared\n"
        yield "On the same clips, the station's own model above the other:\n"
        yield "\n".join(clips) + "\n"
        yield from table(("model", "clips", "CPU ms a frame", *SUM_HEAD), rows)


def _model_row(data: Set, names: list[str]) -> list[object]:
    scores = [score for name in names if (score := data.score(name)) is not None]
    return [data.model, len(scores), f"{cost_ms(data.model, data.folder):.0f}", *_sums(scores)]
