"""Every word of the screen's own, in one place. Cues bring their words along (`Cue.text`)."""

from __future__ import annotations

from typing import NamedTuple

from station.types import Mode, Station


class Prompt(NamedTuple):
    """What to do now (`headline`) and how (`detail`)."""

    headline: str
    detail: str = ""


# idle
IDLE_HEADLINE = "Ready when you are"
IDLE_STEPS = ("Step onto the belt", "Start the treadmill", "Run. I start by myself")
PRIVACY_NOTHING_KEPT = "No picture is kept, only angles"
PRIVACY_RECORDING = "Kept: body points, no picture"
READY = "Ready"
NOT_READY = "Needs attention"

# the live page
BEHIND, FORWARD = "behind", "forward"
YOURS, NORM_FOR_SPEED, NORM = "yours", "norm at {kmh:.1f} km/h", "norm"
CADENCE, CADENCE_UNIT = "cadence", "steps/min"
PELVIC_TURN = "pelvic turn"
CANNOT_TELL = "cannot tell"
MEASURING = "counting strides"
PELVIS_TITLE = "hip belt, drawn {times} x"
TURN, LIST, TILT = "turn", "list", "tilt"
LEARNT = "learnt"
PLOT_TITLE = "{side} thigh, last {count} strides"
PLOT_TITLE_UNKNOWN_SIDE = "near thigh, last {count} strides"
PLOT_EMPTY = "thigh over the stride"
PLOT_AXIS = "% of stride"
SIDES = {"left": "left", "right": "right"}
UNKNOWN = "–"
DEGREE = "°"

# what the live page says while no cue is shown
MODES: dict[Mode, Prompt] = {
    Mode.BASELINE: Prompt("Just run", "I watch and say nothing"),
    Mode.COACH: Prompt("Coaching", "silence means good"),
    Mode.REST: Prompt("On your own", "no cues in this part"),
    Mode.RETENTION: Prompt("Last part", "keep it, without me"),
}

# drill, contrast, framing
THIGH = "thigh"
PROMPTS: dict[str, Prompt] = {
    "framing.step_in": Prompt("Step into view", "Head to foot inside the frame"),
    "framing.side_on": Prompt("Face forward", "Look to the front of the treadmill"),
    "framing.ready": Prompt("Ready: run", "Start when you like"),
    "drill.offer": Prompt("Find your hip", "Palm over the groin, lift one knee. Or just start running."),
    "drill.near": Prompt("Lift near knee", "Six times, slowly. The thigh moves, the waistband stays still."),
    "drill.far": Prompt("Lift other knee", "Six times, slowly. The thigh moves, the waistband stays still."),
    "drill.done": Prompt("Drill done", "That was your hip"),
    "hip_belt.turn": Prompt("Turn round once", "Slowly, arms a little away from the hip belt. Or just start running."),
    "hip_belt.learnt": Prompt("Hip belt learnt", "I know your belt now"),
    "hip_belt.two_belts": Prompt("One hip belt", "I follow the one on the treadmill"),
    "hip_belt.upside_down": Prompt("Turn belt over", "The arrows on it point up"),
    "hip_belt.wrong_scale": Prompt("Check belt size", "Print it at 100 %, by the ruler"),
    "hip_belt.covered": Prompt("Tuck shirt in", "Something covers the hip belt"),
    "hip_belt.slipping": Prompt("Tighten hip belt", "It sits elsewhere than at the start"),
    "hip_belt.not_a_belt": Prompt("Check hip belt", "Some tags do not fit: folded or torn?"),
    "contrast.offer": Prompt("Lift, or run", "Two more knee lifts: feel the difference. Or just start running."),
    "contrast.ready": Prompt("Start running", "I tell you what to try"),
    "contrast.natural": Prompt("Run as usual", "The way you always do"),
    "contrast.stiff": Prompt("Still waistband", "Only the legs run"),
    "contrast.free": Prompt("Pockets travel", "Back pockets move with each step"),
    "contrast.done": Prompt("That was it", "Well done. That is the difference."),
    "safety.rear": Prompt("Come forward", "You are near the end of the belt"),
    "mode.over": Prompt("Run on freely", "That is all for today"),
    "voice.off": Prompt("Voice off", "Press again to hear me"),
    "voice.on": Prompt("Voice on"),
    "mode.baseline": MODES[Mode.BASELINE],
    "mode.coach": MODES[Mode.COACH],
    "mode.rest": MODES[Mode.REST],
    "mode.retention": MODES[Mode.RETENTION],
    "mode.done": Prompt("Done", "Your summary is below"),
    "mode.done_short": Prompt("Short run", "Too short to compare, but saved"),
    "mode.lost": Prompt("View lost", "Run on, I keep looking"),
    "mode.found": Prompt("Back in view", "I see you again"),
}
FRAMING_PRIVACY = "The picture is not kept"
FRAMING_NO_PICTURE = "waiting for the camera"

# lost
LOST_HEADLINE = "I cannot see you"
LOST_STEPS = ("Run on, I keep looking", "Is the camera covered?")

# done
DONE_HEADLINE = "Done"
DONE_BEFORE, DONE_AFTER, DONE_CHANGE = "start", "end", "change"
DONE_NO_ROWS = "Too short to compare start and end"
DONE_BEST, DONE_NEXT, DONE_CUES = "best part", "next time", "cues that helped"
DONE_CUES_OF = "{cleared} of {given}"
DONE_KEEP = "keep this"
STICK = {
    "none": "Put in a USB stick for the summary",
    "writing": "Writing to the stick: leave it in",
    "done": "On the stick. You can take it",
    "failed": "Could not write to the stick",
    "settings": "Settings from the stick. You can take it",
    "refused": "Settings on the stick not taken",
}

# trouble
TROUBLE_HEADLINE = "I need help"
TROUBLE_MORE = "and {count} more"

# name and unit of a measure, and how its number is written
MEASURES: dict[str, tuple[str, str, str]] = {
    "cadence_spm": ("cadence", "steps/min", "{:.0f}"),
    "tle_near_deg": ("thigh behind", "°", "{:.0f}"),
    "thigh_excursion_near_deg": ("thigh swing", "°", "{:.0f}"),
    "thigh_forward_near_deg": ("thigh forward", "°", "{:.0f}"),
    "tle_share_near": ("share behind", "%", "{:.0%}"),
    "trunk_lean_deg": ("trunk lean", "°", "{:.0f}"),
    "knee_flexion_stance_near_deg": ("knee on the ground", "°", "{:.0f}"),
    "knee_flexion_swing_near_deg": ("knee in the air", "°", "{:.0f}"),
    "retraction_near_pct": ("pull-back time", "% of stride", "{:.1f}"),
    "retraction_near_deg": ("pull-back", "°", "{:.0f}"),
    "contact_time_ms": ("ground contact", "ms", "{:.0f}"),
    "step_length_m": ("step length", "m", "{:.2f}"),
    "tle_asymmetry_deg": ("left-right thigh", "°", "{:.0f}"),
    "step_time_asymmetry_pct": ("left-right steps", "%", "{:.1f}"),
    "pelvic_turn_deg": ("pelvic turn", "°", "{:.1f}"),
    "pelvic_turn_quadrature_deg": ("pelvic turn, safe part", "°", "{:.1f}"),
    "pelvic_lead_deg": ("pelvis ahead", "° of stride", "{:.0f}"),
    "pelvis_thigh_ratio": ("pelvis to thigh", "", "{:.2f}"),
    "pelvic_list_deg": ("pelvic list", "°", "{:.1f}"),
    "pelvic_tilt_deg": ("pelvic tilt", "°", "{:.1f}"),
}

# what a rule is about, for "next time"
RULES: dict[str, str] = {
    "locked_waist": "let the back pocket lead",
    "thigh_only_drive": "push the belt away",
    "sitting": "run tall",
    "over_rotation": "smaller, quieter",
    "low_cadence": "quick, quiet feet",
    "slow_retraction": "foot down sooner",
    "asymmetry": "even steps",
}


def stick(station: Station) -> str:
    """How far the stick is, with the reason where something went wrong."""
    why = f": {station.stick_text}" if station.stick_text and station.stick in ("failed", "refused") else ""
    return STICK[station.stick] + why


def reason(words: str) -> str:
    """The last clause of a reason, after its colon or semicolon: what a person can change. The whole of it is in the summary."""
    return words.replace(";", ":").rpartition(":")[2].strip()


def clock(seconds: float) -> str:
    """Minutes and seconds, hours only where there are any; a dash for an unknown time."""
    if not seconds >= 0:
        return UNKNOWN
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"
