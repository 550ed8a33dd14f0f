"""At most one quiet voice: which of all that could be said is said, and when nothing is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from station.cues.lines import LINES
from station.cues.plan import Plan, fading_pct
from station.types import NEVER, NS, Activity, Channel, Cue, Fault, Gait, Line, Mode, Outcome

LEAST_TRACKED = 0.5  # of the last 2 s with a measured near leg
REAR_THIRD = 1 / 3  # of the zone along the belt
REAR_S = 3.0  # in the rear third for so long before it is said
BREATH_S = 0.5  # between two lines
LONGEST_LIT_S = 20.0  # a cue that is not obeyed stays up so long
STEADY_S = 60.0  # without a fault before praise without an occasion
SESSION, SAFETY = "session", "safety"
SPOKEN: tuple[Channel, ...] = ("audio", "light", "screen")
SHOWN: tuple[Channel, ...] = ("light", "screen")


Action = Literal["start", "stop", "praise"]


class Speaker(NamedTuple):
    """A rule, to the governor. Low `priority` speaks first; `interrupts` another's block."""

    rule: str
    cue: Line
    praise: Line
    priority: int
    modes: tuple[Mode, ...]
    interrupts: bool = False


class Now(NamedTuple):
    """The facts, the faults and where the session stands; `lines`: what the session says."""

    gait: Gait
    faults: tuple[Fault, ...]
    mode: Mode
    block: int
    session_s: float
    lines: tuple[str, ...] = ()
    pressed: bool = False


class Wish(NamedTuple):
    t_ns: int
    id: str
    rule: str
    action: Action
    priority: int


class Watch:
    """One correction until its fault clears or 20 strides are over."""

    def __init__(self, cue: Cue) -> None:
        self.cue = cue
        self.strides = 0
        self.open = True


class Governor:
    """Priority: safety, then the session's own lines, then faults by rank, then praise.

    A correction is chosen anew at each input, so it is never stale; lines and praise wait for the
    voice and are dropped when old.
    """

    def __init__(self, plan: Plan, speakers: tuple[Speaker, ...], zone_known: bool = False) -> None:
        self._plan = plan
        self._zone_known = zone_known
        self._speakers = {speaker.rule: speaker for speaker in sorted(speakers, key=lambda s: s.priority)}
        self._lines = dict(LINES)
        for speaker in speakers:
            self._lines |= {f"cue.{speaker.rule}": speaker.cue, f"praise.{speaker.rule}": speaker.praise}
        self._seq = 0
        self._busy_ns: float = NEVER  # until when the voice speaks
        self._lit: Cue | None = None
        self.muted = False
        self.session_number = plan.session_number  # of this runner
        self.reset()

    def reset(self) -> None:
        """A new session. The voice goes on: who speaks is not interrupted by it."""
        self._wishes: list[Wish] = []
        self._block = -1
        self._block_rule = ""
        self._corrected_ns: int | None = None
        self._next_ns: dict[str, int] = {}  # per rule
        self._windows: dict[str, int] = {}  # on-windows so far, per rule
        self._spoken_ns: list[int] = []  # corrections and praise of the last minute
        self._watch: Watch | None = None
        self._rear_ns: int | None = None
        self._calm_ns: int | None = None
        self.given = self.cleared = self._praised = 0
        self.silence = ""

    # --- one input ---

    def step(self, now: Now) -> tuple[tuple[Cue, ...], tuple[Outcome, ...]]:
        """What is said now, at most one spoken cue, and how earlier corrections ended."""
        t_ns = now.gait.t_ns
        state = {fault.rule: fault.state for fault in now.faults}
        self._listen(now)
        outcomes = self._follow(now, state)
        self.silence = self._why_silent(now)
        cues = self._put_out(now, state)
        if t_ns >= self._busy_ns:
            spoken = self._from_wishes(t_ns) or self._correct(now, state) or self._steady(now, state)
            if spoken is not None:
                cues += (spoken,)
        return cues, outcomes

    def _listen(self, now: Now) -> None:
        t_ns = now.gait.t_ns
        if now.pressed and now.session_s > 0:
            self.muted = not self.muted
            self._wishes.append(Wish(t_ns, "voice.off" if self.muted else "voice.on", SESSION, "start", 1))
        if now.lines:  # the session has moved on: what it still wanted to say is out of date
            self._wishes = [wish for wish in self._wishes if wish.rule != SESSION]
            self._wishes += [Wish(t_ns, text_id, SESSION, "start", 1) for text_id in now.lines]
        if now.block != self._block:
            self._block, self._block_rule = now.block, ""
        if self._in_rear(now.gait):
            self._rear_ns = t_ns if self._rear_ns is None else self._rear_ns
            if t_ns - self._rear_ns >= REAR_S * NS and self._next_ns.get(SAFETY, NEVER) <= t_ns and now.session_s > 0:
                self._next_ns[SAFETY] = t_ns + round(self._plan.gap_between_cues_s * NS)
                self._wishes.append(Wish(t_ns, "safety.rear", SAFETY, "start", 0))
        else:
            self._rear_ns = None

    def _why_silent(self, now: Now) -> str:
        """Why no correction may be given now, "" when one may."""
        gait = now.gait
        if now.session_s < self._plan.quiet_start_s:
            return "the first minutes"
        if gait.activity is not Activity.RUNNING:
            return "nobody is running"
        if not gait.speed.steady:
            return "belt speed is changing"
        if gait.tracked_fraction < LEAST_TRACKED:
            return "the view is poor"
        if self._in_rear(gait):
            return "the runner drifts back"
        if gait.hands_on_rail:
            return "hands on the rail"
        return ""

    # --- corrections ---

    def _correct(self, now: Now, state: Mapping[str, str]) -> Cue | None:
        t_ns, plan = now.gait.t_ns, self._plan
        if self.silence or not self._may_speak(t_ns) or t_ns < self._busy_ns + plan.after_voice_s * NS:
            return None
        if self._corrected_ns is not None and t_ns - self._corrected_ns < plan.gap_between_cues_s * NS:
            return None
        rising = {fault.rule for fault in now.faults if fault.rising}
        for speaker in self._speakers.values():
            if self._next_ns.get(speaker.rule, NEVER) > t_ns or now.mode not in speaker.modes:
                continue
            if self._block_rule not in ("", speaker.rule) and not speaker.interrupts and not plan.analysis:
                continue
            # Which one is said may not hang on which rule was a second faster.
            if speaker.rule in rising:
                return None
            if state.get(speaker.rule) != "on":
                continue
            self._next_ns[speaker.rule] = t_ns + round(plan.rule_rest_s * NS)
            self._block_rule = speaker.rule
            if not self._due(speaker.rule):
                return None
            self._corrected_ns = t_ns
            self.given += 1
            cue = self._say(t_ns, f"cue.{speaker.rule}", speaker.rule, "start")
            self._watch = Watch(cue)
            return cue
        return None

    def _due(self, rule: str) -> bool:
        """Fading without chance: of n on-windows the first and then evenly spread ones are cued."""
        n = self._windows[rule] = self._windows.get(rule, 0) + 1
        percent = fading_pct(self.session_number)
        return -(-n * percent // 100) > -(-(n - 1) * percent // 100)

    def _may_speak(self, t_ns: int) -> bool:
        self._spoken_ns = [then for then in self._spoken_ns if t_ns - then < 60 * NS]
        return len(self._spoken_ns) < self._plan.cues_per_minute

    # --- what became of it ---

    def _follow(self, now: Now, state: Mapping[str, str]) -> tuple[Outcome, ...]:
        watch = self._watch
        if watch is None:
            return ()
        t_ns, rule = now.gait.t_ns, watch.cue.rule
        watch.strides += len(now.gait.strides)
        if state.get(rule) == "ok":
            self._watch = None
            if now.mode in self._speakers[rule].modes:
                self._wishes.append(Wish(t_ns, f"praise.{rule}", rule, "praise", 10))
            if not watch.open:
                return ()
            self.cleared += 1
            return (Outcome(t_ns, watch.cue.seq, rule, True, watch.strides),)
        if watch.open and watch.strides >= self._plan.outcome_strides:
            watch.open = False
            return (Outcome(t_ns, watch.cue.seq, rule, False, watch.strides),)
        return ()

    def _steady(self, now: Now, state: Mapping[str, str]) -> Cue | None:
        """Praise without an occasion, to keep three praises to two corrections."""
        t_ns = now.gait.t_ns
        if now.mode is not Mode.COACH or "on" in state.values() or self.silence:
            self._calm_ns = None
            return None
        self._calm_ns = t_ns if self._calm_ns is None else self._calm_ns
        calm = t_ns - self._calm_ns >= STEADY_S * NS
        if not calm or 2 * self._praised >= 3 * self.given or not self._may_speak(t_ns):
            return None
        self._calm_ns = t_ns
        return self._praise(t_ns, "praise.steady", SESSION)

    # --- the voice ---

    def _from_wishes(self, t_ns: int) -> Cue | None:
        self._wishes = [wish for wish in self._wishes if t_ns - wish.t_ns <= self._patience_ns(wish)]
        for wish in sorted(self._wishes, key=lambda wish: wish.priority):
            self._wishes.remove(wish)
            if wish.action == "praise":
                if self._may_speak(t_ns) and not self.silence:
                    return self._praise(t_ns, wish.id, wish.rule)
                continue
            return self._say(t_ns, wish.id, wish.rule, "start")
        return None

    def _patience_ns(self, wish: Wish) -> int:
        """A line of the session waits for two others; praise and warnings are for this moment."""
        return round((3 if wish.rule == SESSION else 1) * self._plan.stale_s * NS)

    def _praise(self, t_ns: int, text_id: str, rule: str) -> Cue:
        self._praised += 1
        return self._say(t_ns, text_id, rule, "praise")

    def _say(self, t_ns: int, text_id: str, rule: str, action: Action) -> Cue:
        if rule not in (SESSION, SAFETY) or action == "praise":
            self._spoken_ns.append(t_ns)
        self._busy_ns = t_ns + round((self._lines[text_id].speech_s + BREATH_S) * NS)
        muted = self.muted and rule != SAFETY and text_id != "voice.off"
        cue = self._cue(t_ns, text_id, rule, action, SHOWN if muted else SPOKEN)
        self._lit = cue
        return cue

    def _cue(self, t_ns: int, text_id: str, rule: str, action: Action, channels: tuple[Channel, ...]) -> Cue:
        self._seq += 1
        return Cue(t_ns, self._seq, text_id, rule, action, channels, self._lines[text_id].screen)

    def _put_out(self, now: Now, state: Mapping[str, str]) -> tuple[Cue, ...]:
        """A `stop` for the cue that is lit: its fault is over, or it was up in vain long enough."""
        lit, t_ns = self._lit, now.gait.t_ns
        if lit is None or t_ns - lit.t_ns < self._plan.shown_s * NS:
            return ()
        lasting = lit.action == "start" and state.get(lit.rule) == "on" and now.mode is Mode.COACH
        if lasting and t_ns - lit.t_ns < LONGEST_LIT_S * NS:
            return ()
        self._lit = None
        return (self._cue(t_ns, lit.id, lit.rule, "stop", SHOWN),)

    @property
    def lit(self) -> Cue | None:
        """The cue that is being shown."""
        return self._lit

    def _in_rear(self, gait: Gait) -> bool:
        return self._zone_known and gait.zone_position < REAR_THIRD
