"""The window, or without a desktop the whole display: opened and kept open through everything.

A Pi without a desktop draws through KMS/DRM; the wheels of pygame-ce have that driver, those of
pygame do not. The Pi 5 has several DRM cards in no constant order and SDL takes the first, which
may have no connector: the others are tried too (libsdl-org/SDL#13705). Through KMS/DRM, SDL is
given OpenGL ES but draws with desktop OpenGL, which it tries first: where there is no libGL,
nothing fails and the display stays black. So it is made to draw with OpenGL ES 2.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from station.config import ScreenSection
from station.errors import HardwareError
from station.present.screen import page
from station.present.screen.ink import Ink
from station.present.screen.pace import Pace
from station.present.screen.sight import sight_of
from station.types import NS, Snapshot

log = logging.getLogger(__name__)

RETRY_NS = (2 * NS, 5 * NS, 15 * NS, 60 * NS)  # waits between attempts to open the display again
DRI = Path("/dev/dri")
BARE = {"SDL_VIDEODRIVER": "kmsdrm", "SDL_FRAMEBUFFER_ACCELERATION": "opengles2"}
REMEDY = (
    "plug a display in before start-up; without a desktop install libgbm1 libdrm2 libegl1 libgles2 libgl1-mesa-dri and add the "
    "user to the groups video, render and input; or set [screen] enabled = false"
)


class Screen:
    """A Display (see ports) in a window of the configured size, or full screen without a desktop.

    `keys`: the window's button, Esc and q end it, for somebody who sits before it. Without, as in a
    gym, nothing typed does. Raises HardwareError when no display can be opened, naming what was
    tried, unless `patient`: then it starts without one and tries again while snapshots come. Once
    made it never raises: a lost display is logged once and opened again with growing waits (by the
    snapshots' time). `trouble` is "" or the reason why nothing is shown.
    """

    def __init__(self, config: ScreenSection, language: str = "en", *, patient: bool = False, keys: bool = False) -> None:
        self._size = (config.width_px, config.height_px)
        self._keys = keys
        self._config, self._language = config, language
        self._pace = Pace()
        self._display: Any = None
        self._ink: Ink | None = None
        self._closed = False
        self._attempts = 0
        self._next_try_ns: int | None = None
        self.trouble = ""
        try:
            self._open()
        except HardwareError as error:
            if not patient:
                raise
            self._lose(error, None)

    def show(self, snapshot: Snapshot) -> bool:
        """Draw it; False once the person has closed the window."""
        if self._closed:
            return False
        try:
            if self._display is None and not self._try_again(snapshot.t_ns):
                return True
            if self._asked_to_close():
                self.close()
                return False
            self._draw(snapshot)
        except Exception as error:  # whatever fails here, the cues go on: the screen is the one part that may be missing
            self._lose(error, snapshot.t_ns)
        return True

    def close(self) -> None:
        """Give the display back. Safe to call twice."""
        self._closed = True
        self._shut()

    def _open(self) -> None:
        self._display = open_display(self._size)
        self._fit()

    def _fit(self) -> None:
        width, height = self._display.get_size()
        size = (height, width) if self._config.turn_deg in (90, 270) else (width, height)
        if self._ink is None or self._ink.surface.get_size() != size:
            self._ink = Ink(size, self._language, sight_of(size, self._config.width_mm, self._config.distance_m))

    def _draw(self, snapshot: Snapshot) -> None:
        import pygame

        self._fit()  # a window may have been resized
        assert self._ink is not None
        page.paint(self._ink, *self._pace.step(snapshot))
        drawn = self._ink.surface
        if self._config.turn_deg:
            # Pygame turns counter-clockwise.
            drawn = pygame.transform.rotate(drawn, -self._config.turn_deg)
        self._display.blit(drawn, (0, 0))
        pygame.display.flip()
        if self.trouble:
            log.info("the screen is back")
        self.trouble, self._attempts = "", 0

    def _asked_to_close(self) -> bool:
        import pygame

        events = pygame.event.get()  # must be emptied in any case
        keys = {e.key for e in events if e.type == pygame.KEYDOWN}
        closed = any(e.type == pygame.QUIT for e in events)
        return self._keys and (closed or bool(keys & {pygame.K_ESCAPE, pygame.K_q}))

    def _try_again(self, t_ns: int) -> bool:
        """Open the display when it is time to. Raises HardwareError when that fails."""
        if self._next_try_ns is None:  # lost before the first snapshot gave the time
            self._next_try_ns = t_ns + RETRY_NS[0]
        if t_ns < self._next_try_ns:
            return False
        self._open()
        return True

    def _lose(self, error: Exception, t_ns: int | None) -> None:
        if not self.trouble:
            unexpected = not isinstance(error, (HardwareError, OSError)) and type(error).__module__ != "pygame"
            log.warning("the screen shows nothing, the session goes on: %s", error, exc_info=unexpected)
        self.trouble = str(error)
        wait = RETRY_NS[min(self._attempts, len(RETRY_NS) - 1)]
        self._next_try_ns = None if t_ns is None else t_ns + wait
        self._attempts += 1
        self._shut()

    def _shut(self) -> None:
        import pygame

        self._display = None
        pygame.display.quit()


def open_display(size: tuple[int, int]) -> Any:
    """SDL's surface: a window of that size, or without a desktop all of the display."""
    import pygame

    tried = []
    for hints in attempts(os.environ, sys.platform, DRI):
        bare = hints.get("SDL_VIDEODRIVER") == "kmsdrm"
        try:
            with _environment(hints):
                pygame.display.init()
                shape = ((0, 0), pygame.FULLSCREEN) if bare else (size, pygame.RESIZABLE)
                display = pygame.display.set_mode(*shape)
            pygame.display.set_caption("station")
            pygame.mouse.set_visible(False)
            return display
        except pygame.error as error:
            tried.append(f"{' '.join(hints.values()) or 'SDL'}: {error}")
            pygame.display.quit()
    sdl = ".".join(map(str, pygame.get_sdl_version()))
    built_in = ", ".join(drivers()) or "unknown"
    raise HardwareError(
        f"no display could be opened (SDL {sdl} has the drivers {built_in}; tried {'; '.join(tried)})", "screen", REMEDY
    )


def drivers() -> tuple[str, ...]:
    """The video drivers of pygame's SDL; empty where its library cannot be found."""
    import pygame

    bundled = sorted(Path(pygame.__file__).parents[1].glob("pygame*.libs/libSDL2-2*"))
    name = str(bundled[0]) if bundled else ctypes.util.find_library("SDL2-2.0")
    if not name:
        return ()
    sdl = ctypes.CDLL(name)  # the copy that pygame has loaded already
    sdl.SDL_GetVideoDriver.restype = ctypes.c_char_p
    return tuple(sdl.SDL_GetVideoDriver(i).decode() for i in range(sdl.SDL_GetNumVideoDrivers()))


def attempts(environment: Mapping[str, str], platform: str, dri: Path) -> list[dict[str, str]]:
    """What to ask SDL for, in order, as environment variables; a chosen driver alone if given."""
    bare = {name: environment.get(name, value) for name, value in BARE.items()}
    chosen = environment.get("SDL_VIDEODRIVER")
    if chosen is not None or not platform.startswith("linux"):
        return [{} if chosen is None else bare if chosen == "kmsdrm" else {"SDL_VIDEODRIVER": chosen}]
    desktop = [("WAYLAND_DISPLAY", "wayland"), ("DISPLAY", "x11")]
    found = [{"SDL_VIDEODRIVER": driver} for variable, driver in desktop if environment.get(variable)]
    if found:
        return found
    if "SDL_KMSDRM_DEVICE_INDEX" in environment:
        return [bare]
    cards = sorted(card.name.removeprefix("card") for card in dri.glob("card[0-9]*"))
    return [bare, *({**bare, "SDL_KMSDRM_DEVICE_INDEX": index} for index in cards)]


@contextmanager
def _environment(hints: Mapping[str, str]) -> Iterator[None]:
    """SDL reads its hints from the environment while it opens."""
    before = {name: os.environ.get(name) for name in hints}
    os.environ.update(hints)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
