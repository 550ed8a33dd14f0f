"""`python -m tests.lab.languages`: brings the catalogues up to the code, and compiles them. A
second.

Messages that are new have no translation yet: write it into station/locale/CODE.po and run it
again. What the code no longer says is dropped. It prints how many are missing in each language.
`--font NotoSansCJK-Regular.ttc NotoSansCJK-Bold.ttc` also cuts the Japanese typeface anew to the
letters that are used (Debian: fonts-noto-cjk; pip: fonttools).
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from station.language import LOCALE, TONGUES
from station.present.screen.ink import BREAK, FONTS
from tests.lab.languages.messages import messages

# In the headers that gettext wants; always the same, so that a file changes with its words.
MADE = datetime(2026, 1, 1, tzinfo=UTC)
CODES = [code for code in TONGUES if code != "en"]


def updated(code: str, found: dict[str, list[str]], known: Path | None = None) -> Catalog:
    """The catalogue of a language with the messages of the code, translated as far as it was."""
    path = known or LOCALE / f"{code}.po"
    old = Catalog(locale=code)
    if path.exists():
        with path.open("rb") as file:
            old = read_po(file, locale=code)
    new = Catalog(locale=code, project="treadmill-station", fuzzy=False, creation_date=MADE, revision_date=MADE)
    new.header_comment = "# Words of the station. Keep every field in braces; a zero-width space may break a line."
    for words, places in found.items():
        was = old.get(words)
        translated = was.string if was is not None and isinstance(was.string, str) else ""
        new.add(words, translated, locations=[(place, None) for place in places])  # type: ignore[list-item]
    return new


def write(code: str, catalog: Catalog) -> None:
    with (LOCALE / f"{code}.po").open("wb") as file:
        write_po(file, catalog, width=110, omit_header=False, sort_output=False)
    compile_mo(code)


def compile_mo(code: str) -> None:
    with (LOCALE / f"{code}.po").open("rb") as po, (LOCALE / f"{code}.mo").open("wb") as mo:
        write_mo(mo, read_po(po, locale=code))


def cut_font(collection: str, path: Path, letters: set[str]) -> None:
    """The Japanese face of a Noto Sans CJK collection with those letters only."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTCollection

    names = TTCollection(collection).fonts
    font = next(font for font in names if str(font["name"].getDebugName(1)).startswith("Noto Sans CJK JP"))
    cutter = Subsetter(Options(layout_features=["palt", "kern"], name_IDs=[0, 1, 2, 4, 6, 13, 14], notdef_outline=True))
    cutter.populate(unicodes=[ord(letter) for letter in letters])
    cutter.subset(font)
    font.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--font", nargs=2, metavar="FILE.ttc")
    wish = parser.parse_args()
    found = messages()
    for code in CODES:
        catalog = updated(code, found)
        write(code, catalog)
        missing = [message.id for message in catalog if message.id and not message.string]
        print(f"{code}: {len(found)} messages, {len(missing)} without a translation")
    if wish.font:
        letters = {chr(i) for i in range(0x20, 0x7F)} | set("°±–−…→←、。：（）・")
        letters |= {letter for message in updated("ja", found) for letter in str(message.string)}
        for collection, weight in zip(wish.font, ("Regular", "Bold"), strict=True):
            cut_font(collection, FONTS / f"NotoSansJP-{weight}.otf", letters - {BREAK})


if __name__ == "__main__":
    main()
