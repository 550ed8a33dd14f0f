"""`station compare`: what changed between two sessions, and what must not be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from station.errors import InputError, NothingFound, StationError, UsageError
from station.export.analysis_json import analysis_json
from station.export.session_json import session_json
from station.files import json_bytes
from station.run.compare import run_comparison
from station.types import Recording
from tests.made_run import collected
from tests.schemas import conforms

UTC = "2026-11-22T19:00:00Z"


@pytest.fixture(scope="module")
def recording() -> Recording:
    return collected(20.0, keep_poses=False).recording("00007-20261122-a3f9", "2026-11-22T18:30:00Z", clock_trusted=True)


@pytest.fixture
def folder(recording: Recording, tmp_path: Path) -> Callable[..., str]:
    """Makes a folder of an exported session with parts of its session.json changed."""

    def make(name: str, **parts: dict[str, Any]) -> str:
        document = json.loads(session_json(recording, UTC))
        for part, changed in parts.items():
            document[part] |= changed
        (tmp_path / name).mkdir()
        (tmp_path / name / "session.json").write_bytes(json_bytes(document))
        return str(tmp_path / name)

    return make


def measured(value: float, half: float) -> dict[str, Any]:
    wide = [value - 5 * half, value + 5 * half]
    return {"value": value, "ci95": wide, "ci95_change": [value - half, value + half], "n": 30, "state": "measured"}


def test_a_change_is_judged_by_the_narrow_interval(
    folder: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """20 ± 0.6 and 22 ± 0.8 are 2 ± 1 apart, though their absolute intervals overlap."""
    first = folder("first", summary={"tle_near_deg": measured(20.0, 0.6)})
    later = folder("later", summary={"tle_near_deg": measured(22.0, 0.8)})
    run_comparison(first, later, json_to=str(tmp_path / "out.json"), out=tmp_path / "out.html")
    assert "Leg behind the hip (°), left leg: 20.0 -> 22.0  +2.0 ± 1.0: changed" in capsys.readouterr().out
    document = json.loads((tmp_path / "out.json").read_text())
    conforms(json.dumps(document))
    change = document["changes"]["tle_near_deg"]
    assert (change["change"], change["ci95"], change["state"]) == (2.0, [1.0, 3.0], "changed")
    assert document["changes"]["cadence_spm"]["state"] == "no_clear_change"
    assert document["changes"]["pelvic_turn_deg"]["state"] == "cannot_tell"
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert re.findall('class="on">(.*?)<', page) == ["+2.0 ± 1.0: changed"]
    assert "2026-11-22 18:30" in page
    assert "1 of " in page


def test_an_analysis_is_compared_with_a_session(recording: Recording, folder: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "film.json").write_bytes(json_bytes(analysis_json(recording)))
    run_comparison(str(tmp_path / "film.json"), folder("session"), out=tmp_path / "out.html")
    assert "0 of " in (tmp_path / "out.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"speed": {"mps": 3.0}}, "at another belt speed: 9.0 and 10.8 km/h"),
        ({"speed": {"mps": None}}, "the belt speed of one session is not known"),
    ],
)
def test_what_moves_every_value_forbids_it(folder: Callable[..., str], parts: dict[str, Any], why: str) -> None:
    with pytest.raises(NothingFound, match=re.escape(why)):
        run_comparison(folder("first"), folder("later", **parts))


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"runner": {"near_side": "right"}}, "filmed from the other side"),
        ({"model": {"sha256": "cd" * 32}}, "another pose model"),
        ({"view": {"azimuth_deg": 8.0}}, "the camera stood at another angle"),
        ({"source": {"fps": 30.0}}, "at another frame rate"),
    ],
)
def test_another_view_leaves_what_anybody_counts(
    folder: Callable[..., str], parts: dict[str, Any], why: str, capsys: pytest.CaptureFixture
) -> None:
    run_comparison(folder("first"), folder("later", **parts))
    text = capsys.readouterr().out
    assert why in text
    assert re.findall(r"^  (.*?) \(.*?->", text, re.MULTILINE) == ["Cadence"]


def test_it_speaks_the_language_of_the_settings(
    folder: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    settings = tmp_path / "station.toml"
    settings.write_text('[station]\nlanguage = "de"\n', encoding="utf-8")
    run_comparison(folder("first"), folder("later"), settings, out=tmp_path / "out.html")
    assert "keine klare Änderung" in capsys.readouterr().out
    assert "Vorher und nachher" in (tmp_path / "out.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "what"),
    [(None, "holds no session.json"), ("{}", "not a session"), ('{"schema": "station.session/1"}', "no summary")],
)
def test_what_is_no_session_is_refused(folder: Callable[..., str], tmp_path: Path, content: str | None, what: str) -> None:
    (tmp_path / "odd").mkdir()
    if content is not None:
        (tmp_path / "odd" / "session.json").write_text(content)
    with pytest.raises(InputError, match=what):
        run_comparison(folder("first"), str(tmp_path / "odd"))


def test_words_that_name_no_two_sessions(folder: Callable[..., str], tmp_path: Path) -> None:
    first = folder("first")
    with pytest.raises(UsageError, match="twice"):
        run_comparison(first, first)
    settings = tmp_path / "station.toml"
    settings.write_text(f'[station]\ndata_dir = "{tmp_path}"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="several"):
        run_comparison(first, "all", settings)
    with pytest.raises(StationError, match="there is no session"):
        run_comparison(first, "00001-beef", settings)
