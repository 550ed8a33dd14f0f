"""The loudspeaker: a soft chime, then one voice, and when it helps a quiet beat.

One voice at a time: a newer cue fades the older one out before it begins. But for the beat, nothing
comes or goes within 0.1 s.
"""

from __future__ import annotations

import math

import numpy as np

from station.config import SoundSection
from station.present.mixer import Mixer, PygameMixer, VirtualMixer
from station.present.voices import SPM_RANGE, Clip, Voices, almost_silence, beat, load_voices
from station.types import NAN, NS, Cue, Snapshot

VOICE, BEAT, AWAKE = 0, 1, 2  # tracks
FADE_OUT_S = 0.2  # chosen: no click
BEAT_FADE_S = 2.0  # chosen: it leaves unnoticed
UNDER_VOICE = 0.35  # the beat steps back while somebody speaks


class Speaker:
    """CueSink over a mixer, which gets every clip, scaled to `volume`, before the first cue.

    `metronome`: let the beat come with a low-cadence cue, at the cadence that the last snapshot
    aims at, held within SPM_RANGE. It fades in and out.
    """

    def __init__(self, voices: Voices, mixer: Mixer, volume: float = 0.7, metronome: bool = False) -> None:
        self._mixer, self._volume = mixer, volume
        self._offers_beat = metronome
        self._clips = {text_id: self._scaled(voices.clip(text_id)) for text_id in voices.lines}
        self._chime = self._scaled(voices.clip(""))
        for clip in (*self._clips.values(), self._chime):
            mixer.prepare(clip)
        self._next: Clip | None = None  # waits until the older line has faded out
        self._voice_gain = 1.0
        self._aim_spm = NAN
        self._wanted_spm: float | None = None
        self._beat_spm: float | None = None
        self._beat_gain = 0.0
        self._ticked_ns: int | None = None
        mixer.play(AWAKE, almost_silence(), loop=True)

    def present(self, cue: Cue) -> None:
        """Says it at once, or once the older line has faded out. A stop lets the voice finish."""
        if cue.rule == "low_cadence":
            begins = cue.action == "start" and self._offers_beat and not math.isnan(self._aim_spm)
            self._wanted_spm = min(max(self._aim_spm, SPM_RANGE[0]), SPM_RANGE[1]) if begins else None
        if cue.action == "stop" or "audio" not in cue.channels:
            return
        clip = self._clips.get(cue.id, self._chime)
        if self._mixer.playing(VOICE):
            self._next = clip
        else:
            self._mixer.play(VOICE, clip)

    def see(self, snapshot: Snapshot) -> None:
        """The cadence to beat, should a low-cadence cue come."""
        self._aim_spm = snapshot.aim_cadence_spm

    def tick(self, t_ns: int) -> None:
        elapsed_s = 0.0 if self._ticked_ns is None else max(0.0, (t_ns - self._ticked_ns) / NS)
        self._ticked_ns = t_ns
        self._move_voice(elapsed_s)
        self._move_beat(elapsed_s)
        self._mixer.advance(t_ns)

    def close(self) -> None:
        self._mixer.close()

    def _scaled(self, clip: Clip) -> Clip:
        return np.rint(clip * self._volume).astype(np.int16)

    def _move_voice(self, elapsed_s: float) -> None:
        """Fades the line that must give way; silent, it gives way."""
        if self._next is None:
            return
        self._voice_gain -= elapsed_s / FADE_OUT_S
        if self._voice_gain > 0.0 and self._mixer.playing(VOICE):
            self._mixer.set_volume(VOICE, self._voice_gain)
        else:
            self._mixer.play(VOICE, self._next)
            self._next, self._voice_gain = None, 1.0

    def _move_beat(self, elapsed_s: float) -> None:
        """The beat's gain towards its aim; another tempo begins only once the old one is silent."""
        if self._wanted_spm is None and self._beat_spm is None:
            return
        if self._beat_gain == 0.0 and self._beat_spm != self._wanted_spm:
            self._beat_spm = self._wanted_spm
            if self._beat_spm is None:
                self._mixer.stop(BEAT)
                return
            self._mixer.play(BEAT, self._scaled(beat(self._beat_spm)), loop=True, volume=0.0)
        aim = 0.0 if self._beat_spm != self._wanted_spm else UNDER_VOICE if self._mixer.playing(VOICE) else 1.0
        reach = elapsed_s / BEAT_FADE_S
        self._beat_gain += min(reach, max(-reach, aim - self._beat_gain))
        self._mixer.set_volume(BEAT, self._beat_gain)


class FakeSpeaker(Speaker):
    """The loudspeaker of demo and tests, silent; `mixer.heard()`: its last `keep_s` seconds."""

    def __init__(self, voices: Voices, volume: float = 0.7, metronome: bool = False, keep_s: float = 60.0) -> None:
        self.mixer = VirtualMixer(keep_s)
        super().__init__(voices, self.mixer, volume, metronome)


def open_speaker(config: SoundSection, voices: Voices) -> Speaker:
    """The loudspeaker of this machine. Raises HardwareError when no sound device opens."""
    return Speaker(voices, PygameMixer(config.card), config.volume, config.metronome)


def fake_speaker(config: SoundSection) -> FakeSpeaker:
    """The same without a sound card. Raises InputError for missing or bad voice lines."""
    return FakeSpeaker(load_voices("en"), config.volume, config.metronome)
