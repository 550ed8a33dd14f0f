"""HTML pages from templates, in the language of the reader.

Whatever a template puts in braces is translated, so a page cannot forget a string: a test finds
text outside of them. What is nobody's words, as the name of a file, goes through `|e`, which leaves
it as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from station.export.plots import style


def page(package: str, name: str, say: Callable[[str], str], values: Mapping[str, Any]) -> bytes:
    """The template `name` of a package, filled; `say` translates English words."""
    return _template(package, name).render(values, say=say, style=Markup(style())).encode()


@cache
def _template(package: str, name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined, finalize=_said
    )
    return environment.from_string(files(package).joinpath(name).read_text(encoding="utf-8"))


@jinja2.pass_context
def _said(context: jinja2.runtime.Context, value: Any) -> Any:
    return value if isinstance(value, (Markup, jinja2.Undefined)) else context["say"](str(value))
