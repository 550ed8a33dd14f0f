"""A new rule is one file: written into a copy of the package, it is judged, said, lit, shown and
reported.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import station

PACKAGE = Path(station.__file__).parent
FILE = '''
from station.faults.rule import Coaching, Golden, Rule, Sign, Verdict
from station.types import Light, Line

RULE = Rule(
    name="arms_crossing",
    title="Arms that cross",
    advice="Let the elbows travel straight back.",
    measure="trunk_lean_deg",
    needs=("trunk_lean_deg",),
    signs=lambda measures, scene: (Sign("trunk_lean_deg", 8.0, 6.0, most=0.0),),
    look=lambda measures, scene: Verdict("out", measures["trunk_lean_deg"].value, 8.0),
    rise_s=10.0,
    fall_s=3.0,
    coaching=Coaching(
        cue=Line("Elbows back", "Let the elbows go back."),
        praise=Line("Straight now", "Good. Straight back."),
        focus="elbows straight back",
        towards="behind",
        light=Light("cyan", "double"),
        priority=0,
    ),
    source="a rule of the tests, nobody's threshold",
    confidence="low",
    goldens=(),
)
'''
SEEN = '''
import json, sys
from dataclasses import replace

from station.coach import Coach
from station.cues import Plan
from station.export.report import report_html
from station.faults.registry import RULES
from station.present.lights import sign_for
from station.present.screen import page
from station.present.screen.ink import Ink
from station.present.voices import all_lines
from station.record.collect import Collector
from station.testing import screen_samples as samples
from station.types import NAN, Pose, SessionPage, SourceInfo, View
from tests.lab.docs.tables import lights, rules
from tests.made_gait import MadeRunner

coach = Coach(View(), Plan.offline())
collector = Collector(SourceInfo("a.npz", "poses", 0, 0), None, View())
for gait in MadeRunner(trunk_lean_deg=12.0).run(60):
    step = coach.answer(gait)
    collector.add(Pose.nobody(gait.t_ns), step)
    said = [cue for cue in step.cues if cue.rule == "arms_crossing" and cue.action == "start"]
    if said:
        break
cue = said[0]


def words(snapshot):
    ink = Ink((1280, 720))
    ink.placed = []
    page.paint(ink, snapshot)
    return " ".join(line.words for line in ink.placed)


sign = sign_for(cue)
json.dump(
    {
        "ranks": [rule.name for rule in RULES],
        "judged": next(f.state for f in step.faults if f.rule == "arms_crossing"),
        "cue": [cue.id, cue.text],
        "spoken": all_lines()[cue.id].spoken,
        "light": [sign.colour, sign.shape.__name__],
        "screen": words(replace(samples.coach_silent(), cue=cue)),
        "last page": words(replace(samples.done(), page=SessionPage((), 0, NAN, "arms_crossing", 1, 1))),
        "report": report_html(collector.recording(), "2026-01-01T00:00:00Z").decode(),
        "tables": rules() + lights(),
    },
    sys.stdout,
)
'''


def test_one_file_is_all_that_a_new_rule_needs(tmp_path: Path) -> None:
    heavy = shutil.ignore_patterns("__pycache__", "demo", "*.ogg", "_models")
    shutil.copytree(PACKAGE, tmp_path / "station", ignore=heavy)
    (tmp_path / "station" / "faults" / "arms_crossing.py").write_text(FILE, encoding="utf-8")
    (tmp_path / "tests").symlink_to(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "SDL_VIDEODRIVER": "dummy"}
    command = [sys.executable, "-c", SEEN]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout[done.stdout.index("{") :])
    assert seen["ranks"][0] == "arms_crossing"
    assert seen["judged"] == "on"
    assert seen["cue"] == ["cue.arms_crossing", "Elbows back"]
    assert seen["spoken"] == "Let the elbows go back."
    assert seen["light"] == ["cyan", "double"]
    assert "Elbows back" in seen["screen"]
    assert "elbows straight back" in seen["last page"]
    assert "Arms that cross" in seen["report"]
    assert "Let the elbows travel straight back." in seen["report"]
    assert seen["tables"].count("arms_crossing") == 2
