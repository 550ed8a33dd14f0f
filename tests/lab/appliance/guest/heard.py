"""Finds a cue of the station in a recording: python3 heard.py RECORDING.wav CUE VOLUME; JSON on
standard output.
"""

import json
import sys
import wave

sys.path.insert(0, "/usr/lib/station")
import numpy as np

from station.present.voices import RATE_HZ, load_voices

with wave.open(sys.argv[1]) as file:
    assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE_HZ, 2, 2)
    heard = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)[:, 0].astype(float)
cue = load_voices("en").clip(sys.argv[2]) * float(sys.argv[3])
size = 1 << int(np.ceil(np.log2(len(heard) + len(cue))))
alike = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(cue, size)), size)[: len(heard) - len(cue) + 1]
power = np.concatenate([[0.0], np.cumsum(heard**2)])
energy = np.sqrt(np.maximum(power[len(cue) :] - power[: -len(cue)], 1.0) * np.sum(cue**2))
at = int(np.argmax(alike / energy))
part = heard[at : at + len(cue)]


def dbfs(samples: np.ndarray) -> float:
    return round(20 * float(np.log10(max(np.sqrt(np.mean(samples**2)), 1e-9) / 32768)), 1)


print(
    json.dumps(
        {
            "recorded_s": round(len(heard) / RATE_HZ, 1),
            "at_s": round(at / RATE_HZ, 2),
            "correlation": round(float(alike[at] / energy[at]), 3),
            "level_dbfs": dbfs(part),
            "expected_dbfs": dbfs(cue),
            "silence_dbfs": dbfs(heard[max(0, at - 2 * RATE_HZ) : max(1, at - RATE_HZ // 2)]),
        }
    )
)
