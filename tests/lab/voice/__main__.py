"""`python -m tests.lab.voice [LANGUAGE ...]`: records the voice lines anew from the station's
words, and measures them.

Takes a minute a language. Needs `apt install libttspico-utils` (component non-free) and `pip
install soundfile`. `--table` only measures what is there.
"""

from __future__ import annotations

import sys

import numpy as np

from station.language import catalogue
from station.present.voices import CUE_HZ, FULL, PRAISE_HZ, RATE_HZ, VOICE_DIR, all_lines, chime, load_voices
from tests.lab.voice.build import PICO, build, pico_speaker, rate_wps
from tests.lab.voice.loudness import loudness_lufs


def record(language: str) -> None:
    speak, voice = pico_speaker(language)
    say = catalogue(language).text
    build({text_id: say(line.spoken) for text_id, line in all_lines().items()}, VOICE_DIR / language, speak, voice)


def table() -> str:
    """Loudness and pace of what is shipped, as a Markdown table."""
    rows = ["| language | lines | LUFS, lowest to highest | words a second, median | fastest | longest, s | MB |"]
    rows.append("|---|---|---|---|---|---|---|")
    for language in PICO:
        clips, say = load_voices(language).lines, catalogue(language).text
        signals = {text_id: clip.astype(float) / FULL for text_id, clip in clips.items()}
        loud = [loudness_lufs(signal, RATE_HZ) for signal in signals.values()]
        pace = [rate_wps(say(all_lines()[text_id].spoken), signal, RATE_HZ) for text_id, signal in signals.items()]
        seconds = max(signal.size for signal in signals.values()) / RATE_HZ
        size = sum(path.stat().st_size for path in (VOICE_DIR / language).iterdir()) / 1e6
        rows.append(
            f"| {language} | {len(clips)} | {min(loud):.1f} to {max(loud):.1f} | {np.median(pace):.2f} | {max(pace):.2f} "
            f"| {seconds:.1f} | {size:.2f} |"
        )
    for name, notes in (("cue", CUE_HZ), ("praise", PRAISE_HZ)):
        rows.append(f"| chime of {name} | | {loudness_lufs(chime(notes).astype(float) / FULL, RATE_HZ):.1f} | | | | |")
    return "\n".join(rows)


def main(arguments: list[str]) -> None:
    if arguments != ["--table"]:
        for language in arguments or PICO:
            record(language)
    print(table())


if __name__ == "__main__":
    main(sys.argv[1:])
