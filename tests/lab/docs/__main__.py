"""Writes the generated sections of all documents: `python -m tests.lab.docs`."""

from __future__ import annotations

from tests.lab.docs.tables import ROOT, current, documents

for path in documents():
    before = path.read_text(encoding="utf-8")
    after = current(before)
    if after != before:
        path.write_text(after, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
