"""Real pictures, where the dev-only renderer is installed (`tests/lab/render/requirements.txt`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.lab.render.clip import LANDMARK_NAMES, render_frames, truth_of
from tests.lab.render.spec import Bystander, Camera, ClipSpec, Look, Motion, Sensor

moderngl = pytest.importorskip("moderngl", reason="rendering needs tests/lab/render/requirements.txt: moderngl is missing")
pytest.importorskip("anny", reason="rendering needs tests/lab/render/requirements.txt: anny is missing")

SPEC = ClipSpec(
    duration_s=0.2,
    look=Look(shirt=(0.0, 0.9, 0.0), shoes=(0.9, 0.0, 0.9)),
    motion=Motion(unsteadiness=0.0),
    camera=Camera(width_px=240, height_px=320),
    sensor=Sensor(fps=10.0, noise_sd=0.0),
)


@pytest.fixture(scope="module", autouse=True)
def graphics() -> None:
    """Skip without a working EGL."""
    try:
        moderngl.create_context(standalone=True, backend="egl").release()
    except Exception as error:  # moderngl raises bare Exception without EGL
        pytest.skip(f"no off-screen OpenGL here: {error}")


def test_truth_pixels_lie_on_the_body() -> None:
    """The shirt is green and the shoes magenta where the truth says shoulder and heel are."""
    picture, truth = next(render_frames(SPEC)).astype(int), truth_of(SPEC)
    for name, strong, weak in (("shoulder_right", 1, 0), ("heel_right", 0, 1)):
        x, y = truth.px[0, LANDMARK_NAMES.index(name)].astype(int)
        r = picture[y, x]
        assert r[strong] > 1.3 * r[weak], f"{name} at {x}, {y} is {r}"


def test_same_spec_same_pictures() -> None:
    first, again = (np.stack(list(render_frames(SPEC))) for _ in range(2))
    assert first.shape == (2, 320, 240, 3)
    np.testing.assert_array_equal(first, again)
    assert (first[0] != first[1]).any()


def test_bystander_is_seen() -> None:
    alone = next(render_frames(SPEC)).astype(int)
    together = next(render_frames(replace(SPEC, bystanders=(Bystander(),)))).astype(int)
    assert (abs(alone - together).sum(axis=2) > 60).mean() > 0.01


def test_skeletons_belong_to_the_installed_body_model(tmp_path: Path) -> None:
    from tests.lab.render import body
    from tests.lab.render.skeleton import TABLE

    body.measure_skeletons(tmp_path / "fresh.json")
    assert (tmp_path / "fresh.json").read_text() == TABLE.read_text()
