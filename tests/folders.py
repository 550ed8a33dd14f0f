"""Folders of tests that run a part as another user."""

from __future__ import annotations

from pathlib import Path


def let_everybody_in(folder: Path) -> None:
    """Opens the folder and those above it as far as they are closed: pytest's own are the user's
    alone. What everybody may enter already is not the test's, and stays as it is.
    """
    for one in (folder, *folder.parents):
        mode = one.stat().st_mode
        if mode & 0o001:
            break
        one.chmod(mode | 0o055)
