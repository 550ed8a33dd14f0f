"""The spine: one input in, one Step out. Facts, then judgement, then words."""

from __future__ import annotations

from collections.abc import Sequence

from station.cues import Governor, Now, Plan, Session, Speaker
from station.cues.screen import Judged, Snapshots
from station.faults import BY_NAME, RULES, Judge
from station.faults.rule import Scene
from station.gait.core import GaitCore
from station.gait.pelvis.choice import Pelvis
from station.model_errors import Correction
from station.types import NAN, ErrorBand, Gait, Input, Pose, Press, Reading, Step, TurnBand, View

WHOLE_FRAME = (0.0, 0.0, 1.0, 1.0)  # x0, y0, x1, y1 as fractions: the zone where nobody gave one


class Coach:
    """Joins the three pure rooms. The same inputs in the same order give the same steps."""

    def __init__(
        self, view: View, plan: Plan, errors: Sequence[ErrorBand] = (), turn_bands: Sequence[TurnBand] = ()
    ) -> None:
        """`errors`: of the pose model that sees the runner; `turn_bands`: of the pelvis model."""
        self._plan = plan
        self._pelvis = Pelvis(view, turn_bands)
        self._core = GaitCore(view, self._pelvis)
        self._correction = Correction(errors, view.given_azimuth_deg)
        self._judge = Judge(RULES)
        self._session = Session(plan)
        coached = [(rule.name, rule.coaching) for rule in RULES if rule.coaching]
        speakers = tuple(Speaker(name, c.cue, c.praise, c.priority, c.modes, c.interrupts) for name, c in coached)
        # Where the belt is in the frame must be known before somebody can be said to drift back on
        # it.
        self._governor = Governor(plan, speakers, zone_known=view.zone != WHOLE_FRAME)
        self._screen = Snapshots(view, _aim_cadence_spm)
        self._number = 0
        self._alone = True
        self._runner_session = 0  # as the runner's stick counts them; 0 = not known

    def step(self, given: Input) -> Step:
        """What one input led to. Inputs come in time order."""
        if isinstance(given, Reading) and given.channel == "earlier_sessions" and given.value >= 0:
            self._runner_session = self._governor.session_number = int(given.value) + 1
        pose = given if isinstance(given, Pose) else None
        if pose is not None:
            self._correction.frame(pose.t_ns)
        gait = self._correction.step(self._core.step(given))
        return self.answer(gait, pose, isinstance(given, Press))

    def answer(self, gait: Gait, pose: Pose | None = None, pressed: bool = False) -> Step:
        """Judgement and words for gait that is already known; `pose` is only shown."""
        session, governor = self._session, self._governor
        lines = session.step(gait, self._judge.rows, pressed, (governor.given, governor.cleared))
        self._forget_others(session)
        settled = session.session_s >= self._plan.quiet_start_s
        faults = self._judge.step(gait, session.own, settled, self._correction.known.rows)
        now = Now(gait, faults, session.mode, session.block, session.session_s, lines, pressed and session.running)
        cues, outcomes = governor.step(now)
        judge = self._judge
        judged = Judged(faults, judge.zones, judge.recent)
        snapshot = self._screen.step(pose, gait, judged, session, governor, self._runner_session)
        return Step(gait.t_ns, gait, faults, session.mode, cues, outcomes, snapshot)

    def _forget_others(self, session: Session) -> None:
        """A new session is judged afresh; after a minute of nobody the drill is forgotten too."""
        if session.number != self._number:
            self._number = session.number
            self._judge.reset()
            self._governor.reset()
        alone = session.nobody_s > self._plan.forget_s
        if alone and not self._alone:
            self._pelvis.reset()
            self._runner_session, self._governor.session_number = 0, self._plan.session_number
        elif session.measures_anew:
            self._pelvis.forget()
        self._alone = alone


def _aim_cadence_spm(speed_mps: float) -> float:
    """Steps a minute that would end low cadence; NaN while that rule is off."""
    rule = BY_NAME.get("low_cadence")
    return rule.levels(Scene(speed_mps)).leave if rule is not None else NAN
