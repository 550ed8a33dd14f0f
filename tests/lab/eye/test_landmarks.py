"""The landmark network against the published graph, and the parts of its training that can be
checked without training.
"""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from station.pose.runner import CELL_PX, HEIGHT_PX, WIDTH_PX, read  # noqa: E402
from station.pose.store import models_dir  # noqa: E402

from .landmarks_data import INDEX, MIRRORED, NAMES, SIZE, crop_of, square_of  # noqa: E402
from .landmarks_export import export, restore  # noqa: E402
from .landmarks_loss import EXACT, OUTSIDE, ROUGH, TEACHER_REACH_PX, UNKNOWN, loss_of  # noqa: E402
from .landmarks_net import Decoder, Encoder, Published  # noqa: E402

PUBLISHED = models_dir() / "pose_landmark_full.onnx"
WEIGHT = torch.ones(len(NAMES))
K, ROWS, COLUMNS = len(NAMES), HEIGHT_PX // CELL_PX, WIDTH_PX // CELL_PX


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """Something with edges: blocks of random colour."""
    rng = np.random.default_rng(2)
    return np.kron(rng.integers(0, 255, (HEIGHT_PX // 16, WIDTH_PX // 16, 3)), np.ones((16, 16, 1))).astype(np.uint8)


def test_the_published_graph_is_the_same_in_pytorch():
    square = np.random.default_rng(1).random((1, 256, 256, 3), dtype=np.float32)
    (expected,) = onnxruntime.InferenceSession(PUBLISHED.read_bytes()).run(["heatmap"], {"image": square})
    with torch.no_grad():
        (got,) = Published(PUBLISHED, ["image"], ["t298"])(torch.from_numpy(square))
    assert np.abs(got.numpy() - expected).max() < 1e-4 * np.abs(expected).max()


def test_encoder_and_decoder_together_begin_as_the_published_heat_maps(picture):
    image = torch.from_numpy(picture[None].astype(np.float32) / 255)
    with torch.no_grad():
        (whole,) = Published(PUBLISHED, ["image"], ["t298"])(image)
        heat, _ = Decoder(PUBLISHED)(*map(torch.from_numpy, Encoder(PUBLISHED)(picture[None])))
    from station.pose.runner import ROWS as rows

    assert (heat - whole[:, list(rows)]).abs().max() < 1e-3


def test_the_file_written_is_the_network_trained(picture):
    torch.manual_seed(3)
    decoder = Decoder(PUBLISHED)
    for parameter in decoder.parameters():
        parameter.data += 0.002 * torch.randn_like(parameter)
    data = export(decoder, PUBLISHED).SerializeToString()
    image = picture[None].astype(np.float32) / 255
    heat, presence = onnxruntime.InferenceSession(data).run(["heat", "presence"], {"image": image})
    with torch.no_grad():
        expected, logit = decoder(*map(torch.from_numpy, Encoder(PUBLISHED)(picture[None])))
    # Weights are kept as float16.
    assert np.abs(heat - expected.numpy()).max() < 2e-2 * np.abs(heat).max()
    assert presence[0, 0] == pytest.approx(float(torch.sigmoid(logit)), abs=0.01)


def test_a_run_can_go_on_from_the_file_shipped():
    shipped, decoder = models_dir() / "pose_runner.onnx", Decoder(PUBLISHED)
    restore(decoder, shipped)
    again = {w.name: w for w in export(decoder, PUBLISHED).graph.initializer}
    for weight in onnx.load(str(shipped)).graph.initializer:
        assert weight.raw_data == again[weight.name].raw_data, weight.name


def heat_at(x_px: float, y_px: float) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(ROWS), torch.arange(COLUMNS), indexing="ij")
    bump = -((x - x_px / CELL_PX + 0.5) ** 2 + (y - y_px / CELL_PX + 0.5) ** 2) / (2 * 0.8**2)
    return bump.expand(1, K, -1, -1).float()


def loss_at(heat: torch.Tensor, kind: int, x_px: float = 100.0, y_px: float = 60.0) -> float:
    xy = torch.tensor([x_px, y_px]).expand(1, K, 2)
    known = torch.full((1, K), kind)
    loss, _ = loss_of(heat, torch.zeros(1, 1), xy, known, torch.tensor([float("nan")]), WEIGHT)
    return float(loss)


def test_an_exact_joint_wants_its_very_place():
    at, beside = loss_at(heat_at(100.0, 60.0), EXACT), loss_at(heat_at(103.0, 60.0), EXACT)
    assert at < beside < loss_at(heat_at(120.0, 60.0), EXACT)


def test_a_teacher_is_only_asked_roughly():
    near = [loss_at(heat_at(100.0 + d, 60.0), ROUGH) for d in (0.0, 0.5 * TEACHER_REACH_PX)]
    assert max(near) < 0.1
    assert loss_at(heat_at(100.0 + 3 * TEACHER_REACH_PX, 60.0), ROUGH) > 5


def test_a_joint_outside_wants_no_place_and_an_unknown_one_nothing():
    assert loss_at(torch.zeros(1, K, ROWS, COLUMNS), OUTSIDE) < loss_at(heat_at(100.0, 60.0), OUTSIDE)
    assert loss_at(heat_at(30.0, 200.0), UNKNOWN) == 0.0


@pytest.fixture
def standing() -> np.ndarray:
    """Joints (K, 2) of somebody in a picture 400 px high who faces right."""
    xy = np.zeros((K, 2))
    heights = {"NOSE": 90, "EAR": 88, "SHOULDER": 130, "ELBOW": 170, "WRIST": 200, "HIP": 210, "KNEE": 270, "ANKLE": 330,
               "HEEL": 340, "FOOT_INDEX": 341}  # fmt: skip
    for name, row in INDEX.items():
        part = name.split("_", 1)[-1]
        xy[row] = 200 + (12 if name.startswith("LEFT") else 0) + (20 if part == "FOOT_INDEX" else 0), heights[part]
    return xy


def test_a_crop_takes_its_joints_along_and_a_mirrored_one_changes_the_sides(standing):
    picture = np.zeros((400, 400, 3), np.uint8)
    for x, y in standing.astype(int):
        picture[y - 1 : y + 2, x - 1 : x + 2] = 255
    faces = set()
    for seed in range(12):
        crop, xy, sort = crop_of(picture, standing, np.full(K, EXACT), np.random.default_rng(seed))
        for row in (INDEX["LEFT_ANKLE"], INDEX["RIGHT_KNEE"], INDEX["NOSE"]):
            if sort[row] == EXACT and (xy[row] > 4).all() and (xy[row] < SIZE - 4).all():
                x, y = np.round(xy[row]).astype(int)
                assert crop[y - 2 : y + 3, x - 2 : x + 3].max() > 40, (seed, NAMES[row])
        # In the mirror too, where left is right.
        assert xy[INDEX["LEFT_ANKLE"], 0] > xy[INDEX["RIGHT_ANKLE"], 0]
        faces.add(bool(xy[INDEX["RIGHT_FOOT_INDEX"], 0] > xy[INDEX["RIGHT_HEEL"], 0]))
    assert faces == {True, False}


def test_sides_are_exchanged_in_pairs():
    assert [NAMES[i].replace("LEFT", "?").replace("RIGHT", "LEFT").replace("?", "RIGHT") for i in MIRRORED] == list(NAMES)
    centre, side = square_of(np.full((K, 2), 5.0))
    assert side == 0.0
    assert centre == pytest.approx([5.0, 5.0])
    assert read(np.zeros((K, ROWS, COLUMNS), np.float32))[0].shape == (K, 2)
