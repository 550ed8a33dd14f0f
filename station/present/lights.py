"""The cue light and the status LED: which sign a cue becomes, and how a sign looks over time.

A sign has a colour and a shape in time, named as at sea (fixed, isophase, occulting, ...), so that
it can be recognised without seeing colours. Signs are pure functions of time; `Lights` only carries
them to the pins. Limits, of light: at most 1 flash a second (WCAG 2.3.1 allows 3), every fade at
least 0.3 s, nothing that red alone means.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Literal, NamedTuple

from station.config import Config
from station.faults import RULES
from station.present.pins import claiming, let_go
from station.types import NS, Cue, Snapshot

if TYPE_CHECKING:
    from gpiozero import OutputDevice
    from gpiozero.pins import Factory

LED_NAMES = ("red", "green", "blue", "status")

Rgb = tuple[float, float, float]
Shape = Callable[[float], float]

DARK: Rgb = (0.0, 0.0, 0.0)  # red, green, blue, 0..1
FADE_S = 0.3  # from dark to full, and back: the fastest that the light ever changes
FIRST_STEP_S = 0.02  # a new sign lights up, very dimly, in the tick that finds it
PRAISE_S = 4.0  # chosen
SELF_TEST_STEP_S = 1.0  # chosen


# --- shapes: seconds since the sign began -> brightness 0..1. Each begins bright. -----------------


def fixed(t_s: float) -> float:
    return 1.0


def breathing(t_s: float) -> float:
    """A slow wave, 4 s, never quite dark."""
    return 0.6 + 0.4 * math.cos(math.tau * t_s / 4.0)


def isophase(t_s: float) -> float:
    """As long bright as dark: 3 s."""
    return _corners(t_s, 3.0, (0.0, 1.0), (1.2, 1.0), (1.5, 0.0), (2.7, 0.0))


def quick(t_s: float) -> float:
    """The liveliest: 1.2 s."""
    return _corners(t_s, 1.2, (0.0, 1.0), (0.3, 1.0), (0.6, 0.0), (0.9, 0.0))


def occulting(t_s: float) -> float:
    """Bright, with a short dark moment every 5 s."""
    return _corners(t_s, 5.0, (0.0, 1.0), (4.0, 1.0), (4.3, 0.0), (4.7, 0.0))


def flashing(t_s: float) -> float:
    """Dark, with one flash every 4 s."""
    return _corners(t_s, 4.0, (0.0, 1.0), (0.4, 1.0), (0.8, 0.0), (3.7, 0.0))


def double(t_s: float) -> float:
    """Two flashes, then a pause: 5 s."""
    return _corners(t_s, 5.0, (0.0, 1.0), (0.4, 1.0), (0.7, 0.0), (0.9, 0.0), (1.2, 1.0), (1.6, 1.0), (1.9, 0.0), (4.7, 0.0))


def afterglow(t_s: float) -> float:
    """Bright for a moment, then dying away, once."""
    return 1.0 if t_s < 1.0 else max(0.0, 1.0 - (t_s - 1.0) / (PRAISE_S - 1.0))


def _corners(t_s: float, period_s: float, *corners: tuple[float, float]) -> float:
    """A repeated line through (time, brightness) corners that ends where it began."""
    t_s %= period_s
    path = (*corners, (period_s, corners[0][1]))
    for (start_s, low), (end_s, high) in itertools.pairwise(path):
        if t_s < end_s:
            return low + (high - low) * (t_s - start_s) / (end_s - start_s)
    return path[-1][1]


# --- signs ----------------------------------------------------------------------------------------


class Sign(NamedTuple):
    """`says` is for the runner's wall card."""

    colour: str
    rgb: Rgb
    shape: Shape
    says: str

    def at(self, t_s: float) -> Rgb:
        """Colour and brightness after `t_s` seconds of this sign, each 0..1."""
        level = self.shape(t_s)
        return (self.rgb[0] * level, self.rgb[1] * level, self.rgb[2] * level)


# Red, green, blue, 0..1 (chosen to differ).
BLUE, CYAN, AMBER, MAGENTA = (0.0, 0.0, 1.0), (0.0, 1.0, 1.0), (1.0, 0.5, 0.0), (1.0, 0.0, 1.0)
WHITE, GREEN, RED = (1.0, 1.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)  # likewise

COLOURS: Mapping[str, Rgb] = {"blue": BLUE, "cyan": CYAN, "amber": AMBER, "magenta": MAGENTA, "white": WHITE}
SHAPES: Mapping[str, Shape] = {
    shape.__name__: shape for shape in (fixed, breathing, isophase, quick, occulting, flashing, double)
}
# By rule of the cue, as its own file declares.
SIGNS: Mapping[str, Sign] = {
    rule.name: Sign(c.light.colour, COLOURS[c.light.colour], SHAPES[c.light.shape], c.focus)
    for rule in RULES
    if (c := rule.coaching) is not None
}
PRAISE = Sign("green", GREEN, afterglow, "good: that was it")
# A cue of no rule: safety, and where the session stands.
NOTICE = Sign("white", WHITE, occulting, "listen, or look at the screen")

StatusName = Literal["off", "starting", "ready", "writing", "trouble"]
STATUS: Mapping[StatusName, tuple[Shape | None, str]] = {
    "off": (None, "no power, or the station is not running"),
    "starting": (breathing, "starting"),
    "ready": (fixed, "ready"),
    "writing": (quick, "writing to the stick: leave it in"),
    "trouble": (double, "something is off: the screen says what"),
}


def sign_for(cue: Cue) -> Sign:
    """The sign that this cue (start or praise) puts up; of an unknown rule the notice."""
    if cue.action == "praise":
        return PRAISE
    return SIGNS.get(cue.rule, NOTICE)


def pattern(cue: Cue | None, t_s: float) -> Rgb:
    """What the light aims at, `t_s` seconds after that cue; None or a stop is dark."""
    if cue is None or cue.action == "stop":
        return DARK
    return sign_for(cue).at(t_s)


# --- self-test ------------------------------------------------------------------------------------

SELF_TEST: Sequence[tuple[str, Rgb, float]] = (  # name, cue light, status LED
    ("red", RED, 0.0),
    ("green", GREEN, 0.0),
    ("blue", BLUE, 0.0),
    ("all together", WHITE, 0.0),
    ("status", DARK, 1.0),
)


def self_test(t_s: float) -> tuple[str, Rgb, float] | None:
    """The step of the boot self-test at that time, each LED alone once; None when it is over."""
    step = int(t_s // SELF_TEST_STEP_S)
    return SELF_TEST[step] if 0 <= step < len(SELF_TEST) else None


# --- to the pins ----------------------------------------------------------------------------------


class Lights:
    """CueSink over LEDs by name (red, green, blue, status, or some), each taking `.value` 0..1.

    Dimmable LEDs never change faster than FADE_S; LEDs that only switch follow the sign at half its
    brightness. Time is `tick`'s alone: a sign begins with the first tick after `present`. Call
    `tick` right after it, and every 20 ms.
    """

    def __init__(self, leds: Mapping[str, OutputDevice], dims: bool = True, brightness: float = 1.0) -> None:
        self._leds = dict(leds)
        self._dims, self._brightness = dims, brightness
        self._level = dict.fromkeys(leds, 0.0)
        self._written: dict[str, float] = {}
        self._cue: Cue | None = None
        self._status: StatusName = "off"
        self._next_status: StatusName = "off"
        self._testing = False
        self._fresh: set[str] = set()  # what the next tick begins
        self._began_ns: dict[str, int] = {}
        self._ticked_ns: int | None = None

    def present(self, cue: Cue) -> None:
        """Puts up the cue's sign, or takes down that of the rule which stopped."""
        if cue.action == "stop":
            if self._cue is not None and cue.rule == self._cue.rule:
                self._cue = None
        elif "light" in cue.channels:
            self._cue, self._testing = cue, False
            self._fresh.add("cue")

    def see(self, snapshot: Snapshot) -> None:
        """The status LED says how the station is."""
        station = snapshot.station
        self.show_status("trouble" if station.trouble else "writing" if station.stick == "writing" else "ready")

    def show_status(self, name: StatusName) -> None:
        """What the status LED tells from the next tick on, by any thread. ValueError: no such name.
        """
        if name not in STATUS:
            raise ValueError(f"{name!r} is no status, expected one of {', '.join(STATUS)}")
        self._next_status = name

    def start_self_test(self) -> None:
        """Shows each LED once, from the next tick on; a cue ends it."""
        self._testing = True
        self._fresh.add("test")

    def tick(self, t_ns: int) -> None:
        elapsed_s = 0.0 if self._ticked_ns is None else max(0.0, (t_ns - self._ticked_ns) / NS)
        self._ticked_ns = t_ns
        if self._status != self._next_status:
            self._status = self._next_status
            self._fresh.add("status")
        if self._fresh:
            elapsed_s = max(elapsed_s, FIRST_STEP_S)
            self._began_ns.update(dict.fromkeys(self._fresh, t_ns))
            self._fresh.clear()
        aim = self._aim({what: (t_ns - began_ns) / NS for what, began_ns in self._began_ns.items()})
        for name in self._leds:
            value = self._step(name, aim[name], elapsed_s / FADE_S)
            if value != self._written.get(name):
                self._leds[name].value = self._written[name] = value

    def close(self) -> None:
        """All dark, pins released, also after one of them failed. May be called twice."""
        for led in self._leds.values():
            let_go(led)

    def _aim(self, age_s: Mapping[str, float]) -> dict[str, float]:
        step = self_test(age_s["test"]) if self._testing else None
        self._testing = step is not None
        if step is not None:
            (red, green, blue), status = step[1:]
        else:
            red, green, blue = pattern(self._cue, age_s.get("cue", 0.0))
            shape, _ = STATUS[self._status]
            status = shape(age_s["status"]) if shape is not None else 0.0
        return {"red": red, "green": green, "blue": blue, "status": status}

    def _step(self, name: str, aim: float, reach: float) -> float:
        """The LED's next value: towards the aim by at most `reach`, or on and off at half."""
        if not self._dims:
            return float(aim >= 0.5)
        level = self._level[name]
        level += min(reach, max(-reach, aim - level))
        self._level[name] = level
        return round(_duty(level) * self._brightness, 3)


def _duty(level: float) -> float:
    """Brightness to PWM duty: a square, near CIE 1931 lightness; 1 % at least, lgpio's own."""
    return max(0.01, level * level) if level > 0 else 0.0


def open_lights(config: Config, factory: Factory) -> Lights:
    """The LEDs that `config.pins.fitted` names, on that pin factory.

    Raises HardwareError naming function and pin when one is held by another program; pins claimed
    before it are released.
    """
    from gpiozero import LED, PWMLED

    claimed = config.pins.claimed()
    leds: dict[str, OutputDevice] = {}
    with ExitStack() as undo:
        for name in LED_NAMES:
            if name not in claimed:
                continue
            high = name == "status" or config.light.leds != "common_anode"
            with claiming(name, claimed[name]):
                if config.light.dimming == "pwm":
                    led = PWMLED(claimed[name], active_high=high, frequency=config.light.pwm_hz, pin_factory=factory)
                else:
                    led = LED(claimed[name], active_high=high, pin_factory=factory)
            leds[name] = led
            undo.callback(led.close)
        undo.pop_all()
    return Lights(leds, config.light.dimming == "pwm", config.light.brightness)
