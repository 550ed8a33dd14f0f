"""One stride of a hip belt: signs, weights, holes at one phase, and how the reading follows the
shape.
"""

from __future__ import annotations

import numpy as np
import pytest

from station.gait.pelvis.belt_pose import turned
from station.gait.pelvis.belt_shape import UNKNOWNS
from station.gait.pelvis.belt_stride import Sample, cardan, locked_in, mean_rotation, runner_axes, stride_of
from station.types import Side

START_S, END_S = 3.0, 3.7


def posed_at(side: Side, azimuth_deg: float, angles_deg: np.ndarray) -> np.ndarray:
    """Belt to camera (n, 3, 3) of a pelvis with turn, list and tilt (n, 3) by the definitions of
    types.HipBelt.
    """
    near = 1.0 if side == "right" else -1.0
    turn, list_, tilt = np.radians(angles_deg).T
    none = np.zeros(len(turn))
    about_up = turned(np.stack([none, near * turn, none], axis=1))
    about_forward = turned(np.stack([-near * list_, none, none], axis=1))
    about_right = turned(np.stack([none, none, -tilt], axis=1))
    a = np.radians(azimuth_deg)
    forward = np.array([near * np.cos(a), 0.0, np.sin(a)])
    up = np.array([0.0, -1.0, 0.0])
    return np.stack([forward, up, np.cross(forward, up)], axis=1) @ about_up @ about_forward @ about_right


def samples_of(rotation: np.ndarray, t_s: np.ndarray, tags: int = 3, gain: np.ndarray | None = None) -> list[Sample]:
    gain = np.zeros((3, UNKNOWNS)) if gain is None else gain
    cov = np.eye(3) * np.radians(1.0) ** 2
    return [Sample(t, tags, r, gain, cov, 0.0, np.array([0.0, 0.0, 2.5]), 0.07) for t, r in zip(t_s, rotation, strict=True)]


@pytest.mark.parametrize("azimuth_deg", [0.0, 45.0, -20.0])
@pytest.mark.parametrize("side", ["left", "right"])
def test_signs_are_those_of_the_near_hip(side: Side, azimuth_deg: float) -> None:
    angles = np.array([[0.0, 0.0, 0.0], [8.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, -6.0], [7.0, -4.0, 3.0]])
    rotation = posed_at(side, azimuth_deg, angles)
    axes, signs = runner_axes(side, azimuth_deg)
    np.testing.assert_allclose(cardan(rotation, rotation[0], axes) * signs, angles, atol=1e-9)


def test_near_hip_ahead_is_nearer_to_the_front_in_the_picture() -> None:
    """Independent of any matrix: of a runner who faces right the right hip bone moves to the right
    of the frame.
    """
    rest, ahead = posed_at("right", 0.0, np.array([[0.0, 0.0, 0.0], [10.0, 0.0, 0.0]]))
    right_hip = np.array([0.0, 0.0, 0.15])
    assert (ahead @ right_hip)[0] > (rest @ right_hip)[0]
    up, tilted = posed_at("right", 0.0, np.array([[0.0, 10.0, 0.0], [0.0, 0.0, 10.0]]))
    assert (up @ right_hip)[1] < (rest @ right_hip)[1]
    front = np.array([0.12, 0.0, 0.0])
    assert (tilted @ front)[1] > (rest @ front)[1]


def test_a_stride_is_read_with_amplitude_and_phase() -> None:
    t_s = np.linspace(START_S, END_S, 21, endpoint=False)
    phase = 2 * np.pi * (t_s - START_S) / (END_S - START_S)
    angles = np.stack([4 * np.cos(phase + 1.2), 3 * np.cos(phase - 0.4), 2 * np.cos(2 * phase)], axis=1)
    stride = stride_of(samples_of(posed_at("right", 20.0, angles), t_s), 0.1, *runner_axes("right", 20.0), START_S, END_S)
    assert stride is not None
    assert stride.angles[0] == pytest.approx(8.0 * np.exp(1.2j), abs=0.05)
    assert stride.angles[1] == pytest.approx(6.0 * np.exp(-0.4j), abs=0.05)
    assert abs(stride.angles[2]) < 0.1, "what tilts with every step is no tilt of the stride"


def test_the_arm_at_one_phase_of_every_stride_does_not_bias() -> None:
    """A quarter of the stride hidden, a second harmonic as large as runners have, and poor frames
    at the hole's edge.
    """
    share, true = np.linspace(0.0, 1.0, 40, endpoint=False), 4.0 * np.exp(1.0j)
    off, plain = [], []
    for hidden_from in np.linspace(0.0, 0.95, 20):
        since = (share - hidden_from) % 1.0
        seen, poor = since > 0.25, (since > 0.25) & (since < 0.35)
        phase = 2 * np.pi * share[seen]
        y = 1.0 + 4.0 * np.cos(phase + 1.0) + 1.5 * np.cos(2 * phase + 0.3) + np.where(poor[seen], 3.0, 0.0)
        weights, _ = locked_in(phase, np.where(poor[seen], 3.0, 0.3))
        off.append(abs(weights @ y - true))
        plain.append(abs(2.0 * np.mean(y * np.exp(-1j * phase)) - true))
    assert np.sqrt(np.mean(np.square(off))) < 0.5 * np.sqrt(np.mean(np.square(plain)))
    assert max(off) < 0.7


def test_what_a_hole_leaves_open_is_reported() -> None:
    """The more of the stride is hidden, the more of the second harmonic may pass for the first."""
    shares = (np.arange(40)[np.arange(40) >= hidden] / 40 for hidden in (0, 10, 24))
    leaked = [locked_in(2 * np.pi * share, np.full(len(share), 1.0))[1] for share in shares]
    assert leaked[0] < 1e-12
    assert leaked[2] > 10.0 * leaked[1] > 0.0


def test_a_third_harmonic_does_not_leak_through_the_hole() -> None:
    """Some runners have one larger than their first."""
    share = np.arange(30) / 30
    phase = 2 * np.pi * share[(share > 0.05) & (share < 0.85)]
    y = 2.0 * np.cos(phase + 1.0) + 3.0 * np.cos(3 * phase)
    weights, _ = locked_in(phase, np.full(len(phase), 0.3))
    assert abs(weights @ y - 2.0 * np.exp(1.0j)) < 0.1


def test_a_hole_too_large_is_no_stride() -> None:
    t_s = np.linspace(START_S, END_S, 40, endpoint=False)
    samples = samples_of(posed_at("right", 0.0, np.zeros((40, 3))), t_s)
    axes = runner_axes("right", 0.0)
    assert stride_of(samples, 0.1, *axes, START_S, END_S) is not None
    assert stride_of(samples[:24], 0.1, *axes, START_S, END_S) is None
    assert stride_of(samples[:5], 0.1, *axes, START_S, END_S) is None


def test_the_reading_follows_the_shape_as_given() -> None:
    """A change of shape turns every frame's pose by its gain; the stride's gain foretells the
    stride's change.
    """
    rng = np.random.default_rng(3)
    t_s = np.linspace(START_S, END_S, 30, endpoint=False)
    phase = 2 * np.pi * (t_s - START_S) / (END_S - START_S)
    rotation = posed_at("left", 0.0, np.stack([4 * np.cos(phase), np.cos(phase), 0 * phase], axis=1))
    gains = rng.normal(0, 0.3, (30, 3, UNKNOWNS))
    samples = [s._replace(gain=g) for s, g in zip(samples_of(rotation, t_s), gains, strict=True)]
    change = rng.normal(0, 1e-4, UNKNOWNS)
    after = [s._replace(rotation=s.rotation @ turned(s.gain @ change)) for s in samples]
    axes = runner_axes("left", 0.0)
    one, other = (stride_of(each, 0.1, *axes, START_S, END_S) for each in (samples, after))
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(other.angles - one.angles, one.gains @ change, atol=0.05 * np.abs(one.gains @ change).max())


def test_mean_of_rotations() -> None:
    w = np.radians([[0.0, 10.0, 0.0], [0.0, -10.0, 0.0], [4.0, 0.0, 0.0], [-4.0, 0.0, 0.0]])
    np.testing.assert_allclose(mean_rotation(turned(w)), np.eye(3), atol=1e-12)
