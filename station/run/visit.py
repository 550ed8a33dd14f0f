"""One coach's life: from an empty belt to the end of a session, or to the next empty belt."""

from __future__ import annotations

from station.types import NS, Activity, Mode, Step

# Chosen: after that long with nobody there, the next runner gets a coach that has forgotten
# everything.
EMPTY_BELT_S = 60.0
BEFORE_RUNNING = (Mode.IDLE, Mode.FRAMING, Mode.DRILL, Mode.CONTRAST)


class Visit:
    """Feed it the steps of one coach: whether there was a session, how long the belt is empty."""

    def __init__(self) -> None:
        self.had_session = False
        self.somebody_ran = False  # then there is a stored session, however short it was
        self._nobody_since_ns: int | None = None
        self._was_done = False

    @property
    def nobody_came(self) -> bool:
        """True while the belt is empty and no session has begun: another coach is as good."""
        return self._nobody_since_ns is not None and not self.had_session

    def is_over(self, step: Step) -> bool:
        """True when this coach may go: its session is shown, or nobody came for a minute."""
        self.somebody_ran |= step.gait.activity is Activity.RUNNING
        if step.mode not in BEFORE_RUNNING:
            self.had_session = True
        done = self._was_done and step.mode is not Mode.DONE
        self._was_done = step.mode is Mode.DONE
        if step.mode is not Mode.IDLE or step.gait.activity is not Activity.ABSENT:
            self._nobody_since_ns = None
            return done
        if self._nobody_since_ns is None:
            self._nobody_since_ns = step.t_ns
        return done or step.t_ns - self._nobody_since_ns > EMPTY_BELT_S * NS
