"""Watches the lines of the header's chip from the chip's side: JSON each second, the share of looks
that found each high.
"""

import json
import sys
import time
from pathlib import Path

LINES, LOOK_S = (5, 6, 13, 16), 0.08
(chip,) = Path("/sys/devices/platform/gpio-sim.1").glob("gpiochip*")
files = {line: chip / f"sim_gpio{line}/value" for line in LINES}
while True:
    high, looks, end = dict.fromkeys(LINES, 0), 0, time.monotonic() + 1
    while time.monotonic() < end:
        looks += 1
        for line, file in files.items():
            high[line] += file.read_text().strip() == "1"
        time.sleep(LOOK_S)
    print(json.dumps({"looks": looks, "chip": chip.name, **{str(line): count / looks for line, count in high.items()}}))
    sys.stdout.flush()
