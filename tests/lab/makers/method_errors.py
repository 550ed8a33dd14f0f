"""Prints METHOD of station/model_errors.py: how far the core itself is off on markers with landmark
errors of 8 mm.

`python tests/lab/makers/method_errors.py`, over the eight recorded runners, three speeds, both
sides (../shared/data/rbds). A row is printed where that error is more than the strides of half a
minute explain (theirs would be half of the half-width).
"""

from __future__ import annotations

import sys
from dataclasses import astuple
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.lab.accuracy.intervals import method_errors
from tests.lab.accuracy.projection import HELD, TUNED

if __name__ == "__main__":
    for name, row in method_errors((*TUNED, *HELD)).items():
        print(f'    "{name}": MeasureError({", ".join(str(value) for value in astuple(row))}),')
