"""The vocabulary: every type that crosses a room.

Units stand in the names: `_px` (x right, y down), `_m`, `_deg`, `_s`, `_ms`, `_ns`, `_spm` (steps a
minute), `_mps`. Left and right are the runner's, near and far the camera's. Unknown is NaN, never 0
or -1. Times are integer nanoseconds of one monotonic clock; for files from the first frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Side = Literal["left", "right"]
EventKind = Literal["contact", "toe_off", "knee_lift"]
SourceKind = Literal["video", "poses", "camera", "webcam", "synthetic"]
CueAction = Literal["start", "stop", "praise"]

NAN = float("nan")  # unknown; tested with isfinite
NEVER = float("-inf")  # the time of what has not happened yet
NS = 1_000_000_000  # nanoseconds a second
KMH_PER_MPS = 3.6  # km/h a m/s


class Joint(IntEnum):
    """The `blazepose33` skeleton: the row of each landmark. Left and right are the person's."""

    NOSE = 0
    LEFT_EYE_INNER = 1
    LEFT_EYE = 2
    LEFT_EYE_OUTER = 3
    RIGHT_EYE_INNER = 4
    RIGHT_EYE = 5
    RIGHT_EYE_OUTER = 6
    LEFT_EAR = 7
    RIGHT_EAR = 8
    MOUTH_LEFT = 9
    MOUTH_RIGHT = 10
    LEFT_SHOULDER = 11
    RIGHT_SHOULDER = 12
    LEFT_ELBOW = 13
    RIGHT_ELBOW = 14
    LEFT_WRIST = 15
    RIGHT_WRIST = 16
    LEFT_PINKY = 17
    RIGHT_PINKY = 18
    LEFT_INDEX = 19
    RIGHT_INDEX = 20
    LEFT_THUMB = 21
    RIGHT_THUMB = 22
    LEFT_HIP = 23
    RIGHT_HIP = 24
    LEFT_KNEE = 25
    RIGHT_KNEE = 26
    LEFT_ANKLE = 27
    RIGHT_ANKLE = 28
    LEFT_HEEL = 29
    RIGHT_HEEL = 30
    LEFT_FOOT_INDEX = 31
    RIGHT_FOOT_INDEX = 32


SKELETON = "blazepose33"
JOINTS = len(Joint)


def _frozen(array: NDArray, dtype: type, shape: tuple[int | None, ...], name: str) -> NDArray:
    """A read-only array of that dtype, its shape checked (None = any size)."""
    array = np.ascontiguousarray(array, dtype=dtype)
    if len(array.shape) != len(shape) or any(w is not None and w != g for w, g in zip(shape, array.shape, strict=True)):
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    if array.flags.writeable:  # somebody else may write into it: keep our own
        array = array.copy()
        array.flags.writeable = False
    return array


# --- the world in ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame: `image` (H, W, 3) uint8 RGB, upright whatever the mounting, never mirrored.

    `t_ns` is the middle of the exposure; `seq` counts the source's frames, delivered or not.
    """

    t_ns: int
    seq: int
    image: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Landmarks of the runner in one frame: `xy_px` (33, 2) float32, `score` (33,) float32 in 0..1.

    Not seen is NaN with score 0; nobody there is all NaN. Raises ValueError on other shapes.
    """

    t_ns: int
    xy_px: NDArray[np.float32]
    score: NDArray[np.float32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "xy_px", _frozen(self.xy_px, np.float32, (JOINTS, 2), "xy_px"))
        object.__setattr__(self, "score", _frozen(self.score, np.float32, (JOINTS,), "score"))

    @classmethod
    def nobody(cls, t_ns: int) -> Pose:
        return cls(t_ns, np.full((JOINTS, 2), np.nan, np.float32), np.zeros(JOINTS, np.float32))

    @property
    def seen(self) -> bool:
        return bool(np.count_nonzero(self.score))


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Tags of hip belts in one frame: `ids` (N,) int16, `corners_px` (N, 4, 2) float32, N may be 0.

    The corners of a tag are its own top left, top right, bottom right, bottom left, as printed; the
    middle of the first pixel is (0, 0). Comes before the pose of the same frame. Raises ValueError
    on other shapes.
    """

    t_ns: int
    ids: NDArray[np.int16]
    corners_px: NDArray[np.float32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", _frozen(self.ids, np.int16, (None,), "ids"))
        object.__setattr__(self, "corners_px", _frozen(self.corners_px, np.float32, (len(self.ids), 4, 2), "corners_px"))


@dataclass(frozen=True, slots=True)
class HipTurn:
    """The pelvis against the line of sight, as the pelvis model read it from one frame's pixels.

    turn_deg: + = the near hip ahead. spread_deg: scale of the Laplace distribution of its error, by
    the model itself. Comes before the pose of the same frame.
    """

    t_ns: int
    turn_deg: float
    spread_deg: float


PELVIC_TURN = ("pelvic_turn_deg", "pelvic_turn_quadrature_deg", "pelvic_lead_deg", "pelvis_thigh_ratio")
"""The measures of QUANTITIES that hang on the turn of the pelvis alone."""


@dataclass(frozen=True, slots=True)
class TurnBand:
    """How the pelvis model errs, up to so far off the side view, on people it never saw.

    A turn is read as gain times what it is; `gain_sd` is between people. What is read at stride
    frequency of a pelvis that does not turn: in phase with the near thigh `drag` degrees per degree
    of the thigh (both peak to peak), a quarter stride ahead of it nothing on average. Their SDs
    between people are `drag_sd` and `quadrature_sd`; that one is in degrees, peak to peak, per
    degree of the spread that the model gives its frames, because it errs more where it is less
    sure. `change_sd_deg`: of the difference between two ways of running of one person before one
    camera, in degrees of the turn itself.
    """

    most_azimuth_deg: float
    gain: float
    gain_sd: float
    drag: float
    drag_sd: float
    quadrature_sd: float
    change_sd_deg: float
    people: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of a sensor channel, in the channel's unit (its name carries it): see CHANNELS."""

    t_ns: int
    channel: str
    value: float


# Belt speed may be given by the owner (command line, config) or read from the treadmill's Bluetooth
# service; the core prefers the latter.
CHANNELS: Mapping[str, str] = {
    "speed_given_mps": "belt speed given by a person",
    "speed_ftms_mps": "belt speed read from the treadmill (Bluetooth FTMS)",
    "incline_ftms_pct": "its incline, per cent",
    "distance_ftms_m": "what it has counted since it was started",
    "earlier_sessions": "sessions of this runner before this one, counted on their stick",
}


@dataclass(frozen=True, slots=True)
class Press:
    """A button was pressed (the optional one beside the treadmill)."""

    t_ns: int
    button: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed without a pose: a silent camera must still be noticed."""

    t_ns: int


Input = Pose | Marks | HipTurn | Reading | Press | Tick


@dataclass(frozen=True, slots=True)
class View:
    """What the camera's place fixes, all optional: how pixels relate to the treadmill.

    roll_deg: clockwise turn of the frame's vertical against gravity, as the frame shows it.
    azimuth_deg: camera off the pure side view, + = moved towards the rear of the treadmill.
    azimuth_given: False where nobody measured it, or the camera moved since: intervals allow for a
    camera set up by eye.
    px_per_m: scale at the runner's mid-line. direction: the way the runner faces in the frame.
    focal_px: focal length of the lens in pixels of this frame.
    zone: the treadmill in the frame as fractions (x0, y0, x1, y1) of width and height.
    """

    width_px: int = 0
    height_px: int = 0
    roll_deg: float = 0.0
    azimuth_deg: float = 0.0
    px_per_m: float = NAN
    direction: Side | None = None
    zone: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    focal_px: float = NAN
    azimuth_given: bool = True

    @property
    def given_azimuth_deg(self) -> float:
        """NaN where not given."""
        return self.azimuth_deg if self.azimuth_given else NAN


# --- facts: what the gait room tells --------------------------------------------------------------

_ANGLE_NAMES = (
    "thigh_near_deg",  # atan2(knee - hip) against gravity, forward +
    "thigh_far_deg",
    "shank_near_deg",  # ankle - knee, likewise
    "shank_far_deg",
    "knee_flexion_near_deg",  # thigh - shank
    "knee_flexion_far_deg",
    "hip_flexion_near_deg",  # thigh + trunk lean: thigh against trunk; not a 3D hip angle
    "hip_flexion_far_deg",
    "trunk_lean_deg",  # mid-shoulder over mid-hip against gravity, forward +
)
ANGLES = np.dtype([(name, "f8") for name in _ANGLE_NAMES])

_STRIDE_NAMES = (
    "start_s",  # near-thigh forward peak that opens the stride, from the first input
    "duration_s",
    "cadence_spm",  # 120 / duration
    "contact_s",  # ground contact time of the near foot; NaN below 50 fps
    "step_length_m",
    "speed_mps",
    "thigh_forward_near_deg",
    "tle_near_deg",  # trailing-limb extension: -min(thigh)
    "thigh_excursion_near_deg",
    "tle_share_near",  # tle / excursion
    "knee_flexion_stance_near_deg",
    "knee_flexion_swing_near_deg",
    # Peak thigh flexion to the heel farthest ahead (some 29 ms before contact), % of the stride.
    "retraction_near_pct",
    "retraction_near_deg",
    "thigh_forward_far_deg",
    "tle_far_deg",
    "thigh_excursion_far_deg",
    "step_time_near_s",  # near contact to far contact
    "step_time_far_s",
    "trunk_lean_deg",
    "thigh_shank_phase_deg",  # H1 phase of the thigh ahead of the shank
    "pelvic_in_phase_deg",  # H1 of the pelvic turn against the thigh, peak to peak
    "pelvic_quadrature_deg",
    "seen_fraction",  # samples with a measured near thigh
    "swaps_repaired",
    "running",  # 1 in a run, 0 in a walk (what hangs on contact is NaN then)
    # A new column goes to the end: rows of an older station end before it (record/schema.py).
    "vertical_oscillation_cm",  # rise of the trunk in a step, mean of both steps
    "vertical_ratio_pct",  # of the step length
    "flight_time_ms",  # half the stride less the contact of the near foot
    "duty_factor_pct",  # contact / duration
    "overstride_near_cm",  # ankle ahead of the hip when the foot lands
    "shank_contact_near_deg",  # then, + = the foot ahead of the knee
)
STRIDE = np.dtype([(name, "f8") for name in _STRIDE_NAMES])


@dataclass(frozen=True, slots=True)
class Measure:
    """A measured quantity with two 95 % intervals, or the reason why it is not known (then value is
    NaN or only a hint).

    low..high is absolute: it holds the pose model's own error where that is known; compare it with
    norms and other people. `ci95_change` is for the same runner before the same camera, where most
    of that error is the same each time: value minus and plus `change_half`, which is -1 where both
    intervals are one (so that measures can be compared with ==).
    """

    value: float
    low: float
    high: float
    n: int
    reason: str = ""
    change_half: float = -1.0

    @property
    def measured(self) -> bool:
        return not self.reason

    @property
    def ci95_change(self) -> tuple[float, float]:
        """What to compare with the same runner's other values before the same camera."""
        if self.change_half < 0:
            return self.low, self.high
        return self.value - self.change_half, self.value + self.change_half

    @classmethod
    def cannot_tell(cls, reason: str, n: int = 0) -> Measure:
        return cls(NAN, NAN, NAN, n, reason)

    def rounded(self) -> Measure:
        """Every number to 0.001."""
        low, high, change_half = round(self.low, 3), round(self.high, 3), round(self.change_half, 3)
        return Measure(round(self.value, 3), low, high, self.n, self.reason, change_half)


class Activity(StrEnum):
    ABSENT = "absent"
    STANDING = "standing"
    WALKING = "walking"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Event:
    """Foot contact or toe-off, known a little after it happened; `confidence` 0..1."""

    t_ns: int
    kind: EventKind
    side: Side
    confidence: float


SpeedOrigin = Literal["given", "picture", "ftms", "unknown"]


# Half the 95 % interval of a speed read from the feet, as a share of it: 2.4 % RMS through the
# station's pose model (tests/lab/end_to_end/RESULTS.md), wider for the next person by
# model_errors.reach.
SEEN_SPEED_HALF = 0.057


@dataclass(frozen=True, slots=True)
class Speed:
    mps: float = NAN
    origin: SpeedOrigin = "unknown"
    steady: bool = True  # no change in the last seconds: thresholds and silence rules need it
    incline_pct: float = NAN  # of the belt, uphill +, as the treadmill reports it

    @property
    def half_mps(self) -> float:
        """Half its 95 % interval; 0 where it was given or read, NaN of an unknown one."""
        return {"picture": SEEN_SPEED_HALF * self.mps, "unknown": NAN}.get(self.origin, 0.0)


HipBeltTrouble = Literal[
    "",
    "two_belts",  # tags of a second person's belt beside the runner's
    "upside_down",
    "wrong_scale",  # tags nearer or farther than the runner can be: printed at another size
    "covered",  # a shirt, a jacket, a hand: too few tags in view
    "slipping",  # it sits elsewhere on the pelvis than when it was learnt
    # Tags that do not move with the runner or do not fit a belt: a poster, folded or damaged tags.
    "not_a_belt",
]


@dataclass(frozen=True, slots=True)
class HipBelt:
    """What the marked belt round the runner's hips tells now; in Gait None while none is seen.

    turn, list and tilt are of the pelvis against its mean over the last strides: turn + = the near
    hip ahead, list + = the near hip up, tilt + = the front of the pelvis down. NaN in a frame in
    which too little of the belt is seen.
    """

    tags: int  # in view now
    # 0..1: how much of the belt's shape on this runner is known; 1 = enough to measure
    learnt: float
    trouble: HipBeltTrouble = ""
    turn_deg: float = NAN
    list_deg: float = NAN
    tilt_deg: float = NAN


@dataclass(frozen=True, slots=True)
class PelvicPair:
    """One stride seen by the hip belt and by hip landmarks: H1 of the pelvic turn, peak to peak, in
    phase with the near thigh and a quarter stride ahead of it; `drag_deg` is what hip landmarks
    would read that follow the thighs wholly."""

    start_s: float
    belt_in_phase_deg: float
    belt_quadrature_deg: float
    landmarks_in_phase_deg: float
    landmarks_quadrature_deg: float
    drag_deg: float
    thigh_deg: float
    pixels_in_phase_deg: float = NAN
    pixels_quadrature_deg: float = NAN


@dataclass(frozen=True, slots=True, eq=False)
class Gait:
    """All that the core knows after one input, rounded once (0.01 deg, 1 ms): replays agree.

    `measures` are over the last 30-40 strides, keyed by QUANTITIES; `strides` and `events` hold
    only what this input closed.
    """

    t_ns: int
    activity: Activity = Activity.ABSENT
    direction: Side | None = None
    near_side: Side | None = None
    tracked_fraction: float = 0.0  # of the last 2 s with a measured near leg
    angles: np.void | None = None  # ANGLES record, raw; None without a pose
    drawn: np.void | None = None  # ANGLES record, smoothed for the eye only
    # The pose model's left and right legs are taken for each other in this frame.
    legs_exchanged: bool = False
    stride_phase: float = NAN  # 0..1, 0 = near-thigh forward peak
    zone_position: float = NAN  # mid-hip along the belt: 0 rear end of the zone .. 1 front end
    hands_on_rail: bool = False
    speed: Speed = Speed()
    strides: tuple[np.void, ...] = ()  # STRIDE records
    events: tuple[Event, ...] = ()
    measures: Mapping[str, Measure] = field(default_factory=dict)
    pelvic_source: str = "landmarks"  # which PelvicTurn source the pelvic measures come from
    # The runner's own drill took the thigh's drag out, or the hip belt's shape is learnt.
    pelvic_calibrated: bool = False
    hip_belt: HipBelt | None = None
    # Of the stride that this input closed, where a hip belt and landmarks both saw it.
    pelvic_pair: PelvicPair | None = None
    knee_lifts: tuple[int, int] = (0, 0)  # drill: lifts counted (near, far) since the runner stands
    # (S, 51) near thigh over the last S <= 6 strides, deg, phase 0..1
    curves: NDArray[np.float64] | None = None
    swaps_repaired: int = 0


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measure, declared once: files, report, screen, terminal and tables read it here. Words are
    English; what people see is translated where it is shown.

    unit: as files have it ("1" = none). label: its name. short: the same for the screen. decimals:
    how it is written. meaning: what it is, in one sentence. good: how to read it, in one sentence.
    """

    unit: str
    label: str
    short: str
    decimals: int
    meaning: str
    good: str

    @property
    def mark(self) -> str:
        """The unit as it stands behind a number that a person reads."""
        return {"deg": "°", "deg of stride": "° of stride", "1": ""}.get(self.unit, self.unit)


# How a measure is read where healthy runners were measured, and where the method itself sets the
# limit.
_BY_SPEED = "Compare it with other runners at your speed; it grows with speed."
_OWN_TREND = "Follow your own trend; do not compare it with other people's."

QUANTITIES: Mapping[str, Quantity] = {
    "cadence_spm": Quantity(
        "steps/min", "Cadence", "cadence", 1, "Steps a minute, both feet.", "Compare it with other runners at your speed."
    ),
    "tle_near_deg": Quantity(
        "deg",
        "Leg behind the hip",
        "leg behind",
        1,
        "How far the thigh of the near leg travels behind the vertical.",
        _BY_SPEED,
    ),
    "thigh_excursion_near_deg": Quantity(
        "deg", "Thigh swing", "thigh swing", 1, "From the foremost to the rearmost thigh, near leg.", _BY_SPEED
    ),
    "thigh_forward_near_deg": Quantity(
        "deg", "Knee drive", "knee drive", 1, "How far the thigh of the near leg comes forward of the vertical.", _BY_SPEED
    ),
    "tle_share_near": Quantity(
        "1",
        "Share of the swing behind the hip",
        "share behind",
        2,
        "Leg behind the hip divided by thigh swing.",
        "A small share means that the thigh only lifts in front.",
    ),
    "trunk_lean_deg": Quantity(
        "deg",
        "Trunk lean",
        "trunk lean",
        1,
        "Mean lean of the trunk, forward is plus.",
        "A few degrees forward are usual; leaning back is not.",
    ),
    "knee_flexion_stance_near_deg": Quantity(
        "deg",
        "Knee bend on the ground",
        "knee on ground",
        1,
        "Largest knee bend while the foot carries.",
        "Compare it with other runners at your speed; a deep bend is a sign of sitting.",
    ),
    "knee_flexion_swing_near_deg": Quantity(
        "deg", "Knee bend in the air", "knee in the air", 1, "Largest knee bend while the leg swings.", _BY_SPEED
    ),
    "retraction_near_pct": Quantity(
        "% of stride",
        "Pull-back before landing, time",
        "pull-back time",
        1,
        "Time from the foremost thigh to contact.",
        "Compare it with other runners at your speed.",
    ),
    "retraction_near_deg": Quantity(
        "deg",
        "Pull-back before landing, angle",
        "pull-back",
        1,
        "How far the thigh has come back at contact.",
        "Compare it with other runners at your speed.",
    ),
    "contact_time_ms": Quantity(
        "ms",
        "Ground contact",
        "ground contact",
        0,
        "Time that the near foot is on the ground; a trend, not a laboratory value.",
        _OWN_TREND,
    ),
    "step_length_m": Quantity(
        "m", "Step length", "step length", 2, "Belt speed divided by step rate.", "It follows from speed and cadence."
    ),
    "flight_time_ms": Quantity(
        "ms",
        "Flight",
        "flight",
        0,
        "Time in a step with no foot on the ground.",
        _OWN_TREND,
    ),
    "duty_factor_pct": Quantity(
        "% of stride",
        "Duty factor",
        "duty factor",
        1,
        "Share of the stride that the near foot is on the ground.",
        _OWN_TREND,
    ),
    "vertical_oscillation_cm": Quantity(
        "cm",
        "Vertical oscillation",
        "bounce",
        1,
        "How far the trunk rises and falls in a step.",
        "Compare it with other runners at your speed; less is not always better.",
    ),
    "vertical_ratio_pct": Quantity(
        "% of step",
        "Vertical ratio",
        "bounce per step",
        1,
        "Vertical oscillation divided by step length.",
        "Compare it with other runners at your speed.",
    ),
    "overstride_near_cm": Quantity(
        "cm",
        "Overstride",
        "foot ahead",
        1,
        "How far the ankle of the near leg is ahead of the hip when the foot lands.",
        _OWN_TREND,
    ),
    "shank_contact_near_deg": Quantity(
        "deg",
        "Shank at contact",
        "shank at contact",
        1,
        "Angle of the shank of the near leg when the foot lands; the foot ahead of the knee is plus.",
        _OWN_TREND,
    ),
    "pelvic_turn_deg": Quantity(
        "deg", "Pelvic turn", "pelvic turn", 1, "How far the pelvis turns in a stride, peak to peak.", _OWN_TREND
    ),
    "pelvic_turn_quadrature_deg": Quantity(
        "deg",
        "Pelvic turn, free of the thigh",
        "turn without thigh",
        1,
        "The part of the turn that the swinging thigh cannot fake.",
        _OWN_TREND,
    ),
    "pelvic_lead_deg": Quantity(
        "deg of stride",
        "Pelvis ahead of the thigh",
        "pelvis ahead",
        0,
        "How far the pelvis turns ahead of the thigh.",
        "About a quarter of a stride (90°) is usual.",
    ),
    "pelvis_thigh_ratio": Quantity(
        "1",
        "Pelvic turn per thigh swing",
        "pelvis to thigh",
        2,
        "How much of the swing begins at the hip.",
        _OWN_TREND,
    ),
    "pelvic_list_deg": Quantity(
        "deg", "Pelvic list", "pelvic list", 1, "Rise and fall of one hip against the other, once a stride.", _OWN_TREND
    ),
    "pelvic_tilt_deg": Quantity(
        "deg", "Pelvic tilt", "pelvic tilt", 1, "Rocking forward and back, once a stride; not how the pelvis stands.", _OWN_TREND
    ),
}


# --- judgement ------------------------------------------------------------------------------------

FaultState = Literal["ok", "on", "cannot_tell"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What one rule thinks now. `pressure` 0..1 fills while it sees the fault, else leaks; on at 1.

    `level` is the threshold that the value was judged against, in `unit`. `shown`: the measure of
    the sign by which it is seen now, for the screen; "" for the one that is judged. `rising`: seen,
    but not yet for as long as the rule asks.
    """

    rule: str
    state: FaultState
    value: float
    unit: str
    pressure: float
    level: float
    reason: str = ""
    shown: str = ""
    rising: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """What this runner showed in this session, to be judged against: measures at the end of the
    silent baseline and of the contrast trial's parts, each keyed by QUANTITIES; empty while not
    done. `baseline_mps`, `baseline_incline_pct`: belt speed and incline then, NaN = unknown."""

    baseline: Mapping[str, Measure] = field(default_factory=dict)
    stiff: Mapping[str, Measure] = field(default_factory=dict)
    free: Mapping[str, Measure] = field(default_factory=dict)
    baseline_mps: float = NAN
    baseline_incline_pct: float = NAN


@dataclass(frozen=True, slots=True)
class Band:
    """Where a value should lie, for the screen: from where a rule would come on or, once it is on,
    go off again (faults/zones.py).
    """

    low: float
    high: float


# --- words ----------------------------------------------------------------------------------------

Channel = Literal["audio", "light", "screen"]


class Line(NamedTuple):
    """One thing that the station says. `screen`: what to do, three words or fewer. `spoken`: one
    short sentence for the voice. `detail`: how, for the screen, where there is more to say.
    English; translated where it is shown or spoken."""

    screen: str
    spoken: str
    detail: str = ""

    @property
    def speech_s(self) -> float:
        """Time the loudspeaker is kept for it: a chime, and an unhurried voice in the wordiest
        language. Chosen so that every recorded line of every language fits."""
        return 2.8 + len(self.spoken.split()) / 2.0


Towards = Literal["ahead", "behind", "up", "in"]  # where a cue points; "in" = make it smaller


class Light(NamedTuple):
    """The sign of a cue on the cue light: a colour, and a shape in time that tells it apart without
    colour. Both are names of present/lights."""

    colour: Literal["blue", "cyan", "amber", "magenta", "white"]
    shape: Literal["fixed", "breathing", "isophase", "quick", "occulting", "flashing", "double"]


@dataclass(frozen=True, slots=True)
class Cue:
    """One thing said. `id` names the text and the voice line; `seq` counts cues of the session."""

    t_ns: int
    seq: int
    id: str
    rule: str
    action: CueAction
    channels: tuple[Channel, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a cue helped: the fault cleared within 20 strides, or it did not."""

    t_ns: int
    cue_seq: int
    rule: str
    cleared: bool
    strides: int


class Mode(StrEnum):
    IDLE = "idle"
    FRAMING = "framing"
    DRILL = "drill"
    CONTRAST = "contrast"
    BASELINE = "baseline"
    COACH = "coach"
    REST = "rest"
    RETENTION = "retention"
    DONE = "done"
    LOST = "lost"


Troubles = tuple[tuple[str, str], ...]  # (what is wrong, what to do) of each


@dataclass(frozen=True, slots=True)
class Station:
    """What the screen shows besides the runner; filled by the running station, not by the coach."""

    healthy: bool = True
    trouble: Troubles = ()
    recording: bool = False  # landmarks of every frame go to the input log; frames are never kept
    # The last two: an installer's stick.
    stick: Literal["none", "writing", "done", "failed", "settings", "refused"] = "none"
    stick_text: str = ""
    thumbnail: NDArray[np.uint8] | None = None  # (h, w, 3) RGB, FRAMING only


@dataclass(frozen=True, slots=True)
class SessionPage:
    """What DONE shows: one line per quantity that changed from baseline to retention.

    best_block: number of the coached block with the least time in a fault, 0 where there is none to
    choose; that share of its time is `best_block_on_fraction`. next_focus: name of the rule to work
    on next time, "" for none.
    """

    rows: tuple[tuple[str, Measure, Measure], ...] = ()  # (measure name, baseline, retention)
    best_block: int = 0
    best_block_on_fraction: float = NAN
    next_focus: str = ""
    cues_given: int = 0
    cues_cleared: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All that the screen needs: it is a pure function of this."""

    t_ns: int
    mode: Mode
    mode_s: float  # since this mode began
    session_s: float  # since running began
    gait: Gait
    pose: Pose | None = None
    view: View = View()
    faults: tuple[Fault, ...] = ()
    cue: Cue | None = None  # the one that is being shown
    bands: Mapping[str, Band] = field(default_factory=dict)  # by measure name
    # Of the last strides, by measure name; what is missing here stands in `gait.measures`.
    recent: Mapping[str, Measure] = field(default_factory=dict)
    prompt: str = ""  # text id of what to do now (drill, contrast, framing)
    progress: float = NAN  # 0..1 of the drill or contrast part
    aim_cadence_spm: float = NAN  # what would end low cadence at this speed: for a metronome
    page: SessionPage | None = None
    # Which session of this runner's this is, counted on their stick; 0 = not known.
    runner_session: int = 0
    station: Station = Station()


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What one input led to."""

    t_ns: int
    gait: Gait
    faults: tuple[Fault, ...]
    mode: Mode
    cues: tuple[Cue, ...]
    outcomes: tuple[Outcome, ...]
    snapshot: Snapshot


# --- to disk --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Where the frames came from; `fps` is the nominal or mean rate, NaN when unknown."""

    path: str
    kind: SourceKind
    width_px: int
    height_px: int
    fps: float = NAN
    frames: int | None = None  # None: not known beforehand
    duration_s: float = NAN


@dataclass(frozen=True, slots=True)
class MeasureError:
    """How far a pose model's reading of one measure is off, over people it was not tuned on, in the
    measure's unit.

    bias: mean of measured minus true; 0 where taking it off would help no new person. spread:
    standard deviation between people of what is left. change: standard deviation of the error in a
    change of one runner before one camera. people: how many were measured. reach, change_reach: how
    many spreads and changes a 95 % interval takes, by people left out; 0: as Student's t says.
    """

    bias: float
    spread: float
    change: float
    people: int
    reach: float = 0.0
    change_reach: float = 0.0


@dataclass(frozen=True, slots=True)
class ErrorBand:
    """A pose model's errors by measure, from `least_fps` on, up to `most_azimuth_deg`; NaN: before
    a camera whose azimuth is not given.
    """

    least_fps: float
    most_azimuth_deg: float
    rows: Mapping[str, MeasureError]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which weights saw the frames, and what their own errors are; no bands: not known."""

    name: str
    sha256: str
    errors: tuple[ErrorBand, ...] = ()


@dataclass(frozen=True, slots=True)
class FaultReport:
    """One rule over a whole recording."""

    rule: str
    state: FaultState
    reason: str
    value: float
    unit: str
    first_on_s: float
    on_fraction: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where in a recording one rule's measure was worst, or best, judged by itself: at least eight
    strides in a row.

    `value` is the mean over its strides, low..high its absolute 95 % interval,
    usual_low..usual_high where healthy runners lie at that speed (5th to 95th percentile). Seconds
    from the first frame; NaN and 0 strides where there is nothing to show.
    """

    rule: str
    state: FaultState
    reason: str
    start_s: float
    end_s: float
    strides: int
    value: float
    low: float
    high: float
    unit: str
    usual_low: float = NAN
    usual_high: float = NAN


# The station's clock, the film's own creation time, the time at which its file was last changed, or
# a person.
DateOrigin = Literal["clock", "film", "file", "given"]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A finished session or analysis: what exports are written from; s from the first frame."""

    session_id: str
    source: SourceInfo
    model: ModelInfo | None
    view: View
    speed: Speed
    direction: Side | None
    near_side: Side | None
    tracked_fraction: float
    running_fraction: float
    leg_swaps_repaired: int
    t_s: NDArray[np.float64]  # (N,)
    angles: NDArray[np.void]  # (N,) ANGLES
    # (N, 33, 2), for markers.trc and the overlay; None when not kept
    xy_px: NDArray[np.float32] | None
    strides: NDArray[np.void]  # (M,) STRIDE
    events: tuple[Event, ...]
    summary: Mapping[str, Measure]
    faults: tuple[FaultReport, ...]
    cues: tuple[Cue, ...]
    stretches: tuple[Stretch, ...] = ()  # one per rule, the worst
    best_stretches: tuple[Stretch, ...] = ()  # one per rule, the longest without its fault
    outcomes: tuple[Outcome, ...] = ()
    modes: tuple[tuple[float, Mode], ...] = ()  # (start_s, mode) in order
    page: SessionPage | None = None
    # "hip_belt" or "pixels": who the pelvic measures of the summary are by
    pelvic_source: str = "landmarks"
    started_utc: str = ""  # ISO 8601; "" when unknown
    clock_trusted: bool = False
    date_from: DateOrigin = "clock"  # who says when it started
    time_doubt: str = ""  # why the film's times are in doubt: slow motion that does not say so
    time_zone: str = "UTC"  # IANA name, of the dates that people read
    # what the source and the store said of it, and what was put right: English sentences without a
    # full stop
    notes: tuple[str, ...] = ()
    # wall_s, frames_per_s, stage_ms.<stage>
    timing: Mapping[str, float] = field(default_factory=dict)

    @property
    def dated(self) -> bool:
        """Whether `started_utc` is to be believed: by a clock that was set, or by somebody else."""
        return bool(self.started_utc) and (self.clock_trusted or self.date_from != "clock")
