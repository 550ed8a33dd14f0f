"""The page of evidence is the one that its sources make, and says no number that they do not hold.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.lab.evidence.__main__ import FIGURES, PAGE, page
from tests.lab.evidence.figures import SOURCES, figures, trials
from tests.lab.evidence.tables import ROOT, Missing, cell, has, line, number
from tests.lab.evidence.trials import AZIMUTHS_DEG, DRAGS

AGAIN = "run `python -m tests.lab.evidence --write`"
NUMBER = re.compile(r"\d+(?:\.\d+)?")
CORE = "tests/lab/accuracy/RESULTS.md"


def test_the_page_is_the_one_that_the_sources_make() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), AGAIN


def test_the_figures_are_those_that_the_trials_make() -> None:
    made = figures()
    assert {path.name for path in FIGURES.glob("*.svg")} == set(made), AGAIN
    for name, text in made.items():
        assert (FIGURES / name).read_text(encoding="utf-8") == text, f"{name}: {AGAIN}"
        ElementTree.fromstring(text)
        assert len(text) < 60_000


def test_every_number_on_the_page_is_in_a_source() -> None:
    """The sources, the README's list of what it is valid for, the settings, and how the trials were
    made.
    """
    fixed = [CORE, "tests/lab/appliance/RESULTS.md", "README.md", "tests/lab/evidence/trials.py"]
    sources = [*fixed, *filter(has, SOURCES.values())]
    known = {found for source in sources for found in NUMBER.findall((ROOT / source).read_text(encoding="utf-8"))}
    # Shutter and lens of hardware/README.md; what HOW_TO_READ claims; share of the turn left.
    known |= {"4", "1.1", "5", "0.1"}
    text = re.sub(r"\]\([^)]*\)", "", page())  # not the links' targets
    assert sorted(set(NUMBER.findall(text)) - known) == []


def test_the_cited_files_are_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert (PAGE.parent / target).exists(), target
    for module in re.findall(r"python -m ([a-z_.]+)", text):
        path = ROOT / Path(*module.split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_the_trials_are_all_there_and_agree_with_the_results() -> None:
    kept = trials()
    for azimuth_deg in AZIMUTHS_DEG:
        assert sum(t["kind"] == "azimuth" and t["azimuth_deg"] == azimuth_deg for t in kept) == 24
    assert {t["drag"] for t in kept if t["kind"] == "drag"} == set(DRAGS)
    base = [t for t in kept if t["kind"] == "azimuth" and t["azimuth_deg"] == 0]
    reported = cell(CORE, "reached", "60 fps, 8 mm, side view", "near thigh RMSE")
    rmse = [t["thigh_rmse_deg"] for t in base]
    expected = f"median {np.median(rmse):.2f}, worst {max(rmse):.2f} deg"
    assert reported == expected, "run `python -m tests.lab.evidence.trials` again"


def test_numbers_are_looked_up_and_never_guessed() -> None:
    assert cell(CORE, "RMSE, deg", "walk", "near thigh") == "5.8"
    assert number(CORE, "reached", "60 fps, 8 mm, side view", "near thigh RMSE", after="worst") == "1.75"
    assert (
        line("tests/lab/appliance/RESULTS.md", "apt installs", "The package, Bookworm on arm64")
        == "apt installs it, without network"
    )
    with pytest.raises(Missing, match="0 rows"):
        cell(CORE, "reached", "no such condition")
    with pytest.raises(Missing, match="4 rows"):
        cell(CORE, "TLE error", "1.9", "none")
    with pytest.raises(Missing, match="no number after"):
        number(CORE, "asked", "60 fps, 8 mm, side view", "strides found after the third second")
    with pytest.raises(Missing, match="no heading"):
        line(CORE, "x", "No such heading")
