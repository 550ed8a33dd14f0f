"""End-to-end accuracy on rendered runners: pictures -> pose model -> core -> coach, against exact
truth.

Each is `python -m tests.lab.end_to_end STEP FOLDER`:

render [CLIP ...]    the clips; needs tests/lab/render/requirements.txt
estimate [CLIP ...]  the poses; --model NAME, of the station or of `models`
models               the other models, for --model; needs requirements.txt of this folder
score                --write: RESULTS.md beside this file
pelvis               what the pixels show of the pelvis; --write: PELVIS.md
verdicts             every verdict counted; --write: VERDICTS.md
errors               the model's error table; --write also keeps it beside the model
compression          what a film's compression moves; --write: COMPRESSION.md
keep                 the poses that test_score.py holds the station to
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .models import SHIPPED


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab.end_to_end", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    steps = ("render", "models", "estimate", "score", "errors", "compression", "keep", "pelvis", "verdicts")
    parser.add_argument("step", choices=steps)
    parser.add_argument("folder", type=Path, help="clips and poses are kept here")
    parser.add_argument("clips", nargs="*", help="names of clips; none: all")
    parser.add_argument("--model", default=SHIPPED, help=f"a pose model (default: {SHIPPED})")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--anew", action="store_true", help="estimate: ask the pelvis model again, it was trained on")
    asked = parser.parse_intermixed_args()
    if asked.step == "render":
        from .render import render_all

        render_all(asked.folder, tuple(asked.clips))
    elif asked.step == "models":
        from .models import build

        build(asked.folder)
    elif asked.step == "estimate":
        from .estimate import estimate_all, read_turns

        estimate_all(asked.folder, asked.model, tuple(asked.clips))
        read_turns(asked.folder, asked.model, tuple(asked.clips), asked.anew)
    elif asked.step == "pelvis":
        from .pelvis import PAGE, page

        text = page(asked.folder, asked.model)
        if asked.write:
            PAGE.write_text(text, encoding="utf-8")
        print(text)
    elif asked.step == "verdicts":
        from . import verdicts

        lines = []
        for line in verdicts.page(asked.folder, asked.model):
            lines.append(line)
            print(line, flush=True)
        if asked.write:
            verdicts.PAGE.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    elif asked.step == "errors":
        from .errors import report as report_errors

        report_errors(asked.folder, asked.model, asked.write)
    elif asked.step == "compression":
        from . import compression

        text = "\n".join(compression.page(asked.folder, asked.model)).rstrip() + "\n"
        print(text)
        if asked.write:
            compression.PAGE.write_text(text, encoding="utf-8")
    elif asked.step == "keep":
        from .estimate import keep

        keep(asked.folder)
    else:
        from .results import report

        report(asked.folder, asked.write)


if __name__ == "__main__":
    main()
