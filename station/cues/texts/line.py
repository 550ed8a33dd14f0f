"""What one text id stands for."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """`screen`: what to do, three words or fewer. `spoken`: one short sentence for the voice, with external focus."""

    screen: str
    spoken: str
