"""Low cadence: fewer steps a minute than nearly all healthy runners take at this speed."""

from __future__ import annotations

from collections.abc import Mapping

from station.faults import norms
from station.faults.rule import Coaching, Golden, Levels, Rule, Scene, Sign, Verdict
from station.types import NAN, Light, Line, Measure


def levels(scene: Scene) -> Levels:
    """P5 to enter, P25 to leave. At an unknown speed those of the slowest judged one: cadence grows
    with speed, so what is low there is low at any judged speed."""
    speed_mps = scene.speed_mps if norms.judged(scene.speed_mps) else norms.SLOWEST_MPS
    norm = norms.seen("cadence_spm", speed_mps, scene.spread("cadence_spm"))
    return Levels(norm.p5, norm.p25)


def signs(measures: Mapping[str, Measure], scene: Scene) -> tuple[Sign, ...]:
    return (Sign("cadence_spm", *levels(scene)),)


def look(measures: Mapping[str, Measure], scene: Scene) -> Verdict:
    return signs(measures, scene)[0].verdict(measures, scene)


RULE = Rule(
    name="low_cadence",
    title="Slow steps",
    advice="Take quick, quiet steps.",
    measure="cadence_spm",
    needs=("cadence_spm",),
    signs=signs,
    look=look,
    rise_s=35.0,  # with the 25 s that the window needs: low for 60 s
    fall_s=3.0,
    coaching=Coaching(
        cue=Line("Quick quiet feet", "Quick, quiet feet."),
        praise=Line("Quick now", "Good. Quick and quiet."),
        focus="quick, quiet feet",
        towards="in",
        light=Light("white", "quick"),
        priority=3,
    ),
    source="5th and 25th percentile for the speed, 26 runners (Fukuchi 2017); 60 s: engineering choice",
    confidence="moderate",
    goldens=(
        Golden("slow feet at 9 km/h", 2.5, {"cadence_spm": 144.0}, "out"),
        Golden("slow feet at 12.6 km/h", 3.5, {"cadence_spm": 150.0}, "out"),
        Golden("usual at 9 km/h", 2.5, {"cadence_spm": 162.0}, "inside"),
        Golden("usual at 16 km/h", 4.5, {"cadence_spm": 184.0}, "inside"),
        Golden("a little low at 9 km/h", 2.5, {"cadence_spm": 153.0}, "between"),
        Golden("low at any speed", NAN, {"cadence_spm": 140.0}, "out"),
        Golden("150 may be right for an unknown speed", NAN, {"cadence_spm": 151.0}, "between"),
    ),
)
