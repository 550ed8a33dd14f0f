"""Where the model files lie, and whether they are the ones their cards name.

Every model `NAME.onnx` has a card `NAME.md` beside it: TOML between two `+++` lines for programs,
text below for people. A model is loaded from the very bytes that were checked here, so a file
cannot change between check and use.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from station.errors import ModelError
from station.model_errors import bands_of
from station.types import ErrorBand

Band = TypeVar("Band")

FENCE = "+++"
REINSTALL_ONLY = "install the station again"
REINSTALL = "install the station again, or run `station models build`"


@dataclass(frozen=True, slots=True)
class Source:
    """Published weights a model is rewritten from: a file of NAME==VERSION, its sha256 in hex."""

    package: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Card:
    """The part of a model card that programs read. Hashes are sha256 in hex; `outputs` maps our
    names to the file's.

    A model that was trained here has no `source`: its file is its only original.
    """

    name: str
    path: Path
    sha256: str
    licence: str
    source: Source | None
    outputs: Mapping[str, str]

    @property
    def model_path(self) -> Path:
        return self.path.with_suffix(".onnx")

    @property
    def remedy(self) -> str:
        """What to do when the file is not what the card says."""
        return REINSTALL if self.source is not None else REINSTALL_ONLY


def models_dir(configured: Path | None = None) -> Path:
    """The folder of the models: the configured one, else `models/` of a checkout, else the one
    inside the installed package.

    Raises ModelError when it does not exist.
    """
    package = Path(__file__).resolve().parents[1]
    checkout, installed = package.parent / "models", package / "_models"
    if configured is not None:
        folder, remedy = configured.expanduser(), "correct pose.models_dir in station.toml"
    else:
        folder, remedy = (checkout if (checkout / "build.py").is_file() else installed), REINSTALL
    if not folder.is_dir():
        raise ModelError("the folder of the pose models is missing", str(folder), remedy)
    return folder


def read_card(path: Path) -> Card:
    """Raises ModelError for a card that is missing, has no front matter or lacks a key."""
    try:
        front = path.read_text(encoding="utf-8").split(FENCE)[1]
        values = tomllib.loads(front)
        return Card(
            name=path.stem,
            path=path,
            sha256=values["sha256"],
            licence=values["licence"],
            source=Source(**values["source"]) if "source" in values else None,
            outputs=values["outputs"],
        )
    except OSError as error:
        raise ModelError(f"the model card cannot be read ({error.strerror})", str(path), REINSTALL) from None
    except (IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelError(f"the model card is damaged ({error})", str(path), REINSTALL) from None


def read_errors(card: Card) -> tuple[ErrorBand, ...]:
    """The model's own errors, `NAME.errors.json` beside it; none where there is no table or it was
    made of other weights.

    Raises ModelError for a table that is damaged.
    """
    return error_table(card, bands_of)


def error_table(card: Card, bands: Callable[[Any], tuple[Band, ...]]) -> tuple[Band, ...]:
    """What `bands` makes of the bands in `NAME.errors.json` beside the model; none where there is
    no table or it was made of other weights.

    Raises ModelError for a table that is damaged; `bands` may raise KeyError, TypeError or
    ValueError.
    """
    path = card.path.with_suffix(".errors.json")
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        return bands(table["bands"]) if table["sha256"] == card.sha256 else ()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ModelError(f"the error table cannot be read ({error.strerror})", str(path), REINSTALL) from None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ModelError(f"the error table is damaged ({error})", str(path), REINSTALL) from None


def cards(folder: Path) -> list[Card]:
    """All model cards of a folder by name. Raises ModelError when there is none."""
    found = [read_card(path) for path in sorted(folder.glob("*.md")) if path.stem.islower()]
    if not found:
        raise ModelError("no model cards here", str(folder), REINSTALL)
    return found


def verified(card: Card) -> bytes:
    """The model file's content. Raises ModelError when missing or not the one its card names."""
    try:
        data = card.model_path.read_bytes()
    except OSError as error:
        raise ModelError(f"the model file cannot be read ({error.strerror})", str(card.model_path), card.remedy) from None
    digest = hashlib.sha256(data).hexdigest()
    if digest != card.sha256:
        problem = f"the model file ({len(data)} bytes) has sha256 {digest[:16]}..., its card says {card.sha256[:16]}..."
        raise ModelError(problem, str(card.model_path), card.remedy)
    return data
