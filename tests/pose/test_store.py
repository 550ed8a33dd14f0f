from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from station.config import PoseSection
from station.errors import ConfigError, ModelError
from station.pose import mediapipe_pose
from station.pose.estimator import MODELS, open_estimator
from station.pose.store import cards, models_dir, read_card, verified
from station.run.models import verify_models


@pytest.fixture
def folder(tmp_path) -> Path:
    """A copy of the models that may be damaged."""
    for card in cards(models_dir()):
        shutil.copy(card.path, tmp_path)
        shutil.copy(card.model_path, tmp_path)
    return tmp_path


def test_every_model_has_a_card_and_is_what_it_says():
    found = {card.name: card for card in cards(models_dir())}
    assert set(MODELS) - {mediapipe_pose.NAME} | {"pose_detector", "pelvis_turn"} == set(found)
    assert {path.stem for path in models_dir().glob("*.onnx")} == set(found)
    for card in found.values():
        assert len(verified(card)) > 1_000_000


def test_cards_tell_people_what_programs_do_not_read():
    for card in cards(models_dir()):
        text = card.path.read_text(encoding="utf-8").split("+++")[2]
        for heading in ("## What it does", "## Input", "## Outputs", "## Limits", "## How it was made"):
            assert heading in text, (card.name, heading)
        for output in card.outputs:
            assert f"`{output}`" in text, (card.name, output)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def altered(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [truncated, altered, emptied, Path.unlink])
@pytest.mark.parametrize("name", ["pose_detector", "pose_landmark_full"])
def test_damaged_model_is_refused_with_its_name_and_a_remedy(folder, name, damage):
    damage(folder / f"{name}.onnx")
    with pytest.raises(ModelError) as caught:
        open_estimator(PoseSection(model="pose_landmark_full", models_dir=folder))
    assert f"{name}.onnx" in caught.value.where
    assert "station models build" in caught.value.remedy


def test_damaged_model_of_our_own_comes_back_with_the_station(folder):
    truncated(folder / "pose_runner.onnx")
    with pytest.raises(ModelError) as caught:
        open_estimator(PoseSection(models_dir=folder))
    assert caught.value.remedy == "install the station again"


@pytest.mark.parametrize("text", ["", "no front matter", "+++\nsha256 = 1 2\n+++\n", "+++\nlicence = 'x'\n+++\n"])
def test_damaged_card_is_refused(folder, text):
    (folder / "pose_detector.md").write_text(text)
    with pytest.raises(ModelError, match=r"pose_detector\.md"):
        read_card(folder / "pose_detector.md")


def test_file_that_fits_its_card_but_is_no_model_is_refused(folder):
    """ONNX Runtime's own complaint, passed on."""
    path = folder / "pose_detector.onnx"
    path.write_bytes(b"not a network")
    card = folder / "pose_detector.md"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    card.write_text(card.read_text().replace(read_card(card).sha256, digest))
    with pytest.raises(ModelError, match="ONNX Runtime"):
        open_estimator(PoseSection(models_dir=folder))


def test_missing_folder_and_missing_card_are_reported(tmp_path):
    with pytest.raises(ModelError, match="folder"):
        models_dir(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="no model cards"):
        cards(tmp_path)
    with pytest.raises(ModelError, match=r"pose_runner\.md"):
        open_estimator(PoseSection(models_dir=tmp_path))


def test_unknown_model_is_a_configuration_error():
    with pytest.raises(ConfigError, match="pose_landmark_full"):
        open_estimator(PoseSection(model="guess"))


def test_verify_reads_every_table_of_errors(capsys):
    verify_models(None)
    lines = capsys.readouterr().out.splitlines()
    tables = {path.name.removesuffix(".errors.json") for path in models_dir().glob("*.errors.json")}
    assert {line.split()[1] for line in lines if line.endswith("with its error table")} == tables
    assert "pelvis_turn" in tables
