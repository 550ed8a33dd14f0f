"""One suite over the fake loudspeaker and pygame's mixer: what is heard of a cue.

pygame plays into SDL's disk driver, whose "disk" is a small pipe; the test reads it as fast as its
own time passes and so is the sound card's clock. Nothing waits for real time.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from station.present.mixer import BLOCK, PygameMixer, VirtualMixer
from station.present.sound import FADE_OUT_S, Speaker
from station.present.voices import ATTACK_S, BEAT_PEAK, CHIME_S, FULL, RATE_HZ, SPM_RANGE, Voices, beat
from station.testing import screen_samples as samples
from station.types import Cue

BLOCK_BYTES = BLOCK * 4
SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ
STEP_NS = 20_000_000
TONE_A_HZ, TONE_B_HZ = 1500.0, 3100.0  # pretended voices, told apart by their pitch


def tone(hz: float, seconds: float, peak: float = 0.7) -> NDArray[np.int16]:
    """A voice as the builder leaves it: swelling and fading within 0.1 s."""
    t_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    ramp = np.clip(np.minimum(t_s, t_s[::-1]) / ATTACK_S, 0.0, 1.0)
    return np.rint(peak * FULL * ramp * np.sin(2 * np.pi * hz * t_s)).astype(np.int16)


VOICES = Voices("en", {"cue.a": tone(TONE_A_HZ, 1.5), "cue.b": tone(TONE_B_HZ, 1.0)}, {})


class Piped(PygameMixer):
    """pygame's mixer with the test as its sound card: `advance` takes as many blocks out of the
    pipe as time has passed.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._pipe, write_end = os.pipe()
        fcntl.fcntl(write_end, SET_PIPE_SIZE, 2 * BLOCK_BYTES)
        monkeypatch.setenv("SDL_AUDIODRIVER", "disk")
        monkeypatch.setenv("SDL_DISKAUDIOFILE", f"/dev/fd/{write_end}")
        monkeypatch.setenv("SDL_DISKAUDIODELAY", "0")
        super().__init__()
        os.close(write_end)
        self._open = True
        self._start_ns: int | None = None
        self._blocks: list[NDArray[np.int16]] = []

    def advance(self, t_ns: int) -> None:
        self._start_ns = t_ns if self._start_ns is None else self._start_ns
        while self._start_ns + len(self._blocks) * BLOCK * 1_000_000_000 // RATE_HZ < t_ns:
            data = b""
            while len(data) < BLOCK_BYTES:
                data += os.read(self._pipe, BLOCK_BYTES - len(data))
            self._blocks.append(np.frombuffer(data, np.int16).reshape(-1, 2))

    def heard(self) -> NDArray[np.int16]:
        return np.concatenate(self._blocks)

    def close(self) -> None:
        if self._open:
            os.close(self._pipe)  # frees SDL's thread from its write
            self._open = False
        super().close()


class Room:
    """A speaker in virtual time, and what was heard in it."""

    def __init__(self, mixer: VirtualMixer | Piped, volume: float = 1.0, metronome: bool = False) -> None:
        self.mixer = mixer
        self.speaker = Speaker(VOICES, mixer, volume, metronome)
        self.steps = 0
        self.pass_s(0.2)

    def pass_s(self, seconds: float) -> None:
        for _ in range(round(seconds * 1e9 / STEP_NS)):
            self.speaker.tick(self.steps * STEP_NS)
            self.steps += 1

    def aim(self, spm: float) -> None:
        """A low-cadence cue for the light alone, from a snapshot that aims there."""
        self.speaker.see(replace(samples.idle(), aim_cadence_spm=spm))
        self.speaker.present(cue("cue.low_cadence", rule="low_cadence", channels=("light",)))

    def stop(self) -> None:
        self.speaker.present(cue("cue.low_cadence", "stop", "low_cadence", ("light",)))

    @property
    def now(self) -> int:
        """Where in `heard` the present moment is."""
        return len(self.mixer.heard())

    def heard(self) -> NDArray[np.float64]:
        """(N,) in -1..1, after checking that both sides are the same."""
        both = self.mixer.heard().astype(float) / FULL
        assert np.array_equal(both[:, 0], both[:, 1])
        return both[:, 0]


OpenRoom = Callable[..., Room]


@pytest.fixture(params=["fake", "pygame"])
def room(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRoom]:
    rooms: list[Room] = []

    def opened(**settings: float | bool) -> Room:
        rooms.append(Room(VirtualMixer() if request.param == "fake" else Piped(monkeypatch), **settings))  # type: ignore[arg-type]
        return rooms[-1]

    yield opened
    for one in rooms:
        one.speaker.close()
        one.speaker.close()  # twice does no harm


def cue(text_id: str, action: str = "start", rule: str = "sitting", channels: tuple[str, ...] = ("audio", "light")) -> Cue:
    return Cue(0, 1, text_id, rule, action, channels, "")  # type: ignore[arg-type]


def envelope(samples: NDArray[np.float64], window_s: float = 0.01) -> NDArray[np.float64]:
    size = round(window_s * RATE_HZ)
    whole = samples[: samples.size // size * size]
    return np.abs(whole.reshape(-1, size)).max(axis=1)


def pitch_levels(samples: NDArray[np.float64], hz: float, window_s: float = 0.02) -> NDArray[np.float64]:
    """How strong one pitch is, window by window, 0..1."""
    size = round(window_s * RATE_HZ)
    whole = samples[: samples.size // size * size].reshape(-1, size)
    wave = np.exp(-2j * np.pi * hz * np.arange(size) / RATE_HZ) * np.hanning(size)
    return np.abs(whole @ wave) / np.hanning(size).sum() * 2


def test_nothing_but_one_bit_is_heard_before_a_cue(room: OpenRoom) -> None:
    quiet = room().heard()
    assert np.abs(quiet).max() <= 1.5 / FULL
    assert quiet.any(), "digital silence would let amplifiers fall asleep"


def test_chime_begins_within_100_ms_and_swells(room: OpenRoom) -> None:
    here = room()
    start = here.now
    here.speaker.present(cue("cue.a"))
    here.pass_s(2.5)
    heard = here.heard()[start:]
    onset = int(np.flatnonzero(np.abs(heard) > 0.003)[0])
    assert onset < 0.1 * RATE_HZ
    swell = envelope(heard[onset:])[:10]
    peak = np.abs(heard[onset : onset + round(CHIME_S * RATE_HZ)]).max()
    assert 0.05 < peak < 0.5
    assert swell[0] < 0.25 * peak
    assert np.all(np.diff(swell[:8]) > 0)


def test_the_voice_follows_the_chime_and_nothing_is_clipped(room: OpenRoom) -> None:
    here = room()
    start = here.now
    here.speaker.present(cue("cue.a"))
    here.pass_s(2.6)
    heard = here.heard()[start:]
    voice_s = np.flatnonzero(pitch_levels(heard, TONE_A_HZ) > 0.02) * 0.02
    assert CHIME_S <= voice_s[0] <= CHIME_S + 0.12
    assert np.abs(heard).max() == pytest.approx(0.7, rel=0.01)
    assert np.abs(heard[-RATE_HZ // 4 :]).max() < 0.001


def test_volume_scales_everything(room: OpenRoom) -> None:
    here = room(volume=0.3)
    here.speaker.present(cue("cue.a"))
    here.pass_s(2.6)
    assert np.abs(here.heard()).max() == pytest.approx(0.21, rel=0.01)


def test_a_newer_cue_fades_the_older_and_never_speaks_over_it(room: OpenRoom) -> None:
    here = room()
    here.speaker.present(cue("cue.a"))
    here.pass_s(1.2)
    cut = here.now
    here.speaker.present(cue("cue.b"))
    here.pass_s(2.2)
    heard = here.heard()
    a, b = pitch_levels(heard, TONE_A_HZ), pitch_levels(heard, TONE_B_HZ)
    assert b.max() > 0.6
    assert not np.any((a > 0.02) & (b > 0.02)), "two voices at once"
    fading = envelope(heard[cut:])[: round((FADE_OUT_S + 0.06) / 0.01)]
    assert np.diff(fading).min() > -0.5, "the older line was cut, not faded"
    assert fading.min() < 0.1


def test_of_several_newer_cues_the_newest_is_said(room: OpenRoom) -> None:
    here = room()
    for text_id in ("cue.a", "cue.a", "cue.a", "cue.b"):
        here.speaker.present(cue(text_id))
        here.pass_s(0.04)
    here.pass_s(2.5)
    heard = here.heard()
    assert pitch_levels(heard, TONE_A_HZ).max() < 0.05
    assert pitch_levels(heard, TONE_B_HZ).max() > 0.6


def test_stop_lets_the_voice_finish(room: OpenRoom) -> None:
    here = room()
    start = here.now
    here.speaker.present(cue("cue.a"))
    here.pass_s(0.8)
    here.speaker.present(cue("cue.a", "stop"))
    here.pass_s(1.6)
    voice_s = np.flatnonzero(pitch_levels(here.heard()[start:], TONE_A_HZ) > 0.02) * 0.02
    assert voice_s[-1] - voice_s[0] > 1.4


def test_a_cue_for_the_eye_alone_is_silent(room: OpenRoom) -> None:
    here = room()
    here.speaker.present(cue("cue.a", channels=("light", "screen")))
    here.pass_s(1.0)
    assert np.abs(here.heard()).max() < 0.001


def test_a_cue_without_a_line_is_a_chime_alone(room: OpenRoom) -> None:
    here = room()
    start = here.now
    here.speaker.present(cue("cue.unknown"))
    here.pass_s(1.2)
    loud_s = np.flatnonzero(np.abs(here.heard()[start:]) > 0.003) / RATE_HZ
    assert 0.35 < loud_s[-1] - loud_s[0] < CHIME_S
    assert np.abs(here.heard()).max() < 0.35  # as loud as the voice that it stands for, not louder


def beats_s(samples: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Times of the beats: loud after at least a fifth of a second of quiet."""
    loud = np.flatnonzero(np.abs(samples) > level)
    return loud[np.flatnonzero(np.diff(loud, prepend=-RATE_HZ) > RATE_HZ // 5)] / RATE_HZ


def test_metronome_is_steady_quiet_and_fades_in_and_out(room: OpenRoom) -> None:
    here = room(metronome=True)
    here.aim(180.0)
    here.pass_s(4.0)
    playing = here.heard()
    assert np.abs(playing).max() == pytest.approx(BEAT_PEAK, rel=0.05)
    loudness = [np.abs(playing[int(at * RATE_HZ) :][:4800]).max() for at in beats_s(playing, 0.002)]
    assert loudness[0] < 0.3 * loudness[-1], "it comes up slowly"
    steady = beats_s(playing[-round(1.8 * RATE_HZ) :], BEAT_PEAK / 2)
    assert np.diff(steady) == pytest.approx([60 / 180.0] * (steady.size - 1), abs=2 / RATE_HZ)
    here.stop()
    here.pass_s(2.5)
    assert np.abs(here.heard()[-RATE_HZ // 4 :]).max() < 0.001


def test_metronome_changes_tempo_only_in_silence(room: OpenRoom) -> None:
    here = room(metronome=True)
    here.aim(160.0)
    here.pass_s(3.0)
    here.aim(200.0)
    here.pass_s(6.0)
    steady = beats_s(here.heard()[-RATE_HZ:], BEAT_PEAK / 2)
    assert np.diff(steady) == pytest.approx([60 / 200.0] * (steady.size - 1), abs=2 / RATE_HZ)


def test_no_metronome_beats_slower_than_it_can(room: OpenRoom) -> None:
    here = room(metronome=True)
    here.aim(20.0)
    here.pass_s(5.0)
    steady = beats_s(here.heard()[-round(1.5 * RATE_HZ) :], BEAT_PEAK / 2)
    assert np.diff(steady) == pytest.approx([60 / SPM_RANGE[0]] * (steady.size - 1), abs=2 / RATE_HZ)
    with pytest.raises(ValueError, match="metronome at 20"):
        beat(20.0)


@pytest.mark.parametrize(("offered", "aim_spm", "beats"), [(True, 172.0, True), (False, 172.0, False), (True, np.nan, False)])
def test_low_cadence_brings_the_beat_and_its_end_takes_it(room: OpenRoom, offered: bool, aim_spm: float, beats: bool) -> None:
    here = room(metronome=offered)
    here.speaker.see(replace(samples.idle(), aim_cadence_spm=aim_spm))
    here.speaker.present(cue("cue.low_cadence", rule="low_cadence"))
    here.pass_s(5.0)
    assert (np.abs(here.heard()[-RATE_HZ:]).max() > 0.5 * BEAT_PEAK) == beats
    here.stop()
    here.pass_s(3.0)
    assert np.abs(here.heard()[-RATE_HZ // 4 :]).max() < 0.001


def test_beat_steps_back_under_the_voice_and_together_they_do_not_clip(room: OpenRoom) -> None:
    here = room(metronome=True)
    here.aim(180.0)
    here.pass_s(3.0)
    here.speaker.present(cue("cue.a"))
    here.pass_s(2.0)
    assert np.abs(here.heard()).max() < 0.85
