"""What to do now, in words: the coach's own headline where it sent one, with this room's line of how."""

from __future__ import annotations

from station.present.screen.strings import PROMPTS, Prompt
from station.types import Snapshot


def words_of(snapshot: Snapshot) -> Prompt:
    """The prompt of a snapshot; one without an id is two empty lines, an unknown id shows the words that came along."""
    known = PROMPTS.get(snapshot.prompt, Prompt(""))
    return known._replace(headline=snapshot.prompt_text or known.headline)
