"""The window: opened on SDL's dummy driver, closed by a person, lost and found again, never in the
way of the session.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pygame
import pytest

from station.config import ScreenSection
from station.errors import HardwareError
from station.present.screen import window as window_module
from station.present.screen.pace import HOLD_NS, LINGER_NS, Pace
from station.present.screen.sight import sight_of
from station.present.screen.window import Screen
from station.testing import screen_samples as samples
from station.types import NS, Cue, Mode, Snapshot

CONFIG = ScreenSection(width_px=640, height_px=360)
# With desktop OpenGL, SDL's first choice, the display stays black and nothing fails (seen in
# tests/lab/appliance/machine.py).
BARE = {"SDL_VIDEODRIVER": "kmsdrm", "SDL_FRAMEBUFFER_ACCELERATION": "opengles2"}


@pytest.fixture
def dummy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    yield
    pygame.display.quit()


def at(seconds: float) -> Snapshot:
    return samples.running(seconds)


def test_shows_what_render_draws(dummy: None) -> None:
    from station.present.screen import render_rgb

    screen = Screen(CONFIG)
    assert screen.show(at(1.0))
    shown = pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)
    assert np.array_equal(shown, render_rgb(at(1.0), (640, 360)))
    assert not pygame.mouse.get_visible()
    screen.close()
    screen.close()
    assert screen.show(at(2.0)) is False


@pytest.mark.parametrize("turn_deg", [90, 180, 270])
def test_a_turned_panel_shows_the_same_upright(dummy: None, turn_deg: int) -> None:
    """Turned clockwise, as somebody who walks round the panel until it is upright sees it."""
    from station.present.screen import render_rgb

    size = (640, 360) if turn_deg == 180 else (360, 640)
    screen = Screen(CONFIG.model_copy(update={"turn_deg": turn_deg}))
    assert screen.show(at(1.0))
    shown = pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)
    upright = render_rgb(at(1.0), size, sight=sight_of(size, None, CONFIG.distance_m))
    assert np.array_equal(np.rot90(shown, turn_deg // 90), upright)
    screen.close()


@pytest.mark.parametrize(
    "event",
    [
        pygame.event.Event(pygame.QUIT),
        pygame.event.Event(pygame.KEYDOWN, key=pygame.K_ESCAPE),
        pygame.event.Event(pygame.KEYDOWN, key=pygame.K_q),
    ],
    ids=["button", "escape", "q"],
)
def test_a_person_may_close_it(dummy: None, event: pygame.event.Event) -> None:
    screen = Screen(CONFIG, keys=True)
    assert screen.show(at(1.0))
    pygame.event.post(event)
    assert screen.show(at(1.1)) is False
    assert screen.show(at(1.2)) is False


@pytest.mark.parametrize(
    "event",
    [
        pygame.event.Event(pygame.QUIT),
        pygame.event.Event(pygame.KEYDOWN, key=pygame.K_ESCAPE),
        pygame.event.Event(pygame.KEYDOWN, key=pygame.K_q),
    ],
    ids=["button", "escape", "q"],
)
def test_in_a_gym_a_keyboard_is_no_switch(dummy: None, event: pygame.event.Event) -> None:
    screen = Screen(CONFIG, patient=True)
    assert screen.show(at(1.0))
    pygame.event.post(event)
    assert screen.show(at(1.1))
    assert screen.trouble == ""
    screen.close()


def test_another_key_does_not(dummy: None) -> None:
    screen = Screen(CONFIG)
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_a))
    assert screen.show(at(1.0))
    screen.close()


def test_a_resized_window_is_filled(dummy: None) -> None:
    screen = Screen(CONFIG)
    screen.show(at(1.0))
    # What SDL does when somebody pulls at the corner.
    screen._display = pygame.display.set_mode((720, 1280))
    assert screen.show(at(1.1))
    assert screen._ink is not None
    assert screen._ink.portrait
    screen.close()


def test_no_display_is_reported_with_drivers_and_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "nosuchdriver")
    with pytest.raises(HardwareError) as caught:
        Screen(CONFIG)
    assert "nosuchdriver" in str(caught.value)
    assert "dummy" in str(caught.value)  # a driver that every SDL has
    assert "libgbm1" in caught.value.remedy


def test_a_patient_screen_waits_for_a_display(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "station.present.screen.window")
    monkeypatch.setenv("SDL_VIDEODRIVER", "nosuchdriver")
    screen = Screen(CONFIG, patient=True)
    assert "nosuchdriver" in screen.trouble
    assert screen.show(at(0.0))
    assert screen.show(at(3.0))  # tries again, fails again
    assert screen.trouble
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    assert screen.show(at(3.1))
    assert screen.trouble  # not yet time for another attempt
    assert screen.show(at(9.0))
    assert screen.trouble == ""
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    screen.close()


def test_a_display_that_fails_is_opened_again(
    dummy: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    screen = Screen(CONFIG)
    opened = []
    open_display = window_module.open_display
    monkeypatch.setattr(window_module, "open_display", lambda size: opened.append(size) or open_display(size))

    def unplugged() -> None:
        raise pygame.error("the display went away")

    with monkeypatch.context() as broken:
        broken.setattr(pygame.display, "flip", unplugged)
        for tenth in range(100):
            assert screen.show(at(tenth / 10))
    assert "went away" in screen.trouble
    assert 1 <= len(opened) <= 3  # after 2 and 5 s, with growing waits, not at every frame
    assert len(caplog.records) == 1
    assert screen.show(at(60.0))
    assert screen.trouble == ""
    screen.close()


def test_a_mistake_in_a_view_never_reaches_the_session(
    dummy: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    screen = Screen(CONFIG)

    def mistaken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(window_module.page, "paint", mistaken)
    assert screen.show(at(0.0))
    assert caplog.records[0].exc_info  # with its traceback, to be found
    screen.close()


@pytest.mark.parametrize(
    ("environment", "platform", "cards", "expected"),
    [
        ({"SDL_VIDEODRIVER": "dummy", "DISPLAY": ":0"}, "linux", (), [{"SDL_VIDEODRIVER": "dummy"}]),
        ({"DISPLAY": ":0"}, "linux", ("card0",), [{"SDL_VIDEODRIVER": "x11"}]),
        (
            {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"},
            "linux",
            (),
            [{"SDL_VIDEODRIVER": "wayland"}, {"SDL_VIDEODRIVER": "x11"}],
        ),
        (
            {},
            "linux",
            ("card0", "card1", "renderD128"),
            [
                BARE,
                {**BARE, "SDL_KMSDRM_DEVICE_INDEX": "0"},
                {**BARE, "SDL_KMSDRM_DEVICE_INDEX": "1"},
            ],
        ),
        ({"SDL_KMSDRM_DEVICE_INDEX": "1"}, "linux", ("card0",), [BARE]),
        ({"SDL_VIDEODRIVER": "kmsdrm"}, "linux", ("card0",), [BARE]),
        (
            {"SDL_FRAMEBUFFER_ACCELERATION": "opengl"},
            "linux",
            (),
            [{"SDL_VIDEODRIVER": "kmsdrm", "SDL_FRAMEBUFFER_ACCELERATION": "opengl"}],
        ),
        ({}, "darwin", (), [{}]),
    ],
)
def test_what_is_tried(
    tmp_path: Path, environment: dict[str, str], platform: str, cards: tuple[str, ...], expected: list[dict[str, str]]
) -> None:
    for card in cards:
        (tmp_path / card).touch()
    assert window_module.attempts(environment, platform, tmp_path) == expected


def test_the_environment_is_left_as_it_was(dummy: None) -> None:
    import os

    before = dict(os.environ)
    Screen(CONFIG).close()
    assert dict(os.environ) == before


# --- numbers at a readable rate ---


def test_numbers_change_at_most_four_times_a_second() -> None:
    pace = Pace()
    read = [pace.step(at(frame / 60))[1] for frame in range(600)]
    changes = [b.t_ns - a.t_ns for a, b in pairwise(read) if b is not a]
    assert len(changes) <= 40
    assert min(changes) >= HOLD_NS
    assert max(changes) < 2 * HOLD_NS


def test_a_new_page_is_read_at_once() -> None:
    pace = Pace()
    pace.step(at(0.0))
    rest = replace(at(0.01), mode=Mode.REST)
    assert pace.step(rest)[1].mode is Mode.REST
    cue = replace(rest, t_ns=rest.t_ns + 1, cue=Cue(0, 1, "x", "x", "start", (), "Run tall"))
    assert pace.step(cue)[1].cue == cue.cue
    praise = replace(cue, t_ns=cue.t_ns + 1, cue=Cue(0, 1, "x", "x", "praise", (), "Good"))
    assert pace.step(praise)[1].cue == praise.cue
    again = replace(praise, t_ns=praise.t_ns + 1)
    assert pace.step(again)[1].t_ns == praise.t_ns


def test_time_that_jumps_back_starts_anew() -> None:
    pace = Pace()
    pace.step(at(100.0))
    live, read = pace.step(at(5.0))
    assert live.t_ns == read.t_ns == 5 * NS


def unseen(seconds: float) -> Snapshot:
    now = at(seconds)
    return replace(now, pose=None, gait=replace(now.gait, angles=None, drawn=None))


def test_the_body_does_not_flicker_when_a_frame_is_missed() -> None:
    pace = Pace()
    before, _ = pace.step(at(1.0))
    missed, _ = pace.step(unseen(1.1))
    assert missed.gait.drawn == before.gait.drawn
    assert missed.pose is not None
    assert before.pose is not None
    assert np.array_equal(missed.pose.xy_px, before.pose.xy_px, equal_nan=True)
    gone, _ = pace.step(unseen(1.0 + LINGER_NS / NS + 0.01))
    assert gone.gait.drawn is None
    assert gone.pose is not None
    assert np.isnan(gone.pose.xy_px).all()


def test_a_missed_limb_stays_alone() -> None:
    pace = Pace()
    before, _ = pace.step(at(1.0))
    later = at(1.1)
    assert later.gait.drawn is not None
    angles = later.gait.drawn.copy()
    angles["shank_far_deg"] = np.nan
    live, _ = pace.step(replace(later, gait=replace(later.gait, drawn=angles)))
    assert live.gait.drawn is not None
    assert before.gait.drawn is not None
    assert live.gait.drawn["shank_far_deg"] == before.gait.drawn["shank_far_deg"]
    assert live.gait.drawn["thigh_near_deg"] == later.gait.drawn["thigh_near_deg"]
