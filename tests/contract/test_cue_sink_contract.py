"""What every CueSink promises: any cue, any order, any pace of ticks; nothing raised, nothing
slept, closed once or twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from station.config import Config, parse
from station.faults import BY_NAME
from station.ports import CueSink
from station.present.buzzer import Buzzer
from station.present.lights import open_lights
from station.present.pins import mock_pin_factory
from station.present.sound import FakeSpeaker, open_speaker
from station.present.voices import Voices
from station.types import NS, Cue, Gait, Mode, Snapshot, Station

VOICES = Voices("en", {"cue.sitting": np.zeros(4800, np.int16), "praise.sitting": np.ones(9600, np.int16)}, {})
CUES = st.builds(
    Cue,
    st.integers(0, 10**12),
    st.integers(0, 9),
    st.sampled_from(["cue.sitting", "praise.sitting", "mode.lost", "no such text"]),
    st.sampled_from([*BY_NAME, "session", ""]),
    st.sampled_from(["start", "stop", "praise"]),
    st.sampled_from([(), ("audio",), ("light",), ("screen",), ("audio", "light", "screen")]),
    st.just("Run tall"),
)
MOMENTS = st.lists(st.tuples(st.one_of(st.none(), CUES), st.floats(0.0, 0.5)), max_size=12)


def sound_card(monkeypatch: pytest.MonkeyPatch) -> CueSink:
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    return open_speaker(Config().sound, VOICES)


SINKS: dict[str, Callable[[pytest.MonkeyPatch], CueSink]] = {
    "dimmed light": lambda _: open_lights(Config(), mock_pin_factory()),
    "on-off light": lambda _: open_lights(parse({"light": {"dimming": "on_off"}}), mock_pin_factory()),
    "buzzer": lambda _: Buzzer(12, mock_pin_factory()),
    "fake speaker": lambda _: FakeSpeaker(VOICES, metronome=True),
    "speaker": sound_card,
}


@pytest.fixture(params=SINKS)
def sink(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[CueSink]:
    opened = SINKS[request.param](monkeypatch)
    yield opened
    opened.close()
    opened.close()


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments=MOMENTS)
def test_any_cues_at_any_pace(sink: CueSink, moments: list[tuple[Cue | None, float]]) -> None:
    t_ns = 10**15  # the clock's time has nothing to do with the cues'
    for cue, seconds in moments:
        if cue is not None:
            sink.present(cue)
        t_ns += round(seconds * NS)
        sink.see(Snapshot(t_ns, Mode.COACH, 0.0, 0.0, Gait(t_ns), station=Station(trouble=(("the disk", ""),))))
        sink.tick(t_ns)


def test_a_clock_that_stands_or_steps_back_does_no_harm(sink: CueSink) -> None:
    cue = Cue(0, 1, "cue.sitting", "sitting", "start", ("audio", "light", "screen"), "Run tall")
    for t_ns in (5 * NS, 5 * NS, 4 * NS, 6 * NS):
        sink.present(cue)
        sink.tick(t_ns)
