"""What stands in front of a runner's leg is noticed, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from station.config import Config
from station.run.analyze import Options, analyse_file
from station.run.hidden_leg import HiddenLeg
from station.types import JOINTS, NS, Activity, Frame, Gait, Joint, Mode, Pose, Snapshot, Step

FPS, SECONDS = 30, 5
WALL = np.random.default_rng(3).integers(90, 220, (240, 180, 3), np.uint8)
HIP = (90.0, 100.0)


def ends(t_s: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Knee and ankle of a leg that swings 80 times a minute."""
    swing = 0.6 * np.sin(2 * np.pi * 80 / 60 * t_s)
    knee = HIP[0] + 55 * np.sin(swing), HIP[1] + 55 * np.cos(swing)
    return knee, (knee[0] + 50 * np.sin(swing - 0.4), knee[1] + 50 * np.cos(swing - 0.4))


def frame_of(i: int, cover: tuple[slice, slice] | None = None, skin: int = 40) -> Frame:
    """A dark leg before a wall; `cover` is grey and in front of both."""
    y, x = np.mgrid[:240, :180].astype(float)
    image = WALL.copy()
    knee, ankle = ends(i / FPS)
    for (ax, ay), (bx, by) in ((HIP, knee), (knee, ankle)):
        dx, dy = bx - ax, by - ay
        along = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx**2 + dy**2), 0, 1)
        image[np.hypot(x - ax - along * dx, y - ay - along * dy) < 4] = skin
    if cover is not None:
        image[cover] = 110
    noise = np.random.default_rng(i).integers(-1, 2, image.shape)
    return Frame(i * NS // FPS, i, np.clip(image + noise, 0, 255).astype(np.uint8))


def notes(
    covers: dict[int, tuple[slice, slice]] | None = None, score: float = 0.95, activity: Activity = Activity.RUNNING
) -> str:
    """`covers`: from that frame on."""
    seen, cover = HiddenLeg(), None
    for i in range(FPS * SECONDS):
        cover = (covers or {}).get(i, cover)
        xy = np.full((JOINTS, 2), np.nan, np.float32)
        xy[Joint.RIGHT_HIP], (xy[Joint.RIGHT_KNEE], xy[Joint.RIGHT_ANKLE]) = HIP, ends(i / FPS)
        pose = Pose(i * NS // FPS, xy, np.where(np.isfinite(xy[:, 0]), score, 0).astype(np.float32))
        gait = Gait(pose.t_ns, activity=activity, near_side="right")
        seen.add(
            frame_of(i, cover), pose, Step(pose.t_ns, gait, (), Mode.COACH, (), (), Snapshot(pose.t_ns, Mode.COACH, 0, 0, gait))
        )
    return "; ".join(seen.notes)


def test_a_free_leg_is_not_doubted() -> None:
    assert notes() == ""


@pytest.mark.parametrize(
    ("cover", "part"),
    [
        ((slice(125, 132), slice(0, 180)), "thigh"),
        ((slice(148, 158), slice(0, 180)), "knee"),
        ((slice(190, 212), slice(0, 180)), "ankle"),
        ((slice(165, 240), slice(80, 140)), "shin"),
    ],
    ids=["thigh", "knee", "ankle", "towel"],
)
def test_a_bar_or_a_towel_over_any_part_is_named(cover: tuple[slice, slice], part: str) -> None:
    reported = notes({0: cover})
    words = r"the near [a-z, ]+ cannot be told from what is in front of it or behind it for 4 of 4 s: angles may"
    assert re.match(words, reported)
    assert part in reported.partition(" cannot")[0]


def test_what_came_later_is_reported_with_its_time() -> None:
    assert "for 2 of 4 s" in notes({2 * FPS: (slice(148, 162), slice(0, 180))})


def test_a_model_that_is_unsure_of_the_knee_is_reported() -> None:
    assert notes(score=0.6).startswith("the near knee is hidden or unclear in 100% of the frames")


def test_no_word_of_a_leg_that_does_not_run() -> None:
    assert notes({0: (slice(148, 162), slice(0, 180))}, 0.6, Activity.STANDING) == ""


def test_the_rail_over_a_rendered_runner_s_knees(shared: Path) -> None:
    film = shared / "data" / "field" / "rail_over_knees.mp4"
    recording, _ = analyse_file(Options(str(film), seconds=4.0), Config())
    assert any("knee, shin" in note and "cannot be told from what is in front" in note for note in recording.notes)
    free, _ = analyse_file(Options(str(film.with_name("trimmed_by_edit_list.mp4")), seconds=4.0), Config())
    assert not any("cannot be told" in note or "unclear" in note for note in free.notes)
