"""Every word of the screen's own. What the coach says is in `cues.lines` and the rules."""

from __future__ import annotations

from station.types import Mode, Station

# idle
IDLE_HEADLINE = "Ready when you are"
IDLE_STEPS = ("Step onto the belt", "Start the treadmill", "Run. I start by myself")
PRIVACY_NOTHING_KEPT = "No picture is kept, only angles"
PRIVACY_RECORDING = "Kept: body points, no picture"
READY = "Ready"
NOT_READY = "Needs attention"

# the live page
CANNOT_TELL = "cannot tell"
MEASURING = "counting strides"
OUTSIDE = "bring the mark into the zone"
STEPS = "{spm:.0f} steps/min"
SESSION = "session {number} of 8"
LEARNT = "learnt"
UNKNOWN = "–"
DEGREE = "°"

# what the live page says while no cue is shown: a text id of cues.lines
MODES: dict[Mode, str] = {mode: f"mode.{mode}" for mode in (Mode.BASELINE, Mode.COACH, Mode.REST, Mode.RETENTION)}

# drill, framing
THIGH = "thigh"
FRAMING_PRIVACY = "The picture is not kept"
FRAMING_NO_FRAME = "waiting for the camera"

# lost
LOST_HEADLINE = "I cannot see you"
LOST_STEPS = ("Run on, I keep looking", "Is the camera covered?")

# done
DONE_HEADLINE = "Done"
DONE_BEFORE, DONE_AFTER, DONE_CHANGE = "start", "end", "change"
DONE_NO_ROWS = "Too short to compare start and end"
DONE_BEST, DONE_NEXT, DONE_CUES = "best part", "next time", "cues that helped"
DONE_CUES_OF = "{cleared} of {given}"
DONE_BEST_BLOCK = "Block {block}: {percent:.0f} % of the time in a fault"
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


def stick(station: Station) -> str:
    """How far the stick is, with the reason where something went wrong."""
    why = f": {station.stick_text}" if station.stick_text and station.stick in ("failed", "refused") else ""
    return STICK[station.stick] + why


def reason(words: str) -> str:
    """The last clause of a reason, which a person can act on; the summary holds all of it."""
    return words.replace(";", ":").replace("：", ":").rpartition(":")[2].strip()


def clock(seconds: float) -> str:
    """Minutes and seconds, hours only where there are any; a dash for an unknown time."""
    if not seconds >= 0:
        return UNKNOWN
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"
