"""What people can read or hear, collected from the code: every sentence of the rooms that speak.

A sentence is any string with words in it, an f-string with its fields numbered ("{0} km/h"). Names,
keys, docstrings and what only a programmer sees (ValueError, worked examples, sources of
thresholds) are none.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from station.export.written import SIDES

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "station"
# Rooms that speak to people: whatever sentence stands there is for them.
SPEAKING = (
    *("types.py", "gait", "faults", "cues/lines.py", "cues/session_parts.py", "present/screen/strings.py"),
    *("export/report.py", "export/report_rows.py", "export/report_plots.py", "export/hip_figure.py", "export/plots.py"),
    *("export/beside.py", "export/compare.py", "export/written.py", "export/wording.py", "export/range_card.py", "run/live.py"),
    *("record/summary.py", "record/stretches.py", "record/tally.py"),
    *("run/doctor.py", "run/check_list.py", "run/start.py", "run/outputs.py"),
)
# Where a word by itself is a message too.
IN_SINGLE_WORDS = ("strings.py", "lines.py", "report.py", "report_rows.py", "report_plots.py", "wording.py", "compare.py")
IN_SINGLE_WORDS += ("check_list.py",)
PAGES = ("export/report.html.jinja", "export/compare.html.jinja")
LEGS = ("near leg", "far leg", "near foot", "far foot", "left leg", "right leg", "left foot", "right foot")
# Of "the picture is ...".
ADJECTIVES = dict.fromkeys(("dark", "covered", "frozen"), "sense/frame_watch.py")
# What these calls are given is shown on the screen as trouble, with its remedy. Errors of the other
# rooms meet a technician at the terminal, in English.
TROUBLE = {"HardwareError", "StoreError", "ModelError", "StationError", "NothingFound", "CameraLost", "note", "_say"}
TROUBLED = ("run/outputs.py", "run/start.py", "run/health.py", "present/mixer.py", "record/store.py", "record/live_session.py")
TROUBLED += ("present/watch.py", "sense/picamera.py", "calibrate/watch.py", "usb")
TROUBLED += ("run/doctor.py", "run/presenter.py", "run/tolerated.py", "run/restarts.py", "run/single_instance.py")
TROUBLED += ("sense/treadmill.py",)
TROUBLED += ("present/sound.py", "present/pins.py", "present/voices.py", "present/screen/window.py")
TROUBLED += ("pose/store.py", "pose/estimator.py", "pose/mediapipe_pose.py")
# Whose lines in the log are of a running station.
LOGGING = ("run", "present", "record/writer.py", "sense/treadmill.py", "sense/camera.py")
# Of a film, kept with its recording.
NOTED = ("sense/video.py", "sense/film_survey.py")
LOGGED = {"info", "warning", "error", "exception"}
FORMAT = re.compile(r"%[-0-9.]*[sdfr]")
PRIVATE_CALLS = {"Golden", "Norm", "dtype", "Literal", "getattr", "isinstance", "files", "einsum", "info", "warning", "error"}
PRIVATE_CALLS |= {"compile", "page"}
PRIVATE_KEYWORDS = {"source", "confidence", "name", "measure", "needs", "light"}
SENTENCE = re.compile(r"[A-Za-z]{2}.* .*[A-Za-z]|^[A-Za-z]{2,}[ ,.:]|\{\d\}[:;]? [a-z]{2,}", re.DOTALL)
CODE = re.compile(r"^[<|]|->|^[a-z_]+\.[a-z_{}0-9]+$|journalctl|station/faults|^station\.\w+/\d$")
WORD = re.compile(r"^[A-Za-z][a-z/-]+$|^[A-Z]{3,}$")
TEXT = re.compile(r"""\{\{\s*"((?:[^"\\]|\\.)*)"\s*\}\}""")


class Message(NamedTuple):
    words: str
    where: str


def general(words: str) -> str:
    """The message that a sentence is an instance of: the leg it is about is a field, since a report
    says left and right.
    """
    return SIDES.sub(lambda found: f"{{{found[1]}_{found[2]}}}", words) if " " in SIDES.sub("", words) else words


def messages() -> dict[str, list[str]]:
    """Every message with the files it stands in, in a steady order."""
    found: dict[str, list[str]] = {}
    for message in (*_spoken(), *_troubles(), *_logged(), *_noted(), *_pages(), *_parts()):
        places = found.setdefault(general(message.words), [])
        if message.where not in places:
            places.append(message.where)
    return found


def _parts() -> Iterator[Message]:
    """What stands in a field of another message."""
    yield from (Message(words, f"station/{path}") for words, path in ADJECTIVES.items())
    yield from (Message(words, "station/export/written.py") for words in LEGS)


def _spoken() -> Iterator[Message]:
    for name in SPEAKING:
        for path in _files(PACKAGE / name):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            parts = [node for node in ast.walk(tree) if _declares(node)] if path.name == "types.py" else [tree]
            single = path.name in IN_SINGLE_WORDS or path.name == "types.py"
            yield from (Message(words, _where(path)) for part in parts for words in sentences(part, single))


def _troubles() -> Iterator[Message]:
    for path in (path for name in TROUBLED for path in _files(PACKAGE / name)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _called(node) in TROUBLE:
                for given in (*node.args, *(k.value for k in node.keywords)):
                    words = message_of(given)
                    if words and SENTENCE.search(words):
                        yield Message(words, _where(path))


def _logged() -> Iterator[Message]:
    for path in (path for name in LOGGING for path in _files(PACKAGE / name)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _called(node) in LOGGED and node.args and isinstance(node.args[0], ast.Constant):
                numbers = itertools.count()
                words = FORMAT.sub(lambda _, numbers=numbers: f"{{{next(numbers)}}}", str(node.args[0].value))
                if re.search("[a-z]{3}", words):
                    yield Message(words, _where(path))


def _noted() -> Iterator[Message]:
    """What a source says of itself, appended to a list of notes."""
    for path in (PACKAGE / name for name in NOTED):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _called(node) == "append" and node.args:
                words = message_of(node.args[0])
                if words and SENTENCE.search(words):
                    yield Message(words, _where(path))


def _pages() -> Iterator[Message]:
    for name in PAGES:
        path = PACKAGE / name
        yield from (Message(words, _where(path)) for words in TEXT.findall(path.read_text(encoding="utf-8")))


def sentences(tree: ast.AST, single_words: bool) -> Iterator[str]:
    """The sentences of a module; with `single_words` a word by itself is one too."""
    private = set(_private(tree))
    for node in ast.walk(tree):
        if node in private or not isinstance(node, (ast.JoinedStr, ast.Constant)):
            continue
        words = message_of(node)
        if words and not CODE.search(words) and (SENTENCE.search(words) or (single_words and WORD.match(words))):
            yield words


def _declares(node: ast.AST) -> bool:
    """Whether a node of types.py declares words for people: a measure, its unit, or what several
    measures share.
    """
    if isinstance(node, ast.FunctionDef):
        return node.name == "mark"
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
        return isinstance(node.targets[0], ast.Name) and node.targets[0].id.startswith("_")
    return isinstance(node, ast.Call) and _called(node) == "Quantity"


def message_of(node: ast.AST) -> str:
    """The message that a string or f-string of the code is, "" for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if not isinstance(node, ast.JoinedStr):
        return ""
    parts, count = [], 0
    for value in node.values:
        if isinstance(value, ast.Constant):
            parts.append(str(value.value).replace("{", "{{").replace("}", "}}"))
        else:
            parts.append(f"{{{count}}}")
            count += 1
    return "".join(parts)


def _private(tree: ast.AST) -> Iterator[ast.AST]:
    """What is inside of nodes that speak to nobody, and the parts of f-strings."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            yield node.body[0].value  # type: ignore[attr-defined]
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and _called(node) in PRIVATE_CALLS):
            yield from ast.walk(node)
        if isinstance(node, ast.arguments):
            yield from (part for default in node.defaults for part in ast.walk(default))
        if isinstance(node, ast.Subscript):
            yield from ast.walk(node.slice)
        if isinstance(node, (ast.FunctionDef, ast.AnnAssign, ast.arg)):
            annotation = node.returns if isinstance(node, ast.FunctionDef) else node.annotation
            yield from ast.walk(annotation) if annotation is not None else ()
        if isinstance(node, ast.keyword) and node.arg in PRIVATE_KEYWORDS:
            yield from ast.walk(node.value)
        if isinstance(node, ast.Dict):
            yield from (key for key in node.keys if key is not None)
        if isinstance(node, ast.Compare):
            yield from ast.walk(node)
        if isinstance(node, ast.JoinedStr):
            yield from (part for value in node.values for part in ast.walk(value))


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""


def _files(path: Path) -> list[Path]:
    assert path.exists(), f"{path} has another name now"
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def _where(path: Path) -> str:
    return str(path.relative_to(ROOT))
