"""All that the loudspeaker can say or sound, decoded once: voice lines, chimes and the beat.

Clips are mono int16 at RATE_HZ, scaled for full volume. Peaks are budgeted so that whatever sounds
together never clips: voice 0.70 (its chime is over before it begins) and up to 0.15 that Vorbis
adds to it, beat 0.10.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.cues.lines import LINES
from station.errors import InputError
from station.faults import RULES
from station.types import Line

VOICE_DIR = Path(__file__).parent / "voice"
VOICELESS = ("ja",)  # languages that the voice cannot speak
RATE_HZ = 48_000  # of the files and of usual sound cards
FULL = 32_767  # of 16 bits
BEAT_PEAK = 0.10  # chosen: below the voice
CHIME_S = 0.5  # chosen
ATTACK_S = 0.1  # nothing but the beat comes up faster
BEAT_ATTACK_S = 0.01  # a beat needs an edge; it is quiet, and fades in over seconds as a whole
SPM_RANGE = (100.0, 240.0)  # chosen: wider than people run
REBUILD = "install the station again, or render the lines with `python -m tests.lab.voice`"

Clip = NDArray[np.int16]

# Two notes before the voice, rising for praise: well above the rumble of a treadmill and below the
# hiss of its fan.
CUE_HZ = (587.3, 587.3)
PRAISE_HZ = (587.3, 880.0)  # d'' and a'': a fifth up (chosen)
# At these both are -20 LUFS loud, 2 LU under the voice that they announce (a test measures it).
CHIME_PEAKS = {CUE_HZ: 0.279571, PRAISE_HZ: 0.29463}


def all_lines() -> dict[str, Line]:
    """Everything that can be said, by text id: the station's own lines and the rules'."""
    lines = dict(LINES)
    for rule in RULES:
        lines |= rule.lines
    return lines


@dataclass(frozen=True)
class Voices:
    """Voice lines by text id; `texts` are the hashes of the words that were recorded."""

    language: str
    lines: Mapping[str, Clip]
    texts: Mapping[str, str]

    def clip(self, text_id: str) -> Clip:
        """Chime, then the line of that id; the chime alone when there is no such line."""
        notes = chime(PRAISE_HZ if text_id.startswith("praise.") else CUE_HZ)
        return np.concatenate([notes, self.lines[text_id]]) if text_id in self.lines else notes


def load_voices(language: str = "en", folder: Path = VOICE_DIR) -> Voices:
    """All lines of a language; none where it has no voice: then chime, light and screen speak.

    Raises InputError for a file that is missing, damaged or not its manifest's.
    """
    if language in VOICELESS:
        return Voices(language, {}, {})
    manifest_path = folder / language / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(manifest_path.read_text(encoding="utf-8"))
        entries = {text_id: (str(one["file"]), one["sha256"], one["text_sha256"]) for text_id, one in manifest["lines"].items()}
    except FileNotFoundError:
        raise InputError(f"the voice of language {language!r} is missing", str(manifest_path), REBUILD) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"is not a manifest of voice lines ({error})", str(manifest_path), REBUILD) from None
    lines = {text_id: _line(folder / language / file, sha256) for text_id, (file, sha256, _) in entries.items()}
    return Voices(language, lines, {text_id: text_sha256 for text_id, (_, _, text_sha256) in entries.items()})


def _line(path: Path, sha256: str) -> Clip:
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:  # a name with a NUL
        raise InputError(f"voice line cannot be read ({error})", str(path), REBUILD) from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InputError("voice line is damaged: it is not the file that its manifest names", str(path), REBUILD)
    return decode(path)


def decode(path: Path) -> Clip:
    """Any sound file as mono int16 at RATE_HZ. Raises InputError when it cannot be decoded."""
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HZ)
    parts = []
    try:
        with av.open(str(path)) as container:
            for frame in (*container.decode(audio=0), None):  # None: give out what is still inside
                parts += [out.to_ndarray()[0] for out in resampler.resample(frame)]
    except (av.error.FFmpegError, IndexError) as error:
        raise InputError(f"is not a sound that can be decoded ({error})", str(path), REBUILD) from None
    return np.concatenate(parts).astype(np.int16)


def chime(notes_hz: tuple[float, float]) -> Clip:
    """Two soft notes, CHIME_S long, swelling for ATTACK_S, with silence at both ends."""
    out = np.zeros(round(CHIME_S * RATE_HZ))
    for start_s, hz in zip((0.0, 0.18), notes_hz, strict=True):
        start = round(start_s * RATE_HZ)
        out[start:] += _note(hz, out.size - start)
    out *= _ramp_down(out.size)
    return _scaled(out, CHIME_PEAKS[notes_hz])


def beat(spm: float) -> Clip:
    """One soft beat and silence until the next: looped, `spm` steps a minute, exact to a sample.

    Raises ValueError outside SPM_RANGE.
    """
    if not SPM_RANGE[0] <= spm <= SPM_RANGE[1]:
        raise ValueError(f"metronome at {spm} steps/min, expected {SPM_RANGE[0]:.0f} to {SPM_RANGE[1]:.0f}")
    t_s = np.arange(round(60.0 / spm * RATE_HZ)) / RATE_HZ
    attack = np.sin(np.clip(t_s / BEAT_ATTACK_S, 0.0, 1.0) * np.pi / 2) ** 2
    return _scaled(np.sin(2 * np.pi * 440.0 * t_s) * attack * np.exp(-t_s / 0.02), BEAT_PEAK)


def almost_silence() -> Clip:
    """A second of one-bit noise: amplifiers that sleep at digital silence stay awake."""
    return np.random.default_rng(0).integers(-1, 2, RATE_HZ).astype(np.int16)


def _note(hz: float, size: int) -> NDArray[np.float64]:
    t_s = np.arange(size) / RATE_HZ
    swell = np.sin(np.clip(t_s / ATTACK_S, 0.0, 1.0) * np.pi / 2) ** 2
    dying = np.exp(-np.clip(t_s - ATTACK_S, 0.0, None) / 0.09)
    return swell * dying * (np.sin(2 * np.pi * hz * t_s) + 0.25 * np.sin(4 * np.pi * hz * t_s))


def _ramp_down(size: int) -> NDArray[np.float64]:
    """1, then down to 0 over the last ATTACK_S."""
    left = np.arange(size, 0, -1) - 1
    return np.sin(np.clip(left / (ATTACK_S * RATE_HZ), 0.0, 1.0) * np.pi / 2) ** 2


def _scaled(samples: NDArray[np.float64], peak: float) -> Clip:
    return np.rint(samples * (peak * FULL / np.abs(samples).max())).astype(np.int16)
