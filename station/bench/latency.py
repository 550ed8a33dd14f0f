"""`station bench --latency`: from the pose that tips a rule to the pin's edge and the first sample,
in the running station.

The station runs as it does in the gym: a synthetic runner at 60 poses a second in real time, the
real threads, coach, lights and mixing. Only the pins remember instead of shining, and the
loudspeaker renders instead of sounding. A rule tips too seldom to time it often, so a cue is added
to the step of every so many poses; that step has cost what every step costs.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from station.coach import Coach
from station.config import Config
from station.cues.plan import Plan
from station.present.lights import Lights, open_lights
from station.present.pins import mock_pin_factory
from station.present.sound import FakeSpeaker
from station.present.voices import load_voices
from station.run.clock import SystemClock
from station.run.live import LiveStation
from station.run.presenter import Presenter
from station.run.station_parts import NoStore, StationParts
from station.testing.synthetic import Filming, RunnerSpec, SyntheticRunner
from station.types import NS, Cue, Input, Pose, Snapshot, Step

SECONDS = 100.0  # chosen: 25 cues
EVERY_NS = 4 * NS  # the line has been spoken and the light has settled
FPS = 60  # poses a second of a Raspberry Pi's camera at its usual rate


class TippingCoach:
    """A coach whose rules tip on time: the real one's answers, and a cue every EVERY_NS."""

    def __init__(self, coach: Coach) -> None:
        self._coach = coach
        self._next_ns = 0
        self.tipped_ns: list[int] = []

    def step(self, given: Input) -> Step:
        step = replace(self._coach.step(given), cues=())
        if not isinstance(given, Pose) or given.t_ns < self._next_ns:
            return step
        self._next_ns = given.t_ns + EVERY_NS
        self.tipped_ns.append(given.t_ns)
        count = len(self.tipped_ns)
        # Praise and cue take turns, so that the light has to change each time.
        text_id, action = ("cue.sitting", "start") if count % 2 else ("praise.sitting", "praise")
        cue = Cue(given.t_ns, count, text_id, "sitting", "start", ("audio", "light", "screen"), "Run tall")
        return replace(step, cues=(replace(cue, action=action),))  # type: ignore[arg-type]


class WatchedLights:
    """The station's lights, and when their pins moved first after each cue."""

    def __init__(self, lights: Lights, pins: Mapping[int, object]) -> None:
        self._lights, self._pins = lights, pins
        self._clock = SystemClock()
        self._before: list[object] | None = None
        self.edges_ns: list[int] = []

    def present(self, cue: Cue) -> None:
        self._before = self._levels()
        self._lights.present(cue)

    def see(self, snapshot: Snapshot) -> None:
        self._lights.see(snapshot)

    def tick(self, t_ns: int) -> None:
        self._lights.tick(t_ns)
        if self._before is not None and self._levels() != self._before:
            self.edges_ns.append(self._clock.now_ns())
            self._before = None

    def close(self) -> None:
        self._lights.close()

    def _levels(self) -> list[object]:
        return [getattr(pin, "state", None) for pin in self._pins.values()]


def cue_latency(seconds: float = SECONDS) -> dict[str, float]:
    """Milliseconds from pose to pin edge and to first sample, and how many cues were timed."""
    config, clock, factory = Config(), SystemClock(), mock_pin_factory()
    runner = SyntheticRunner(RunnerSpec(), seconds=seconds, filming=Filming(fps=FPS))
    coach = TippingCoach(Coach(runner.view, Plan()))
    speaker = FakeSpeaker(load_voices(config.station.language), config.sound.volume, keep_s=seconds + 10.0)
    lights = WatchedLights(open_lights(config, factory), factory.pins)
    with runner.source(clock, realtime=True) as source:
        presenters = [Presenter("loudspeaker", lambda: speaker, clock), Presenter("light", lambda: lights, clock)]
        parts = StationParts(source, None, lambda: coach, clock, NoStore(), presenters=presenters)  # type: ignore[arg-type, return-value]
        LiveStation(parts).run()
    to_edge = _delays_ms(coach.tipped_ns, lights.edges_ns)
    heard = [speaker.mixer.onset_ns(t_ns) for t_ns in coach.tipped_ns]
    to_sound = _delays_ms(coach.tipped_ns, [t_ns for t_ns in heard if t_ns is not None])
    return {"cues": len(coach.tipped_ns)} | _spread("pin_edge", to_edge) | _spread("first_sample", to_sound)


def _delays_ms(tipped_ns: list[int], happened_ns: list[int]) -> list[float]:
    return [(after - before) / 1e6 for before, after in zip(tipped_ns, happened_ns, strict=False)]


def _spread(name: str, delays_ms: list[float]) -> dict[str, float]:
    return {f"{name}_median": statistics.median(delays_ms), f"{name}_p95": float(np.percentile(delays_ms, 95))}
