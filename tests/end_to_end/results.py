"""The tables: every clip that was rendered and estimated, against its truth, as Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from station.faults import RULES
from station.types import NAN

from .clips import BY_NAME, CLIPS, PEOPLE, TUNED, Clip
from .estimate import poses_path
from .models import SHIPPED
from .score import Score
from .sessions import Session, sessions, turn_of
from .streams import Seen, watch

MEASURES = {
    "cadence_spm": ("cadence, steps/min", 1),
    "tle_near_deg": ("TLE, deg", 1),
    "thigh_forward_near_deg": ("thigh forward, deg", 1),
    "thigh_excursion_near_deg": ("excursion, deg", 1),
    "tle_share_near": ("TLE share", 2),
    "trunk_lean_deg": ("trunk lean, deg", 1),
    "knee_flexion_stance_near_deg": ("stance knee, deg", 1),
    "knee_flexion_swing_near_deg": ("swing knee, deg", 1),
    "retraction_near_pct": ("retraction, %", 1),
    "retraction_near_deg": ("retraction, deg", 1),
    "tle_asymmetry_deg": ("TLE near - far, deg", 1),
    "step_time_asymmetry_pct": ("step time near - far, %", 1),
}
GROUPS = {
    "body": "By body (pure side view from the right, 30 pictures a second)",
    "azimuth": "By camera azimuth (+ = moved to the runner's rear, - = to the front)",
    "side": "Filmed from the left",
    "gait": "By way of running",
    "pelvis": "Pelvis changed",
    "rate": "By picture rate",
    "light": "By light",
    "clothes": "By clothes",
    "confusion": "Things that confuse",
    "uneven": "An uneven runner (the left thigh opens less)",
    "picture": "A larger picture (720x960)",
}


class Set:
    """Every clip of the folder for which poses are there."""

    def __init__(self, folder: Path, model: str = SHIPPED) -> None:
        self.folder, self.model = folder, model

    @lru_cache(maxsize=256)  # noqa: B019 - one set per run
    def score(self, name: str) -> Score | None:
        seen = self.seen(name)
        return None if seen is None else Score(seen)

    def seen(self, name: str) -> Seen | None:
        path = poses_path(self.folder, self.model, name)
        return Seen.load(BY_NAME[name], path) if path.exists() else None

    def scores(self, keep: Callable[[Clip], bool] = lambda clip: True) -> list[Score]:
        """Of everybody who runs, in the set's order."""
        found = [self.score(clip.name) for clip in CLIPS if clip.group != "drill" and keep(clip)]
        return [score for score in found if score is not None]


def reported(clip: Clip) -> bool:
    return not clip.tuned


# ---- cells -------------------------------------------------------------------------------------------------------


def signed(value: float, digits: int = 1) -> str:
    return "–" if not np.isfinite(value) else f"{value:+.{digits}f}"


def error(score: Score, name: str, digits: int = 1) -> str:
    miss = score.miss(name)
    return "–" if miss is None else signed(miss.error, digits)


def rmse(values: np.ndarray) -> str:
    return f"{np.sqrt((values**2).mean()):.1f} ({values.mean():+.1f})" if len(values) else "–"


def two(values: np.ndarray, unit: float = 1.0) -> str:
    return f"{np.median(values) / unit:.0f}/{np.percentile(values, 95) / unit:.0f}" if len(values) else "–"


def timing(score: Score, kind: str, side: str) -> str:
    late = 1000 * score.event_errors_s(kind, side)
    return f"{np.median(late):+.0f} ± {late.std():.0f}" if len(late) >= 3 else "–"


def line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(head: tuple[str, ...], rows: Iterable[Iterable[object]]) -> list[str]:
    return [line(head), line("---" for _ in head), *(line(row) for row in rows), ""]


def name_of(score: Score) -> str:
    return f"{score.clip.name}{' (tuning)' if score.clip.tuned else ''}"


# ---- tables ------------------------------------------------------------------------------------------------------

LANDMARK_HEAD = ("clip", "found, %", "hip, px", "knee, px", "ankle, px", "hip, % thigh", "knee, % thigh", "ankle, % thigh",
                 "far hip, % thigh", "far knee, % thigh", "legs exchanged by the model, %", "after the core, %")  # fmt: skip
ANGLE_HEAD = ("clip", "near thigh RMSE (bias), deg", "far thigh", "near knee", "trunk lean bias", "TLE error", "forward error",
              "stance knee error", "cadence error", "contact near, ms", "contact far", "toe-off near", "toe-off far")  # fmt: skip


def landmark_row(score: Score) -> Iterator[object]:
    near = [score.off_px(part, score.near) for part in ("hip", "knee", "ankle")]
    far = [score.off_px(part, score.far) for part in ("hip", "knee")]
    yield from (name_of(score), f"{score.found_pct:.0f}", *(two(off) for off in near))
    yield from (two(off, score.thigh_px / 100) for off in (*near, *far))
    yield from (f"{score.exchanged_pct():.1f}", f"{score.exchanged_after_pct():.1f}")


def angle_row(score: Score) -> Iterator[object]:
    yield name_of(score)
    yield from (rmse(score.angle_error(name)) for name in ("thigh_near", "thigh_far", "knee_flexion_near"))
    lean = score.angle_error("trunk_lean")
    yield signed(float(lean.mean())) if len(lean) else "–"
    yield from (error(score, n) for n in ("tle_near_deg", "thigh_forward_near_deg", "knee_flexion_stance_near_deg"))
    yield error(score, "cadence_spm", 2)
    yield from (timing(score, kind, side) for kind in ("contact", "toe_off") for side in (score.near, score.far))


def groups(data: Set) -> Iterator[str]:
    for group, title in GROUPS.items():
        scores = data.scores(lambda clip, group=group: clip.group == group)
        if scores:
            yield f"### {title}\n"
            yield from table(LANDMARK_HEAD, map(landmark_row, scores))
            yield from table(ANGLE_HEAD, map(angle_row, scores))


def together(data: Set) -> Iterator[str]:
    """Means over the reported bodies in pure side view, and over everything reported."""
    yield "## In short\n"
    sets = {
        "side view, own running": lambda c: reported(c) and c.group == "body",
        "side view, all ways of running": lambda c: reported(c) and c.group in ("body", "gait", "pelvis"),
        "±10 deg": lambda c: reported(c) and c.row in ("azimuth+10", "azimuth-10"),
        "±20 deg": lambda c: reported(c) and c.row in ("azimuth+20", "azimuth-20"),
        "±45 deg": lambda c: reported(c) and c.row in ("azimuth+45", "azimuth-45"),
        "from the left": lambda c: reported(c) and c.group == "side",
        "light and clothes": lambda c: reported(c) and c.group in ("light", "clothes"),
        "50 and 60 pictures a second": lambda c: reported(c) and c.group == "rate" and c.row != "25fps",
    }
    head = ("clips", "n", "hip / knee / ankle, % of thigh", "exchanged, %: model", "core", "near thigh RMSE", "its bias",
            "TLE error: mean, worst", "forward error", "cadence error, worst", "trunk lean bias", "contact near, ms")  # fmt: skip
    rows = []
    for name, keep in sets.items():
        scores = data.scores(keep)
        if scores:
            rows.append([name, *_summary(scores)])
    yield from table(head, rows)


def _summary(scores: list[Score]) -> list[object]:
    def mean(values: Iterable[float]) -> float:
        found = [v for v in values if np.isfinite(v)]
        return float(np.mean(found)) if found else NAN

    def misses(name: str) -> list[float]:
        return [m.error for s in scores if (m := s.miss(name)) is not None]

    thigh = [s.angle_error("thigh_near") for s in scores]
    lean = [s.angle_error("trunk_lean") for s in scores]
    contact = [1000 * float(np.median(e)) for s in scores if len(e := s.event_errors_s("contact", s.near)) >= 3]
    tle, forward, cadence = misses("tle_near_deg"), misses("thigh_forward_near_deg"), misses("cadence_spm")
    off = [f"{mean(100 * float(np.median(s.off_px(p, s.near))) / s.thigh_px for s in scores):.0f}" for p in ("hip", "knee", "ankle")]
    return [
        len(scores), " / ".join(off), f"{mean(s.exchanged_pct() for s in scores):.1f}",
        f"{mean(s.exchanged_after_pct() for s in scores):.1f}",
        f"{mean(float(np.sqrt((e**2).mean())) for e in thigh if len(e)):.1f}", signed(mean(float(e.mean()) for e in thigh if len(e))),
        f"{signed(mean(tle))}, {signed(max(tle, key=abs, default=NAN))}",
        f"{signed(mean(forward))}, {signed(max(forward, key=abs, default=NAN))}", signed(max(cadence, key=abs, default=NAN), 2),
        signed(mean(float(e.mean()) for e in lean if len(e))), signed(mean(contact), 0),
    ]  # fmt: skip


def told_azimuth(data: Set) -> Iterator[str]:
    """The same clips when the owner told the camera's azimuth."""
    scores = [s for s in data.scores(lambda c: reported(c) and c.group == "azimuth")]
    if not scores:
        return
    yield "### The azimuth told to the station (`view.azimuth_deg`)\n"
    rows = []
    for score in scores:
        azimuth_deg = score.clip.spec.camera.azimuth_deg
        told = watch(score.seen.once(), replace(score.seen.view, azimuth_deg=azimuth_deg), score.seen.speed_mps)
        cells = [name_of(score)]
        for name in ("tle_near_deg", "thigh_forward_near_deg", "trunk_lean_deg"):
            miss = score.miss(name, told)
            cells += [error(score, name), "–" if miss is None else signed(miss.error)]
        rows.append(cells)
    yield from table(("clip", "TLE error, not told", "told", "forward error, not told", "told", "lean error, not told", "told"), rows)


def pelvis(data: Set) -> Iterator[str]:
    yield "## Pelvic turn\n"
    yield ("Without the drill, what the hip landmarks show by themselves: the first harmonic of the distance between the hips, read as "
           "degrees. Gain: how much of a true change of the turn (own running, locked to a tenth, exaggerated) is seen; bias: what is "
           "seen with no turn at all.\n")  # fmt: skip
    rows = []
    for body in PEOPLE:
        scores = [s for row in ("side", "locked", "over_rotation") if (s := data.score(f"{body}.{row}") if f"{body}.{row}" in BY_NAME
                                                                       else None)]  # fmt: skip
        if len(scores) < 2:
            continue
        seen, true = np.array([s.turn() for s in scores]).T
        change = true - true.mean()
        gain = complex((change.conj() * (seen - seen.mean())).sum() / (abs(change) ** 2).sum())
        bias = complex((seen - gain * true).mean())
        parts = " ".join(f"{abs(t):.1f}" for t in true), " ".join(f"{abs(x):.1f} ({x.imag:+.1f})" for x in seen)
        rows.append((f"{body}{' (tuning)' if body in TUNED else ''}", *parts, f"{gain.real:+.2f}", f"{abs(bias):.1f} ({bias.imag:+.1f})"))
    yield from table(("body", "true turn, deg", "seen (its quadrature part)", "gain", "bias (its quadrature part)"), rows)


def pelvic_sessions(found: list[Session]) -> Iterator[str]:
    yield ("With the drill: six knee lifts before the same camera, 205 s of the runner's own running (three minutes of it are the silent "
           "baseline), then 120 s of the clip named. Turn in degrees as told at the end of each part, with its 95 % interval.\n")  # fmt: skip
    rows = []
    for session in found:
        side = session.baseline
        cells: list[object] = [session.name + (" (tuning)" if session.body in TUNED else "")]
        own = BY_NAME[f"{session.body}.side"]
        for watched, clip in ((side, own), (session.end, session.then.clip)):
            told, true = turn_of(watched), session.true_turn(replace(session.then, clip=clip))
            cells += [f"{true:.1f}", f"{told.value:.1f} [{told.low:.1f} .. {told.high:.1f}]" if told.measured else told.reason]
        cells += [session.said("locked_waist"), session.said("over_rotation"), ", ".join(session.cues()) or "none",
                  ", ".join(session.false_cues()) or "none"]  # fmt: skip
        rows.append(cells)
    yield from table(("session", "own: true", "told", "then: true", "told", "locked_waist", "over_rotation", "cues", "false cues"), rows)


def verdict_tables(scores: list[Score]) -> Iterator[str]:
    yield "## Verdicts\n"
    yield ("Every reported clip in a circle for 110 s through the coach of `station analyze`, belt speed told. What is true is decided by "
           "the same rules and thresholds on the true motion; between a rule's two thresholds either verdict is right and counts as "
           "*either*.\n")  # fmt: skip
    told = [score.told() for score in scores]
    rows = []
    for rule in RULES:
        pairs = [t[rule.name] for t in told]
        faults, none, edge = ([p for p in pairs if p[0] == look] for look in ("out", "inside", "between"))

        def count(pairs: list, said: str) -> int:
            return sum(p[1] == said for p in pairs)

        rows.append([rule.name, *(count(faults, s) for s in ("on", "ok", "cannot_tell")),
                     *(count(none, s) for s in ("ok", "on", "cannot_tell")), *(count(edge, s) for s in ("on", "ok", "cannot_tell"))])  # fmt: skip
    yield from table(("rule", "fault: told", "fault: **missed**", "fault: cannot tell", "none: told so", "none: **false alarm**",
                      "none: cannot tell", "either: on", "either: ok", "either: cannot tell"), rows)  # fmt: skip
    wrong = [f"- `{s.clip.name}`: {rule} told {said}, true is {true}" for s, t in zip(scores, told, strict=True)
             for rule, (true, said, value) in t.items() if value == "wrong"]  # fmt: skip
    cues = [f"- `{s.clip.name}`: {', '.join(false)}" for s in scores if (false := s.false_cues())]
    yield f"Wrong verdicts ({len(wrong)}):\n"
    yield "\n".join(wrong or ["none"]) + "\n"
    yield f"False cues (spoken about something that is not so), in {len(scores)} clips of 110 s:\n"
    yield "\n".join(cues or ["none"]) + "\n"


def honesty(scores: list[Score]) -> Iterator[str]:
    yield "## Do the intervals hold the truth?\n"
    yield "The core's 95 % intervals say how well the mean of what the landmarks show is known; not how far the landmarks are off.\n"
    rows = []
    for name, (label, digits) in MEASURES.items():
        misses = [m for s in scores if (m := s.miss(name)) is not None]
        if misses:
            errors = np.array([m.error for m in misses])
            rows.append([label, len(misses), f"{100 * np.mean([m.holds for m in misses]):.0f} %",
                         f"{np.median([m.half for m in misses]):.{digits}f}", signed(float(errors.mean()), digits),
                         f"{errors.std():.{digits}f}", signed(float(max(errors, key=abs)), digits)])  # fmt: skip
    yield from table(("measure", "clips", "intervals that hold the truth", "median half-width", "mean error", "SD of errors", "worst"), rows)


def models(folder: Path) -> Iterator[str]:
    """Every model that has poses, over the clips that all of them have."""
    names = sorted(path.name for path in (folder / "poses").iterdir() if path.is_dir())
    data = {name: Set(folder, name) for name in names}
    common = [c.name for c in CLIPS if c.group != "drill" and not c.tuned and all(d.seen(c.name) is not None for d in data.values())]
    if len(names) < 2 or not common:
        return
    yield "## Pose models compared\n"
    yield f"On the same {len(common)} clips: {', '.join(common)}.\n"
    rows = []
    for name, own in data.items():
        scores = [s for c in common if (s := own.score(c)) is not None]
        ms = [json.loads(poses_path(folder, name, c).with_suffix(".json").read_text())["ms_per_picture"] for c in common]
        rows.append([name, f"{min(ms):.0f}", *_summary(scores)[1:], _gains(own)])
    head = ("model", "ms a picture, one thread (best clip)", "hip / knee / ankle, % of thigh", "exchanged, %: model", "core",
            "near thigh RMSE", "its bias", "TLE error: mean, worst", "forward error", "cadence error, worst", "trunk lean bias",
            "contact near, ms", "pelvic gain per body")  # fmt: skip
    yield from table(head, rows)


def _gains(data: Set) -> str:
    found = []
    for body in PEOPLE:
        side, locked = data.score(f"{body}.side"), data.score(f"{body}.locked")
        if side is not None and locked is not None and body not in TUNED:
            (a, true_a), (b, true_b) = side.turn(), locked.turn()
            found.append(f"{((a - b) * (true_a - true_b).conjugate()).real / abs(true_a - true_b) ** 2:+.2f}")
    return " ".join(found) or "–"


HEAD = """# End to end on rendered runners

Pictures -> the station's pose model -> angle core -> rules and governor, against the exact truth of rendered runners.
Made by, in this order (the first needs `tests/render/requirements.txt`, the others the station's own environment):

    python -m tests.end_to_end render FOLDER
    python -m tests.end_to_end estimate FOLDER
    python -m tests.end_to_end score FOLDER --write

{clips} clips of {bodies} bodies, {seconds:.0f} s; 480x640 portrait, 30 pictures a second and an exposure of 4 ms unless the name says
otherwise. The bodies {tuned} were used to set things and are marked; every sum is over the others. The station is told the belt
speed, as an owner would, and nothing else. A rendered runner is no human: skin and cloth do not slide, and a hip joint that
MakeHuman places is not an anatomist's; what these tables show as a bias of the landmarks is the difference of the two definitions.
Errors are measured minus true. Landmark columns: median/95th percentile of the distance. Times: median ± SD.
"""


def report(folder: Path, write: bool) -> None:
    """Print the tables; `write` also puts them into RESULTS.md beside this file."""
    data = Set(folder)
    everybody, scores = data.scores(), data.scores(reported)
    seconds = sum(score.clip.spec.duration_s for score in everybody)
    bodies = len({score.clip.body for score in everybody})
    parts = [HEAD.format(clips=len(everybody), bodies=bodies, seconds=seconds, tuned=" and ".join(f"`{b}`" for b in TUNED))]
    parts += [*together(data), *verdict_tables(scores), *honesty(scores), *pelvis(data), *pelvic_sessions(list(sessions(data.seen)))]
    parts += ["## Clip by clip\n", *groups(data), *told_azimuth(data), *models(folder)]
    text = "\n".join(parts)
    print(text)
    if write:
        Path(__file__).with_name("RESULTS.md").write_text(text.rstrip() + "\n", encoding="utf-8")
