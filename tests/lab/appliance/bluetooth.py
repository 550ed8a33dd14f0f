"""x"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.lab.appliance.machine import write_run
from tests.lab.appliance.small import ROOT, Modules, lines

MODULES = Modules(
    ("crc16", "rfkill", "cmac", "ecb", "ecdh_generic", "algif_hash", "algif_skcipher", "bluetooth", "hci_vhci"),
    ("net/bluetooth", "net/rfkill"),
    ("hci_vhci", "crc16", "cmac", "ecb", "ecc", "ecdh_generic", "af_alg", "algif_hash", "algif_skcipher"),
)
ALSO = """
$b mkdir /up/u2 /up/w2
$b mount -t overlay -o lowerdir=/low{packages}/usr:/low/usr,upperdir=/up/u2,workdir=/up/w2 over2 /new/usr
$b cp -a /low{packages}/etc/. /new/etc/
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="")
    parser.add_argument("kernel", type=Path, help="an unpacked package of a Debian kernel")
    parser.add_argument("packages", type=Path, help="the unpacked package bluez")
    parser.add_argument("--bleak", default="")
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="station-bluetooth-", dir="/var/tmp") as folder:
        guest = Path(__file__).with_name("guest") / "bluetooth.py"
        write_run(Path(folder) / "run.npz")
        Path(folder).chmod(0o755)
        command = (sys.executable, guest, ROOT, given.bleak, Path(folder) / "run.npz", *given.only)
        also = ALSO.format(packages=given.packages.resolve())
        for line in lines(given.kernel, Path(folder), MODULES, command, [], also):
            print(line.rstrip(), flush=True)


if __name__ == "__main__":
    main()
