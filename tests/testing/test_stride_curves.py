"""The numbers in the package are those that the script derives from the recordings, and their
tables keep their shape.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from station.testing import stride_curves as sc

SCRIPT = Path(__file__).resolve().parents[1] / "lab" / "makers" / "stride_curves.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fit_curves", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("curves", "suffix"), [(sc.RUN_2_5, "v25"), (sc.RUN_3_5, "v35"), (sc.RUN_4_5, "v45")])
def test_running_curves_come_from_the_recordings(curves: sc.Curves, suffix: str, script: ModuleType, shared: Path) -> None:
    derived = script.level(shared / "data/rbds", suffix)
    for name in ("thigh_deg", "knee_flexion_deg", "foot_pitch_deg", "height_m", "duty", "stride_s"):
        np.testing.assert_allclose(getattr(curves, name), derived[name], atol=0.008, err_msg=name)


def test_walking_curves_come_from_the_script(script: ModuleType) -> None:
    derived = script.walking()
    for name in ("thigh_deg", "knee_flexion_deg", "foot_pitch_deg", "height_m", "duty", "stride_s"):
        np.testing.assert_allclose(getattr(sc.WALK, name), derived[name], atol=0.008, err_msg=name)


@pytest.mark.parametrize("shapes", [sc.running(), sc.walking()], ids=["running", "walking"])
def test_shapes_are_normalised(shapes: sc.Shapes) -> None:
    np.testing.assert_allclose(shapes.thigh.min(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(shapes.thigh.max(axis=1), 1, atol=1e-9)
    np.testing.assert_allclose(shapes.knee_swing.max(axis=1), 1, atol=1e-9)
    stance = shapes.knee_stance[:, : int(0.3 * sc.PHASES)]
    np.testing.assert_allclose(stance.max(axis=1), 1, atol=1e-9)


def test_look_up_is_periodic_and_passes_through_the_table() -> None:
    shapes = sc.running()
    phase = np.arange(sc.PHASES) / sc.PHASES
    for row, speed in enumerate(shapes.speeds_mps):
        looked_up = shapes.at(shapes.thigh, np.full(sc.PHASES, speed), phase + 3)
        np.testing.assert_allclose(looked_up, shapes.thigh[row], atol=1e-9)
    slow, slower = (shapes.at(shapes.thigh, np.full(sc.PHASES, v), phase) for v in (2.5, 0.5))
    np.testing.assert_array_equal(slow, slower)
