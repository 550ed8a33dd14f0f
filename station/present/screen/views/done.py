"""DONE: the session on one page: what changed, what helped, what comes next."""

from __future__ import annotations

import math

from station.faults import BY_NAME
from station.present.screen import strings
from station.present.screen.box import Box
from station.present.screen.ink import Ink
from station.present.screen.theme import ACT, BIG, BODY_SIZE, HEAD, LABEL, LEAD, OWN, PANEL, QUIET, RULE, TEXT
from station.types import QUANTITIES, Measure, SessionPage, Snapshot

# The rows of the page that a runner can use at a glance; the summary holds all of them.
ROWS = ("cadence_spm", "tle_near_deg", "thigh_excursion_near_deg", "trunk_lean_deg", "pelvic_turn_deg")
# With a calibrated camera one takes another's place: more do not fit at a size that can be read.
INSTEAD = {"thigh_excursion_near_deg": "vertical_oscillation_cm"}
Row = tuple[str, Measure, Measure]


def paint(ink: Ink, live: Snapshot, read: Snapshot) -> None:
    """The page stands still while it is up: it is drawn once for each state of the stick."""
    station = read.station
    state = (read.page, read.session_s, read.runner_session, station.stick, station.stick_text)
    ink.static(("done", *state), lambda: _page(ink, read))


def _page(ink: Ink, snapshot: Snapshot) -> None:
    area = ink.page.inset(48, 36)
    head, area = area.cut_top(92, 10)
    ink.text(strings.DONE_HEADLINE, head, BIG, TEXT, weight="SemiBold")
    ink.text(strings.clock(snapshot.session_s), head, HEAD, QUIET, weight="SemiBold", align="right")
    if snapshot.runner_session:
        words = strings.SESSION.format(number=snapshot.runner_session)
        ink.text(words, head.cut_right(260)[1], BODY_SIZE, QUIET, align="right")
    stick, area = area.cut_bottom(64, 16)
    _stick(ink, stick, snapshot)
    page = snapshot.page or SessionPage()
    measured = {row[0] for row in page.rows if row[1].measured and row[2].measured}
    names = {INSTEAD[name] if INSTEAD.get(name) in measured else name for name in ROWS}
    rows = [row for row in page.rows if row[0] in names]
    if ink.portrait:
        facts, table = area.cut_bottom(330, 20)
    else:
        facts, table = area.cut_right(384, 28)
    _table(ink, table, rows)
    _facts(ink, facts, page)


def _table(ink: Ink, box: Box, rows: list[Row]) -> None:
    if not rows:
        ink.text(strings.DONE_NO_ROWS, box, LEAD, QUIET, lines=3, at="top")
        return
    reasons = [measure.reason for row in rows for measure in row[1:] if measure.reason]
    foot, body = box.cut_bottom(36 if reasons else 0)
    head, body = body.cut_top(38, 4)
    for words, cell in zip(("", strings.DONE_BEFORE, strings.DONE_AFTER, strings.DONE_CHANGE), _cells(head), strict=True):
        ink.text(words, cell, LABEL, QUIET, align="right")
    height = min(120.0 if ink.portrait else 86.0, body.h / len(rows))
    for i, row in enumerate(rows):
        line = Box(body.x, body.y + i * height, body.w, height)
        ink.line([(line.x, line.y), (line.right, line.y)], RULE, 1)
        _row(ink, line, row)
    if reasons:
        ink.text(f"{strings.UNKNOWN} {reasons[0]}", foot, LABEL, QUIET)


def _row(ink: Ink, line: Box, row: Row) -> None:
    name, before, after = row
    quantity = QUANTITIES[name]
    label, unit, form = quantity.short, quantity.mark, f"{{:.{0 if abs(before.value) >= 10 else quantity.decimals}f}}"
    what, start, end, change = _cells(line)
    name_box, unit_box = what.cut_top(what.h * 0.6)
    spelled = len(unit) > 1
    ink.text(label, name_box if spelled else what, BODY_SIZE, TEXT, at="bottom" if spelled else "middle")
    ink.text(unit if spelled else "", unit_box, LABEL - 5, QUIET, at="top")
    mark = "" if spelled else unit
    ink.text(_number(before.value, form, mark), start, LEAD, QUIET, align="right")
    ink.text(_number(after.value, form, mark), end, LEAD, TEXT, align="right", weight="SemiBold")
    if math.isnan(after.value - before.value):
        return
    number, spread = change.cut_top(change.h * 0.6)
    difference = after.value - before.value
    # Of a difference of independent means, seen by one camera.
    half = math.hypot(*(high - low for low, high in (after.ci95_change, before.ci95_change))) / 2
    clear = abs(_read(difference, form)) > _read(half, form)  # as it is read: "+1 ± 1" is not clear
    colour = OWN if clear else QUIET
    ink.text(_number(difference, form, mark, "+"), number, LEAD, colour, weight="SemiBold", align="right", at="bottom")
    ink.text(f"± {_number(half, form, mark)}", spread, LABEL - 5, QUIET, align="right", at="top")


def _read(value: float, form: str) -> float:
    return float(form.format(value))


def _number(value: float, form: str, mark: str, sign: str = "") -> str:
    if math.isnan(value):
        return strings.UNKNOWN
    return form.replace("{:", "{:" + sign).format(value).replace("-", "−") + mark


def _cells(line: Box) -> tuple[Box, Box, Box, Box]:
    change, rest = line.cut_right(152)
    end, rest = rest.cut_right(138)
    start, what = rest.cut_right(138)
    return what, start, end, change


def _facts(ink: Ink, box: Box, page: SessionPage) -> None:
    rule = BY_NAME.get(page.next_focus)
    focus = rule.coaching.focus if rule is not None and rule.coaching else strings.DONE_KEEP
    entries = [(strings.DONE_NEXT, focus, True)]
    if page.best_block:
        best = strings.DONE_BEST_BLOCK.format(block=page.best_block, percent=100 * page.best_block_on_fraction)
        entries.append((strings.DONE_BEST, best, False))
    if page.cues_given:
        entries.append((strings.DONE_CUES, strings.DONE_CUES_OF.format(cleared=page.cues_cleared, given=page.cues_given), False))
    parts = box.inset(26, 20).rows(3, 10)[: len(entries)]
    ink.bar(Box(box.x, box.y, box.w, parts[-1].bottom + 20 - box.y), PANEL, 16)
    for (label, words, first), part in zip(entries, parts, strict=True):
        head, rest = part.cut_top(34, 6)
        ink.text(label, head, LABEL, QUIET)
        size = LEAD if first else BODY_SIZE
        ink.text(words, rest, size, TEXT, weight="SemiBold" if first else "Medium", lines=2, at="top")


def _stick(ink: Ink, box: Box, snapshot: Snapshot) -> None:
    station = snapshot.station
    colour = {"done": OWN, "failed": ACT}.get(station.stick, QUIET)
    mark, words = box.cut_left(44, 14)
    x, y = mark.centre
    if station.stick == "done":
        ink.line([(x - 16, y), (x - 4, y + 13), (x + 17, y - 14)], colour, 6)
    elif station.stick == "failed":
        ink.line([(x, y - 18), (x, y + 5)], colour, 7)
        ink.disc((x, y + 17), 4.5, colour)
    else:
        ink.bar(Box(x - 20, y - 9, 28, 18), colour, 4)
        ink.bar(Box(x + 10, y - 6, 11, 12), colour)
    text = strings.stick(station)
    ink.text(text, words, BODY_SIZE, TEXT if station.stick in ("done", "failed") else QUIET)
