"""The modes of a session, switched by presence and running alone; a button is optional."""

from __future__ import annotations

from station.cues.plan import Plan
from station.cues.session_parts import SessionPart, most_frequent_fault, page
from station.cues.standing import Standing, dt_s
from station.types import NAN, NS, Activity, Fault, Gait, Mode, Own, SessionPage

CONTRAST_PARTS = ("contrast.natural", "contrast.stiff", "contrast.free")
VANISHED_S = 1.0  # running was seen so shortly before nothing was
HEARD_S = 6.0  # of a part of the trial: the line is said and obeyed
SEEN = 0.1  # of the last 2 s with a measured near leg; less is no view


class Session:
    """Where the session stands after each input: `mode`, what to show (`prompt`, `progress`,
    `page`), what is the runner's `own`.

    `number` counts sessions since start-up: whoever keeps state per session begins anew when it
    changes. `measures_anew` is True at the one input after which a part of the contrast trial is
    measured: what came before it is another way to run.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.mode = Mode.IDLE
        self.number = 0
        self.measures_anew = False
        self.page: SessionPage | None = None
        self._standing = Standing(plan)
        self._t_ns: int | None = None
        self._mode_ns = 0
        self._seen_ns = self._ran_ns = None  # type: int | None
        self._evidence_s = 0.0
        self._begin()

    def _begin(self) -> None:
        self.own = Own()
        self.run_s = 0.0  # running time since the silent baseline began
        self._started_ns: int | None = None
        self._parts: list[SessionPart] = []
        self._trial = -1  # index of CONTRAST_PARTS, -1 = no trial runs
        self._over = False
        self._lost_from = Mode.IDLE
        self._vanished = False

    # --- what others read ---

    @property
    def part(self) -> SessionPart | None:
        return self._parts[-1] if self._parts else None

    @property
    def block(self) -> int:
        return self.part.block if self.part is not None else 0

    @property
    def mode_s(self) -> float:
        return 0.0 if self._t_ns is None else (self._t_ns - self._mode_ns) / NS

    @property
    def session_s(self) -> float:
        return 0.0 if self._t_ns is None or self._started_ns is None else (self._t_ns - self._started_ns) / NS

    @property
    def nobody_s(self) -> float:
        """Since somebody was seen; infinite when nobody was."""
        return self._since_s(self._seen_ns)

    @property
    def running(self) -> bool:
        """A session with a runner goes on, seen or lost."""
        return self._started_ns is not None and self.mode is not Mode.DONE

    @property
    def prompt(self) -> str:
        if self.mode is Mode.CONTRAST and self._trial >= 0:
            return CONTRAST_PARTS[self._trial]
        return self._standing.prompt if self.mode in (Mode.FRAMING, Mode.DRILL, Mode.CONTRAST) else ""

    @property
    def progress(self) -> float:
        if self.mode is Mode.CONTRAST and self._trial >= 0 and self.part is not None:
            return min(1.0, (self._trial + self.part.run_s / self._plan.contrast_part_s) / len(CONTRAST_PARTS))
        return self._standing.progress if self.mode is Mode.DRILL else NAN

    # --- time ---

    def step(self, gait: Gait, faults: tuple[Fault, ...], pressed: bool, tally: tuple[int, int]) -> tuple[str, ...]:
        """Text ids to say now. `faults`: of the input before; `tally`: (given, cleared)."""
        dt = dt_s(self._t_ns, gait.t_ns)
        self.measures_anew = False
        self._t_ns = gait.t_ns
        seen = gait.activity is not Activity.ABSENT and gait.tracked_fraction >= SEEN
        runs = seen and gait.activity is Activity.RUNNING
        if seen:
            self._seen_ns = gait.t_ns
        if runs:
            self._ran_ns = gait.t_ns
        # A leaky budget: a stumble of the activity does not start the count anew.
        self._evidence_s = min(self._plan.start_s, self._evidence_s + dt) if runs else max(0.0, self._evidence_s - 2 * dt)
        if self._plan.analysis:
            return self._analyse(runs, gait, faults, dt)
        if self.running:
            return self._run(gait, faults, runs, dt, tally)
        return self._stand(gait, seen, dt, pressed)

    def _since_s(self, t_ns: int | None) -> float:
        return float("inf") if t_ns is None or self._t_ns is None else (self._t_ns - t_ns) / NS

    def _enter(self, mode: Mode) -> None:
        if mode is not self.mode:
            self.mode, self._mode_ns = mode, self._t_ns or 0

    def _open(self, mode: Mode, block: int = 0) -> None:
        self._parts.append(SessionPart(mode, block))
        self._enter(mode)

    def _analyse(self, runs: bool, gait: Gait, faults: tuple[Fault, ...], dt: float) -> tuple[str, ...]:
        """Offline there is no schedule: running is coached, the rest is idle."""
        if runs and self._started_ns is None:
            self._started_ns = self._t_ns
            self.number += 1
            self._open(Mode.COACH, 1)
        self._enter(Mode.COACH if runs else Mode.IDLE)
        if runs and self.part is not None:
            self.run_s += dt
            self.part.add(gait, faults, dt)
        return ()

    # --- before and after the run ---

    def _stand(self, gait: Gait, seen: bool, dt: float, pressed: bool) -> tuple[str, ...]:
        if self._ran_ns == self._t_ns and self._evidence_s >= self._plan.start_s:
            return self._start()
        gone = self._since_s(self._seen_ns) > self._plan.gap_s
        if self.mode is Mode.DONE:
            if self.mode_s < self._plan.done_s and not pressed:
                return ()
            self.page = None
        if gone:
            self._enter(Mode.IDLE)
            return ()
        if self.mode in (Mode.IDLE, Mode.DONE):
            if not seen:
                return ()
            self._standing = Standing(self._plan)
            self._enter(Mode.FRAMING)
        lines = self._standing.step(gait, dt, pressed)
        self._enter(self._standing.mode)
        return lines

    def _start(self) -> tuple[str, ...]:
        trial = self.mode is Mode.CONTRAST and self._standing.wants_contrast
        self._begin()
        self.number += 1
        self.page = None
        self._started_ns = self._t_ns
        if trial:
            return self._next_trial()
        return self._baseline()

    # --- running ---

    def _run(self, gait: Gait, faults: tuple[Fault, ...], runs: bool, dt: float, tally: tuple[int, int]) -> tuple[str, ...]:
        if self._since_s(self._ran_ns) >= self._plan.end_s:
            return self._finish(tally)
        if self._since_s(self._seen_ns) > self._plan.gap_s:
            if self.mode is Mode.LOST:
                return ()
            self._lost_from = self.mode
            self._enter(Mode.LOST)
            # Who vanished in full run has not left: the light or the camera fails. Who stopped
            # first has left.
            self._vanished = self._since_s(self._ran_ns) - self._since_s(self._seen_ns) < VANISHED_S
            return ("mode.lost",) if self._vanished else ()
        found: tuple[str, ...] = ()
        if self.mode is Mode.LOST:
            if self._seen_ns != self._t_ns:
                return ()
            self._enter(self._lost_from)
            found = ("mode.found",) if self._vanished else ()
        part = self.part
        if not runs or part is None:
            return found
        before_s = part.run_s
        part.add(gait, faults, dt)
        if self.mode is Mode.CONTRAST:
            self.measures_anew = before_s < HEARD_S <= part.run_s
            return found + self._contrast(gait, part)
        self.run_s += dt
        return found + self._schedule(gait, part)

    def _contrast(self, gait: Gait, part: SessionPart) -> tuple[str, ...]:
        if part.run_s < self._plan.contrast_part_s:
            return ()
        if CONTRAST_PARTS[self._trial] == "contrast.stiff":
            self.own = Own(stiff=gait.measures)
        elif CONTRAST_PARTS[self._trial] == "contrast.free":
            self.own = Own(stiff=self.own.stiff, free=gait.measures)
        return self._next_trial()

    def _next_trial(self) -> tuple[str, ...]:
        self._trial += 1
        if self._trial < len(CONTRAST_PARTS):
            self._open(Mode.CONTRAST)
            return (CONTRAST_PARTS[self._trial],)
        return ("contrast.done", *self._baseline())

    def _baseline(self) -> tuple[str, ...]:
        self._open(Mode.BASELINE)
        return ("mode.baseline",)

    def _schedule(self, gait: Gait, part: SessionPart) -> tuple[str, ...]:
        plan = self._plan
        if self.mode is Mode.BASELINE:
            if part.run_s < plan.baseline_s:
                return ()
            speed = gait.speed
            self.own = Own(gait.measures, self.own.stiff, self.own.free, speed.mps, speed.incline_pct)
            part.keep(gait)
            self._open(Mode.COACH, 1)
            return ("mode.coach",)
        if self.mode is Mode.RETENTION:
            if part.run_s < plan.retention_s or self._over:
                return ()
            self._over = True
            return ("mode.over",)
        if self.run_s >= plan.planned_s - plan.retention_s:
            self._open(Mode.RETENTION)
            return ("mode.retention",)
        if self.mode is Mode.COACH and part.run_s >= plan.cue_block_s:
            self._open(Mode.REST, part.block)
            return ("mode.rest",)
        if self.mode is Mode.REST and part.run_s >= plan.free_block_s:
            self._open(Mode.COACH, part.block + 1)
            return ("mode.coach",)
        return ()

    def _finish(self, tally: tuple[int, int]) -> tuple[str, ...]:
        focus = most_frequent_fault(self._parts)
        self.page = page(self.own.baseline, self._parts, self._plan.least_retention_s, *tally, focus)
        self._enter(Mode.DONE)
        self._started_ns = None
        compared = any(after.measured for _, _, after in self.page.rows)
        return ("mode.done",) if compared else ("mode.done_short",)
