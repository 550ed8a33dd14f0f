"""`station demo`: the whole station on a bundled clip.

Stand-ins take the place of camera, pins and missing loudspeaker.
"""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from station.coach import Coach
from station.config import Config
from station.cues.plan import Plan
from station.errors import HardwareError
from station.ports import Clock, CueSink, Display
from station.present.lights import open_lights
from station.present.pins import mock_pin_factory
from station.present.screen.window import Screen
from station.present.sound import fake_speaker, open_speaker
from station.present.voices import load_voices
from station.run.clock import SystemClock
from station.run.demo_clip import CLIP, lengthen
from station.run.live import LiveStation
from station.run.presenter import Presenter
from station.run.start import closing_line, stopped_by_signals
from station.run.station_parts import NoStore, StationParts
from station.run.wiring import estimator_for, view_of
from station.sense.open import open_source

log = logging.getLogger("station")

# A session's schedule takes minutes; only the schedule is shortened for the clip, not the windows
# that a fault is judged over.
PLAN = Plan(
    baseline_s=6.0,
    quiet_start_s=6.0,
    cue_block_s=46.0,
    free_block_s=0.0,
    planned_s=600.0,
    start_s=2.0,
    rule_rest_s=30.0,
    gap_between_cues_s=5.0,
    cues_per_minute=4,
)


def run_demo(headless: bool, seconds: float | None) -> None:
    """Plays the clip once in real time, or for `seconds`, looping.

    Raises ModelError and InputError for a broken installation.
    """
    config, clock = Config(), SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "demo.webm"
        lengthen(CLIP, clip)
        with open_source(clip, config, clock, realtime=True, loop=seconds is not None) as source:
            view = view_of(config, source)
            estimator = estimator_for(config, source.info)
            parts = StationParts(
                source=source,
                estimator=estimator,
                new_coach=lambda: Coach(view, PLAN, estimator.model.errors if estimator else ()),
                clock=clock,
                store=NoStore(),
                presenters=_presenters(config, clock),
                display=None if headless else _display(config),
                seconds=seconds,
            )
            log.info("demo: a rendered runner instead of a camera, pretended pins; nothing is recorded")
            live = LiveStation(parts)
            with stopped_by_signals(live):
                report = live.run()
    log.info(closing_line(report))


def _presenters(config: Config, clock: Clock) -> list[Presenter]:
    voices = load_voices(config.station.language)

    def speaker() -> CueSink:
        try:
            return open_speaker(config.sound, voices)
        except HardwareError as error:
            log.info("demo: no loudspeaker (%s); cues are printed", error.what)
            return fake_speaker(config.sound)

    return [
        Presenter("light", lambda: open_lights(config, mock_pin_factory()), clock),
        Presenter("loudspeaker", speaker, clock),
    ]


def _display(config: Config) -> Display | None:
    try:
        return Screen(config.screen, config.station.language, keys=True)
    except HardwareError as error:
        log.info("demo: no display, so it runs headless (%s)", error.what)
        return None
