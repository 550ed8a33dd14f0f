"""The training ground's table: what is drawn stays in it, and the README prints it as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from . import ranges
from .bodies import RUNNERS, body_names


def test_the_readme_shows_the_table() -> None:
    text = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    assert ranges.as_markdown() in text, "put the output of `python -m tests.lab.ground ranges` into the README"


@pytest.mark.parametrize("title", ranges.TABLES)
def test_what_is_drawn_stays_in_its_range(title: str) -> None:
    for name, entry in ranges.TABLES[title].items():
        values = entry.draw(np.random.default_rng(1), 4000)
        inside = (values >= entry.low) & (values <= entry.high)
        assert (inside | (values == entry.other)).all(), name
        if entry.share < 1 and not entry.low <= entry.other <= entry.high:
            assert inside.mean() == pytest.approx(entry.share, abs=0.05), name


def test_shares_are_whole() -> None:
    assert sum(ranges.ACTS.values()) == pytest.approx(1)
    assert sum(ranges.ARMS.values()) == pytest.approx(1)


def test_nobody_trains_and_tests() -> None:
    assert not set(body_names("train")) & set(body_names("test"))
    assert not set(RUNNERS["train"]) & set(RUNNERS["test"])
    assert (len(body_names("train")), len(body_names("test"))) >= (60, 12)
