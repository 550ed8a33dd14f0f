"""How much of the time each line of the header's chip is high, from the chip's side: JSON {GPIO: share}."""

import json
import time
from pathlib import Path

SECONDS, LINES = 4.0, (5, 6, 13, 16)
(chip,) = (path for path in Path("/sys/devices/platform").glob("gpio-sim.*/gpiochip*") if "gpio-sim.1" in str(path))
files = {line: chip / f"sim_gpio{line}/value" for line in LINES}
high, looks, end = dict.fromkeys(LINES, 0), 0, time.monotonic() + SECONDS
while time.monotonic() < end:
    looks += 1
    for line, file in files.items():
        high[line] += file.read_text().strip() == "1"
print(json.dumps({"looks": looks, "chip": chip.name, **{str(line): count / looks for line, count in high.items()}}))
