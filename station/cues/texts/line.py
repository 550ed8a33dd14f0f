"""What one text id stands for."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """`screen`: what to do, three words or fewer. `spoken`: one short sentence for the voice, with external focus."""

    screen: str
    spoken: str

    @property
    def speech_s(self) -> float:
        """Time the loudspeaker is kept for it: a chime and an unhurried voice of 2.2 words a second. An engineering choice."""
        return 1.2 + len(self.spoken.split()) / 2.2
