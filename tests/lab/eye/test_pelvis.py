"""The pelvis network's measures, file and card. Nothing here renders; what needs torch skips where
it is missing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the training tools are not installed (tests/lab/eye/requirements.txt)")
pytest.importorskip("onnx", reason="the training tools are not installed (tests/lab/eye/requirements.txt)")

import onnxruntime
import torch

from . import pelvis_measure as measure
from .loop import Plan, averaged, steps_done, train
from .pelvis import PelvisNet, Shape, laplace_loss
from .pelvis_export import export

RNG = np.random.default_rng(3)


def readings(gain: float = 0.7, bias_deg: float = 2.0, thigh: float = 0.1, bodies: int = 10, each: int = 60) -> measure.Readings:
    """People whose pelvis is read with this gain and bias, the near thigh dragging along; noise of
    3 degrees.
    """
    n = bodies * each
    truth = {name: RNG.normal(0, 8, n) for name in measure.COLUMNS}
    truth["apparent_turn_deg"] = truth["turn_deg"] + truth["bearing_deg"]
    truth["nobody"] = truth["second_person"] = truth["coat"] = np.zeros(n)
    truth["body"] = np.repeat([f"test{i:03d}" for i in range(bodies)], each)
    truth["person"] = np.repeat(np.arange(bodies), each)
    own = np.repeat(RNG.normal(bias_deg, 1.5, bodies), each)
    read = gain * truth["turn_deg"] + truth["bearing_deg"] + thigh * truth["thigh_near_deg"] + own + RNG.laplace(0, 3, n)
    return measure.Readings(read, np.full(n, 3.0), truth)


def test_slopes_are_told_apart() -> None:
    found = measure.slopes(readings())
    assert found.turn == pytest.approx(0.7, abs=0.06)
    assert found.thigh_near == pytest.approx(0.1, abs=0.06)
    assert found.thigh_far == pytest.approx(0.0, abs=0.06)


def test_bias_and_its_spread_between_bodies() -> None:
    middle, between = measure.bias(readings(thigh=0.0, bodies=60), 0.7)
    assert middle == pytest.approx(2.0, abs=0.7)
    assert between == pytest.approx(1.5, abs=0.6)


def test_the_spread_is_brought_to_the_truth() -> None:
    given = readings(gain=1.0, bias_deg=0.0, thigh=0.0, bodies=200)
    own = measure.Readings(given.read_deg, given.spread_deg / 2, given.truth)
    heat = measure.temperature(own)
    assert heat == pytest.approx(2.2, abs=0.3)
    assert measure.covered(measure.Readings(own.read_deg, own.spread_deg * heat, own.truth)) == pytest.approx(0.9, abs=0.04)


@pytest.mark.parametrize("lead_deg", [0.0, 90.0, 200.0])
def test_a_lock_in_finds_amplitude_and_lead(lead_deg: float) -> None:
    phase = np.arange(72) / 21.0
    thigh = 30 * np.cos(2 * np.pi * phase - 0.7) + 5
    turn = 6 * np.cos(2 * np.pi * phase - 0.7 + np.radians(lead_deg)) + 12
    truth = {name: np.zeros(72) for name in measure.COLUMNS} | {
        "phase": phase, "thigh_near_deg": thigh, "apparent_turn_deg": turn, "person": np.zeros(72, int),
        "body": np.full(72, "test000")}
    found = measure.lock_ins(measure.Readings(0.5 * turn + 3, np.ones(72), truth))
    assert abs(found.true[0]) == pytest.approx(6, abs=0.01)
    assert np.exp(1j * np.angle(found.true[0])) == pytest.approx(np.exp(1j * np.radians(lead_deg)), abs=0.01)
    assert found.read[0] == pytest.approx(found.true[0] / 2, abs=0.01)


def test_auc() -> None:
    assert measure.auc(np.array([0.0, 1.0]), np.array([2.0, 3.0])) == 1.0
    assert measure.auc(np.array([0.0, 1.0]), np.array([0.0, 1.0])) == 0.5


def test_the_loss_is_least_where_turn_and_spread_are_right() -> None:
    wrong = torch.tensor(RNG.laplace(0, 6.0, 40_000))
    spreads = np.array([3.0, 6.0, 12.0])
    told = [torch.tensor([[0.0, float(np.log(s / 20))]]).expand(len(wrong), 2) for s in spreads]
    assert np.argmin([laplace_loss(t, wrong).mean().item() for t in told]) == 1


def test_the_file_says_what_the_network_says(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = PelvisNet(Shape(channels=(4, 8, 8, 8)))
    with torch.no_grad():
        for _ in range(3):
            network.train()(torch.rand(8, 3, 112, 112))
    network.eval()
    files = [tmp_path / folder / "pelvis_turn.onnx" for folder in "ab"]
    for file in files:
        file.parent.mkdir()
        export(network, 2.0, file)
    assert files[0].read_bytes() == files[1].read_bytes()
    picture = RNG.random((1, 112, 112, 3), np.float32)
    (told,) = onnxruntime.InferenceSession(files[0]).run(["turn"], {"image": picture})
    want = network(torch.tensor(picture).permute(0, 3, 1, 2))[0].detach().numpy()[0]
    assert told[0, 0] == pytest.approx(20 * want[0], abs=0.05)
    assert told[0, 1] == pytest.approx(want[1] + np.log(20 * 2.0), abs=0.01)


def test_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    def batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
        g = torch.Generator().manual_seed(5)
        return [(x, x.sum(dim=1, keepdim=True)) for x in torch.randn(400, 16, 3, generator=g)]

    def loss(network: torch.nn.Module, batch: tuple) -> tuple[torch.Tensor, dict[str, float]]:
        value = (network(batch[0]).float() - batch[1]).square().mean()
        return value, {"loss": value.item()}

    def plan(steps: int) -> Plan:
        return Plan(steps, 1.0, 1e-2, 0.0)

    torch.manual_seed(2)
    train(torch.nn.Linear(3, 1), batches(), loss, plan(100), tmp_path)
    assert steps_done(tmp_path) == 100
    train(torch.nn.Linear(3, 1), batches(), loss, plan(400), tmp_path)
    network, steps = averaged(torch.nn.Linear(3, 1), tmp_path)
    assert steps == 400
    assert network.weight.detach().numpy()[0] == pytest.approx([1, 1, 1], abs=0.15)


def test_the_card_is_one_that_the_station_reads(tmp_path: Path) -> None:
    from station.pose.store import read_card

    from . import pelvis_report as report

    given = readings(bodies=16, each=120)
    given = measure.Readings(given.read_deg, given.spread_deg, given.truth | {"act": np.full(len(given.read_deg), "run")})
    waves = RNG.normal(0, 5, 48) + 1j * RNG.normal(0, 5, 48)
    films = measure.LockIns(waves / 2, waves, np.zeros(48), np.array([f"test{i % 16:03d}" for i in range(48)]),
                            np.ones(48, bool))
    levels, judges = (measure.of_bodies(given, names) for names in (report.LEVELS, report.JUDGES))
    found = report.Findings(1000, 1.1, "ab" * 32, 2_000_000, 1.2, levels, judges, given, judges, films, (72,))
    path = tmp_path / "pelvis_turn.md"
    path.write_text(report.card(found, 1_100_000))
    card = read_card(path)
    assert (card.sha256, dict(card.outputs), card.source) == ("ab" * 32, {"turn": "turn"}, None)
    assert "{" not in path.read_text().split("+++")[2]
