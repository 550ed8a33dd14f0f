"""FRAMING: the only view with the camera's frame: where to stand, and what to change."""

from __future__ import annotations

import math

from station.cues.lines import LINES
from station.present.screen import strings
from station.present.screen.box import Box
from station.present.screen.headline import NOTHING
from station.present.screen.ink import Ink
from station.present.screen.theme import BIG, BODY_SIZE, EDGE, LABEL, LEAD, OWN, PANEL, QUIET, TEXT
from station.types import Joint, Snapshot

BONES = tuple(
    (Joint[f"{side}_{one}"], Joint[f"{side}_{other}"])
    for side in ("LEFT", "RIGHT")
    for one, other in (
        ("EAR", "SHOULDER"),
        ("SHOULDER", "ELBOW"),
        ("ELBOW", "WRIST"),
        ("SHOULDER", "HIP"),
        ("HIP", "KNEE"),
        ("KNEE", "ANKLE"),
        ("ANKLE", "FOOT_INDEX"),
    )
)


def paint(ink: Ink, live: Snapshot, read: Snapshot) -> None:
    ink.static(("framing",), lambda: None)
    page = ink.page.inset(48, 44)
    if ink.portrait:
        camera, words = page.cut_top(560, 36)
    else:
        camera, words = page.cut_left(760, 44)
    _camera_frame(ink, camera, live)
    said = LINES.get(read.prompt, NOTHING)
    foot, body = words.cut_bottom(40, 12)
    head, detail = body.cut_top(body.h * 0.5 if not ink.portrait else 190, 22)
    ink.text(said.screen, head, BIG, TEXT, weight="SemiBold", lines=2, at="bottom")
    ink.text(said.detail, detail, LEAD, QUIET, lines=3, at="top")
    ink.text(strings.FRAMING_PRIVACY, foot, LABEL, QUIET, at="bottom")


def _camera_frame(ink: Ink, box: Box, snapshot: Snapshot) -> None:
    image = snapshot.station.thumbnail
    if image is not None:
        at = ink.image(image, box)
    else:  # a source of landmarks has no frames
        at = _fitted(snapshot, box)
        ink.bar(at, PANEL, 14)
        if snapshot.pose is None or not snapshot.pose.seen:
            ink.text(strings.FRAMING_NO_FRAME, at, BODY_SIZE, QUIET, align="centre")
    left, top, right, bottom = snapshot.view.zone
    zone = Box(at.x + left * at.w, at.y + top * at.h, (right - left) * at.w, (bottom - top) * at.h)
    _corners(ink, zone)
    _outline(ink, at, snapshot)


def _fitted(snapshot: Snapshot, box: Box) -> Box:
    """The part of the box that has the shape of the camera's frame."""
    width, height = snapshot.view.width_px, snapshot.view.height_px
    if not width or not height:
        return box
    scale = min(box.w / width, box.h / height)
    return box.inset((box.w - width * scale) / 2, (box.h - height * scale) / 2)


def _corners(ink: Ink, zone: Box) -> None:
    """The treadmill's zone as four corners: a whole frame would look like a warning."""
    arm = min(46, zone.w / 3, zone.h / 3)
    for x, dx in ((zone.x, arm), (zone.right, -arm)):
        for y, dy in ((zone.y, arm), (zone.bottom, -arm)):
            ink.line([(x + dx, y), (x, y), (x, y + dy)], EDGE, 9)
            ink.line([(x + dx, y), (x, y), (x, y + dy)], TEXT, 4)


def _outline(ink: Ink, at: Box, snapshot: Snapshot) -> None:
    pose, view = snapshot.pose, snapshot.view
    if pose is None or not view.width_px or not view.height_px:
        return
    points = pose.xy_px / (view.width_px, view.height_px) * (at.w, at.h) + (at.x, at.y)
    for one, other in BONES:
        ink.line(points[[one, other]], OWN, 6)
    near = snapshot.gait.near_side
    if near is not None:
        for part in ("HIP", "KNEE", "ANKLE"):
            x, y = points[Joint[f"{near.upper()}_{part}"]]
            if math.isfinite(x):
                ink.disc((float(x), float(y)), 9, TEXT)
