"""Drawn hip belts, where the dev-only renderer is installed (`tests/lab/render/requirements.txt`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.lab.render.hip_belt import OUTLINES, HipBelt, Poster
from tests.lab.render.hip_belt_truth import hip_belt_truth
from tests.lab.render.spec import Bystander, ClipSpec, Look
from tests.made_hip_belt import run_spec

moderngl = pytest.importorskip("moderngl", reason="drawing needs tests/lab/render/requirements.txt: moderngl is missing")
pytest.importorskip("anny", reason="drawing needs tests/lab/render/requirements.txt: anny is missing")
cv2 = pytest.importorskip("cv2", reason="drawing a hip belt needs OpenCV")

SPEC = run_spec(4.0, 45.0, seconds=0.04)


@pytest.fixture(scope="module", autouse=True)
def graphics() -> None:
    """Skip without a working EGL."""
    try:
        moderngl.create_context(standalone=True, backend="egl").release()
    except Exception as error:  # moderngl raises bare Exception without EGL
        pytest.skip(f"no off-screen OpenGL here: {error}")


def found(picture: np.ndarray) -> dict[int, np.ndarray]:
    """Corners (4, 2) px by id, the middle of the first pixel at 0.5."""
    finder = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50))
    twice = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    corners, ids, _ = finder.detectMarkers(twice)
    if ids is None:
        return {}
    return {int(i): (c[0] + 0.5) / 2 for i, c in zip(ids.ravel(), corners, strict=True)}


def waist(spec: ClipSpec, **more: object) -> np.ndarray:
    from tests.lab.render.hip_belt_clip import waist_windows

    return next(waist_windows(spec, **more)).pasted(spec.camera)


@pytest.mark.parametrize("belt", [HipBelt(), HipBelt(curved=True), HipBelt(first_id=16, upside_down=True, tilt_deg=5.0)])
def test_tags_are_where_the_truth_has_them(belt: HipBelt) -> None:
    spec = replace(SPEC, look=replace(SPEC.look, hip_belt=belt))
    truth, seen = hip_belt_truth(spec), found(waist(spec))
    assert len(seen) >= 3
    for tag, corners in seen.items():
        k = int(np.flatnonzero(truth.ids == tag)[0])
        assert truth.visible[0, k]
        assert abs(corners - truth.corners_px[0, k]).max() < 2.0
        assert abs((corners - truth.corners_px[0, k]).mean(axis=0)).max() < 0.6


def test_whole_picture_and_waist_show_the_same_tags() -> None:
    from tests.lab.render.clip import render_frames

    whole, part = found(next(render_frames(SPEC))), found(waist(SPEC))
    assert len(set(whole) & set(part)) >= 3
    for tag in set(whole) & set(part):
        assert abs(whole[tag] - part[tag]).max() < 1.0


def test_cloth_hides_tags() -> None:
    spec = replace(SPEC, look=replace(SPEC.look, hip_belt=HipBelt(covered="rear half")))
    assert len(found(waist(spec))) <= 1


def test_other_belts_and_posters_are_seen() -> None:
    other = Bystander(Look(body="f_avg", hip_belt=HipBelt(first_id=16)), x_m=0.95, z_m=-0.32, facing_deg=0.0)
    poster = Poster((33, 34), middle_m=(0.32, 0.95, -0.95))
    seen = found(waist(replace(SPEC, bystanders=(other,)), size_px=(420, 240), poster=poster))
    assert any(16 <= tag < 32 for tag in seen)
    assert any(tag in (33, 34) for tag in seen)


def test_slipping_belt_is_refused_in_whole_pictures() -> None:
    from tests.lab.render.clip import render_frames

    with pytest.raises(ValueError, match="slip_deg"):
        next(render_frames(replace(SPEC, look=replace(SPEC.look, hip_belt=HipBelt(slip_deg=1.0)))))


def test_outlines_belong_to_the_installed_body_model(tmp_path: Path) -> None:
    from tests.lab.render.hip_belt_mesh import measure_outlines

    measure_outlines(tmp_path / "fresh.json")
    assert (tmp_path / "fresh.json").read_text() == OUTLINES.read_text()
