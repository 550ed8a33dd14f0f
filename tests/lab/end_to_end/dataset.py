"""Every clip of a folder for which a model's poses are there, scored when asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from .clips import BY_NAME, CLIPS, Clip
from .estimate import poses_path, turns_path
from .models import SHIPPED
from .score import Score
from .streams import Seen


class Set:
    """Every clip of the folder for which poses are there."""

    def __init__(self, folder: Path, model: str = SHIPPED) -> None:
        self.folder, self.model = folder, model

    @lru_cache(maxsize=256)  # noqa: B019 - one set per run
    def score(self, name: str) -> Score | None:
        seen = self.seen(name)
        return None if seen is None else Score(seen)

    def seen(self, name: str, every: int = 1) -> Seen | None:
        path, turns = (place(self.folder, self.model, name, every) for place in (poses_path, turns_path))
        if name not in BY_NAME or not path.exists():
            return None
        return Seen.load(BY_NAME[name], path, every, self.model, turns)

    def scores(self, keep: Callable[[Clip], bool] = lambda clip: True) -> list[Score]:
        """Of everybody who runs, in the set's order."""
        found = [self.score(clip.name) for clip in CLIPS if clip.group != "drill" and keep(clip)]
        return [score for score in found if score is not None]


def reported(clip: Clip) -> bool:
    return not clip.tuned
