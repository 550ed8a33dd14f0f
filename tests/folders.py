"""Folders of tests that run a part as another user: pytest's own are closed to them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def everybodys_folder() -> Iterator[Path]:
    """A new folder that every user may enter, gone afterwards. Nothing above it is changed."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)
