"""station.toml to frozen, validated settings. An unknown key or an impossible value is an error; all are reported at once.

One class per section; the room that reads a section owns its class. Every key has a default, so an empty file is a valid one.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from station.errors import ConfigError
from station.wall_clock import zone

Fraction = Annotated[float, Field(ge=0, le=1)]
DEEPEST = 8  # tables and lists inside each other; the settings need three
LONGEST_LINE = 1000  # bytes; tomllib's time grows with the square of a dotted key
LONGEST_SHOWN = 60  # characters of a value in a message


def _usable(path: Path) -> Path:
    """Without `~`. Raises ValueError for a path that no system call takes."""
    if "\0" in str(path):
        raise ValueError("a path cannot contain a NUL")
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("there is no such home folder, write the whole path") from None


def _known_zone(name: str) -> str:
    """Raises ValueError for a time zone that this machine does not know."""
    if name:
        zone(name)
    return name


AnyPath = Annotated[Path, AfterValidator(_usable)]
Pin = Annotated[int, Field(ge=0, le=27)]  # BCM numbers of the 40-pin header


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class StationSection(Section):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$")] = "station"
    language: Literal["en", "de", "es", "fr", "it", "ja"] = "en"  # of screen, voice, report and messages
    time_zone: Annotated[str, AfterValidator(_known_zone)] = ""  # as Europe/Berlin, of dates in reports; "": the machine's own
    data_dir: AnyPath = Path("~/.local/share/station")

    @property
    def data_folder(self) -> Path:
        """`data_dir` with ~ replaced. Raises ConfigError where nobody knows whose home that is."""
        try:
            return self.data_dir.expanduser()
        except RuntimeError:
            remedy = "set station.data_dir to a path that begins with /, or set HOME"
            raise ConfigError("this user has no home folder", f"station.data_dir = {self.data_dir}", remedy) from None


class CameraSection(Section):
    """How the Pi camera films. `turned_deg`: clockwise turn of the camera's body, seen from behind it; portrait is 90 or 270."""

    number: Annotated[int, Field(ge=0, le=3)] = 0  # of the two connectors, in the order of `rpicam-hello --list-cameras`
    turned_deg: Literal[0, 90, 180, 270] = 90
    mains_hz: Literal[50, 60] = 50  # the frame rate follows the lamps: each picture meets the same phase of their flicker
    fps: Annotated[float, Field(ge=10, le=120)] | None = None  # against the lamps, where the light does not flicker
    exposure_us: Annotated[int, Field(ge=100, le=10_000)] = 3000  # at 3 m/s a thigh smears 9 mm; gain follows the light
    long_side_px: Annotated[int, Field(ge=320, le=2304, multiple_of=2)] = 1280
    focus_m: Annotated[float, Field(ge=0.1, le=20)] = 2.4  # distance to the runner, for lenses that can focus


class ViewSection(Section):
    """How the camera stands to the treadmill; see types.View."""

    roll_deg: Annotated[float, Field(ge=-45, le=45)] = 0.0
    azimuth_deg: Annotated[float, Field(ge=-60, le=60)] = 0.0
    px_per_m: Annotated[float, Field(gt=0)] | None = None
    direction: Literal["left", "right"] | None = None
    focal_px: Annotated[float, Field(gt=0)] | None = None  # in pixels of the picture as it is delivered; None: a usual lens
    zone: tuple[Fraction, Fraction, Fraction, Fraction] = (0.0, 0.0, 1.0, 1.0)


class DeckSection(Section):
    """The treadmill by tape measure, for `station calibrate`: see its README section for what exactly to measure."""

    length_m: Annotated[float, Field(ge=0.3, le=4)] | None = None  # straight near edge, end to end
    width_m: Annotated[float, Field(ge=0.3, le=1.5)] | None = None  # over both side rails
    distance_m: Annotated[float, Field(ge=0.5, le=10)] | None = None  # lens to the belt's mid-line; None: camera.focus_m


class PoseSection(Section):
    model: str = "pose_landmark_full"
    models_dir: AnyPath | None = None
    threads: Annotated[int, Field(ge=1, le=8)] = 3
    smallest_person: Fraction = 0.3  # square around a body over the picture's height; less is the background
    stay_s: Annotated[float, Field(ge=0, le=10)] = 0.25  # seen in one place this long before being followed


class HipBeltSection(Section):
    """The marked belt that a runner may wear. `enabled = false` spares the search for it, 2 ms a second of one core."""

    enabled: bool = True


class PelvisSection(Section):
    """The model that reads the pelvis' turn from the pixels round the hips; 2 ms a frame of one core. A worn belt wins."""

    enabled: bool = True


class SessionSection(Section):
    """What the owner may change of a session's plan; see cues.plan.Plan for the rest and for the reasons."""

    speed_kmh: Annotated[float, Field(gt=0, le=30)] | None = None  # the belt's, where the treadmill cannot tell it
    baseline_s: Annotated[float, Field(ge=30, le=900)] = 180.0
    cue_block_s: Annotated[float, Field(ge=30, le=1800)] = 180.0
    free_block_s: Annotated[float, Field(ge=0, le=1800)] = 120.0
    retention_s: Annotated[float, Field(ge=0, le=900)] = 180.0
    planned_s: Annotated[float, Field(ge=120, le=14400)] = 1260.0
    session_number: Annotated[int, Field(ge=1, le=1000)] = 1  # cues fade from the third to the eighth

    @model_validator(mode="after")
    def _leaves_time_to_coach(self) -> SessionSection:
        if self.planned_s <= self.baseline_s + self.retention_s:
            raise ValueError("planned_s must be longer than baseline_s and retention_s together")
        return self


class SoundSection(Section):
    enabled: bool = True
    volume: Fraction = 0.7
    card: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]*$")] = ""  # ALSA card by name (`aplay -l`); "" = the default
    metronome: bool = False  # soft beats at the cadence to aim at, while low cadence is being cued


class LightSection(Section):
    """`leds`: how the cue light is wired. A MOSFET or a common cathode lights on a high pin, a common anode on a low one."""

    enabled: bool = True
    leds: Literal["mosfet", "common_cathode", "common_anode"] = "mosfet"
    dimming: Literal["pwm", "on_off"] = "pwm"
    brightness: Annotated[float, Field(gt=0, le=1)] = 1.0
    pwm_hz: Annotated[int, Field(ge=100, le=2000)] = 400  # software PWM: higher flickers less and costs more CPU


Part = Literal["light", "status", "button", "buzzer"]


class PinsSection(Section):
    """BCM numbers of the 40-pin header; only `fitted` parts are claimed. Free of I2S audio boards (18-21), I2C, SPI and UART."""

    fitted: frozenset[Part] = frozenset({"light", "status"})
    red: Pin = 5
    green: Pin = 6
    blue: Pin = 13
    status: Pin = 16
    button: Pin = 17
    buzzer: Pin = 12
    work_dir: AnyPath | None = None  # where lgpio may create its pipe; None = $RUNTIME_DIRECTORY, else the temporary directory

    def claimed(self) -> dict[str, int]:
        """Function to BCM number, for the fitted parts only, in header order of the table."""
        names = {"light": ("red", "green", "blue"), "status": ("status",), "button": ("button",), "buzzer": ("buzzer",)}
        return {name: getattr(self, name) for part, group in names.items() if part in self.fitted for name in group}

    @model_validator(mode="after")
    def _each_pin_once(self) -> PinsSection:
        users: dict[int, str] = {0: "the HAT's EEPROM", 1: "the HAT's EEPROM"}
        clashes = []
        for name, pin in self.claimed().items():
            if pin in users:
                clashes.append(f"GPIO {pin} is used by {users[pin]} and by {name}")
            users.setdefault(pin, name)
        if clashes:
            raise ValueError("; ".join(clashes))
        return self


class ScreenSection(Section):
    enabled: bool = True
    width_px: Annotated[int, Field(ge=320, le=7680)] = 1280
    height_px: Annotated[int, Field(ge=320, le=7680)] = 720
    width_mm: Annotated[float, Field(ge=50, le=3000)] | None = None  # of what lights up; None: as the display tells by itself
    distance_m: Annotated[float, Field(ge=0.3, le=10)] = 2.0  # the runner's eye to the display


class RecordSection(Section):
    """What is kept, and how much of it. The oldest goes first."""

    input_log: bool = True  # landmarks of every picture: needed for a replay, about 90 MB an hour at 60 pictures a second
    logs_quota_mb: Annotated[int, Field(ge=1, le=10_000_000)] = 2000
    free_floor_mb: Annotated[int, Field(ge=0, le=10_000_000)] = 200  # logs go when less than this is free
    sessions_kept: Annotated[int, Field(ge=1, le=100_000)] = 100  # half an hour takes 3.3 MB
    hip_belt_pairs: bool = False  # what belt and landmarks read of each stride, for a later model without a belt: record.pairs
    opensim: bool = False  # angles.mot and markers.trc on the stick too


class UsbSection(Section):
    """What a stick gets."""

    which: Literal["last", "new", "all"] = "last"  # new: whatever no stick got yet


class Config(Section):
    station: StationSection = StationSection()
    camera: CameraSection = CameraSection()
    view: ViewSection = ViewSection()
    deck: DeckSection = DeckSection()
    pose: PoseSection = PoseSection()
    hip_belt: HipBeltSection = HipBeltSection()
    pelvis: PelvisSection = PelvisSection()
    session: SessionSection = SessionSection()
    sound: SoundSection = SoundSection()
    light: LightSection = LightSection()
    pins: PinsSection = PinsSection()
    screen: ScreenSection = ScreenSection()
    record: RecordSection = RecordSection()
    usb: UsbSection = UsbSection()


def parse(values: dict[str, Any], where: str = "configuration") -> Config:
    """Settings from nested tables. Raises ConfigError naming every problem by its key path and value."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_every_problem(error), where, "correct the keys named") from None


def load(path: Path | None) -> Config:
    """Settings from a TOML file; None means all defaults. Raises ConfigError (unreadable, not TOML, unknown key, bad value)."""
    if path is None:
        return Config()
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"cannot be read ({why})", str(path), "check the path and its permissions") from None
    return parse(tables(content, str(path)), str(path))


def tables(content: bytes, where: str) -> dict[str, Any]:
    """The nested tables of a TOML file's content, whoever wrote it. Raises ConfigError for what is none."""
    if any(len(line) > LONGEST_LINE for line in content.splitlines()):
        raise ConfigError(f"has a line of more than {LONGEST_LINE} characters", where, "put a settings file there")
    try:
        values = tomllib.loads(content.decode("utf-8-sig"))  # Windows' editor puts a mark in front
    except UnicodeDecodeError:
        raise ConfigError("is not UTF-8 text", where, "save it as UTF-8") from None
    except RecursionError:
        raise ConfigError("is nested too deeply", where, "put a settings file there") from None
    except ValueError as error:  # TOMLDecodeError is one, and what Python says of a number of thousands of digits
        raise ConfigError(f"is not valid TOML: {error}", where, "correct that line") from None
    if _depth(values) > DEEPEST:
        raise ConfigError("is nested too deeply", where, "put a settings file there")
    return values


def _depth(values: Any) -> int:
    """How many tables and lists lie inside each other, at most DEEPEST + 1."""
    level, depth = [values], 0
    while level and depth <= DEEPEST:
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        depth += 1
    return depth


def _every_problem(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"{key}: unknown key")
        else:
            lines.append(f"{key} = {_shown(problem['input'])}: {problem['msg'][:1].lower()}{problem['msg'][1:]}")
    count = f"{len(lines)} problem" + ("s" if len(lines) > 1 else "")
    return f"{count}: " + "; ".join(lines)


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # a number of thousands of digits
        return "a number too long to show"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
