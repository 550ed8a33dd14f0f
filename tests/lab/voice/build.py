"""Renders voice lines to small OGG Vorbis files with a manifest; run by `python -m
tests.lab.voice`.

Needs what the station itself does not: SVOX Pico (Debian: libttspico-utils, Apache-2.0, in the
component non-free because the sources of its voice data were never published) and `soundfile`. Pico
has no chance in it: a line sounds the same each time.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.lab.voice.loudness import loudness_lufs

SCHEMA = "station.voice/1"
# Even loudness from line to line; a gym needs it loud, the peak limit keeps room for beat and
# fades.
TARGET_LUFS = -18.0
PEAK = 0.70
EDGE_S = 0.02  # kept beyond the first and last loud sample: soft consonants
LEAD_S, TAIL_S = 0.10, 0.13  # quiet around that: the ramps lie in it and no syllable is cut
RAMP_S = 0.10
QUIET = 0.01  # of the peak: what counts as before and after the words
LOOK_S = 0.005
PICO = {"en": "en-US", "de": "de-DE", "es": "es-ES", "fr": "fr-FR", "it": "it-IT"}
WORDS_PER_S = 2.5  # unhurried: it is heard over a treadmill, by somebody who runs
# Per cent of the own pace of Pico, which is some 4 words a second: slower, and it drawls.
SLOWEST = 60

Speech = tuple[NDArray[np.float64], int]  # (N,) in -1..1, samples a second


def text_sha256(text: str) -> str:
    """What the manifest keeps of a text, to notice that a line was rendered from older words."""
    return hashlib.sha256(text.encode()).hexdigest()


def build(lines: Mapping[str, str], folder: Path, speak: Callable[[str], Speech], voice: Mapping[str, str]) -> dict[str, Any]:
    """Renders every line (id -> spoken text) into `folder`, removes files of other ids, writes and
    returns the manifest.
    """
    import soundfile  # type: ignore[import-not-found]

    folder.mkdir(parents=True, exist_ok=True)
    entries = {}
    for text_id, text in lines.items():
        samples, rate_hz = speak(text)
        samples = finished(samples, rate_hz)
        path = folder / f"{text_id}.ogg"
        soundfile.write(path, samples, rate_hz, format="OGG", subtype="VORBIS", compression_level=0.6)
        entries[text_id] = {
            "file": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "text_sha256": text_sha256(text),
            "seconds": round(len(samples) / rate_hz, 3),
        }
    for path in folder.glob("*.ogg"):
        if path.stem not in lines:
            path.unlink()
    manifest = {"schema": SCHEMA, "voice": dict(voice), "loudness_lufs": TARGET_LUFS, "lines": entries}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest


def finished(samples: NDArray[np.floating], rate_hz: int) -> NDArray[np.float64]:
    """Trimmed to the words with quiet around them, brought to TARGET_LUFS below PEAK, faded in and
    out.
    """
    centred = np.asarray(samples, dtype=np.float64) - np.mean(samples)
    loud = np.flatnonzero(np.abs(centred) > QUIET * np.abs(centred).max())
    edge = round(EDGE_S * rate_hz)
    words = _ramped(centred[max(0, loud[0] - edge) : loud[-1] + 1 + edge], edge)
    padded = np.concatenate([np.zeros(round(LEAD_S * rate_hz)), words, np.zeros(round(TAIL_S * rate_hz))])
    for _ in range(4):  # limiting lowers the loudness a little: approach it
        padded = limited(padded * 10 ** ((TARGET_LUFS - loudness_lufs(padded, rate_hz)) / 20.0), rate_hz)
    return _ramped(padded, round(RAMP_S * rate_hz))


def _ramped(samples: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Faded in and out over `size` samples."""
    ramp = np.sin(np.linspace(0.0, np.pi / 2, size)) ** 2
    out = samples.copy()
    out[:size] *= ramp
    out[-size:] *= ramp[::-1]
    return out


def limited(samples: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Peaks held below PEAK by a gain that looks 5 ms ahead and moves smoothly, so that nothing is
    clipped.
    """
    look = round(LOOK_S * rate_hz)
    needed = np.minimum(1.0, PEAK / np.maximum(np.abs(samples), 1e-9))
    padded = np.pad(needed, 2 * look, constant_values=1.0)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * look + 1).min(axis=1)
    gain = np.convolve(lowest, np.full(2 * look + 1, 1.0 / (2 * look + 1)), mode="valid")
    return samples * gain


def words_of(text: str) -> int:
    """Spoken words; an apostrophe joins what is said as one."""
    return len(text.split())


def rate_wps(text: str, samples: NDArray[np.floating], rate_hz: int) -> float:
    """Words a second, over the speech itself and without the pauses between sentences."""
    frame = round(0.02 * rate_hz)
    loud = np.abs(samples[: samples.size // frame * frame]).reshape(-1, frame).max(axis=1) > 4 * QUIET * np.abs(samples).max()
    return words_of(text) / max(loud.sum() * frame / rate_hz, 1e-9)


def pico_speaker(language: str) -> tuple[Callable[[str], Speech], dict[str, str]]:
    """SVOX Pico's voice of a language, each line slowed to WORDS_PER_S. Raises FileNotFoundError
    without `pico2wave`.
    """
    voice = PICO[language]

    def at(level: int, text: str) -> Speech:
        import soundfile

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "line.wav"
            said = f"<speed level='{level}'>{text}</speed>"
            subprocess.run(["pico2wave", f"--lang={voice}", f"--wave={path}", said], check=True, capture_output=True)
            samples, rate_hz = soundfile.read(path)
        return samples, rate_hz

    def speak(text: str) -> Speech:
        level = 100
        for _ in range(4):
            samples, rate_hz = at(level, text)
            said = rate_wps(text, samples, rate_hz)
            if said <= WORDS_PER_S * 1.05 or level <= SLOWEST:
                break
            level = max(SLOWEST, min(level - 3, round(level * WORDS_PER_S / said)))
        return samples, rate_hz

    package = "libttspico 1.0+git20130326 of Debian: code and voice data Apache-2.0, copyright 2008-2009 SVOX AG"
    return speak, {"name": voice, "tool": "SVOX Pico (pico2wave)", "package": package}
