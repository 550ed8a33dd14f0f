"""What `station calibrate` found out, kept in the data folder: one small file, no frame.

Which value holds: what somebody wrote under [view] in station.toml, else what was measured here,
else the default. A calibration belongs to one camera, turned one way, with frames of one size; for
any other it is not used.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from typing_extensions import TypedDict

from station import wall_clock
from station.calibrate.deck import Deck
from station.calibrate.scene import BITS, Box, Surroundings, scene_of
from station.calibrate.watched import Watched
from station.config import Config, ViewSection
from station.errors import StoreError
from station.files import json_bytes, write_atomic
from station.jsonable import jsonable, restored
from station.types import Measure, Side, SourceInfo

SCHEMA = "station.calibration/1"
# Trying a film or a webcam does not touch the camera's.
NAMES = {
    "camera": "calibration.json",
    "video": "calibration-of-film.json",
    "webcam": "calibration-of-webcam.json",
}
AGAIN = "run `station calibrate` again"
LARGEST_BYTES = 1_000_000  # chosen: far more than is written
CROWDED = 0.5  # of the frame hidden by a person: not enough left to know the scene again
MEASURES = ("roll_deg", "azimuth_deg", "px_per_m", "focal_px")


@dataclass(frozen=True)
class Taken:
    """The frames it was made from. `number`, `turned_deg`: of the camera; None for a film."""

    kind: str
    name: str
    width_px: int
    height_px: int
    number: int | None = None
    turned_deg: int | None = None


class ViewFound(TypedDict, total=False):
    """The keys of [view] in the settings that were measured."""

    roll_deg: float
    azimuth_deg: float
    px_per_m: float
    focal_px: float
    direction: Side
    zone: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Calibration:
    """`created_utc` is "" without a trusted clock. What was not found is a Measure, or None."""

    taken: Taken
    created_utc: str
    roll_deg: Measure
    azimuth_deg: Measure
    px_per_m: Measure
    focal_px: Measure
    direction: Side | None
    zone: tuple[float, float, float, float] | None
    scene: Surroundings | None

    def view(self) -> ViewFound:
        """The keys of [view] that it can tell, with their values."""
        found: dict[str, Any] = {name: round(m.value, 4) for name in MEASURES if (m := getattr(self, name)).measured}
        found |= {"direction": self.direction} if self.direction else {}
        return cast(ViewFound, found | ({"zone": self.zone} if self.zone else {}))


def taken_from(info: SourceInfo, config: Config) -> Taken:
    own = (config.camera.number, config.camera.turned_deg) if info.kind == "camera" else (None, None)
    return Taken(info.kind, Path(info.path).name, info.width_px, info.height_px, *own)


def calibration_of(watched: Watched, config: Config, deck: Deck, direction: Side | None) -> Calibration:
    """What is kept. Azimuth: + is a camera moved towards the treadmill's rear."""
    now = wall_clock.now()
    azimuth = deck.place.azimuth
    if direction is None:
        azimuth = Measure.cannot_tell("the direction is not known")
    elif direction == "left":
        azimuth = Measure(-azimuth.value, -azimuth.high, -azimuth.low, azimuth.n, azimuth.reason)
    people = watched.people
    scene = None
    if people is None or _share(people, watched.info) < CROWDED:
        scene = scene_of(watched.still, people)
    return Calibration(
        taken_from(watched.info, config),
        now.utc if now.trusted else "",
        deck.place.roll,
        azimuth,
        deck.px_per_m,
        deck.focal,
        direction,
        deck.zone,
        scene,
    )


def _share(box: Box, info: SourceInfo) -> float:
    x0, y0, x1, y1 = box
    width = min(x1, info.width_px) - max(x0, 0.0)
    return width * (min(y1, info.height_px) - max(y0, 0.0)) / (info.width_px * info.height_px)


def path_of(config: Config, kind: str) -> Path:
    """Where the calibration of that kind of source lies. KeyError for one that has no frames."""
    return config.station.data_folder / NAMES[kind]


def save(path: Path, calibration: Calibration) -> None:
    """Durable before it gets its name: a power cut leaves the old file or the new one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, _packed(calibration))
    except OSError as error:
        raise StoreError(f"cannot be written ({error.strerror})", str(path), "check its folder's owner, or free space") from None


def load(path: Path) -> Calibration | None:
    """None when there is none. Raises StoreError for a file that is not what `save` wrote."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"cannot be read ({error.strerror})", str(path), "check the card, then calibrate again") from None
    try:
        return _unpacked(content)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise StoreError(f"the calibration is damaged ({error})", str(path), AGAIN) from None


def misfit(calibration: Calibration, info: SourceInfo, config: Config) -> str:
    """Why it is not for this source, "" when it is."""
    then, now = calibration.taken, taken_from(info, config)
    if then.kind != now.kind or then.number != now.number:
        return f"it was made with {then.name}, this is {now.name}"
    if (then.width_px, then.height_px) != (now.width_px, now.height_px):
        return f"it was made on {then.width_px}x{then.height_px} pixels, the frames have {now.width_px}x{now.height_px}"
    if then.turned_deg != now.turned_deg:
        return f"it was made with camera.turned_deg = {then.turned_deg}, now it is {now.turned_deg}"
    return ""


def applied(config: Config, calibration: Calibration) -> Config:
    """The settings with what was measured in every key of [view] that nobody wrote into them."""
    found = {key: value for key, value in calibration.view().items() if key not in config.view.model_fields_set}
    view = ViewSection.model_validate(config.view.model_dump(exclude_unset=True) | found)
    return config.model_copy(update={"view": view})


def in_force(config: Config, info: SourceInfo) -> tuple[Config, Calibration | None]:
    """The settings to run that source with, and the calibration in them (None: there is none).

    Raises StoreError for a damaged file and for one of another camera or size of frame.
    """
    if info.kind not in NAMES:
        return config, None
    calibration = load(path_of(config, info.kind))
    if calibration is None:
        return config, None
    why = misfit(calibration, info, config)
    if why:
        raise StoreError(f"the calibration is not used: {why}", str(path_of(config, info.kind)), AGAIN)
    return applied(config, calibration), calibration


# --- the file -------------------------------------------------------------------------------------


def _packed(one: Calibration) -> bytes:
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "created_utc": one.created_utc or None,
        "taken": asdict(one.taken),
        "view": {name: jsonable(getattr(one, name)) for name in MEASURES}
        | {"direction": one.direction, "zone": None if one.zone is None else list(one.zone)},
        "scene": None
        if one.scene is None
        else {"xy": _text(one.scene.xy.astype("<f4").tobytes()), "bits": _text(one.scene.bits.tobytes())},
    }
    content["sha256"] = _digest(content)
    return json_bytes(content, indent=1)


def _unpacked(text: bytes) -> Calibration:
    content = json.loads(text)
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ValueError(f"not {SCHEMA}")
    if content.pop("sha256", None) != _digest(content):
        raise ValueError("its check sum is wrong")
    view, packed = content["view"], content["scene"]
    scene = None
    if packed is not None:
        xy = np.frombuffer(base64.b64decode(packed["xy"]), "<f4").reshape(-1, 2)
        scene = Surroundings(xy, np.frombuffer(base64.b64decode(packed["bits"]), np.uint8).reshape(len(xy), BITS))
    roll, azimuth, scale, focal = (restored(Measure, view[name]) for name in MEASURES)
    zone = None if view["zone"] is None else tuple(view["zone"])
    return Calibration(
        Taken(**content["taken"]), content["created_utc"] or "", roll, azimuth, scale, focal, view["direction"], zone, scene
    )


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
