"""One film of each kind, made from the bundled clip."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from station.run.demo_clip import CLIP
from tests.made_film import interlaced, trim_by_edit_list, with_bars, write_film, write_tracks

Images = Sequence[NDArray[np.uint8]]
FPS, SECONDS = 30, 7
H264 = {"crf": "18", "preset": "veryfast"}
B_FRAMES = {**H264, "bf": "3", "x264-params": "b-adapt=0"}
TAGGED = {"movflags": "use_metadata_tags"}


@dataclass(frozen=True)
class Case:
    """A situation: how its file is made, and what to say on the command line with it.

    right: "same" = the base film's numbers; "refused" = no number and what to do; "said" = a number
    with a named problem.
    """

    name: str
    situation: str
    make: Callable[[Path, Images], object]
    options: tuple[str, ...] = ()
    right: str = "same"


def base_images() -> list[NDArray[np.uint8]]:
    """The bundled clip's first seconds, (H, W, 3) RGB."""
    with av.open(str(CLIP)) as container:
        frames = islice(container.decode(video=0), SECONDS * FPS)
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]


def h264(path: Path, images: Images, **more: object) -> Path:
    return write_film(path, images, codec="libx264", **({"fps": FPS, "options": H264} | more))  # type: ignore[arg-type]


def _turned(turns: int) -> Callable[[Path, Images], object]:
    return lambda path, images: h264(path, [np.ascontiguousarray(np.rot90(image, turns)) for image in images])


def _framed(colour: tuple[int, int, int], lines: int) -> Callable[[Path, Images], object]:
    def make(path: Path, images: Images) -> object:
        wide = round(images[0].shape[1] * lines / images[0].shape[0] / 2) * 2
        small = [np.asarray(cv2.resize(image, (wide, lines), interpolation=cv2.INTER_AREA), np.uint8) for image in images]
        return h264(path, with_bars(small, 1920, 1080, colour))

    return make


def _woven(path: Path, images: Images, **options: str) -> object:
    """Every frame with its odd lines from the next one, as a camera with two fields a frame takes
    them.
    """
    woven = [interlaced([one, other])[0] for one, other in zip(images, [*images[1:], images[-1]], strict=True)]
    return h264(path, woven, options={**H264, **options})


def _wide_pixels(path: Path, images: Images) -> object:
    height, width = images[0].shape[:2]
    thin = [np.asarray(cv2.resize(np.rot90(i), (height * 3 // 4 // 2 * 2, width)), np.uint8) for i in images]
    return h264(path, thin, pixel_aspect=Fraction(4, 3), rotation_deg=-90)


def _ten_bits(path: Path, images: Images) -> object:
    return write_film(
        path,
        images,
        codec="libx265",
        fps=FPS,
        pix_fmt="yuv420p10le",
        options={"crf": "18", "preset": "ultrafast", "x265-params": "log-level=none:colorprim=9:transfer=18:colormatrix=9"},
    )


def _uneven(path: Path, images: Images) -> object:
    kept = [i for i in range(len(images)) if i % 7 != 3]
    return h264(path, [images[i] for i in kept], times_s=[i / FPS for i in kept])


def _gap(path: Path, images: Images) -> object:
    middle = len(images) // 2
    return h264(path, images, times_s=[i / FPS + (3600.0 if i >= middle else 0.0) for i in range(len(images))])


def _trimmed(path: Path, images: Images) -> object:
    """A second before and after the film is stored, and not shown."""
    still = [images[0]] * FPS
    return trim_by_edit_list(
        Path(str(h264(path, [*still, *images, *still], options={**B_FRAMES, "g": "15"}))), 1.0, len(images) / FPS
    )


def _preview_first(path: Path, images: Images) -> object:
    preview = [np.asarray(cv2.resize(image, (160, 214)), np.uint8) for image in images[::FPS]]
    return write_tracks(path, [(preview, 1), (images, FPS)], ["mjpeg", "libx264"])


Cover = Callable[[NDArray[np.uint8], int], object]


def _behind(cover: Cover, first: int = 0, last: int = 10**6) -> Callable[[Path, Images], object]:
    """Something in front of the runner, painted by `cover` into the frames from the first to the
    last.
    """

    def make(path: Path, images: Images) -> object:
        covered = [image.copy() for image in images]
        for number, image in enumerate(covered[first:last]):
            cover(image, number)
        return h264(path, covered)

    return make


def _bar(top: int, bottom: int, left: int = 0) -> Cover:
    return lambda image, _: cv2.rectangle(image, (left, top), (image.shape[1], bottom), (45, 45, 45), -1)


def _towel(image: NDArray[np.uint8], _: int) -> None:
    """Woven, hanging over a rail."""
    image[364:374] = 60
    image[370:520, 180:300] = np.random.default_rng(0).integers(150, 190, (150, 120, 1))


def _somebody(image: NDArray[np.uint8], number: int) -> None:
    """Stands in front and sways."""
    left = 150 + round(6 * np.sin(number / 12))
    image[180:600, left : left + 130] = (70, 60, 110)
    cv2.circle(image, (left + 65, 130), 48, (205, 160, 130), -1)


def _cut_off(path: Path, images: Images) -> object:
    h264(path, images)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    return path


def _renamed(path: Path, images: Images) -> object:
    odd = Path(os.fsdecode(os.fsencode(path.parent) + b"/l\xe4uft\xff.mp4"))
    h264(path, images).rename(odd)
    return odd


def _slow(shown_fps: float, tag: str = "") -> Callable[[Path, Images], object]:
    def make(path: Path, images: Images) -> object:
        times = [i / shown_fps for i in range(len(images))]
        tags = {"com.android.capture.fps": tag} if tag else {}
        return h264(path, images, times_s=times, tags=tags, container_options=TAGGED)

    return make


def _motion_jpeg(path: Path, images: Images) -> object:
    """One JPEG after the other, as `rpicam-vid --codec mjpeg` writes them."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90]
    return path.write_bytes(b"".join(cv2.imencode(".jpg", image[..., ::-1], quality)[1].tobytes() for image in images))


def _content(content: bytes) -> Callable[[Path, Images], object]:
    return lambda path, _: path.write_bytes(content)


CASES = (
    Case("base.mp4", "H.264 in MP4, 30 frames a second", h264),
    Case("raw.h264", "an elementary stream without times", lambda p, i: h264(p, i, container_format="h264"), right="refused"),
    Case("raw-given.h264", "the same, its rate given", lambda p, i: h264(p, i, container_format="h264"), ("--fps", "30")),
    Case("pi.mjpeg", "raw MJPEG of a Pi (`rpicam-vid --codec mjpeg`)", _motion_jpeg, right="refused"),
    Case("pi-given.mjpeg", "the same, its rate given", _motion_jpeg, ("--fps", "30")),
    Case("b.avi", "H.264 with B frames in AVI: times of decoding only", lambda p, i: h264(p, i, options=B_FRAMES)),
    Case("b.mkv", "the same in Matroska", lambda p, i: h264(p, i, options=B_FRAMES)),
    Case("b.ts", "the same as a transport stream", lambda p, i: h264(p, i, options=B_FRAMES)),
    Case("trimmed.mp4", "trimmed on a phone: an edit list shows a part", _trimmed),
    Case("preview-first.mov", "a preview as the first track, the film as the second", _preview_first),
    Case("slow-tagged.mp4", "slow motion, 4 times, with the phone's tag", _slow(7.5, "30")),
    Case("slow-untagged.mp4", "slow motion, twice, without a tag", _slow(15.0), right="refused"),
    Case("slow-given.mp4", "the same, the camera's rate given", _slow(15.0), ("--fps", "30")),
    Case("uneven.mp4", "every seventh frame dropped, true times", _uneven),
    Case("gap.mkv", "a gap of an hour in the middle", _gap),
    Case(
        "interlaced.mkv",
        "interlaced, and says so",
        lambda p, i: _woven(p, i, flags="+ilme+ildct", **{"x264-params": "tff=1"}),
        right="said",
    ),
    Case("interlaced-unsaid.mkv", "interlaced, and does not say so", _woven, right="said"),
    Case("bars-black.mp4", "540 of 1080 lines between black bars", _framed((0, 0, 0), 540)),
    Case("bars-blue.mp4", "540 of 1080 lines between blue bars", _framed((20, 60, 180), 540)),
    Case("bars-small.mp4", "360 of 1080 lines between black bars", _framed((0, 0, 0), 360), right="said"),
    Case("sideways.mp4", "on its side, the rotation tag lost", _turned(1), right="refused"),
    Case("sideways-turned.mp4", "the same, turned as the station says", _turned(1), ("--turn", "90")),
    Case("upside-down.mp4", "upside down", _turned(2), right="refused"),
    Case("wide-pixels.mp4", "pixels that are not square, rotated by a tag", _wide_pixels),
    Case("hdr.mp4", "HEVC in ten bits, HLG", _ten_bits),
    Case("rail-knees.mp4", "a rail in front of the knees", _behind(_bar(415, 460)), right="said"),
    Case("rail-knees-half.mp4", "the same, in the second half alone", _behind(_bar(415, 460), FPS * 7 // 2), right="said"),
    Case("rail-right.mp4", "the treadmill's own front rail before the knees", _behind(_bar(400, 460, 260)), right="said"),
    Case("rail-thigh.mp4", "a rail in front of the thighs", _behind(_bar(340, 385)), right="said"),
    Case("rail-hip.mp4", "a rail in front of the hips", _behind(_bar(290, 330)), right="said"),
    Case("rail-ankle.mp4", "a rail in front of the ankles", _behind(_bar(505, 545)), right="said"),
    Case("towel.mp4", "a towel hangs over a rail, before the knees", _behind(_towel), right="said"),
    Case("somebody-in-front.mp4", "somebody stands in front for 3 s", _behind(_somebody, 90, 180), right="said"),
    Case("rail-free.mp4", "a rail that hides no part of the runner", _behind(_bar(250, 400, 330))),
    Case("short.mp4", "a run of 2 s", lambda p, i: h264(p, i[: 2 * FPS]), right="refused"),
    Case("cut-off.mkv", "cut off in the middle", _cut_off, right="said"),
    Case("not-utf8.mp4", "a file name that is no UTF-8", _renamed),
    Case("empty.mp4", "an empty file", _content(b""), right="refused"),
    Case("text.mp4", "a text file", _content(b"this is not a film\n" * 50), right="refused"),
    Case(
        "photograph.jpg",
        "a photograph",
        lambda p, i: p.write_bytes(cv2.imencode(".jpg", i[0][..., ::-1])[1].tobytes()),
        right="refused",
    ),
)
