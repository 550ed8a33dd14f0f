"""Before the run: where to stand, the find-your-hip drill, the offer of the contrast trial. Knee
lifts answer, running skips.

Who wears a hip belt turns round once in place of the drill.
"""

from __future__ import annotations

from station.cues.plan import Plan
from station.types import NAN, NS, Activity, Gait, HipBelt, Mode

FULL_VIEW = 0.8  # of the last 2 s with a measured near leg: the runner is in the frame
SPEAK_AFTER_S = 4.0  # standing for so long is no passer-by
GIVE_UP_S = 40.0  # without a new knee lift the offer is withdrawn
PAUSE_S = 3.0  # without a lift: the drill is over, what comes next is an answer
TURN_WAIT_S = 2.0  # standing so long with a hip belt on before the slow turn is asked for
CONTRAST_LIFTS = 2  # further lifts that say yes to the contrast trial

TURN = "hip_belt.turn"


class Standing:
    """Modes FRAMING, DRILL and CONTRAST up to the first running step.

    After `step`: `mode`, `prompt` (text id of what to do now), `progress` 0..1 of the drill or the
    turn, `wants_contrast`.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.mode = Mode.FRAMING
        self.prompt = "framing.step_in"
        self.progress = NAN
        self.wants_contrast = False
        self._offered = False
        self._stood_s = 0.0
        self._waited_s = 0.0
        self._paused = False
        self._warned = ""
        self._learnt = 0.0  # of the hip belt's shape
        self._lifts = (0, 0)
        self._lifts_before = (0, 0)

    def step(self, gait: Gait, dt_s: float, pressed: bool) -> tuple[str, ...]:
        """Lines to say now. `pressed`: the button asks for the drill, or waves an offer away."""
        stands = gait.activity is Activity.STANDING
        self._stood_s = min(60.0, self._stood_s + dt_s) if stands else max(0.0, self._stood_s - 2 * dt_s)
        before = self.prompt
        self._waited_s += dt_s
        learnt = gait.hip_belt.learnt if gait.hip_belt is not None else self._learnt
        if gait.knee_lifts != self._lifts or learnt > self._learnt:
            self._waited_s = 0.0
        self._lifts, self._learnt = gait.knee_lifts, learnt
        if self.mode is Mode.FRAMING:
            self._framing(gait, pressed)
        elif pressed or self._waited_s > GIVE_UP_S:
            self._enter(Mode.FRAMING, "framing.ready")
        elif self.prompt == TURN:
            self._turn()
        elif self.mode is Mode.DRILL:
            self._drill()
        else:
            self._answer()
        if self.prompt == before:
            return self._warning()
        done = ("hip_belt.learnt" if before == TURN else "drill.done",) if self.prompt == "contrast.offer" else ()
        if self.mode is Mode.FRAMING and self._stood_s < SPEAK_AFTER_S:
            return ()
        self._warned = self.prompt
        return (*done, self.prompt)

    def _warning(self) -> tuple[str, ...]:
        """What is wrong with the hip belt is said also when it was so from the start."""
        due = self.prompt.startswith("hip_belt.") and self.prompt != self._warned and self._stood_s >= SPEAK_AFTER_S
        if not due:
            return ()
        self._warned = self.prompt
        return (self.prompt,)

    def _framing(self, gait: Gait, pressed: bool) -> None:
        if gait.tracked_fraction < FULL_VIEW:
            self.prompt = "framing.step_in"
        elif gait.hip_belt is not None and gait.hip_belt.trouble:
            self.prompt = f"hip_belt.{gait.hip_belt.trouble}"
        elif gait.direction is None:
            self.prompt = "framing.side_on"
        elif gait.hip_belt is not None:
            self._framing_with_belt(gait.hip_belt, pressed)
        elif (self._stood_s >= self._plan.drill_wait_s and not self._offered) or pressed:
            self._offered = True
            self._enter(Mode.DRILL, "drill.offer")
        else:
            self.prompt = "framing.ready"

    def _framing_with_belt(self, belt: HipBelt, pressed: bool) -> None:
        """A belt that is known needs nothing more; the drill is for hips that are not seen."""
        self.prompt = "framing.ready"
        if pressed or (belt.learnt < 1.0 and self._stood_s >= TURN_WAIT_S and not self._offered):
            self._offered = True
            self._enter(Mode.DRILL, TURN)

    def _turn(self) -> None:
        self.progress = self._learnt
        if self._learnt >= 1.0:
            self._enter(Mode.CONTRAST, "contrast.offer")

    def _drill(self) -> None:
        near, far = self._done()
        goal = self._plan.drill_lifts
        self.progress = (min(near, goal) + min(far, goal)) / (2 * goal)
        if near >= goal and far >= goal:
            self._enter(Mode.CONTRAST, "contrast.offer")
        elif near >= goal:
            self.prompt = "drill.far"
        elif near + far > 0:
            self.prompt = "drill.near"

    def _answer(self) -> None:
        """Two lifts after a pause say yes; lifts that only go on from the drill say nothing."""
        if not self._paused:
            self._paused = self._waited_s >= PAUSE_S
            self._lifts_before = self._lifts
        elif sum(self._done()) >= CONTRAST_LIFTS:
            self.wants_contrast = True
            self.prompt = "contrast.ready"

    def _done(self) -> tuple[int, int]:
        """Lifts (near, far) since this mode began; a count that fell back began anew."""
        near, far = (now - then if now >= then else now for now, then in zip(self._lifts, self._lifts_before, strict=True))
        return near, far

    def _enter(self, mode: Mode, prompt: str) -> None:
        self.mode, self.prompt = mode, prompt
        self.progress = 0.0 if mode is Mode.DRILL else NAN
        self.wants_contrast = False
        self._waited_s = 0.0
        self._paused = False
        self._lifts_before = self._lifts


def dt_s(then_ns: int | None, now_ns: int) -> float:
    """Seconds between two inputs, at most 1: what happened in a longer gap is not known."""
    return 0.0 if then_ns is None else min(max(now_ns - then_ns, 0), NS) / NS
