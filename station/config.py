"""station.toml to frozen, validated settings; every unknown key or impossible value at once.

One class per section; the room that reads a section owns its class. Every key has a default, so an
empty file is a valid one.
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
    """The station as a whole."""

    # of this station, on summaries and sticks, where there are several
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$")] = "station"
    # of screen, voice, report and messages
    language: Literal["en", "de", "es", "fr", "it", "ja"] = "en"
    # as Europe/Berlin, of dates in reports; "": the machine's own
    time_zone: Annotated[str, AfterValidator(_known_zone)] = ""
    # where sessions are kept; deleted only by `apt purge station`
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
    """How the Pi camera films."""

    # of the two connectors, in the order of `rpicam-hello --list-cameras`
    number: Annotated[int, Field(ge=0, le=3)] = 0
    # clockwise, of the camera's body, seen from behind it; portrait is 90 or 270
    turned_deg: Literal[0, 90, 180, 270] = 90
    # 60 in the Americas; each frame meets the same phase of the lamps' flicker
    mains_hz: Literal[50, 60] = 50
    # frames a second against the lamps' rate, where the light does not flicker
    fps: Annotated[float, Field(ge=10, le=120, examples=[90.0])] | None = None
    # at 3 m/s a thigh smears 9 mm; gain follows the light
    exposure_us: Annotated[int, Field(ge=100, le=10_000)] = 3000
    # of a frame, an even number
    long_side_px: Annotated[int, Field(ge=320, le=2304, multiple_of=2)] = 1280
    # distance to the runner, for lenses that can focus
    focus_m: Annotated[float, Field(ge=0.1, le=20)] = 2.4


class ViewSection(Section):
    """How the camera stands to the treadmill. What is set here wins over what `station calibrate`
    has measured.
    """

    # how far the frame is turned clockwise against the plumb line
    roll_deg: Annotated[float, Field(ge=-45, le=45)] = 0.0
    # how far the lens looks ahead of the square to the belt, as measured; where not set, intervals
    # allow for a camera set up by eye
    azimuth_deg: Annotated[float, Field(ge=-60, le=60, examples=[0.0])] | None = None
    # scale in the belt's middle
    px_per_m: Annotated[float, Field(gt=0, examples=[310.0])] | None = None
    # the way the runner faces in the frame; found by itself
    direction: Literal["left", "right"] | None = None
    # of the lens, in pixels of the frame; a usual lens where not set
    focal_px: Annotated[float, Field(gt=0, examples=[1050.0])] | None = None
    # left, top, right and bottom of the treadmill in the frame, as fractions: who is outside is
    # nobody
    zone: tuple[Fraction, Fraction, Fraction, Fraction] = (0.0, 0.0, 1.0, 1.0)


class DeckSection(Section):
    """The treadmill by tape measure, for `station calibrate`; hardware/calibration.md says what
    exactly to measure.
    """

    # straight near edge, end to end
    length_m: Annotated[float, Field(ge=0.3, le=4, examples=[1.6])] | None = None
    # over both side rails
    width_m: Annotated[float, Field(ge=0.3, le=1.5, examples=[0.8])] | None = None
    # lens to the belt's mid-line; camera.focus_m where not set
    distance_m: Annotated[float, Field(ge=0.5, le=10, examples=[2.4])] | None = None


class PoseSection(Section):
    """The model that finds the body's landmarks."""

    # its name, as `station models verify` lists them; or "mediapipe" for Google's runtime (extra
    # `mediapipe`)
    model: str = "pose_runner"
    models_dir: AnyPath | None = None  # another folder of models
    threads: Annotated[int, Field(ge=1, le=8)] = 3  # cores that it may use
    # square around a body over the frame's height; less is the background
    smallest_person: Fraction = 0.3
    # seen in one place this long before being followed
    stay_s: Annotated[float, Field(ge=0, le=10)] = 0.25


class HipBeltSection(Section):
    """The marked belt that a runner may wear."""

    enabled: bool = True  # false spares the search for it, 2 ms a second of one core


class PelvisSection(Section):
    """The model that reads the pelvis' turn from the pixels round the hips. A worn belt wins."""

    enabled: bool = True  # false spares it, 2 ms a frame of one core


class TreadmillSection(Section):
    """The treadmill's own Bluetooth service, read for its belt speed; nothing is ever written to
    it.
    """

    # "auto" = the nearest, or its name or address; "" leaves it alone
    bluetooth: Annotated[str, Field(max_length=64)] = ""


class WatchSection(Section):
    """Cadence and belt speed by Bluetooth, as a foot pod sends them, for a watch or a
    virtual-running program. Anybody in reach can read them.
    """

    enabled: bool = False  # true sends; the name that a watch lists is station.name


class SessionSection(Section):
    """What the owner may change of a session's plan. Reasons and the rest: station/cues/plan.py."""

    # of the belt, where the treadmill does not report it
    speed_kmh: Annotated[float, Field(gt=0, le=30, examples=[10.0])] | None = None
    # running without cues at the beginning
    baseline_s: Annotated[float, Field(ge=30, le=900)] = 180.0
    cue_block_s: Annotated[float, Field(ge=30, le=1800)] = 180.0  # then with cues,
    free_block_s: Annotated[float, Field(ge=0, le=1800)] = 120.0  # and without, in turn
    # running without cues at the end, to see what stayed
    retention_s: Annotated[float, Field(ge=0, le=900)] = 180.0
    planned_s: Annotated[float, Field(ge=120, le=14400)] = 1260.0  # of running, in all
    # cues fade from the third to the eighth
    session_number: Annotated[int, Field(ge=1, le=1000)] = 1

    @model_validator(mode="after")
    def _leaves_time_to_coach(self) -> SessionSection:
        if self.planned_s <= self.baseline_s + self.retention_s:
            raise ValueError("planned_s must be longer than baseline_s and retention_s together")
        return self


class SoundSection(Section):
    """Voice and chimes."""

    enabled: bool = True  # false where there is no loudspeaker
    volume: Fraction = 0.7  # 1 is as loud as the card goes
    # ALSA card by name (`aplay -l`); "" = the default
    card: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]*$")] = ""
    metronome: bool = False  # soft beats at the cadence to aim at, while low cadence is being cued


class LightSection(Section):
    """The cue light and the status light."""

    enabled: bool = True  # false where none is fitted
    # how the cue light is wired: a MOSFET or a common cathode lights on a high pin, a common anode
    # on a low one
    leds: Literal["mosfet", "common_cathode", "common_anode"] = "mosfet"
    dimming: Literal["pwm", "on_off"] = "pwm"  # on_off for a light that must not be dimmed
    brightness: Annotated[float, Field(gt=0, le=1)] = 1.0  # of the cue light
    # software PWM: higher flickers less and costs more CPU
    pwm_hz: Annotated[int, Field(ge=100, le=2000)] = 400


Part = Literal["light", "status", "button", "buzzer"]


class PinsSection(Section):
    """BCM numbers of the 40-pin header. The defaults are free of I2S audio boards (18-21), I2C, SPI
    and UART.
    """

    # the parts that are there: only their pins are claimed
    fitted: frozenset[Part] = frozenset({"light", "status"})
    red: Pin = 5  # of the cue light
    green: Pin = 6  # of the cue light
    blue: Pin = 13  # of the cue light
    status: Pin = 16  # the status light
    button: Pin = 17  # to ground
    buzzer: Pin = 12  # through a transistor
    # where lgpio may create its pipe; $RUNTIME_DIRECTORY, else the temporary directory
    work_dir: AnyPath | None = None

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
    """The display."""

    enabled: bool = True  # false where there is none
    # of the window, where the display does not report its own size
    width_px: Annotated[int, Field(ge=320, le=7680)] = 1280
    height_px: Annotated[int, Field(ge=320, le=7680)] = 720  # likewise
    # clockwise, of what is drawn: for a panel that was mounted on its side or head
    turn_deg: Literal[0, 90, 180, 270] = 0
    # of what lights up; as the display reports where not set
    width_mm: Annotated[float, Field(ge=50, le=3000)] | None = None
    distance_m: Annotated[float, Field(ge=0.3, le=10)] = 2.0  # the runner's eye to the display


class RecordSection(Section):
    """What is kept, and how much of it. The oldest goes first."""

    # landmarks of every frame: needed for a replay, about 90 MB an hour at 60 frames a second
    input_log: bool = True
    logs_quota_mb: Annotated[int, Field(ge=1, le=10_000_000)] = 2000  # of such logs in all
    # logs go when less than this is free
    free_floor_mb: Annotated[int, Field(ge=0, le=10_000_000)] = 200
    # the newest; half an hour takes 3.3 MB
    sessions_kept: Annotated[int, Field(ge=1, le=100_000)] = 100
    # keep what hip belt, pixels and landmarks read of each stride; `station validate` compares them
    hip_belt_pairs: bool = False
    opensim: bool = False  # angles.mot and markers.trc, for OpenSim, on the stick too


class UsbSection(Section):
    """What a stick gets."""

    which: Literal["last", "new", "all"] = "last"  # sessions; new: whatever no stick got yet


class Config(Section):
    station: StationSection = StationSection()
    camera: CameraSection = CameraSection()
    view: ViewSection = ViewSection()
    deck: DeckSection = DeckSection()
    pose: PoseSection = PoseSection()
    hip_belt: HipBeltSection = HipBeltSection()
    pelvis: PelvisSection = PelvisSection()
    treadmill: TreadmillSection = TreadmillSection()
    watch: WatchSection = WatchSection()
    session: SessionSection = SessionSection()
    sound: SoundSection = SoundSection()
    light: LightSection = LightSection()
    pins: PinsSection = PinsSection()
    screen: ScreenSection = ScreenSection()
    record: RecordSection = RecordSection()
    usb: UsbSection = UsbSection()


def parse(values: dict[str, Any], where: str = "configuration") -> Config:
    """Settings from nested tables. Raises ConfigError with every problem, by key and value."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_every_problem(error), where, "correct the keys named") from None


def load(path: Path | None) -> Config:
    """Settings from a TOML file; None means all defaults. Raises ConfigError."""
    if path is None:
        return Config()
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"cannot be read ({why})", str(path), "check the path and its permissions") from None
    return parse(tables(content, str(path)), str(path))


def tables(content: bytes, where: str) -> dict[str, Any]:
    """The nested tables of a TOML file's content. Raises ConfigError for what is none."""
    if any(len(line) > LONGEST_LINE for line in content.splitlines()):
        raise ConfigError(f"has a line of more than {LONGEST_LINE} characters", where, "put a settings file there")
    try:
        values = tomllib.loads(content.decode("utf-8-sig"))  # Windows' editor puts a mark in front
    except UnicodeDecodeError:
        raise ConfigError("is not UTF-8 text", where, "save it as UTF-8") from None
    except RecursionError:
        raise ConfigError("is nested too deeply", where, "put a settings file there") from None
    # TOMLDecodeError is one, and what Python says of a number of thousands of digits
    except ValueError as error:
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
