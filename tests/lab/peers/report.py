"""RESULTS.md from the folder that a run has filled."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.lab.peers.adapters.found import Found
from tests.lab.peers.run import kept_at
from tests.lab.peers.score import Score, middle_and_worst, score

PROSE = Path(__file__).with_name("findings.md")
Scores = dict[tuple[str, str], Score]


def report(folder: Path) -> str:
    """The page: the findings of findings.md with the tables in their places."""
    ran = json.loads((folder / "runs.json").read_text(encoding="utf-8"))
    clips = [clip["name"] for clip in ran["clips"]]
    truths = {clip: Found.load(kept_at(folder, clip, "truth")) for clip in clips if kept_at(folder, clip, "truth").exists()}
    finds = {
        (clip, peer): Found.load(kept_at(folder, clip, peer))
        for clip in clips
        for peer in ran["peers"]
        if kept_at(folder, clip, peer).exists()
    }
    scores = {key: score(found, truths[key[0]]) for key, found in finds.items() if key[0] in truths}
    rendered = [clip for clip in truths if truths[clip].reported["synced"]]
    walks = [clip for clip in truths if not truths[clip].reported["synced"]]
    untold = [clip for clip in clips if clip not in truths]
    page = PROSE.read_text(encoding="utf-8")
    for name, lines in {
        "machine": [", ".join(f"{key} {value}" for key, value in ran["machine"].items())],
        "tools": tools(ran, finds),
        "rendered": rendered_table(scores, rendered, ran["peers"]),
        "thigh by clip": by_clip(scores, rendered, ran["peers"], lambda s: s.angles["thigh_near"].rmse),
        "hip by clip": by_clip(scores, rendered, ran["peers"], lambda s: s.angles["hip_near"].rmse),
        "plain hip by clip": by_clip(scores, rendered, ran["peers"], lambda s: s.plain["hip_near"].rmse),
        "cadence by clip": by_clip(
            scores, rendered, ran["peers"], lambda s: s.cadence_off_spm if s.cadence_own else np.nan, "{:+.1f}"
        ),
        "walks": walks_table(scores, walks, ran["peers"]),
        "no truth": untold_table(finds, untold, ran["peers"]),
        "cost": cost_table(ran),
        "said": said(ran, finds),
    }.items():
        page = page.replace(f"<!-- {name} -->", "\n".join(lines))
    return page


def tools(ran: dict[str, Any], finds: dict[tuple[str, str], Found]) -> Iterator[str]:
    yield from head("tool", "versions", "installed, MB")
    seen = set()
    for (_, peer), found in finds.items():
        tool = peer.split(",")[0]
        if tool not in seen:
            seen.add(tool)
            versions = ", ".join(f"{name} {version}" for name, version in found.reported["versions"].items())
            yield row(tool, versions, number(ran["install_mb"][tool], "{:.0f}"))


def rendered_table(scores: Scores, clips: Sequence[str], peers: Sequence[str]) -> Iterator[str]:
    """Median and worst over the clips."""
    yield from head(
        "", "near thigh RMSE", "far thigh RMSE", "near hip RMSE", "near hip without its mean", "hip, knee, ankle, px",
        "cadence off, steps/min", "contacts found, false", "contacts late, ms",
    )  # fmt: skip
    for peer in peers:
        mine = [scores[clip, peer] for clip in clips if (clip, peer) in scores]
        if not mine:
            continue
        points = "/".join(number(middle_and_worst(s.landmarks_px[part] for s in mine)[0]) for part in ("hip", "knee", "ankle"))
        yield row(
            peer,
            pair(s.angles["thigh_near"].rmse for s in mine),
            pair(s.angles["thigh_far"].rmse for s in mine),
            pair(s.angles["hip_near"].rmse for s in mine),
            pair(s.angles["hip_near"].spread for s in mine),
            points if "nan" not in points and "-" not in points else "-",
            cadence_cell(mine),
            *contact_cells(mine),
        )


def cadence_cell(scores: Sequence[Score]) -> str:
    """Of a tool that offers a cadence, where it told one; of another one, the rhythm of its thigh,
    marked.
    """
    own = [s for s in scores if s.cadence_own]
    cell = pair((s.cadence_off_spm for s in own or scores), "{:.2f}")
    if not own:
        return cell + " *"
    return cell if len(own) == len(scores) else f"{cell}, told in {len(own)} of {len(scores)}"


def contact_cells(scores: Sequence[Score]) -> tuple[str, str]:
    known = [s.contacts for s in scores if s.contacts]
    if not known:
        return "-", "-"
    found, false = (statistics.fmean(getattr(c, name) for c in known) for name in ("found", "false"))
    late = [c.median_ms for c in known if np.isfinite(c.median_ms)]
    return f"{100 * found:.0f} %, {100 * false:.0f} %", f"{statistics.median(late):+.0f}" if late else "-"


def by_clip(
    scores: Scores, clips: Sequence[str], peers: Sequence[str], value: Callable[[Score], float], form: str = "{:.1f}"
) -> Iterator[str]:
    yield from head("", *clips)
    for peer in peers:
        cells = [number(value(scores[clip, peer]), form) if (clip, peer) in scores else "failed" for clip in clips]
        if any(cell not in ("-", "failed") for cell in cells):
            yield row(peer, *cells)


def walks_table(scores: Scores, clips: Sequence[str], peers: Sequence[str]) -> Iterator[str]:
    yield from head("clip", "", "told", "near thigh: RMSE, bias, spread", "far thigh", "near hip")
    for clip in clips:
        for peer in peers:
            if (clip, peer) in scores:
                one = scores[clip, peer]
                cells = (
                    " ".join(number(v, f) for v, f in ((o.rmse, "{:.1f}"), (o.bias, "{:+.1f}"), (o.spread, "{:.1f}")))
                    for o in (one.angles[name] for name in ("thigh_near", "thigh_far", "hip_near"))
                )
                yield row(clip, peer, f"{100 * one.reported:.0f} %", *("-" if cell == "- - -" else cell for cell in cells))


def untold_table(finds: dict[tuple[str, str], Found], clips: Sequence[str], peers: Sequence[str]) -> Iterator[str]:
    yield from head("clip", "", "pictures told", "cadence it told, steps/min")
    for clip in clips:
        for peer in peers:
            if (clip, peer) in finds:
                found = finds[clip, peer]
                share = np.isfinite(found.angle("hip_left")).mean()
                yield row(clip, peer, f"{100 * share:.0f} %", number(found.reported["cadence_spm"] or np.nan))


def cost_table(ran: dict[str, Any]) -> Iterator[str]:
    every = max(run["cores"] for run in ran["runs"])
    few = sorted({1, every})
    on = [f"{n} core{'s' * (n > 1)}" for n in few]
    yield from head(
        "", *(f"CPU ms a picture, {n}" for n in on), *(f"pictures a second, {n}" for n in on), "CPU s to start", "peak MB"
    )
    for peer in ran["peers"]:
        mine = [run for run in ran["runs"] if run["peer"] == peer]
        if mine:
            at = [[run for run in mine if run["cores"] == n] for n in few]
            yield row(
                peer,
                *(middle_of(1e3 * run["cpu_s"] / run["pictures"] for run in runs) for runs in at),
                *(middle_of((run["pictures"] / run["wall_s"] for run in runs), "{:.0f}") for runs in at),
                number(statistics.median(run["process_cpu_s"] - run["cpu_s"] for run in mine)),
                number(max(run["peak_mb"] for run in mine), "{:.0f}"),
            )


def said(ran: dict[str, Any], finds: dict[tuple[str, str], Found]) -> Iterator[str]:
    """What failed, and what tools said about their own results."""
    for failure in ran["failures"]:
        yield f"- {failure['peer']}, {failure['clip']}, failed: `{failure['message']}`"
    notes: dict[tuple[str, str], list[str]] = {}
    for (clip, peer), found in finds.items():
        for note in found.reported["notes"]:
            if not note.startswith("near side"):
                notes.setdefault((peer, note), []).append(clip)
    for (peer, note), clips in notes.items():
        yield f"- {peer}, {', '.join(clips)}: {note}"


def pair(values: Any, form: str = "{:.1f}") -> str:
    middle, worst = middle_and_worst(values)
    return f"{number(middle, form)} ({number(worst, form)})" if np.isfinite(middle) else "-"


def middle_of(values: Any, form: str = "{:.1f}") -> str:
    """Median with the range of the rounds."""
    all_of = sorted(values)
    return f"{form.format(statistics.median(all_of))} ({form.format(all_of[0])} to {form.format(all_of[-1])})" if all_of else "-"


def number(value: float, form: str = "{:.1f}") -> str:
    return form.format(value) if np.isfinite(value) else "-"


def head(*cells: str) -> Iterator[str]:
    yield row(*cells)
    yield row(*["---"] * len(cells))


def row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
