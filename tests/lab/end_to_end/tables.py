"""The tables of RESULTS.md, each from what was scored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from station.faults import RULES
from station.types import NAN

from .cells import error, name_of, rmse, signed, table, timing, two
from .clips import PEOPLE, TUNED, Clip
from .dataset import Set, reported
from .models import cost_ms
from .score import JUDGED_S, Score
from .sessions import Session, sessions, turn_of

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
KINDS: dict[str, Callable[[Clip], bool]] = {
    "side view, own running": lambda c: c.group == "body",
    "side view, changed running": lambda c: c.group in ("gait", "pelvis"),
    "±10 deg": lambda c: c.row in ("azimuth+10", "azimuth-10"),
    "±20 deg": lambda c: c.row in ("azimuth+20", "azimuth-20"),
    "±45 deg": lambda c: c.row in ("azimuth+45", "azimuth-45"),
    "from the left": lambda c: c.group == "side",
    "light and clothes": lambda c: c.group in ("light", "clothes"),
    "50 and 60 pictures a second": lambda c: c.group == "rate" and c.row != "25fps",
    "things that confuse": lambda c: c.group == "confusion",
}

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
    scores = data.scores(lambda c: reported(c) and c.group == "azimuth")
    if not scores:
        return
    yield "### The azimuth told to the station (`view.azimuth_deg`)\n"
    rows = []
    for score in scores:
        view = replace(score.seen.view, azimuth_deg=score.clip.spec.camera.azimuth_deg)
        told = score.seen.watched(score.seen.looped(JUDGED_S), view=view)
        cells = [name_of(score)]
        for name in ("tle_near_deg", "thigh_forward_near_deg", "trunk_lean_deg"):
            miss = score.miss(name, told)
            cells += [error(score, name), "–" if miss is None else signed(miss.error)]
        rows.append(cells)
    quantities = ("TLE", "forward", "lean")
    yield from table(("clip", *(f"{q} error, {how}" for q in quantities for how in ("not told", "told"))), rows)


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


def honesty(scores: list[Score]) -> Iterator[str]:
    yield "## Do the intervals hold the truth?\n"
    yield "A 95 % interval of the core says how well the mean of what the landmarks show is known, not how far they are off.\n"
    rows = []
    for name, (label, digits) in MEASURES.items():
        misses = [m for s in scores if (m := s.miss(name)) is not None]
        if misses:
            errors = np.array([m.error for m in misses])
            half = np.median([m.half for m in misses])
            row = [label, len(misses), f"{100 * np.mean([m.holds for m in misses]):.0f} %", f"{half:.{digits}f}"]
            spread = f"{errors.std():.{digits}f}"
            rows.append([*row, signed(float(errors.mean()), digits), spread, signed(float(max(errors, key=abs)), digits)])
    head = ("measure", "clips", "intervals that hold the truth", "median half-width", "mean error", "SD of errors", "worst")
    yield from table(head, rows)


# ---- pelvis --------------------------------------------------------------------------------------

BARE = """Without the drill, what the hip landmarks show by themselves: the first harmonic of the distance between the hips
against the near thigh's, read as degrees. Gain: how much of a true change of the turn (own running, locked to a tenth,
exaggerated) is seen; bias: what is seen where nothing turns.
"""
DRILLED = """With the drill: six knee lifts before the same camera, 205 s of the runner's own running (three minutes of it are the
silent baseline), then 120 s of the clip named; `side` is more of the same. The turn in degrees as told at the end of each part,
with its 95 % interval.
"""


def pelvis(data: Set) -> Iterator[str]:
    yield "## Pelvic turn\n"
    yield BARE
    rows = []
    for body in PEOPLE:
        scores = [s for row in ("side", "locked", "over_rotation") if (s := data.score(f"{body}.{row}")) is not None]
        if len(scores) < 2:
            continue
        seen, true = np.array([s.turn() for s in scores]).T
        gain = _gain(seen, true)
        bias = complex((seen - gain * true).mean())
        told = " ".join(f"{abs(x):.1f} ({x.imag:+.1f})" for x in seen)
        name = f"{body} (tuning)" if body in TUNED else body
        turns = " ".join(f"{abs(t):.1f}" for t in true)
        rows.append((name, turns, told, f"{gain.real:+.2f}", f"{abs(bias):.1f} ({bias.imag:+.1f})"))
    yield from table(("body", "true turn, deg", "seen (its quadrature part)", "gain", "bias (its quadrature part)"), rows)
    yield DRILLED
    head = ("session", "own: true", "told", "then: true", "told", "locked_waist", "over_rotation", "cues", "false cues")
    yield from table(head, map(_session_row, sessions(data.seen)))


def _gain(seen: np.ndarray, true: np.ndarray) -> complex:
    """Least squares through the means, complex."""
    change = true - true.mean()
    return complex((change.conj() * (seen - seen.mean())).sum() / (abs(change) ** 2).sum())


def _session_row(session: Session) -> list[str]:
    cells = [session.name + (" (tuning)" if session.body in TUNED else "")]
    for watched, seen in ((session.baseline, session.own), (session.end, session.then)):
        told = turn_of(watched)
        cells.append(f"{abs(session.turn(seen)):.1f}")
        interval = f"{told.value:.1f} [{told.low:.1f} .. {told.high:.1f}]"
        cells.append(interval if told.measured else f"cannot tell: {told.reason}")
    cells += [session.said("locked_waist"), session.said("over_rotation")]
    return [*cells, ", ".join(dict.fromkeys(session.cues())) or "none", ", ".join(session.false_cues()) or "none"]


# ---- verdicts ------------------------------------------------------------------------------------

JUDGED = """Every reported clip in a circle for 110 s through the coach of `station analyze`, the belt speed told. What is true is
decided by the same rules and thresholds on the true motion; between a rule's two thresholds either verdict is right.
"""
VERDICT_HEAD = ("rule", "fault: told", "**missed**", "cannot tell", "no fault: told so", "**false alarm**", "cannot tell",
                "either: on", "ok", "cannot tell")  # fmt: skip


def verdict_tables(scores: list[Score]) -> Iterator[str]:
    yield "## Verdicts\n"
    yield JUDGED
    told = [score.told() for score in scores]
    rows = []
    for rule in RULES:
        cells: list[object] = [rule.name]
        for look, order in (("out", ("on", "ok")), ("inside", ("ok", "on")), ("between", ("on", "ok"))):
            said = [t[rule.name][1] for t in told if t[rule.name][0] == look]
            cells += [said.count(state) for state in (*order, "cannot_tell")]
        rows.append(cells)
    yield from table(VERDICT_HEAD, rows)
    wrong = [
        f"- `{score.clip.name}`: {rule} told {said}, true is {true}"
        for score, verdicts in zip(scores, told, strict=True)
        for rule, (true, said, value) in verdicts.items()
        if value == "wrong"
    ]
    yield f"Wrong verdicts, {len(wrong)} of {len(scores) * len(RULES)}:\n"
    yield "\n".join(wrong or ["none"]) + "\n"
    cues = [f"- `{score.clip.name}`: {', '.join(false)}" for score in scores if (false := score.false_cues())]
    yield f"False cues, spoken about something that is not so, in {len(scores)} clips of 110 s:\n"
    yield "\n".join(cues or ["none"]) + "\n"


# ---- models --------------------------------------------------------------------------------------


WHY_NOT = """Thunder sees a rendered runner's legs better. It is not shipped: it has no heels and no toes, from which the station
takes the belt's speed and the retraction; it costs more; the licence of its weights was read only at the repackager's; and on
pictures of real runners it was not compared.
"""


def models(folder: Path) -> Iterator[str]:
    """Each other model beside the station's, over the reported clips that both have poses of."""
    shipped = Set(folder)
    others = sorted(path.name for path in (folder / "poses").iterdir() if path.is_dir() and path.name != shipped.model)
    rows, clips = [], []
    for other in (Set(folder, name) for name in others):
        both = [score.clip.name for score in other.scores(reported) if shipped.score(score.clip.name) is not None]
        if both:
            rows += [_model_row(shipped, both), _model_row(other, both)]
            clips.append(f"- `{other.model}`: {', '.join(both)}")
    if rows:
        yield "## Pose models compared\n"
        yield "On the same clips, the station's own model above the other:\n"
        yield "\n".join(clips) + "\n"
        yield WHY_NOT
        yield from table(("model", "clips", "CPU ms a picture", *SUM_HEAD, "pelvic gain per body"), rows)


def _model_row(data: Set, names: list[str]) -> list[object]:
    scores = [score for name in names if (score := data.score(name)) is not None]
    return [data.model, len(scores), f"{cost_ms(data.model, data.folder):.0f}", *_sums(scores), _gains(data, names)]


def _gains(data: Set, common: list[str]) -> str:
    found = []
    for body in PEOPLE:
        pair = [data.score(f"{body}.{row}") for row in ("side", "locked") if f"{body}.{row}" in common]
        if len(pair) == 2:
            seen, true = np.array([s.turn() for s in pair if s is not None]).T
            found.append(f"{body} {_gain(seen, true).real:+.2f}")
    return ", ".join(found) or "–"
