"""What pip installs is the whole package: every room, the models, the clip, fonts, voices, templates."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def setuptools_table() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]


def test_every_package_is_listed(setuptools_table: dict) -> None:
    there = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "station").rglob("__init__.py")}
    assert set(setuptools_table["packages"]) == there | {"station._models"}


def test_every_data_file_is_shipped(setuptools_table: dict) -> None:
    folders = {name: ROOT.joinpath(*name.split(".")) for name in setuptools_table["packages"]}
    folders |= {name: ROOT / folder for name, folder in setuptools_table["package-dir"].items()}
    shipped = {
        path
        for name, patterns in setuptools_table["package-data"].items()
        for folder in (folders.values() if name == "*" else [folders[name]])
        for pattern in patterns
        for path in folder.glob(pattern)
    }
    data = {
        path
        for path in (*(ROOT / "station").rglob("*"), *(ROOT / "models").rglob("*"))
        if path.is_file() and path.suffix not in (".py", ".pyc") and "__pycache__" not in path.parts
    }
    assert data - shipped == set()
