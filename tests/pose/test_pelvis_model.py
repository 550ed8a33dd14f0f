"""The pelvis model as it is shipped, on renders of people that it never saw: `python -m
tests.lab.eye crops` made them.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from station.pose.hip_crop import SIZE_PX
from station.pose.session import Session
from station.pose.store import models_dir, read_card

CROPS = Path(__file__).with_name("hip_crops.npz")


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(read_card(models_dir() / "pelvis_turn.md"), 1)


@pytest.fixture(scope="module")
def reported(session: Session) -> dict[str, np.ndarray]:
    """Truth, reading and spread of the crops, (N,) each."""
    with np.load(CROPS) as data:
        jpegs = np.split(data["jpeg_bytes"], data["jpeg_ends"][:-1])
        truth = {"turn_deg": data["turn_deg"], "what": data["what"]}
    pictures = [cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB) for jpeg in jpegs]
    rows = np.array([session.run(picture, 0.0, 1.0)[0][0] for picture in pictures])
    return truth | {"read_deg": rows[:, 0], "spread_deg": np.exp(rows[:, 1])}


def test_the_model_takes_the_crop_that_the_station_cuts(session: Session) -> None:
    assert session.size_px == SIZE_PX


def test_it_reads_people_it_has_never_seen(reported: dict[str, np.ndarray]) -> None:
    plain = reported["what"] == "plain"
    read, true = reported["read_deg"][plain], reported["turn_deg"][plain]
    assert np.median(abs(read - true)) < 8
    assert np.polyfit(true, read, 1)[0] > 0.5


def test_its_spread_holds_the_truth(reported: dict[str, np.ndarray]) -> None:
    plain = reported["what"] == "plain"
    wrong = abs(reported["read_deg"] - reported["turn_deg"])[plain]
    assert np.mean(wrong < np.log(10) * reported["spread_deg"][plain]) >= 0.8


@pytest.mark.parametrize("what", ["oblique", "second person", "coarse"])
def test_it_is_less_sure_where_the_hips_are_hard_to_see(reported: dict[str, np.ndarray], what: str) -> None:
    hard, plain = (np.median(reported["spread_deg"][reported["what"] == kind]) for kind in (what, "plain"))
    assert hard > 1.05 * plain


@pytest.mark.parametrize("what", ["coat", "oblique", "second person", "coarse", "nobody"])
def test_its_spread_holds_the_truth_there_too(reported: dict[str, np.ndarray], what: str) -> None:
    hard = reported["what"] == what
    wrong = abs(reported["read_deg"] - reported["turn_deg"])[hard]
    assert np.mean(wrong < np.log(10) * reported["spread_deg"][hard]) >= 0.7


def test_it_is_less_sure_where_nobody_is(reported: dict[str, np.ndarray]) -> None:
    spread = {what: np.median(reported["spread_deg"][reported["what"] == what]) for what in ("plain", "nobody")}
    assert spread["nobody"] > 1.3 * spread["plain"]
