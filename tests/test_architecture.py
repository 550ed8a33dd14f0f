"""The map of the rooms, checked against the imports. Change DESIGN and this table together, or
neither.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "station"

BASE = {"types", "ports", "errors"}
DISK = {"files", "wall_clock"}  # durable files and the wall clock
# From the ground up: a room may import rooms that stand above it in this table, no others.
MAY_IMPORT = {
    "types": set(),
    "ports": {"types"},
    "errors": set(),
    "stats": {"types"},
    "model_errors": {"types", "stats"},
    "language": set(),
    "check": set(),
    "jsonable": set(),
    "files": {"errors"},
    "wall_clock": set(),
    "config": {"errors", "wall_clock"},
    "sense": BASE | {"config"},
    "pose": BASE | {"config", "model_errors"},
    "gait": {"types", "stats"},
    "faults": {"types", "stats"},
    "cues": {"types"},
    "coach": {"types", "model_errors", "gait", "faults", "cues"},
    # What is said is declared once, in the rules and in cues.lines: whoever shows or keeps it reads
    # it there.
    "present": BASE | {"config", "cues", "faults", "language"},
    # The last three: what a start would refuse.
    "provision": {"types", "config", "errors", "files", "cues", "pose", "present"},
    "record": BASE | DISK | {"config", "jsonable", "faults", "model_errors", "stats"},
    "export": BASE | DISK | {"faults", "jsonable", "language", "record", "stats"},
    "usb": BASE | DISK | {"config", "provision", "record", "export"},
    "calibrate": BASE | DISK | {"check", "config", "jsonable", "sense"},
    "validate": BASE | DISK | {"record", "export", "stats"},
    "testing": BASE | {"config", "sense", "gait", "faults", "cues", "coach", "present"},
}
MAY_IMPORT["run"] = set(MAY_IMPORT)
MAY_IMPORT["bench"] = set(MAY_IMPORT)
MAY_IMPORT["cli"] = set(MAY_IMPORT)
PURE = {"types", "stats", "model_errors", "gait", "faults", "cues", "coach"}
# What pure rooms may take from outside: NumPy and the parts of the standard library that hold no
# state and touch no world.
PURE_OUTSIDE = {
    *("numpy", "__future__", "abc", "collections", "dataclasses", "enum", "functools", "itertools"),
    *("math", "statistics", "types", "typing"),
    "pkgutil",  # finds the files of the rules
}
# Devices and heavy libraries: only inside the function or class that needs them.
LAZY = {"picamera2", "libcamera", "gpiozero", "lgpio", "pygame", "mediapipe", "tflite", "onnx"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    part = path.relative_to(PACKAGE).parts[0]
    return part.removesuffix(".py")


def imports(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            found |= {f"station.{alias.name}" for alias in node.names} if module == "station" else {module}
    return found


def test_there_is_something_to_check() -> None:
    assert {room(path) for path in modules()} >= set(MAY_IMPORT)


def test_the_map_has_floors() -> None:
    below: set[str] = set()
    for here, allowed in MAY_IMPORT.items():
        assert allowed <= below, f"{here} stands below {sorted(allowed - below)}"
        below.add(here)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arrows_point_one_way(path: Path) -> None:
    here = room(path)
    if here not in MAY_IMPORT:
        assert here in {"__init__", "__main__"}, f"{here} is not on the map"
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    ours = {name.split(".")[1] for name in imports(tree) if name.startswith("station.")} - {here, "__version__"}
    assert ours <= MAY_IMPORT[here], f"{here} may not import {sorted(ours - MAY_IMPORT[here])}"


@pytest.mark.parametrize("path", [p for p in modules() if room(p) in PURE], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_pure_rooms_touch_no_world(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    outside = {name.split(".")[0] for name in imports(tree)} - {"station"}
    assert outside <= PURE_OUTSIDE, f"{sorted(outside - PURE_OUTSIDE)} in a pure room"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_importing_opens_no_device(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = set()
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            top |= {name.split(".")[0] for name in imports(ast.Module([node], []))}
    assert not top & LAZY, f"{sorted(top & LAZY)} must be imported where it is used"


def test_no_junk_drawers() -> None:
    names = {path.stem for path in modules()}
    assert not names & {"utils", "util", "helpers", "helper", "manager", "common", "misc"}


def test_standard_library_only_where_stated() -> None:
    """Errors, types and ports are read by everything, so they may not pull anything in."""
    for name in ("errors", "ports"):
        tree = ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))
        outside = {n.split(".")[0] for n in imports(tree)} - {"station"}
        assert outside <= set(sys.stdlib_module_names)
