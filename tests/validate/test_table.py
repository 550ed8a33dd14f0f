"""Tables as spreadsheets and editors of many countries save them: read, or refused with the line
and what to do.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from station.errors import InputError
from station.validate.reference import Series, Trial, read_reference

HEADER = ["runner", "session", "screen_from", "screen_to", "steps", "speed_kmh", "note"]
ROWS = [["Jürgen", "s1", "0:20", "1:20", "165", "10.5", "well, he said"], ["B", "s2", "0:30", "2:30", "340", "12", ""]]
ENCODINGS = ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be")


def table(delimiter: str = ",", decimal: str = ".", end: str = "\n", quoted: bool = False) -> str:
    def cell(text: str) -> str:
        text = text.replace(".", decimal)
        return f'"{text}"' if quoted or delimiter in text else text

    return "".join(delimiter.join(map(cell, row)) + end for row in [HEADER, *ROWS])


def read(tmp_path: Path, content: str | bytes) -> tuple[Trial, ...] | Series:
    path = tmp_path / "sheet.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_reference(path).content


def check(found: tuple[Trial, ...] | Series) -> None:
    assert isinstance(found, tuple)
    assert [row.runner for row in found] == ["Jürgen", "B"]
    assert [row.values for row in found] == [{"speed_kmh": 10.5, "cadence_spm": 165}, {"speed_kmh": 12, "cadence_spm": 170}]
    assert [row.screen_s for row in found] == [(20, 80), (30, 150)]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(("delimiter", "decimal"), list(itertools.product(",;\t|", ".,")))
def test_every_country_s_spreadsheet_is_read(tmp_path: Path, encoding: str, delimiter: str, decimal: str) -> None:
    for end, quoted in itertools.product(("\n", "\r\n", "\r"), (False, True)):
        check(read(tmp_path, table(delimiter, decimal, end, quoted).encode(encoding)))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "sep=;\r\n" + text,
        lambda text: text.replace("\n", "\n\n;;;;;;\n"),
        lambda text: text.replace("\n", ";;\n"),
        lambda text: text.replace("340;12;", "340;12"),
        lambda text: "# counted by \"hand\n" + text.replace("\n", "\n# and \"more\n"),
        lambda text: '"# a note; in a cell";;;;;;\n' + text,
        lambda text: text.replace("well, he said", '"two\nlines;\n# of a ""note"""'),
        lambda text: text.replace(";", " ; "),
        lambda text: text.replace("runner;", ";runner;").replace("Jürgen;", ";Jürgen;").replace("B;", ";B;"),
    ],
    ids=["sep", "empty rows", "empty columns", "short row", "remarks", "remark in a cell", "lines in a cell", "blanks", "column"],
)
def test_what_spreadsheets_add_does_not_matter(tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    check(read(tmp_path, change(table(";", ","))))


def test_whole_rows_in_one_cell(tmp_path: Path) -> None:
    lines = table().replace('"', '""').splitlines()
    check(read(tmp_path, "".join(f'"{line}";;;\r\n' for line in lines)))
    with pytest.raises(InputError, match="line 3: is not in one cell"):
        read(tmp_path, "".join(f'"{line}";;;\r\n' for line in lines[:2]) + "B;s2;0:30\r\n")


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    text = '# one\n\nrunner,note,steps,seconds\nA,"three\nlines\nlong",165,60\n\nB,,x,60\n'
    with pytest.raises(InputError, match="line 8: 'x' in column steps"):
        read(tmp_path, text)


def test_a_curve_with_decimal_commas(tmp_path: Path) -> None:
    found = read(tmp_path, "time_s\tthigh_near_deg\n0,005\t−1,234\n1,255\t\n".encode("utf-16"))
    assert isinstance(found, Series)
    np.testing.assert_array_equal(found.t_s, [0.005, 1.255])
    np.testing.assert_array_equal(found.columns["thigh_near_deg"], [-1.234, np.nan])


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("runner;steps;seconds\nA;165;60\nB,165,60\n", "line 3: has a comma between its cells, the first row a semicolon"),
        ("runner,steps,seconds\nA;165;60\n", "line 2: has a semicolon between its cells, the first row a comma"),
        ("runner\tsteps\tseconds\nA;165;60\n", "line 2: has a semicolon between its cells, the first row a tab"),
        ("runner,speed_kmh,note\nA,10,5,\n", "line 2: has 4 cells, the first row 3. Put numbers .* in quotes"),
        ("runner;speed_kmh\nA;10,5\nB;10.5\n", "line 3: '10.5' in column speed_kmh, but line 2 has the other sign"),
        ('runner,speed_kmh\nA,10.5\nB,"10,5"\n', "line 3: '10,5' in column speed_kmh, but line 2"),
        ("runner;steps;seconds\nA;1.234.567;60\n", "line 2: '1.234.567' in column steps has its thousands set apart"),
        ("runner;seconds\nA;1.234,5\n", "no row is filled in"),
        ("steps;seconds\n165;1.234,5\n", "line 2: '1.234,5' in column seconds has its thousands"),
        ("steps;seconds\n165;1,234.5\n", "thousands"),
        ("steps;seconds\n1 234;600\n", "thousands"),
        ("steps;seconds\n1\u00a0234;600\n", "thousands"),
        ("steps;seconds\n1\u202f234,0;600\n", "thousands"),
        ("steps;seconds\n1'234;600\n", "thousands"),
        ("steps;seconds\n1,234;600\n", "line 2: '1,234' in column steps is no whole number"),
        ("steps;seconds\n1.234;600\n", "no whole number"),
        ("steps;seconds;speed_kmh\n165;60;10. Mai\n", "'10. Mai' in column speed_kmh is no number.*made a date of it"),
        ('steps,seconds,note\n165,60,"never closed\n170,60,\n', "line 2: cannot be read .* Close every quotation mark"),
        (";steps;seconds\nA;165;60\n", "line 2: has a value in a column without a name"),
        ("steps;seconds\n165;60;;8\n", "line 2: has 4 cells"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_with_its_line(tmp_path: Path, text: str, reported: str) -> None:
    with pytest.raises(InputError, match=reported):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("start", "end", "typed"),
    [
        ("00:20:00", "01:20:00", "0:20"),
        ("0:20:00", "1:20:00", "0:20"),
        ("05:00:00", "06:00:00", "5:00"),
        ("1:20:00", "2:20:00", "1:20"),
        ("12:30:00", "14:30:00", "12:30"),
        ("25:30:00", "26:30:00", "25:30"),
    ],
)
def test_a_spreadsheet_that_made_hours_of_minutes_is_found_out(tmp_path: Path, start: str, end: str, typed: str) -> None:
    reported = f"line 3: a spreadsheet took {typed} for hours and made '{start}' of it. Format the column as text"
    with pytest.raises(InputError, match=re.escape(reported)):
        read(tmp_path, f"screen_from,screen_to,steps\n5:00,6:00,165\n{start},{end},165\n")


def test_times_after_the_first_hour_stay_what_they_are(tmp_path: Path) -> None:
    rows = "1:02:00,1:04:00,330,\n59:30,1:01:30,330,\n1:02:10,1:04:10,,10\n"
    found = read(tmp_path, f"screen_from,screen_to,steps,speed_kmh\n{rows}")
    assert isinstance(found, tuple)
    assert [row.screen_s for row in found] == [(3720, 3840), (3570, 3690), (3730, 3850)]


@pytest.mark.parametrize("text", ["12:20:00 AM", "0.0138888888888889", "1899-12-30 00:20:00"])
def test_other_ways_to_spoil_a_time_are_refused_with_the_same_remedy(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"line 2: .* is no time on the screen\. Format the column as text"):
        read(tmp_path, f"screen_from,screen_to,steps\n{text},1:20,165\n")


@pytest.mark.parametrize("magic", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_a_spreadsheet_s_own_file_is_named(tmp_path: Path, magic: bytes) -> None:
    with pytest.raises(InputError, match=r"is a spreadsheet, no CSV file\. Save the table as CSV"):
        read(tmp_path, magic + bytes(600))


def test_the_sheets_that_went_wrong_once(shared: Path) -> None:
    field = shared / "data" / "field"
    for name in ("validate_v4_tab.csv", "validate_v7_one_cell.csv"):
        (row,) = read_reference(field / name).content  # type: ignore[misc]
        assert (row.runner, row.screen_s, row.values) == ("A", (20, 80), {"speed_kmh": 10, "cadence_spm": 165})
    with pytest.raises(InputError, match="line 2: a spreadsheet took 0:20 for hours"):
        read_reference(field / "validate_v1_libreoffice.csv")
