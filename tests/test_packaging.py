"""What pip installs is the whole package: every room, the models, the clip, fonts, voices,
templates.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

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


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
CONSTRAINTS = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("python", ["3.11", "3.13"])
@pytest.mark.parametrize("wanted", [*PROJECT["dependencies"], *EXTRAS["test"], *EXTRAS["check"]])
def test_the_checks_pin_what_the_project_allows(python: str, wanted: str) -> None:
    """After a change of the dependencies: `.ci/renew`."""
    pinned = [Requirement(line) for line in CONSTRAINTS.splitlines() if not line.startswith("#")]
    here = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    allowed = Requirement(wanted)
    (pin,) = [one for one in pinned if one.name == allowed.name and (one.marker is None or one.marker.evaluate(here))]
    (exact,) = pin.specifier
    assert exact.operator == "=="
    assert allowed.specifier.contains(exact.version)


def test_the_constraints_name_no_registry() -> None:
    assert not re.search(r"https?:|file:|--(extra-)?index|--find-links", CONSTRAINTS)
