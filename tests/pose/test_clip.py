"""The whole room on a real clip: a woman walks by from right to left, while behind her a man jumps
off a box and runs out.
"""

from __future__ import annotations

import av
import numpy as np

from station.config import PoseSection
from station.pose.estimator import open_estimator
from station.types import NS, Frame, Joint


def test_walker_is_kept_although_somebody_jumps_off_a_box(shared):
    estimator = open_estimator(PoseSection(threads=1))
    hips_px, searched = [], 0
    with av.open(str(shared / "data" / "video" / "sports2d_demo.mp4")) as container:
        for seq, frame in enumerate(container.decode(video=0)):
            pose = estimator.estimate(Frame(round(frame.time * NS), seq, frame.to_ndarray(format="rgb24")))
            hips_px.append(pose.xy_px[[Joint.LEFT_HIP, Joint.RIGHT_HIP]].mean(axis=0))
            searched += estimator.stage_ms["detector"] > 0
    x_px, y_px = np.array(hips_px).T
    seen = np.flatnonzero(np.isfinite(x_px))
    assert np.array_equal(seen, np.arange(seen[0], seen[-1] + 1))  # one stretch, no gap
    assert len(seen) >= 90
    # She walks on the ground; the man's hips are above 450 until he lands at the right.
    assert (y_px[seen] > 650).all()
    assert (np.diff(x_px[seen]) < 5).all()
    assert x_px[seen[-1]] < 60  # until she is out of the frame
    assert searched <= 20
