"""`station schema`: the shape of the JSON that the commands write, as JSON Schema (2020-12).

Each schema is made from the type that the command fills, so neither can change alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from station.errors import UsageError
from station.export.documents import Analysis, Bench, Comparison, Session
from station.files import json_bytes, write_output
from station.run.calibrate import Calibrated
from station.run.doctor import Doctor
from station.run.hip_belt_check import HipBeltRead
from station.run.stored import Sessions
from station.validate.documents import Validation

# By who writes it: a command's --json, or session.json beside each exported session.
DOCUMENTS: Mapping[str, type[Any]] = {
    "analyze": Analysis,
    "bench": Bench,
    "calibrate": Calibrated,
    "compare": Comparison,
    "doctor": Doctor,
    "hip-belt": HipBeltRead,
    "session": Session,
    "sessions": Sessions,
    "validate": Validation,
}


class _Untitled(GenerateJsonSchema):
    """Without a title for every field, which would only repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema of that document. Raises KeyError for a name that is not in DOCUMENTS."""
    made = TypeAdapter(DOCUMENTS[name]).json_schema(mode="serialization", schema_generator=_Untitled)
    return {"$schema": GenerateJsonSchema.schema_dialect, **made}


def print_schema(name: str | None) -> None:
    """Prints one schema, or without a name the names. Raises UsageError for another name."""
    if name is None:
        for known, kind in DOCUMENTS.items():
            click.echo(f"{known:<10} {(kind.__doc__ or '').splitlines()[0]}")
        return
    if name not in DOCUMENTS:
        raise UsageError("no JSON of that name", name, f"name one of {', '.join(DOCUMENTS)}")
    write_output("-", json_bytes(schema_of(name), indent=2))
