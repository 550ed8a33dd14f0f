"""Whether a JSON document is what its published schema promises."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from station.run.schema import DOCUMENTS, schema_of

jsonschema = pytest.importorskip("jsonschema")


@cache
def _validator(name: str) -> Any:
    schema = schema_of(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def name_of(document: dict[str, Any]) -> str:
    """The name of the schema that carries the document's `schema` in it."""
    wanted = document["schema"]
    (name,) = [name for name in DOCUMENTS if schema_of(name)["properties"]["schema"]["const"] == wanted]
    return name


def conforms(text: str | bytes) -> dict[str, Any]:
    """The document, once it was found to keep its schema."""
    document: dict[str, Any] = json.loads(text)
    _validator(name_of(document)).validate(document)
    return document
