"""The spine: one input in, one Step out. Facts, then judgement, then words."""

from __future__ import annotations

from station.cues import Governor, Now, Plan, Session, Speaker
from station.cues.screen import Screen
from station.faults import RULES, Judge, norms
from station.gait.core import GaitCore
from station.types import Gait, Input, Pose, Press, Step, View

WHOLE_PICTURE = (0.0, 0.0, 1.0, 1.0)


class Coach:
    """Joins the three pure rooms. The same inputs in the same order give the same steps, to the bit."""

    def __init__(self, view: View, plan: Plan) -> None:
        self._view, self._plan = view, plan
        self._core = GaitCore(view)
        self._judge = Judge(RULES)
        self._session = Session(plan)
        speakers = tuple(Speaker(r.name, r.cue, r.praise, r.priority, r.modes, r.interrupts) for r in RULES)
        # Where the belt is in the picture must be known before somebody can be said to drift back on it.
        self._governor = Governor(plan, speakers, zone_known=view.zone != WHOLE_PICTURE)
        self._screen = Screen(view, plan, norms.MEASURES, norms.band, norms.thigh_curve)
        self._number = 0

    def step(self, given: Input) -> Step:
        """What one input led to. Inputs come in time order."""
        gait = self._core.step(given)
        return self.answer(gait, given if isinstance(given, Pose) else None, isinstance(given, Press))

    def answer(self, gait: Gait, pose: Pose | None = None, pressed: bool = False) -> Step:
        """Judgement and words for gait that is already known; `pose` is only shown."""
        session, governor = self._session, self._governor
        lines = session.step(gait, self._judge.rows, pressed, (governor.given, governor.cleared))
        if session.number != self._number:
            self._number = session.number
            self._judge.reset()
            governor.reset()
        settled = session.session_s >= self._plan.quiet_start_s
        faults = self._judge.step(gait, session.own, settled)
        now = Now(gait, faults, session.mode, session.block, session.session_s, lines, pressed and session.running)
        cues, outcomes = governor.step(now)
        snapshot = self._screen.step(pose, gait, faults, session, governor)
        return Step(gait.t_ns, gait, faults, session.mode, cues, outcomes, snapshot)
