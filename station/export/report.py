"""report.html: one page for the runner, without script or network; prints on A4 and Letter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from station import __version__
from station.export import report_plots, report_rows, wording
from station.export.earlier import Earlier
from station.export.hip_figure import hip_figures
from station.export.pages import page
from station.export.plots import Plot, figure
from station.export.range_card import cards, range_rows
from station.export.written import clock, number, sided
from station.language import Tongue, catalogue
from station.types import KMH_PER_MPS, Recording
from station.wall_clock import local

PELVIS_SEEN_BY = {
    "hip_belt": "the hip belt",
    "pixels": "the pelvis model, from the pixels round the hips",
    "landmarks": "the hip landmarks alone",
}
FILMED_FROM = {"left": "the left side", "right": "the right side", None: "not known"}
DATED_BY = {"clock": "", "film": "", "file": "date of the file", "given": "date as given"}
SPEED_BY = {"given": "given", "picture": "from the feet on the belt", "ftms": "from the treadmill", "unknown": ""}


def report_html(recording: Recording, created_utc: str, earlier: Sequence[Earlier] = (), language: str = "en") -> bytes:
    """The page. `earlier` sessions of the runner make the trend; `language`: one of TONGUES."""
    spoken = catalogue(language)

    def say(english: str) -> str:
        return spoken.text(sided(english, recording.near_side))

    def figures(plots: Sequence[Plot]) -> list[Markup]:
        return [Markup(drawn) for drawn in (figure(plot, say) for plot in plots) if drawn]

    changes, untold = report_rows.changes(recording.page)
    shown = {
        "recording": recording,
        "language": language,
        "words": wording,
        "how_to_read": wording.HOW_TO_READ if recording.model and recording.model.errors else wording.HOW_TO_READ_STRIDES,
        "version": __version__,
        "created": spoken.date(created_utc),
        "date": _date(recording, spoken.tongue),
        "facts": _facts(recording),
        "focus": report_rows.next_time(recording),
        "hips": [Markup(drawn) for drawn in hip_figures(recording, say)],
        "best": report_rows.best_block(recording.page),
        "changes": changes,
        "untold": untold,
        "rows": report_rows.measures(recording),
        "unknown": report_rows.unknown(recording.summary),
        "patterns": report_rows.patterns(recording),
        "cues": report_rows.cues(recording),
        "curves": figures(report_plots.curves(recording)),
        "over_time": figures(report_plots.over_time(recording)),
        "trend": figures(report_plots.trend(recording, earlier, spoken.tongue.day)),
        "range_rows": [(row, number(row.seen_deg, 0)) for row in range_rows(recording)],
        "cards": cards(recording),
        "warnings": _warnings(recording),
    }
    return page("station.export", "report.html.jinja", say, shown)


def _date(recording: Recording, tongue: Tongue) -> list[str]:
    """The moment, and who says so where it was not the station's clock."""
    if not recording.dated:
        return ["date not known: the station's clock was not set"] if recording.session_id else []
    moment = Markup.escape(f"{local(recording.started_utc, recording.time_zone):{tongue.date}} {recording.time_zone}")
    return [moment, *filter(None, [DATED_BY[recording.date_from]])]


def _facts(recording: Recording) -> list[tuple[str, str]]:
    speed, source = recording.speed, recording.source
    within = f" ± {number(speed.half_mps * KMH_PER_MPS, 1)}" if speed.half_mps else ""
    kmh = number(speed.mps * KMH_PER_MPS, 1) + within
    belt = f"{kmh} km/h ({SPEED_BY[speed.origin]})" if np.isfinite(speed.mps) else "not known"
    return [
        ("Recorded", f"{clock(source.duration_s)} min" if np.isfinite(source.duration_s) else "–"),
        ("Running", f"{recording.running_fraction:.0%} of it"),
        ("Belt speed", belt),
        ("Filmed from", FILMED_FROM[recording.near_side]),
        ("Camera angle", _camera_angle(recording)),
        ("Pelvis seen by", PELVIS_SEEN_BY[recording.pelvic_source]),
        ("Strides", str(len(recording.strides))),
    ]


def _camera_angle(recording: Recording) -> str:
    if recording.view.azimuth_given:
        return f"{number(recording.view.azimuth_deg, 1)}°"
    # Without a model's errors no interval allows for it.
    return "not given, so intervals are wider" if recording.model and recording.model.errors else "not known"


def _warnings(recording: Recording) -> list[str]:
    warnings = []
    if recording.tracked_fraction < 0.8:
        warnings.append(f"The near leg was seen in only {recording.tracked_fraction:.0%} of the frames.")
    if recording.source.fps < 50:
        warnings.append(f"{recording.source.fps:.0f} frames a second: too few for ground contact.")
    if len(recording.strides) and not (recording.strides["running"] == 1).any():
        warnings.append("Nobody ran: these are walking strides, and nothing is judged.")
    if recording.speed.origin == "unknown":
        warnings.append("The belt speed is not known, so nothing could be compared with what is usual at that speed.")
    if recording.leg_swaps_repaired > 0.05 * max(1, len(recording.t_s)):
        warnings.append("Left and right legs were often mixed up in the frames and sorted out again.")
    return warnings
