"""What plays sound: pygame's mixer on the sound card, or a virtual one that mixes into an array.

Both play clips (mono int16 at RATE_HZ, equal on both sides) on a few tracks, one clip a track, in
blocks of BLOCK samples.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from station.errors import HardwareError
from station.present.voices import FULL, RATE_HZ, Clip
from station.types import NS

BLOCK = 512  # 10.7 ms
# What SDL keeps ready in an ALSA device of two periods: the virtual mixer's delay to the ear.
QUEUED_BLOCKS = 2
TRACKS = 3  # voice, chime, beat
PULSE = RATE_HZ // 2  # samples of a silent clip that shows that the device uses samples up
STILL_S = 3.0  # chosen: a device without a new position for so long is dead
LOOK_S = 0.5  # chosen


class Mixer(Protocol):
    def prepare(self, clip: Clip) -> None: ...

    def play(self, track: int, clip: Clip, loop: bool = False, volume: float = 1.0) -> None: ...

    def stop(self, track: int) -> None: ...

    def set_volume(self, track: int, volume: float) -> None: ...

    def playing(self, track: int) -> bool: ...

    def advance(self, t_ns: int) -> None: ...

    def close(self) -> None: ...


class PygameMixer:
    """The sound card: an ALSA `card` by name; "": as SDL_AUDIODRIVER, AUDIODEV or SDL choose.

    Raises HardwareError when no device opens, with the cards that are there; `advance` raises it
    when the card has gone or no longer plays. Then close it: a new one can be made as soon as a
    card is there.
    """

    def __init__(self, card: str = "", root: Path = Path("/"), now_s: Callable[[], float] = time.monotonic) -> None:
        # Its greeting would spoil JSON on stdout.
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        from pygame import error, mixer

        cards = sound_cards(root)
        if card:
            if card not in cards:
                raise HardwareError("there is no such sound card", card, f"plug it in, or choose from: {_list(cards)}")
            os.environ.setdefault("SDL_AUDIODRIVER", "alsa")
            os.environ["AUDIODEV"] = f"plughw:CARD={card}"
        silence_alsa()
        try:
            mixer.init(RATE_HZ, -16, 2, BLOCK, allowedchanges=0)
        except error as problem:
            raise HardwareError(
                f"no sound device opens ({problem})",
                card or os.environ.get("SDL_AUDIODRIVER", "sound"),
                f"connect a USB loudspeaker and set sound.card (cards here: {_list(cards)}), or set sound.enabled = false",
            ) from None
        mixer.set_num_channels(TRACKS + 1)
        self._mixer = mixer
        self._life = _Life(mixer.Channel(TRACKS), mixer.Sound(buffer=bytes(4 * PULSE)), card, root, now_s)
        # By identity of the clip, which is kept so that it stays valid.
        self._sounds: dict[int, tuple[Clip, Any]] = {}

    def prepare(self, clip: Clip) -> None:
        """Hands the clip over before it is needed. Known by its identity: do not change or copy it.
        """
        self._sounds[id(clip)] = (clip, self._mixer.Sound(buffer=np.repeat(clip, 2).tobytes()))

    def play(self, track: int, clip: Clip, loop: bool = False, volume: float = 1.0) -> None:
        if id(clip) not in self._sounds:
            self.prepare(clip)
        channel = self._mixer.Channel(track)
        channel.play(self._sounds[id(clip)][1], loops=-1 if loop else 0)
        channel.set_volume(volume)

    def stop(self, track: int) -> None:
        self._mixer.Channel(track).stop()

    def set_volume(self, track: int, volume: float) -> None:
        self._mixer.Channel(track).set_volume(volume)

    def playing(self, track: int) -> bool:
        return bool(self._mixer.Channel(track).get_busy())

    def advance(self, t_ns: int) -> None:
        """Raises HardwareError when the card has gone, or stood still for STILL_S of real time."""
        self._life.step()

    def close(self) -> None:
        self._mixer.quit()


class _Life:
    """Whether a sound card still plays: by its position, else by how fast it uses up silence.

    SDL goes on taking samples when a USB card is pulled out: only the card's position shows it.
    """

    def __init__(self, channel: Any, silence: Any, card: str, root: Path, now_s: Callable[[], float]) -> None:
        self._channel, self._silence = channel, silence
        self._card, self._root, self._now_s = card, root, now_s
        self._pulses = 0
        self._position: int | None = None
        self._still_s = 0.0
        self._looked_s = now_s()
        channel.play(silence)

    def step(self) -> None:
        if not self._channel.get_queue():
            self._channel.queue(self._silence)
            self._pulses += 1
        elapsed_s = self._now_s() - self._looked_s
        if elapsed_s < LOOK_S:
            return
        self._looked_s += elapsed_s
        # This process may have been stopped, and the card with it.
        self._still_s += min(elapsed_s, 2 * LOOK_S)
        if self._card and not (self._root / "proc/asound" / self._card).exists():
            raise HardwareError("the sound card was unplugged", self._card, "plug it in again: it plays by itself")
        at_card = playback_position(self._root)
        position = self._pulses if at_card is None else at_card
        if position != self._position:
            self._position, self._still_s = position, 0.0
        elif self._still_s > STILL_S:
            raise HardwareError("the sound card no longer plays", self._card or "sound", "unplug it and plug it in again")


def playback_position(root: Path = Path("/")) -> int | None:
    """Samples that this process' sound card has played; None where ALSA does not say.

    Source: the kernel's sound/core/pcm.c, `snd_pcm_substream_proc_status_read`; `owner_pid` is the
    thread that opened it.
    """
    for status in (root / "proc/asound").glob("card*/pcm*p/sub*/status"):
        try:
            lines = status.read_text(encoding="ascii").splitlines()
        except OSError:  # pulled out while we looked
            continue
        fields = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        owner, played = fields.get("owner_pid", ""), fields.get("hw_ptr", "")
        if owner.isdigit() and played.isdigit() and (root / "proc/self/task" / owner).exists():
            return int(played)
    return None


def silence_alsa() -> None:
    """Keeps ALSA's library from writing a dozen raw lines for a device that does not open.

    SDL's error says it once. SDL loads the same libasound.so.2. The handler must be C, because SDL
    calls it while Python's lock is held: getpid does nothing with its arguments.
    """
    with suppress(OSError, AttributeError):  # no such library: then it says nothing either
        nothing = ctypes.cast(ctypes.CDLL(None).getpid, ctypes.c_void_p)
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(nothing)


def sound_cards(root: Path = Path("/")) -> tuple[str, ...]:
    """Names of the ALSA cards, as `aplay -l` shows them."""
    return tuple(path.read_text(encoding="utf-8").strip() for path in sorted((root / "proc/asound").glob("card*/id")))


def _list(cards: tuple[str, ...]) -> str:
    return ", ".join(cards) or "none"


# --- the virtual one ------------------------------------------------------------------------------


@dataclass
class _Track:
    clip: Clip = field(default_factory=lambda: np.zeros(0, np.int16))
    position: int = 0
    loop: bool = False
    volume: float = 1.0
    on: bool = False


class VirtualMixer:
    """The same mix in an array, in the time that `advance` is given: a fake, and an instrument.

    A command takes effect at the first block that begins after the next `advance`; a block is heard
    QUEUED_BLOCKS later. Keeps the last `keep_s` seconds.
    """

    def __init__(self, keep_s: float = 60.0) -> None:
        self._tracks = [_Track() for _ in range(TRACKS)]
        self._waiting: dict[int, _Track] = {}  # what the next `advance` puts on
        self._blocks: deque[NDArray[np.int16]] = deque(maxlen=round(keep_s * RATE_HZ / BLOCK))
        self._count = 0
        self._start_ns: int | None = None

    def prepare(self, clip: Clip) -> None:
        pass

    def play(self, track: int, clip: Clip, loop: bool = False, volume: float = 1.0) -> None:
        self._waiting[track] = _Track(clip, 0, loop, volume, True)

    def stop(self, track: int) -> None:
        self._waiting[track] = _Track()

    def set_volume(self, track: int, volume: float) -> None:
        self._planned(track).volume = volume

    def playing(self, track: int) -> bool:
        return self._planned(track).on

    def advance(self, t_ns: int) -> None:
        """Mixes every block that has begun by `t_ns`, then obeys what was asked since."""
        if self._start_ns is None:
            self._start_ns = t_ns
        while self._start_ns + self._count * BLOCK * NS // RATE_HZ < t_ns:
            self._blocks.append(self._mix())
            self._count += 1
        for number, track in self._waiting.items():
            self._tracks[number] = track
        self._waiting.clear()

    def close(self) -> None:
        self._tracks = [_Track() for _ in range(TRACKS)]
        self._waiting.clear()

    # --- the instrument ---

    def heard(self) -> NDArray[np.int16]:
        """(N, 2) int16: what went to both loudspeakers, as far as it is kept."""
        return np.concatenate([*self._blocks, np.zeros((0, 2), np.int16)])

    def onset_ns(self, after_ns: int, level: float = 0.003) -> int | None:
        """When something louder than `level` (of full scale) was first heard after `after_ns`."""
        if self._start_ns is None:
            return None
        first = self._count - len(self._blocks)
        heard = self.heard()[:, 0].astype(int)
        samples = np.arange(len(heard)) + (first + QUEUED_BLOCKS) * BLOCK
        t_ns = self._start_ns + samples * NS // RATE_HZ
        loud = np.flatnonzero((np.abs(heard) > level * FULL) & (t_ns > after_ns))
        return int(t_ns[loud[0]]) if loud.size else None

    def _planned(self, number: int) -> _Track:
        """The track as it will be once what is waiting is obeyed."""
        return self._waiting.get(number, self._tracks[number])

    def _mix(self) -> NDArray[np.int16]:
        total = sum((self._take(track) for track in self._tracks if track.on), np.zeros(BLOCK))
        mono = np.clip(np.rint(total), -FULL - 1, FULL).astype(np.int16)
        return np.repeat(mono[:, None], 2, axis=1)

    def _take(self, track: _Track) -> NDArray[np.float64]:
        """The track's next block at its volume; the track moves on."""
        index = track.position + np.arange(BLOCK)
        out = np.zeros(BLOCK)
        inside = index < len(track.clip)
        if track.loop:
            out[:] = track.clip[index % len(track.clip)]
        else:
            out[inside] = track.clip[index[inside]]
            track.on = bool(inside[-1])
        track.position += BLOCK
        return out * track.volume
