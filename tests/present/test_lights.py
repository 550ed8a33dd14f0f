"""What the light shows: limits on flashing, signs that differ without colour, and the path to the
pins.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.config import Config, parse
from station.faults import RULES
from station.present.lights import (
    DARK,
    FADE_S,
    NOTICE,
    PRAISE,
    SELF_TEST,
    SIGNS,
    STATUS,
    Lights,
    Rgb,
    open_lights,
    pattern,
    self_test,
)
from station.present.pins import mock_pin_factory
from station.types import Cue

ALL_SIGNS = {**SIGNS, "praise": PRAISE, "notice": NOTICE}
STEP_S = 0.01
README = Path(__file__).resolve().parents[2] / "station/present/README.md"


def cue(rule: str, action: str = "start", channels: tuple[str, ...] = ("audio", "light", "screen")) -> Cue:
    return Cue(0, 1, f"cue.{rule}", rule, action, channels, "")  # type: ignore[arg-type]


def brightness(name: str, seconds: float = 24.0) -> np.ndarray:
    shape = ALL_SIGNS[name].shape
    return np.array([shape(i * STEP_S) for i in range(round(seconds / STEP_S))])


def test_every_rule_that_is_said_has_a_sign() -> None:
    assert set(SIGNS) == {rule.name for rule in RULES if rule.coaching}


@pytest.mark.parametrize("name", ALL_SIGNS)
def test_no_sign_flashes_faster_than_once_a_second(name: str) -> None:
    lit = brightness(name) > 0.5
    rises_s = np.flatnonzero(np.diff(lit.astype(int)) == 1) * STEP_S
    assert lit[0], "a sign begins bright, so that it is seen at once"
    assert np.all(np.diff(rises_s) >= 1.0)


@pytest.mark.parametrize("name", ALL_SIGNS)
def test_every_fade_takes_at_least_300_ms(name: str) -> None:
    assert np.abs(np.diff(brightness(name))).max() <= STEP_S / FADE_S + 1e-9


@pytest.mark.parametrize("on_off", [False, True], ids=["dimmed", "on-off"])
@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(ALL_SIGNS, 2)))
def test_signs_differ_in_brightness_alone(one: str, other: str, on_off: bool) -> None:
    """However the two are shifted against each other, their brightness differs for a good part of
    the time.
    """
    a, b = brightness(one), brightness(other, 48.0)
    if on_off:
        a, b = (a >= 0.5).astype(float), (b >= 0.5).astype(float)
    shifts = range(0, 1200, 10)
    least = min(float(np.abs(a - b[shift : shift + a.size]).mean()) for shift in shifts)
    assert least > 0.08, f"{one} and {other} look alike without colour"


def test_no_sign_is_red() -> None:
    """Red alone means nothing here, and nobody has to tell red from green."""
    assert all(max(sign.rgb[1:]) >= 0.5 for sign in ALL_SIGNS.values())


def test_pattern_is_dark_without_a_cue_and_after_a_stop() -> None:
    assert pattern(None, 1.0) == DARK
    assert pattern(cue("sitting", "stop"), 1.0) == DARK
    assert pattern(cue("never heard of"), 0.0) == NOTICE.at(0.0)


def test_praise_ends_by_itself() -> None:
    assert pattern(cue("sitting", "praise"), 0.5) == PRAISE.rgb
    assert pattern(cue("sitting", "praise"), 5.0) == DARK


def test_self_test_shows_each_led_alone_and_ends() -> None:
    shown = [self_test(i + 0.5) for i in range(len(SELF_TEST))]
    assert [step[0] for step in shown if step] == ["red", "green", "blue", "all together", "status"]
    assert self_test(len(SELF_TEST)) is None
    alone = [(*step[1], step[2]) for step in shown if step and step[0] != "all together"]
    assert sorted(alone) == sorted(tuple(float(i == j) for j in range(4)) for i in range(4))


class Bench:
    """Lights on remembering pins, moved in steps of 20 ms."""

    def __init__(self, **light: object) -> None:
        self.config = parse({"light": light})
        self.factory = mock_pin_factory()
        self.lights = open_lights(self.config, self.factory)
        self.t_ms = 0
        self.lights.tick(0)

    def pass_s(self, seconds: float) -> list[Rgb]:
        seen = []
        for _ in range(round(seconds / 0.02)):
            self.t_ms += 20
            self.lights.tick(self.t_ms * 1_000_000)
            seen.append(self.levels())
        return seen

    def levels(self) -> Rgb:
        pins = self.config.pins
        red, green, blue = (float(self.factory.pin(pin).state) for pin in (pins.red, pins.green, pins.blue))
        return red, green, blue


def test_a_cue_reaches_the_pins_in_the_first_tick_and_fades_in() -> None:
    bench = Bench()
    bench.lights.present(cue("sitting"))
    seen = np.array(bench.pass_s(1.0))
    assert seen[0, 0] > 0.0
    assert seen[10, 0] < 1.0, "full brightness only after the fade"
    assert seen[-1].tolist() == [1.0, 0.25, 0.0]  # amber: half as bright is a quarter of the duty


def test_stop_fades_out_and_only_its_own_rule() -> None:
    bench = Bench()
    bench.lights.present(cue("sitting"))
    bench.pass_s(1.0)
    bench.lights.present(cue("slow_retraction", "stop", ("light",)))
    assert bench.pass_s(0.5)[-1][0] == 1.0
    bench.lights.present(cue("sitting", "stop", ("light",)))
    seen = np.array(bench.pass_s(0.5))
    assert 0.5 < seen[0, 0] < 1.0
    assert seen[-1].tolist() == [0.0, 0.0, 0.0]


def test_a_cue_for_the_ear_alone_stays_dark() -> None:
    bench = Bench()
    bench.lights.present(cue("sitting", channels=("audio",)))
    assert np.max(bench.pass_s(0.5)) == 0.0


def test_brightness_limits_the_duty() -> None:
    bench = Bench(brightness=0.4)
    bench.lights.present(cue("sitting"))
    assert np.max(bench.pass_s(1.0)) == pytest.approx(0.4)


def test_common_anode_is_upside_down() -> None:
    bench = Bench(leds="common_anode")
    assert bench.levels() == (1.0, 1.0, 1.0)  # dark
    bench.lights.present(cue("low_cadence"))
    assert bench.pass_s(0.3)[-1] == (0.0, 0.0, 0.0)


def test_on_off_leds_only_switch() -> None:
    bench = Bench(dimming="on_off")
    bench.lights.present(cue("locked_waist"))
    seen = np.array(bench.pass_s(8.0))
    assert set(np.unique(seen)) == {0.0, 1.0}
    assert seen[0].tolist() == [0.0, 0.0, 1.0]


LIGHT_CUES = st.tuples(st.sampled_from([*SIGNS, "session"]), st.sampled_from(["start", "stop", "praise"]), st.floats(0.02, 3.0))


@settings(deadline=None, max_examples=50)
@given(st.lists(LIGHT_CUES, max_size=8))
def test_whatever_comes_the_light_never_jumps(cues: list[tuple[str, str, float]]) -> None:
    bench = Bench()
    duties = [(0.0, 0.0, 0.0)]
    for rule, action, seconds in cues:
        bench.lights.present(cue(rule, action))
        duties += bench.pass_s(seconds)
    levels = np.sqrt(np.array(duties))
    # The floor of 1 % duty is 0.1 of brightness.
    assert np.abs(np.diff(levels, axis=0)).max(initial=0.0) <= 0.1 + 1e-3


def test_a_cue_ends_the_self_test() -> None:
    bench = Bench()
    bench.lights.start_self_test()
    assert bench.pass_s(0.5)[-1] == (1.0, 0.0, 0.0)
    bench.lights.present(cue("locked_waist"))
    assert bench.pass_s(0.5)[-1][0] == 0.0
    assert bench.pass_s(0.5)[-1][1] == 0.0


def test_status_tells_its_state() -> None:
    bench = Bench()
    status = bench.factory.pin(bench.config.pins.status)
    assert status.state == 0
    bench.lights.show_status("ready")
    bench.pass_s(1.0)
    assert status.state == 1.0
    with pytest.raises(ValueError, match="'burning' is no status"):
        bench.lights.show_status("burning")  # type: ignore[arg-type]
    assert len({shape for shape, _ in STATUS.values()}) == len(STATUS)


def test_close_is_dark_and_frees_the_pins() -> None:
    bench = Bench()
    bench.lights.present(cue("sitting"))
    bench.pass_s(1.0)
    bench.lights.close()
    bench.lights.close()
    assert isinstance(open_lights(bench.config, bench.factory), Lights)


def test_lights_work_with_only_a_status_led() -> None:
    config = parse({"pins": {"fitted": ["status"]}})
    lights = open_lights(config, mock_pin_factory())
    lights.present(cue("sitting"))
    lights.tick(0)


def test_default_config_fits_a_light() -> None:
    assert {"red", "green", "blue", "status"} == set(Config().pins.claimed())
