"""Render what is missing of the set into a folder: one video and one truth per clip."""

from __future__ import annotations

import os
from pathlib import Path

from tests.lab.render.clip import render_clip

from .clips import CLIPS


def render_all(folder: Path, names: tuple[str, ...] = ()) -> None:
    """Clips that are there already stay; a clip appears under its name only once it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    for clip in CLIPS:
        video = folder / f"{clip.name}.mp4"
        if video.exists() or (names and clip.name not in names):
            continue
        part = folder / f"part-{clip.name}.mp4"
        render_clip(clip.spec, part)
        os.replace(part.with_suffix(".truth.npz"), folder / f"{clip.name}.truth.npz")
        os.replace(part, video)
        print(f"{video}: {len(clip.spec.frame_times_s())} frames", flush=True)
