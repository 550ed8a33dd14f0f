"""Fixtures shared by all rooms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.folders import everybodys_folder

# How busy the machine is says nothing about the code.
settings.register_profile("no clock", deadline=None)
settings.load_profile("no clock")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the checkout; tests that need it skip where it is
    missing.
    """
    if not (SHARED / "data").is_dir():
        pytest.skip("reference data (../shared/data) is not beside this checkout")
    return SHARED


@pytest.fixture
def everybodys() -> Iterator[Path]:
    """In place of `tmp_path`, where a part runs as another user."""
    with everybodys_folder() as folder:
        yield folder


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew instead of comparing with them")
