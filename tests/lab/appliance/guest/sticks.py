"""In the machine of sticks.py: runs the exporter as its unit does for each stick, and prints a line
of JSON for each.

    python guest/sticks.py PYTHON CHECKOUT DATA NAME=BYTES...

Sticks are told apart by their size.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

UID = 4321
FULL_LIMIT_S = 400
TOGETHER = "two at once, "  # as in sticks.py


def set_up(data: str) -> None:
    with open("/etc/passwd", "a", encoding="utf-8") as file:
        file.write(f"station:x:{UID}:{UID}::/var/lib/station:/usr/sbin/nologin\n")
    for folder in ("/etc/station", "/run/station-usb", "/var/lib/station-usb"):
        os.makedirs(folder, mode=0o755, exist_ok=True)
    Path("/etc/station/station.toml").write_text('[station]\nname = "gym-1"\ndata_dir = "/var/lib/station"\n', encoding="utf-8")
    shutil.copytree(data, "/var/lib/station")
    for path in (Path("/var/lib/station"), *Path("/var/lib/station").rglob("*")):
        os.chown(path, UID, UID)


def disks() -> dict[int, str]:
    return {512 * int((path / "size").read_text()): path.name for path in Path("/sys/block").glob("sd*")}


def export(python: str, checkout: str, disk: str) -> dict[str, object]:
    """What the screen is told and when, and what the kernel thinks of the volume afterwards."""
    environment = {"PYTHONPATH": checkout, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    status, start = Path(f"/run/station-usb/status-{disk}"), time.monotonic()
    process = subprocess.Popen(
        ["unshare", "--mount", python, "-s", "-P", "-m", "station.usb.job", disk],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, umask=0o077,
    )
    word_s = None
    while process.poll() is None and time.monotonic() - start < FULL_LIMIT_S:
        if word_s is None and status.exists():
            word_s = time.monotonic() - start
        time.sleep(0.02)
    said = json.loads(status.read_text()) if status.exists() else {"state": "none", "text": ""}
    word_s = time.monotonic() - start if word_s is None else word_s
    return {"state": said["state"], "text": said["text"], "word_s": round(word_s, 1), "said": (process.stdout.read())[-300:]}


def main() -> None:
    python, checkout, data, *sticks = sys.argv[1:]
    set_up(data)
    end = time.monotonic() + 120
    while len(found := disks()) < len(sticks) and time.monotonic() < end:
        time.sleep(0.5)


    def serve(stick: str) -> None:
        name, _, size = stick.rpartition("=")
        disk = found.get(int(size))
        result = export(python, checkout, disk) if disk else {"state": "not seen", "text": "", "word_s": 0, "said": ""}
        print("STICK", json.dumps({"name": name, "disk": disk, **result}), flush=True)

    together = [stick for stick in sticks if stick.startswith(TOGETHER)]
    for stick in sticks:
        if stick not in together:
            serve(stick)
    with ThreadPoolExecutor(2) as hands:
        list(hands.map(serve, together))


if __name__ == "__main__":
    main()
