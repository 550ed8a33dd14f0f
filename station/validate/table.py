"""A table of text as spreadsheets and editors of many countries save it: rows of cells with their
line, and its numbers.

Told by looking: UTF-8 or UTF-16 with or without a byte-order mark, or Windows-1252; comma,
semicolon, tab or bar between cells; a point or a comma before decimals; every line end; cells in
quotes, also with line ends inside; empty rows and columns; whole rows in one cell. What can be read
in two ways is refused with its line.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from station.errors import InputError
from station.types import NAN

LARGEST = 1e10  # seconds since 1970 are the largest that make sense
DELIMITERS = (",", ";", "\t", "|")
NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
WIDE = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
ARCHIVES = (b"PK", b"\xd0\xcf\x11\xe0")  # XLSX and ODS; XLS
GROUPED = re.compile(r"[+-]?\d{1,3}(?:([.,])\d{3}(?:\1\d{3})+(?:[.,]\d*)?|,\d{3}\.\d*|\.\d{3},\d*|(?:[ '’]\d{3})+(?:[.,]\d*)?)")
SAVE = "save the table as CSV"
NO_NUMBER = "leave the cell empty where nothing was measured; format the column as text if a spreadsheet made a date of it"
QUOTES = "put numbers and texts with a comma in quotes"

Row = tuple[int, list[str]]  # line of the file, cells


@dataclass(frozen=True, slots=True)
class Table:
    """Every row has a cell for each of `header`. `marks`: decimal marks, by first line."""

    where: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, str]], ...]
    marks: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, content: bytes, where: str, known: Collection[str]) -> Table:
        """`known`: names a header may hold, which tell cells apart. Raises InputError."""
        text = _text(content, where)
        found = _rows(text, where, known)
        header = _trimmed(next(found, (0, []))[1])
        if not header:
            raise InputError("is empty", where, "put one trial, or one moment, into each row")
        rows = tuple((line, _named(header, cells, f"{where}, line {line}")) for line, cells in found)
        return cls(where, tuple(filter(None, header)), rows)

    def number(self, line: int, name: str, text: str) -> float:
        """NaN for an empty cell. Raises InputError for no number, or an ambiguous one."""
        where = f"{self.where}, line {line}"
        text = text.replace("\u2212", "-").replace("\u00a0", " ").replace("\u202f", " ")
        if not text:
            return NAN
        if GROUPED.fullmatch(text):
            raise InputError(f"{text!r} in column {name} has its thousands set apart", where, "write 1234.5, without them")
        for mark in ".,":
            if mark in text:
                self.marks.setdefault(mark, line)
        if len(self.marks) > 1:
            other = next(first for mark, first in self.marks.items() if mark not in text)
            what = f"{text!r} in column {name}, but line {other} has the other sign before its decimals"
            raise InputError(what, where, "write all numbers with a point, or all with a comma")
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            value = math.inf
        if not abs(value) <= LARGEST:
            raise InputError(f"{text!r} in column {name} is no number", where, NO_NUMBER)
        return value


def _text(content: bytes, where: str) -> str:
    if content.startswith(ARCHIVES):
        raise InputError("is a spreadsheet, no CSV file", where, SAVE)
    wide = next((name for mark, name in WIDE if content.startswith(mark)), "")
    zeros = [content[start::2].count(0) / max(1, len(content) // 2) for start in (1, 0)]
    # Names of columns are ASCII: every other byte is 0.
    if not wide and max(zeros) > 0.5 and min(zeros) < 0.1:
        wide = WIDE[zeros.index(max(zeros))][1]
    try:
        text = content.decode(wide or "utf-8-sig").removeprefix("\ufeff")
    except UnicodeDecodeError:
        # Names and notes from an older spreadsheet.
        text = content.decode("cp1252", errors="replace")
    if "\0" in text:
        raise InputError("is no CSV file", where, SAVE)
    return text


def _rows(text: str, where: str, known: Collection[str]) -> Iterator[Row]:
    """The header and every row that holds something."""
    lines = re.split(r"\r\n|\n|\r", text)
    first = next((line for line in lines if line.strip(' ,;|\t"') and not _is_comment(line)), "")
    if first.lower().startswith("sep="):  # Excel's own way to say it
        lines[lines.index(first)] = "#"
        first = next((line for line in lines if line.strip(' ,;|\t"') and not _is_comment(line)), "")
    delimiter, inner = _delimiters(first, known)
    width = 0
    for line, cells in _records(lines, delimiter, where):
        here = f"{where}, line {line}"
        cells = _unwrapped(cells, inner, here) if inner else cells
        if any(cells):
            width = width or len(cells)
            _check_width(cells, inner or delimiter, width, here)
            yield line, cells


def _is_comment(line: str) -> bool:
    return line.lstrip(' "')[:1] == "#"


def _records(lines: list[str], delimiter: str, where: str) -> Iterator[Row]:
    """Lines that begin with # are passed over, but inside a cell in quotes."""
    begins, at = True, 0

    def feed() -> Iterator[str]:
        nonlocal begins, at
        for number, line in enumerate(lines, 1):
            if begins and _is_comment(line):
                continue
            if begins:
                begins, at = False, number
            yield line + "\n"

    reader = csv.reader(feed(), delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=True)
    while True:
        begins = True
        try:
            cells = next(reader, None)
        except csv.Error as error:
            remedy = f"close every quotation mark, or {SAVE} again"
            raise InputError(f"cannot be read ({error})", f"{where}, line {at}", remedy) from None
        if cells is None:
            return
        yield at, [cell.strip() for cell in cells]


def _cells(line: str, delimiter: str) -> list[str]:
    """Of one line by itself; none where it cannot be read so."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True), [])]
    except csv.Error:
        return []


def _delimiters(header: str, known: Collection[str]) -> tuple[str, str]:
    """What is between cells, and within a cell that holds a whole row ("": none does)."""

    def names(line: str, delimiter: str) -> int:
        return sum(cell in known for cell in _cells(line, delimiter))

    best = max(DELIMITERS, key=lambda one: (names(header, one), header.count(one)))
    if not names(header, best):
        for outer in DELIMITERS:
            filled = [cell for cell in _cells(header, outer) if cell]
            inner = max(DELIMITERS, key=lambda one: names(filled[0], one) if filled else 0)
            if len(filled) == 1 and names(filled[0], inner) > 1:
                return outer, inner
    return best, ""


def _unwrapped(cells: list[str], inner: str, where: str) -> list[str]:
    filled = [cell for cell in cells if cell]
    if len(filled) > 1:
        raise InputError("is not in one cell, as the first row is", where, "open the file as CSV and save it again")
    return _cells(filled[0], inner) if filled else []


def _check_width(cells: list[str], delimiter: str, width: int, where: str) -> None:
    """Raises InputError for a row that is not `width` cells."""
    whole = delimiter.join(cells)
    for other in DELIMITERS:
        if len(cells) < width and other != delimiter and whole.count(other) >= max(1, width - 2):
            what = f"has {NAMES[other]} between its cells, the first row {NAMES[delimiter]}"
            raise InputError(what, where, "write all rows alike")
    # Even where the last one is empty: 10,5 may have become two cells.
    if delimiter == "," and len(cells) > width:
        raise InputError(f"has {len(cells)} cells, the first row {width}", where, QUOTES)


def _trimmed(cells: list[str]) -> list[str]:
    """Without the empty cells at the end."""
    return cells[: max((place for place, cell in enumerate(cells, 1) if cell), default=0)]


def _named(header: list[str], cells: list[str], where: str) -> Mapping[str, str]:
    """The row's cells by column; "" for those that are missing at its end."""
    filled = _trimmed(cells)
    if len(filled) > len(header):
        raise InputError(f"has {len(filled)} cells, the first row {len(header)}", where, QUOTES)
    if any(cell and not name for name, cell in zip(header, filled, strict=False)):
        raise InputError("has a value in a column without a name", where, "name the column, or empty it")
    return {name: cell for name, cell in zip(header, filled + [""] * len(header), strict=False) if name}
