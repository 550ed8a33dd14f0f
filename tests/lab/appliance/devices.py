"""The machine's scenarios with devices: pins, sound and screen of a Pi, pretended by the kernel;
then a card that fails, and settings on a stick. Parts of machine.py, see there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.usb.signature import SETTINGS_NAME, SIGNATURE_NAME, signature, usable_key
from tests.lab.appliance.vm import Machine, ask_database, files_on, make_stick, show, status, strides_stored, until, wait_active

GUEST = Path(__file__).resolve().parent / "guest"
CARD, VOLUME = "Loopback", 0.7
# In place of the drop-in that machine.py gives the service, on a "Pi 4" as far as gpiozero looks.
# Pins and sound first, then the screen, because an emulated processor that draws every picture too
# has no time left to watch anybody.
DROP_IN = """
[Service]
ExecStart=
ExecStart=/usr/bin/station run --config /etc/station/station.toml --source /srv/sits.npz {how}
BindReadOnlyPaths=/srv/cpuinfo:/proc/cpuinfo
Environment=GALLIUM_DRIVER=softpipe
TimeoutStartSec=400
SuccessExitStatus=1
"""
SESSION = """
[station]
data_dir = "/var/lib/station"
[session]
speed_kmh = 9.0
baseline_s = 30
cue_block_s = 900
planned_s = 3600
"""
PINS_AND_SOUND = f"""{SESSION}
[sound]
card = "{CARD}"
volume = {VOLUME}
[light]
pwm_hz = 100
"""
SCREEN = f"""{SESSION}
[sound]
enabled = false
[light]
enabled = false
"""
# What Raspberry Pi OS does (raspberrypi-sys-mods, 99-com.rules).
RULE = 'SUBSYSTEM=="gpio", GROUP="gpio", MODE="0660"\n'
CUE = "start sitting"


def files(ko: Path, lgpio: list[Path]) -> dict[str, bytes]:
    """What goes onto the machine's disk for these scenarios."""
    found = {f"srv/{path.name}": path.read_bytes() for path in (*GUEST.iterdir(), ko) if path.is_file()}
    found |= {f"usr/lib/python3/dist-packages/{path.name}": path.read_bytes() for path in lgpio}
    found["srv/cpuinfo"] = (GUEST.parent / "cpuinfo.pi4").read_bytes()
    found["etc/udev/rules.d/90-gpio.rules"] = RULE.encode()
    return found


def write(machine: Machine, path: str, text: str) -> None:
    machine.sh(f"mkdir -p $(dirname {path}); cat > {path} <<'END'\n{text}\nEND")


def start(machine: Machine, settings: str, how: str) -> None:
    write(machine, "/etc/systemd/system/station.service.d/poses.conf", DROP_IN.format(how=how))
    write(machine, "/etc/station/station.toml", settings)
    machine.sh("systemctl daemon-reload; systemctl reset-failed station; systemctl start --no-block station")


def dress(machine: Machine) -> list[str]:
    """Gives the machine pins and a sound card, starts the station on them, and listens to the
    card's other side.
    """
    machine.sh("systemctl stop station; sh /srv/pins.sh; modprobe snd-aloop; udevadm settle; rm -f /run/levels")
    machine.sh("python3 /srv/levels.py > /run/levels 2> /dev/null &")
    start(machine, PINS_AND_SOUND, "--headless")
    wait_active(machine)
    machine.sh(f"arecord -q -D hw:{CARD},1,0 -f S16_LE -r 48000 -c 2 -d 1200 /run/heard.wav > /dev/null 2>&1 &")
    chips = machine.sh("for chip in /dev/gpiochip*; do ls -l $chip; done | awk '{print $4, $NF}'").split("\n")
    return ["; ".join(chips).strip("; "), f"sound card {machine.sh('cat /proc/asound/card*/id').strip()}"]


def cue_is_given(machine: Machine, limit_s: float) -> list[str]:
    wait_active(machine)
    line = until(lambda: machine.sh(f"journalctl -u station --no-pager | grep '{CUE}' | tail -1", rc=None).strip(), limit_s, CUE)
    trouble = machine.sh("journalctl -b -u station --no-pager | grep 'going on without' | tail -3", rc=None).strip()
    assert not trouble, trouble
    return [line.partition("]: ")[2].strip()]


def light(machine: Machine) -> list[str]:
    """The sign for sitting is amber: red all the time, green a quarter of it, blue never; nothing
    else looks like that.
    """
    seconds = [json.loads(line) for line in machine.sh("sleep 8; cat /run/levels").splitlines()]
    amber = [one for one in seconds if one["5"] > 0.9 and 0.02 < one["6"] < 0.6 and one["13"] == 0]
    assert amber, seconds
    best = max(amber, key=lambda one: one["looks"])
    shares = ", ".join(f"{name} {best[line]:.0%}" for name, line in (("red", "5"), ("green", "6"), ("blue", "13")))
    return [f"{best['chip']} by its label", f"amber for {len(amber)} of {len(seconds)} s: {shares} of {best['looks']} looks"]


def picture(machine: Machine, path: Path) -> list[str]:
    """What the display shows, from outside: the station's page, with words on it, drawn by its own
    user without a desktop.
    """
    machine.sh("systemctl stop station")
    start(machine, SCREEN, "")
    wait_active(machine)
    (image,) = until(lambda: lit_screen(machine, path), 240, "light on the screen")
    lit = float((image.max(axis=2) > 60).mean())
    colours = len(np.unique(image.reshape(-1, 3) // 8, axis=0))
    trouble = machine.sh("journalctl -b -u station --no-pager | grep 'screen shows nothing' | tail -3", rc=None).strip()
    assert not trouble, trouble
    assert colours > 20, f"{colours} colours: not the station's page"
    height, width, _ = image.shape
    return [f"{' '.join(machine.sh('ls /dev/dri').split())}", f"{width}x{height}", f"{lit:.0%} of it lit, {colours} colours"]


def lit_screen(machine: Machine, path: Path) -> list[NDArray[np.uint8]]:
    """The display's picture, nothing while it is black."""
    machine.qmp("screendump", filename=str(path))
    image = ppm(path)
    return [image] if (image.max(axis=2) > 60).mean() > 0.01 else []


def ppm(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) of QEMU's own picture format: P6, three words, then the bytes."""
    content = path.read_bytes()
    kind, width, height, _, _pixels = content.split(maxsplit=4) if content[:2] == b"P6" else (b"", 0, 0, 0, b"")
    assert kind == b"P6", content[:20]
    size = int(width) * int(height) * 3
    return np.frombuffer(content[-size:], np.uint8).reshape(int(height), int(width), 3)


def sound(machine: Machine) -> list[str]:
    """The spoken cue in what the other side of the sound card recorded, and how loud it is there.
    """
    machine.sh("sleep 6; pkill -INT arecord; sleep 2")
    found = json.loads(machine.sh(f"python3 /srv/heard.py /run/heard.wav cue.sitting {VOLUME}", rc=0).splitlines()[-1])
    assert found["correlation"] > 0.8, found
    assert abs(found["level_dbfs"] - found["expected_dbfs"]) < 3, found
    return [
        f"after {found['at_s']} of {found['recorded_s']} s, correlation with the cue's own sound {found['correlation']}",
        f"level {found['level_dbfs']} dBFS (made with {found['expected_dbfs']}), before it {found['silence_dbfs']}",
    ]


# --- the card ---


def full_card(machine: Machine) -> list[str]:
    wait_active(machine)
    until(lambda: strides_stored(machine) > 0, 400, "the first stride in the database")
    before = show(machine, "MainPID", "NRestarts")
    machine.sh("dd if=/dev/zero of=/var/fill bs=1M 2>/dev/null; sync", rc=None)
    said = until(
        lambda: machine.sh("journalctl -b -u station --no-pager | grep -E 'not stored|disk is full' | tail -1", rc=None).strip(),
        300,
        "word of the full disk",
    )
    assert show(machine, "MainPID", "NRestarts") == before, "it did not survive"
    at_full = strides_stored(machine)
    machine.sh("rm /var/fill; sync")
    after = until(lambda: (count := strides_stored(machine)) > at_full + 10 and count, 300, "new strides in the database")
    assert show(machine, "MainPID", "NRestarts") == before
    return [said.partition("]: ")[2], f"{at_full} strides stored then, {after} with room again", "same process throughout"]


def read_only_card(machine: Machine) -> list[str]:
    """The kernel turns the card read-only, as ext4 does after an error (sysrq u)."""
    before = show(machine, "MainPID", "NRestarts")
    strides = int(ask_database(machine, "select count(*) from stride"))
    machine.sh("echo 1 > /proc/sys/kernel/sysrq; echo u > /proc/sysrq-trigger; sleep 2")
    until(lambda: " ro," in machine.sh("grep ' / ' /proc/self/mounts"), 60, "the card to be read-only")
    said = until(
        lambda: machine.sh("journalctl -b -u station --no-pager | grep -iE 'not stored|read-?only' | tail -1", rc=None).strip(),
        300,
        "word of the read-only card",
    )
    machine.sh("sleep 15")  # longer than the watchdog waits
    assert show(machine, "MainPID", "NRestarts") == before, "it did not survive"
    machine.cut_power()
    machine.start()
    machine.sh("systemctl stop station; sh /srv/pins.sh; modprobe snd-aloop; systemctl start --no-block station")
    wait_active(machine)
    after = int(ask_database(machine, "select count(*) from stride"))
    assert after >= strides, (strides, after)
    assert ask_database(machine, "pragma quick_check") == "ok"
    return [said.partition("]: ")[2], "same process throughout", f"the {strides} strides of before are there after a restart"]


# --- settings on a stick ---


def signed(image: Path, settings: bytes, key: bytes, counter: int) -> Path:
    """An installer's stick: settings and signature at its top."""
    for name, content in ((SETTINGS_NAME, settings), (SIGNATURE_NAME, signature(key, counter, settings))):
        path = image.with_name(f"{image.stem}-{name}")
        path.write_bytes(content)
        subprocess.run(["mcopy", "-i", str(image), str(path), f"::{name}"], check=True)
    return image


def plug_and_read(machine: Machine, image: Path) -> dict[str, str]:
    machine.plug(image)
    ended = ("done", "failed", "settings", "refused")
    reported = until(lambda: (now := status(machine)).get("state") in ended and now, 200, "word of the stick")
    machine.pull()
    until(lambda: not status(machine), 30, "the status to go with the stick")
    return dict(reported)


def installers_stick(machine: Machine, work: Path) -> list[str]:
    """A stranger's, then the installer's with bad settings, then with good ones, then a runner's.
    """
    machine.sh("systemctl restart station")  # what it was recording is a session now
    stranger, bad, good, last = (make_stick(work / f"{name}.img") for name in ("stranger", "bad", "good", "last"))
    pid = wait_active(machine)
    mode = machine.sh("stat -c '%U %a' /etc/station/installer.key").strip()
    assert mode == "root 600", mode
    key = usable_key(machine.sh("cat /etc/station/installer.key").encode())
    reported = plug_and_read(machine, signed(stranger, b'[station]\nname = "stolen"\n', b"0" * 64, counter=9))
    assert reported["state"] == "done", reported
    assert "not taken" in reported["text"], reported
    refused = plug_and_read(machine, signed(bad, b"[camera]\nturned_deg = 45\n", key, counter=1))
    assert refused["state"] == "refused", refused
    assert show(machine, "MainPID")["MainPID"] == pid, "a stick that changes nothing must not restart anything"
    taken = plug_and_read(machine, signed(good, b'[station]\nname = "gym-7"\n', key, counter=2))
    assert taken["state"] == "settings", taken
    until(lambda: show(machine, "MainPID")["MainPID"] not in ("0", pid), 120, "the station to start again")
    wait_active(machine)
    assert plug_and_read(machine, last)["state"] == "done"
    names = {Path(name).parts[1] for name in files_on(last)}
    assert names == {"gym-7"}, names
    written = {Path(name).parts[1] for name in files_on(stranger) if name.startswith("STATION")}
    assert written == {"station"}, written
    assert not any(name.startswith("STATION") for name in files_on(good))
    return [f"a stranger's: {reported['text']}", f"bad settings: {refused['text']}", taken["text"], "then exports as gym-7"]
