"""Every number with a name says where it comes from, or that it was chosen."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "station"
NAME = re.compile(r"_?[A-Z][A-Z0-9_]*")
MADE_OF_NUMBERS = {"float", "math.radians", "np.radians", "round"}


def is_number(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case ast.UnaryOp():
            return is_number(node.operand)
        case ast.BinOp():
            return is_number(node.left) and is_number(node.right)
        case ast.Tuple(elts=elements):
            return bool(elements) and all(map(is_number, elements))
        case ast.Call(args=arguments):
            return ast.unparse(node.func) in MADE_OF_NUMBERS and bool(arguments) and all(map(is_number, arguments))
    return False


def unexplained(source: str) -> Iterator[str]:
    """Module-level numbers without a comment on their lines or above, and without words below."""
    body, lines = ast.parse(source).body, source.splitlines()
    for number, node in enumerate(body):
        match node:
            case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
                names = target.elts if isinstance(target, ast.Tuple) else [target]
            case _:
                continue
        if not is_number(value) or not all(NAME.fullmatch(ast.unparse(name)) for name in names):
            continue
        own = lines[node.lineno - 1 : node.end_lineno]
        above = lines[node.lineno - 2] if node.lineno > 1 else ""
        below = ast.get_docstring(ast.Module(body[number + 1 : number + 2], []))
        if not any("#" in line for line in own) and not above.startswith("#") and not below:
            yield own[0]


def test_every_constant_is_explained() -> None:
    bare = {str(path.relative_to(PACKAGE)): [*unexplained(path.read_text(encoding="utf-8"))] for path in PACKAGE.rglob("*.py")}
    assert {path: lines for path, lines in bare.items() if lines} == {}


def test_a_bare_one_would_be_found() -> None:
    explained = 'A = 1  # chosen\n# Smith 2003.\nB, C = 2, 3.5\nD: float = -4.0\n"""Guess."""\nname = 5\nE = "6"\n'
    assert [*unexplained(explained)] == []
    assert [*unexplained(explained + "\nF = 7\nG, H = (1, 2), 3\nI = np.radians(3.0)\n")] == [
        "F = 7",
        "G, H = (1, 2), 3",
        "I = np.radians(3.0)",
    ]
