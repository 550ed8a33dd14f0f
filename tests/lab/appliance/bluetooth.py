"""The treadmill and a watch over real Bluetooth: Linux's own, by BlueZ, in a small machine whose
radio and whose neighbours are played by Google's `bumble`.

    apt-get download bluez linux-image-VERSION-amd64      # and dbus-daemon, dbus-bin where missing
    dpkg-deb -x linux-image-*.deb KERNEL; dpkg-deb -x bluez_*.deb PACKAGES
    .venv/bin/pip install bumble
    sudo .venv/bin/python -m tests.lab.appliance.bluetooth KERNEL PACKAGES

What is real: the kernel's Bluetooth with a virtual controller (hci_vhci), bluetoothd, D-Bus with
Debian's rules for it, `bleak`, and the station as a user without rights. What is not: the air (a
link inside `bumble`, where every device is as near as any other), systemd, and the processor
(small.py). `--bleak` takes an unpacked python3-bleak of a Debian release in place of this
environment's. Ends with 1 when a scenario fails.
"""

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
# /lib is a link to /usr/lib, which a folder of an unpacked package would hide: only its /usr is
# laid over.
PACKAGES = """
$b mkdir /up/u2 /up/w2
$b mount -t overlay -o lowerdir=/low{packages}/usr:/low/usr,upperdir=/up/u2,workdir=/up/w2 over2 /new/usr
$b cp -a /low{packages}/etc/. /new/etc/
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="The treadmill and a watch over real Bluetooth.")
    parser.add_argument("kernel", type=Path, help="an unpacked package of a Debian kernel")
    parser.add_argument("packages", type=Path, help="the unpacked package bluez, and what it needs beside")
    parser.add_argument("--bleak", default="", help="a folder with another bleak and dbus-fast")
    parser.add_argument("--only", nargs="*", default=[], help="names of scenarios (guest/bluetooth.py)")
    given = parser.parse_args()
    passed = []
    with tempfile.TemporaryDirectory(prefix="station-bluetooth-", dir="/var/tmp") as folder:
        work = Path(folder)
        work.chmod(0o755)
        write_run(work / "run.npz")
        guest = Path(__file__).with_name("guest") / "bluetooth.py"
        command = (sys.executable, guest, ROOT, given.bleak, work / "run.npz", *given.only)
        also = PACKAGES.format(packages=given.packages.resolve())
        for line in lines(given.kernel, work, MODULES, command, [], also):
            if "BT {" in line:  # the console may put its own marks before it
                one = json.loads(line.partition("BT ")[2])
                passed.append(one["ok"])
                print(f"{'ok ' if one['ok'] else 'NOT'} {one['name']}: {'; '.join(one['found'])} ({one['s']} s)", flush=True)
            else:
                print(line.rstrip(), file=sys.stderr, flush=True)
    sys.exit(0 if passed and all(passed) else 1)


if __name__ == "__main__":
    main()
