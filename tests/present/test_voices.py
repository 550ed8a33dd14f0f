"""The shipped voice lines, measured as they will be heard, and what is said when one is missing or
damaged.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from station.errors import InputError
from station.language import TONGUES, catalogue
from station.present.voices import (
    ATTACK_S,
    BEAT_PEAK,
    CUE_HZ,
    FULL,
    PRAISE_HZ,
    RATE_HZ,
    VOICE_DIR,
    VOICELESS,
    Voices,
    all_lines,
    almost_silence,
    beat,
    chime,
    load_voices,
)
from tests.lab.voice.build import PEAK, SCHEMA, TARGET_LUFS, build, finished, rate_wps, text_sha256
from tests.lab.voice.loudness import loudness_lufs

SHIPPED_BYTES = 6_000_000


SPOKEN = [code for code in TONGUES if code not in VOICELESS]


@pytest.fixture(scope="module", params=SPOKEN)
def voices(request: pytest.FixtureRequest) -> Voices:
    return load_voices(request.param)


@pytest.fixture(scope="module")
def english() -> Voices:
    return load_voices("en")


def signal(clip: np.ndarray) -> np.ndarray:
    return clip.astype(float) / FULL


@pytest.mark.parametrize("language", SPOKEN)
def test_every_text_has_its_line_and_every_line_its_text(language: str) -> None:
    say = catalogue(language).text
    texts = {text_id: text_sha256(say(line.spoken)) for text_id, line in all_lines().items()}
    rendered = dict(load_voices(language).texts)
    wrong = sorted({text_id for text_id, _ in set(texts.items()) ^ set(rendered.items())})
    assert wrong == [], "missing, outdated or left over: render them with `python -m tests.lab.voice.__main__`"


@pytest.mark.parametrize("language", SPOKEN)
def test_line_and_chime_fit_the_time_the_coach_keeps_for_them(language: str) -> None:
    voices = load_voices(language)
    longer = {
        text_id: f"{voices.clip(text_id).size / RATE_HZ:.1f} s, kept free {line.speech_s:.1f} s"
        for text_id, line in all_lines().items()
        if voices.clip(text_id).size / RATE_HZ > line.speech_s
    }
    assert longer == {}


def test_lines_are_small(english: Voices) -> None:
    assert sum(path.stat().st_size for path in VOICE_DIR.rglob("*") if path.is_file()) < SHIPPED_BYTES


def test_lines_are_equally_loud(voices: Voices) -> None:
    loudness = {text_id: loudness_lufs(signal(clip), RATE_HZ) for text_id, clip in voices.lines.items()}
    assert {text_id: level for text_id, level in loudness.items() if abs(level - TARGET_LUFS) > 1.0} == {}


def test_nothing_can_clip(voices: Voices) -> None:
    """The loudest voice and the beat together, at full volume, with what the decoder may add."""
    peaks = {text_id: float(np.abs(signal(clip)).max()) for text_id, clip in voices.lines.items()}
    assert max(peaks.values()) + BEAT_PEAK < 0.98
    assert min(peaks.values()) > 0.3


def test_lines_begin_and_end_in_silence_and_swell(voices: Voices) -> None:
    size = round(0.01 * RATE_HZ)
    for text_id, clip in voices.lines.items():
        samples = np.abs(signal(clip))
        assert samples[: 3 * size].max() < 0.02, text_id
        assert samples[-3 * size :].max() < 0.02, text_id
        envelope = samples[: round(ATTACK_S * RATE_HZ)].reshape(-1, size).max(axis=1)
        assert envelope.max() < 0.1, f"{text_id}: louder than a breath before the ramp is over"


def test_lines_sound_like_speech(voices: Voices) -> None:
    """Most of the energy between 80 Hz and 5 kHz, in syllables: neither a hum nor noise, and not
    cut.
    """
    for text_id, clip in voices.lines.items():
        samples = signal(clip)
        power = np.abs(np.fft.rfft(samples)) ** 2
        hz = np.fft.rfftfreq(samples.size, 1 / RATE_HZ)
        assert power[(hz > 80) & (hz < 5000)].sum() > 0.85 * power.sum(), text_id
        assert 0.6 < samples.size / RATE_HZ < 9.0, text_id
        loud = (samples[: samples.size // 960 * 960].reshape(-1, 960) ** 2).mean(axis=1)
        assert loud.max() > 20 * np.percentile(loud, 10), f"{text_id}: a steady tone is not speech"


# --- chime and beat -------------------------------------------------------------------------------


@pytest.mark.parametrize("notes_hz", [CUE_HZ, PRAISE_HZ])
def test_chime_is_soft(notes_hz: tuple[float, float]) -> None:
    samples = signal(chime(notes_hz))
    envelope = np.abs(samples[: samples.size // 480 * 480]).reshape(-1, 480).max(axis=1)
    assert envelope[0] < 0.1 * envelope.max()
    assert np.all(np.diff(envelope[:9]) > 0), "it swells for 100 ms"
    assert np.all(np.diff(envelope[-10:]) <= 1e-4), "and dies away"
    loud = loudness_lufs(samples, RATE_HZ)
    assert loud == pytest.approx(-20.0, abs=0.05)
    assert 0.0 <= TARGET_LUFS - loud <= 3.0, "a little quieter than the voice that it announces"


def test_the_voice_is_unhurried(voices: Voices) -> None:
    """About 2.5 words a second; none races."""
    say = catalogue(voices.language).text
    pace = [rate_wps(say(all_lines()[text_id].spoken), signal(clip), RATE_HZ) for text_id, clip in voices.lines.items()]
    assert 2.0 < np.median(pace) < 3.3
    assert max(pace) < 4.8


def test_praise_rises_and_a_cue_does_not(english: Voices) -> None:
    def last_note_hz(text_id: str) -> float:
        part = signal(english.clip(text_id))[round(0.28 * RATE_HZ) : round(0.42 * RATE_HZ)]
        return float(np.fft.rfftfreq(part.size, 1 / RATE_HZ)[np.abs(np.fft.rfft(part * np.hanning(part.size))).argmax()])

    assert last_note_hz("praise.sitting") == pytest.approx(PRAISE_HZ[1], abs=10)
    assert last_note_hz("cue.sitting") == pytest.approx(CUE_HZ[1], abs=10)


@pytest.mark.parametrize("spm", [140.0, 166.7, 180.0])
def test_beat_lasts_a_step_and_is_quiet(spm: float) -> None:
    clip = beat(spm)
    assert clip.size == pytest.approx(RATE_HZ * 60 / spm, abs=0.5)
    assert np.abs(signal(clip)).max() == pytest.approx(BEAT_PEAK, rel=0.01)
    assert clip[0] == 0
    assert np.abs(clip[-100:]).max() == 0


@pytest.mark.parametrize("spm", [0.0, 99.0, 241.0, float("nan")])
def test_no_metronome_for_a_tempo_nobody_runs(spm: float) -> None:
    with pytest.raises(ValueError, match="expected 100 to 240"):
        beat(spm)


def test_keep_awake_is_below_hearing() -> None:
    assert np.abs(almost_silence()).max() == 1


# --- loudness -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [22_050, 48_000])
def test_loudness_of_the_standards_tone(rate_hz: int) -> None:
    """BS.1770-4: a full-scale 997 Hz sine in one front channel reads -3.01 LUFS; 20 dB less reads
    20 LU less.
    """
    tone = np.sin(2 * np.pi * 997.0 * np.arange(3 * rate_hz) / rate_hz)
    assert loudness_lufs(tone, rate_hz) == pytest.approx(-3.01, abs=0.1)
    assert loudness_lufs(0.1 * tone, rate_hz) == pytest.approx(-23.01, abs=0.1)


def test_loudness_ignores_pauses_and_knows_silence() -> None:
    tone = np.sin(2 * np.pi * 997.0 * np.arange(2 * RATE_HZ) / RATE_HZ)
    paused = np.concatenate([tone, np.zeros(4 * RATE_HZ)])
    assert loudness_lufs(paused, RATE_HZ) == pytest.approx(loudness_lufs(tone, RATE_HZ), abs=0.5)
    assert loudness_lufs(np.zeros(RATE_HZ), RATE_HZ) == -np.inf


def test_loudness_weighs_treble_more_than_bass() -> None:
    t_s = np.arange(2 * RATE_HZ) / RATE_HZ
    low, high = (loudness_lufs(np.sin(2 * np.pi * hz * t_s), RATE_HZ) for hz in (60.0, 4000.0))
    assert high - low > 5.0


# --- building -------------------------------------------------------------------------------------


def babble(rate_hz: int, loudness: float) -> np.ndarray:
    """Noise in syllables with sharp peaks, in the middle of a second of silence."""
    t_s = np.arange(rate_hz) / rate_hz
    noise = np.random.default_rng(5).standard_normal(rate_hz) * np.sin(2 * np.pi * 4 * t_s) ** 2 * loudness
    return np.concatenate([np.zeros(rate_hz // 2), noise, np.zeros(rate_hz // 2)])


@pytest.mark.parametrize("loudness", [0.003, 0.1, 2.0])
def test_finished_lines_are_levelled_trimmed_and_ramped(loudness: float) -> None:
    rate_hz = 22_050
    line = finished(babble(rate_hz, loudness), rate_hz)
    assert loudness_lufs(line, rate_hz) == pytest.approx(TARGET_LUFS, abs=1.0)
    assert np.abs(line).max() <= PEAK + 1e-9
    assert 1.1 < line.size / rate_hz < 1.35
    assert line[0] == line[-1] == pytest.approx(0.0, abs=1e-6)


def test_build_writes_lines_and_manifest_and_drops_old_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a pretended encoder: the real one is needed by the builder alone."""

    def write(path: Path, samples: np.ndarray, rate_hz: int, **_: object) -> None:
        path.write_bytes(samples.astype("f4").tobytes())

    monkeypatch.setitem(sys.modules, "soundfile", SimpleNamespace(write=write))
    (tmp_path / "old.ogg").write_bytes(b"x")
    manifest = build({"cue.a": "Run tall."}, tmp_path, lambda text: (babble(22_050, 0.1), 22_050), {"name": "babble"})
    assert json.loads((tmp_path / "manifest.json").read_text()) == manifest
    assert manifest["schema"] == SCHEMA
    assert manifest["lines"]["cue.a"]["text_sha256"] == text_sha256("Run tall.")
    assert [path.name for path in tmp_path.glob("*.ogg")] == ["cue.a.ogg"]


# --- what can be wrong ----------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(VOICE_DIR / "en", tmp_path / "en")
    return tmp_path


def test_missing_line_is_named(copy: Path) -> None:
    (copy / "en/cue.sitting.ogg").unlink()
    with pytest.raises(InputError, match=r"cue\.sitting\.ogg: voice line cannot be read .*Install the station again"):
        load_voices("en", copy)


def test_damaged_line_is_named(copy: Path) -> None:
    path = copy / "en/cue.sitting.ogg"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"cue\.sitting\.ogg: voice line is damaged"):
        load_voices("en", copy)


def test_line_that_is_no_sound_is_named(copy: Path) -> None:
    manifest = json.loads((copy / "en/manifest.json").read_text())
    path = copy / "en/cue.sitting.ogg"
    path.write_text("no sound")
    manifest["lines"]["cue.sitting"]["sha256"] = hashlib.sha256(b"no sound").hexdigest()
    (copy / "en/manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="is not a sound that can be decoded"):
        load_voices("en", copy)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"lines": 3}'])
def test_broken_manifest_is_named(copy: Path, content: str) -> None:
    (copy / "en/manifest.json").write_text(content)
    with pytest.raises(InputError, match=r"manifest\.json: is not a manifest of voice lines"):
        load_voices("en", copy)


def test_a_language_without_a_voice_sounds_the_chime() -> None:
    silent = load_voices("ja")
    assert not silent.lines
    assert np.array_equal(silent.clip("praise.sitting"), chime(PRAISE_HZ))


def test_a_voice_that_is_missing_is_reported(copy: Path) -> None:
    with pytest.raises(InputError, match=r"the voice of language 'xx' is missing"):
        load_voices("xx", copy)
