"""`station hip-belt`: what the station reads of a printed sheet or belt before a camera."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Annotated, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import WithJsonSchema

from station.check import Check
from station.errors import InputError, NothingFound, StationError
from station.export.documents import PUBLISHED
from station.files import json_bytes, write_output
from station.jsonable import jsonable
from station.pose.hip_belt import NO_TAGS, TagReader, Tags, once_each, sides_px
from station.pose.tag_code import IDS, MODULES
from station.provision import provision
from station.run.check_list import not_ok, print_checks
from station.run.clock import SystemClock
from station.sense.open import open_source
from station.sense.opened import frames
from station.sense.picture_file import is_picture, read_picture

FRAMES = 15  # of a film or the camera, one in three
EVERY = 3  # chosen: neighbouring frames are alike
TIMEOUT_S = 5.0  # chosen
PER_BELT = 16  # tags
LONG_SIDE_PX = 2000  # photographs are made so small first
SIZES_PX = 10 * 1.4 ** np.arange(14)  # in them a tag may have any size: read by and by
# Side of a tag (chosen from rendered frames; hardware/hip-belt has the table).
LEAST_PX, COMFORTABLE_PX = 14.0, 19.0
MOST_BLUR = 0.35  # of a module: beyond that ever fewer are read
# 65 mm from one tag to the next, 50 mm a tag; a patch glued on within 2 mm
PITCH, PITCH_OFF = 1.3, 0.04
FLAT = 0.02  # of a side: how far the edges of two tags on one line may leave it
NONE = "fill a third of the picture with the belt, in even light, tags upright; print the sheets anew if they are damaged"


@dataclass(frozen=True)
class BeltSeen:
    """One belt over all frames. `pitch`: tag to tag in tag sides, NaN without flat neighbours."""

    belt: int
    ids: list[int]
    upright: int
    side_px: float
    blur_modules: float
    pitch: Annotated[float, WithJsonSchema({"type": ["number", "null"]})]


@PUBLISHED
@dataclass(frozen=True)
class HipBeltRead:
    """What `station hip-belt` read: every belt seen, and what is right and wrong with it."""

    schema: Literal["station.hip_belt/1"]
    belts: list[BeltSeen]
    verdicts: list[Check]


def check_hip_belt(source_text: str, config_file: Path | None, json_to: str | None) -> None:
    """Prints what was read. Raises NothingFound, StationError for a bad belt, InputError."""
    belts = belts_in(greys_of(source_text, config_file))
    checks = [check for belt in belts for check in judged(belt)]
    if json_to is not None:
        write_output(json_to, json_bytes(jsonable(HipBeltRead("station.hip_belt/1", belts, checks))))
    if json_to != "-":
        print_checks(checks)
    wrong = not_ok(checks)
    if wrong:
        raise StationError(f"not in order: {wrong}", source_text, "follow the remedies above")


def greys_of(source_text: str, config_file: Path | None) -> Iterator[NDArray[np.uint8]]:
    """Grey frames of a photograph, a film or the camera. Raises InputError, HardwareError."""
    if _is_sheet(Path(source_text)):
        remedy = "print it at 100 % (no fit to page), and name a photograph of the print or of the belt"
        raise InputError("is the sheet to be printed, not a photograph of it", source_text, remedy)
    if is_picture(Path(source_text)):
        yield np.asarray(cv2.cvtColor(read_picture(Path(source_text)), cv2.COLOR_RGB2GRAY), np.uint8)
        return
    with open_source(source_text, provision(config_file).config, SystemClock(), realtime=False) as source:
        for frame in islice(frames(source, TIMEOUT_S), 0, EVERY * FRAMES, EVERY):
            yield np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), np.uint8)


def _is_sheet(path: Path) -> bool:
    """Whether it is a PDF or SVG, as the sheets of the hip belt are."""
    try:
        with path.open("rb") as file:
            head = file.read(300).lstrip()
    except OSError:
        return False
    return head.startswith(b"%PDF") or b"<svg" in head


def belts_in(greys: Iterator[NDArray[np.uint8]]) -> list[BeltSeen]:
    """Every belt seen. Raises NothingFound without two tags in a frame, or for an odd print."""
    reader = TagReader()
    seen: list[Tags] = []
    empty = None
    for grey in greys:
        tags = everywhere(reader, grey)
        if len(tags.ids) > 1:
            seen.append(tags)
        else:
            empty = grey
    if not seen:
        why = "" if empty is None else _odd_print(reader, empty)
        raise NothingFound(why or "no two tags of a hip belt are seen", "", "print the sheets again, unchanged" if why else NONE)
    return [_summed(belt, seen) for belt in range(IDS // PER_BELT) if any((tags.ids // PER_BELT == belt).any() for tags in seen)]


def everywhere(reader: TagReader, grey: NDArray[np.uint8]) -> Tags:
    """Tags of all sizes in the whole frame, each id once."""
    shrunk = max(1.0, max(grey.shape) / LONG_SIDE_PX)
    small = np.asarray(cv2.resize(grey, None, fx=1 / shrunk, fy=1 / shrunk, interpolation=cv2.INTER_AREA), np.uint8)
    found = NO_TAGS
    for times, sizes_px in ((2, SIZES_PX[:4]), (1, SIZES_PX[4:])):
        quads = reader.quads(small, times)
        for size_px in sizes_px:
            near = np.abs(np.log(sides_px(quads).max(1) / size_px)) < np.log(1.4) / 2
            found = found.joined(reader.read(small, quads[near], size_px))
    once = once_each(found, np.array(small.shape[::-1]) / 2)
    return replace(once, corners_px=(once.corners_px + 0.5) * shrunk - 0.5, blur_px=once.blur_px * shrunk)


def _odd_print(reader: TagReader, grey: NDArray[np.uint8]) -> str:
    """What is wrong with the print if tags are found once that is undone, else ""."""
    for name, changed in (("mirrored", cv2.flip(grey, 1)), ("white on black", cv2.bitwise_not(grey))):
        if len(everywhere(reader, np.asarray(changed, np.uint8)).ids) > 1:
            return f"the tags are printed {name}"
    return ""


def _summed(belt: int, seen: list[Tags]) -> BeltSeen:
    groups = [tags[tags.ids // PER_BELT == belt] for tags in seen]
    every = NO_TAGS
    for tags in groups:
        every = every.joined(tags)
    above = every.corners_px[:, :2, 1].sum(1) < every.corners_px[:, 2:, 1].sum(1)
    ids = np.unique(every.ids)
    upright = sum(above[every.ids == number].mean() > 0.5 for number in ids)
    pitches = [pitch for tags in groups for pitch in _pitches(tags)]
    return BeltSeen(
        belt + 1,
        ids.tolist(),
        int(upright),
        float(np.median(every.size_px)),
        float(np.median(every.blur_px / every.size_px)) * MODULES,
        float(np.median(pitches)) if pitches else float("nan"),
    )


def _pitches(tags: Tags) -> Iterator[float]:
    """From each tag to its neighbour on the right, where the two lie flat in one line.

    Four points on a line keep their cross ratio from whatever side they are seen: with tags of
    length 1 and a pitch p it is p^2 / (p^2 - 1).
    """
    order = np.argsort(tags.ids)
    for one, other in pairwise(order):
        if tags.ids[other] != tags.ids[one] + 1:
            continue
        for left, right in ((0, 1), (3, 2)):
            points = np.concatenate([tags.corners_px[tag][[left, right]] for tag in (one, other)])
            along = (points[3] - points[0]) / np.linalg.norm(points[3] - points[0])
            place = (points - points[0]) @ along
            aside = np.abs((points - points[0]) @ np.array([-along[1], along[0]])).max()
            if aside < FLAT * tags.size_px[one] and (np.diff(place) > 0).all():
                ratio = (place[2] - place[0]) * (place[3] - place[1]) / ((place[2] - place[1]) * (place[3] - place[0]))
                yield float(np.sqrt(ratio / (ratio - 1)))


def judged(belt: BeltSeen) -> Iterator[Check]:
    """What is right and wrong with a belt, one check per question."""
    name, count = f"belt {belt.belt}", len(belt.ids)
    missing = "" if count == PER_BELT else "; the others are not in view, or not on the belt"
    yield Check(f"{name} tags", "ok", f"{count} of {PER_BELT}: {', '.join(map(str, belt.ids))}{missing}")
    evidence = f"{belt.upright} of {count} upright"
    yield _checked(f"{name} upright", belt.upright == count, evidence, "turn the belt, or the patch, so that the arrow points up")
    evidence = f"{belt.side_px:.0f} px a tag; {LEAST_PX:.0f} are needed while running, {COMFORTABLE_PX:.0f} are comfortable"
    remedy = "bring the camera nearer, take a longer lens, or set camera.long_side_px higher"
    yield _checked(f"{name} size", belt.side_px >= LEAST_PX, evidence, remedy)
    evidence = f"blur {belt.blur_modules:.2f} of a module; tags are read up to {MOST_BLUR}"
    yield _checked(f"{name} sharp", belt.blur_modules <= MOST_BLUR, evidence, "focus; hold it still; more light; no shiny film")
    if np.isfinite(belt.pitch):
        evidence = f"a tag every {belt.pitch:.2f} tag sides; {PITCH:.2f} as drawn"
        remedy = "mount the patches 65 mm apart on the belt as it is when worn"
        yield _checked(f"{name} pitch", abs(belt.pitch - PITCH) <= PITCH_OFF, evidence, remedy)
    else:
        yield Check(f"{name} pitch", "ok", "not measured: no two neighbours lie flat in one line")


def _checked(part: str, good: bool, evidence: str, remedy: str) -> Check:
    return Check(part, "ok" if good else "bad", evidence, "" if good else remedy)

