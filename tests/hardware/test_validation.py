"""The gym's protocol: its sheet can be read once it is filled in, its tables are the computed ones,
its commands exist.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from station.cli import cli
from station.errors import InputError
from station.run.validate import Options, compare
from station.types import Measure
from station.validate.page import page_html
from station.validate.reference import TRIAL_COLUMNS, read_reference
from tests.hardware.test_documents import script
from tests.validate.made import recording

HARDWARE = Path(__file__).resolve().parents[2] / "hardware"
SHEET = HARDWARE / "validation-sheet.csv"


@pytest.fixture(scope="module")
def protocol() -> str:
    return (HARDWARE / "validation.md").read_text(encoding="utf-8")


def test_the_empty_sheet_is_recognised() -> None:
    with pytest.raises(InputError, match="no row is filled in"):
        read_reference(SHEET)


def test_the_sheet_filled_in_is_understood(tmp_path: Path) -> None:
    """As a spreadsheet writes it back: quotes around the remarks, commas after them."""
    lines = SHEET.read_text(encoding="utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("trial,"))
    header = lines[at].split(",")
    counted = {
        "session": "00012-a3f9",
        "screen_from": "2:00",
        "screen_to": "4:00",
        "steps": "330",
        "speed_kmh": "9.5",
        "observer": "x",
    }
    kinds = {"session": "00013-b4e8", "waist": "stiff", "note": "loose shirt"}
    for row, given in ((at + 1, counted), (at + 31, kinds)):
        cells = dict(zip(header, lines[row].split(","), strict=True)) | given
        lines[row] = ",".join(cells[name] for name in header)
    lines[:at] = [f'"{line}"{"," * (len(header) - 1)}' for line in lines[:at]]
    (tmp_path / "filled.csv").write_text("\r\n".join(lines), encoding="utf-8")
    first, second = read_reference(tmp_path / "filled.csv").content  # type: ignore[misc]
    assert (first.runner, first.values["cadence_spm"], first.values["speed_kmh"]) == ("A", 165.0, 9.5)
    assert (second.runner, second.session, second.waist, second.values) == ("A", "00013-b4e8", "stiff", {})


def test_the_sheet_has_a_row_for_every_trial_of_the_protocol(protocol: str) -> None:
    rows = [line.split(",") for line in SHEET.read_text(encoding="utf-8").splitlines() if line[:1].isdigit()]
    assert "10 runners, 3 trials each" in protocol
    assert "10 runners, 2 runs of each kind" in protocol
    assert [sum(row[1] == letter for row in rows) for letter in "ABCDEFGHIJ"] == [3 + 4] * 10


def test_the_tables_are_the_computed_ones(protocol: str) -> None:
    needed = script("trials_needed")
    for table in (needed.cadence_table(), needed.turn_table(), needed.share_table()):
        assert table in protocol, "run hardware/trials_needed.py again"


def test_commands_and_options_are_real(protocol: str) -> None:
    named = re.findall(r"(?:`|^    )station ([a-z]+)([^`\n#]*)", protocol, flags=re.MULTILINE)
    assert {name for name, _ in named} == {"validate", "forget", "doctor", "calibrate"}
    for name, rest in named:
        options = {option for parameter in cli.commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= options


def test_every_column_of_the_sheet_is_explained(protocol: str) -> None:
    header = next(line for line in SHEET.read_text(encoding="utf-8").splitlines() if line.startswith("trial,")).split(",")
    assert set(header) <= set(TRIAL_COLUMNS)
    assert [name for name in header if name != "trial" and f"`{name}`" not in protocol] == []


def test_a_gym_works_through_the_shipped_sheet(tmp_path: Path) -> None:
    """Ten runners, three trials counted in a film and four runs with the waist free or stiff each;
    two are misjudged.
    """
    rng = np.random.default_rng(11)
    head, *rows = [line for line in SHEET.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    recordings, filled = [], [head]
    for number, row in enumerate(rows):
        cells = dict(zip(head.split(","), row.split(","), strict=True))
        stride_s = 0.68 + 0.01 * (ord(cells["runner"]) - ord("A")) + rng.normal(0, 0.003)
        cells["session"] = f"s{number}"
        one = recording(cells["session"], 300.0, seed=number, stride_s=stride_s)
        if number < 30:  # 160 landings, the first and the last one seen in a frame of a telephone
            cells |= {"screen_from": "2:00", "screen_to": "3:00", "steps": "160"}
            cells["seconds"] = f"{80 * stride_s + rng.uniform(-1, 1) / 30:.3f}"
        else:
            cells["waist"] = ("free", "stiff")[number % 2]
            stiff = cells["waist"] == "stiff"
            value = (3.0 if stiff else 8.0) + rng.normal(0, 1.4)
            turn = {"pelvic_turn_deg": Measure(value, value - 3, value + 3, 36)}
            said = "on" if stiff != (number in (33, 40)) else "ok"
            one = replace(one, summary={**one.summary, **turn}, verdicts={"locked_waist": said})
        recordings.append(one)
        filled.append(",".join(cells[name] for name in head.split(",")))
    (tmp_path / "sheet.csv").write_text("\n".join(filled), encoding="utf-8")
    path = tmp_path / "sheet.csv"
    found = compare(Options(path), read_reference(path), recordings, {})
    (cadence,) = found.quantities
    assert cadence.words == "agrees within ±1 steps/min (10 runners)"
    assert (cadence.found.n, cadence.held, cadence.intervals) == (30, 30, 30)
    assert found.left_out == []
    assert found.waists is not None
    reported = "\n".join(found.waists.lines())
    assert "stiff                    19 / 1 / 0; right in 19 of 20 judged [76% .. 99%]" in reported
    assert "free or natural          1 / 19 / 0" in reported
    assert "10 runners: tells them apart" in reported
    assert any("tle_near_deg: the same runner again scatters by" in note for note in found.notes)
    assert page_html(found, "2026-11-23T18:00:00Z").count(b"<figure>") == 1
