"""What `analyze` says of films whose result would be a wrong number, and where a camera's analysis
ends.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from station.cli import main
from station.errors import HardwareError
from station.run import analyze
from station.sense.webcam import RATE_FRAMES, WebcamSource
from station.testing.fake_webcam import FakeWebcam, Plugged
from station.types import NS
from tests.made_film import corners
from tests.manual_clock import ManualClock
from tests.schemas import conforms


def analysed(*arguments: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any], str]:
    """Exit code, the JSON, what was said."""
    with pytest.raises(SystemExit) as left:
        main(["analyze", *map(str, arguments), "--json", "-"])
    said = capsys.readouterr()
    assert isinstance(left.value.code, int)
    return left.value.code, conforms(said.out) if said.out else {}, said.err


def test_half_speed_is_doubted_and_its_times_are_not_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """The bundled runner shown at half the speed: 82 steps a minute is no runner's cadence."""
    clip = Path(analyze.__file__).parents[1] / "demo" / "demo_runner.webm"
    code, reported, said = analysed(clip, "--fps", 15, "--seconds", 16, capsys=capsys)
    assert code == 1
    assert "slow motion? give --fps" in said
    cadence = reported["summary"]["cadence_spm"]
    assert cadence["value"] is None
    assert "no runner" in cadence["reason"]
    assert all(fault["state"] == "cannot_tell" for fault in reported["faults"] if fault["rule"] == "low_cadence")


def test_a_film_that_is_too_short_says_how_long_it_must_be(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second of it, and three seconds of slow motion."""
    clip = Path(analyze.__file__).parents[1] / "demo" / "demo_runner.webm"
    for film, more in ((clip, ("--seconds", 1)), (shared / "data" / "field" / "slow_motion_4x_tagged.mp4", ())):
        code, reported, said = analysed(film, *more, capsys=capsys)
        assert code == 1
        assert "s of real time: too short for the three whole strides" in said
        assert "Film 4 s of running or more; of slow motion that many times longer." in said
        assert any("too short for the three whole strides" in note for note in reported["notes"])
        assert reported["summary"]["cadence_spm"]["value"] is None


class Seen:
    def __init__(self, *openings: Plugged) -> None:
        self.clock = ManualClock(500 * NS)
        picture = corners(300, 200)
        self.webcam = FakeWebcam(lambda _: picture, self.clock.now_ns, self.clock.push, *openings)
        self.source = WebcamSource(0, self.clock, capture=self.webcam.open, close_s=10.0)
        for _ in range(RATE_FRAMES):
            self.webcam.wanted.release()


def test_a_camera_is_watched_for_so_long_and_its_times_begin_at_nothing() -> None:
    seen = Seen()
    with seen.source:
        items = analyze._items(seen.source, analyze.Stopwatch(), 1.0)
        times = []
        for item in items:
            times.append(item.t_ns / NS)
            seen.webcam.wanted.release()
        seen.webcam.let_go.set()
    assert times[0] == 0
    assert times[-1] <= 1.0
    np.testing.assert_allclose(np.diff(times), 1 / 30, atol=1e-6)


def test_a_camera_that_is_lost_ends_it_with_that_reason() -> None:
    seen = Seen(Plugged(frames=RATE_FRAMES), Plugged(absent=True))
    with seen.source, pytest.raises(HardwareError, match="could not be reopened"):
        list(analyze._items(seen.source, analyze.Stopwatch(), 1000.0))
