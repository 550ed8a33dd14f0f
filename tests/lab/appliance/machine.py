"""The station as a service in a whole machine: Debian trixie in QEMU, with real systemd, udev,
kernel, sticks and power cuts.

    sudo apt install mmdebstrap qemu-system-x86 e2fsprogs dosfstools mtools dpkg-dev
    systemd/deb/build trixie
    sudo .venv/bin/python tests/lab/appliance/machine.py dist/station_*+deb13_arm64.deb

What is real: the package's files and scripts, the units with their sandbox, the udev rule, the
kernel's FAT, ext4 and USB mass storage, the station reading a poses file in real time. What is not:
the processor is an emulated x86-64 without KVM, so the wheels are those of x86-64 (same versions)
and no time says anything about a Pi; there is no camera (a drop-in gives the service a poses file).
Pins are the kernel's gpio-sim, sound is snd-aloop, the screen virtio's, each opened by the station
as on a Pi (devices.py). Each scenario has a time limit; the first that fails ends the run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT))

from tests.lab.appliance import devices, workshop  # noqa: E402
from tests.lab.appliance.vm import (  # noqa: E402
    PORT,
    Machine,
    ask_database,
    files_on,
    make_stick,
    run,
    scenario,
    show,
    status,
    strides_stored,
    until,
    wait_active,
)

PACKAGES = "systemd,systemd-sysv,udev,dbus,linux-image-amd64,initramfs-tools,kmod,dosfstools,e2fsprogs"
LIBRARIES = "python3,libglib2.0-0t64,libasound2t64,libgbm1,libdrm2,libegl1,libgles2,libgl1-mesa-dri,alsa-utils"
# In the machine: runs each line that comes through the virtio port as a shell command, and answers
# with one line.
AGENT = f'''
import base64, json, subprocess
with open("/dev/virtio-ports/{PORT}", "r+b", buffering=0) as port:
    port.write(b"up\\n")
    line = b""
    while True:
        got = port.read(1)
        line += got or b""
        if got != b"\\n":
            continue
        order, line = base64.b64decode(line).decode(), b""
        done = subprocess.run(["sh", "-c", order], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        port.write(json.dumps([done.returncode, done.stdout.decode(errors="replace")]).encode() + b"\\n")
'''
ASK = """
import sqlite3, sys
print(*sqlite3.connect("file:/var/lib/station/station.db?mode=ro", uri=True).execute(sys.argv[1]).fetchone())
"""
AGENT_UNIT = """
[Unit]
BindsTo=dev-virtio\\x2dports-station.agent.device
After=dev-virtio\\x2dports-station.agent.device
DefaultDependencies=no
[Service]
ExecStart=/usr/bin/python3 /srv/agent.py
"""
AGENT_RULE = f'SUBSYSTEM=="virtio-ports", ATTR{{name}}=="{PORT}", TAG+="systemd", ENV{{SYSTEMD_WANTS}}+="agent.service"\n'
DROP_IN = """
[Service]
ExecStart=
ExecStart=/usr/bin/station run --config /etc/station/station.toml --source /srv/run.npz --headless
TimeoutStartSec=300
SuccessExitStatus=1
"""
SETTINGS = """
[station]
data_dir = "/var/lib/station"
[sound]
enabled = false
[light]
enabled = false
[session]
baseline_s = 30
cue_block_s = 30
free_block_s = 0
retention_s = 30
planned_s = 3600
"""
RUN_S = 1800.0


# --- making the disk ---


def x86_package(deb: Path, work: Path) -> Path:
    """The same package with the same versions of everything, for this processor."""
    tree = work / "deb"
    run("dpkg-deb", "--raw-extract", deb, tree)
    lock = (ROOT / "systemd/deb/requirements-trixie.txt").read_text(encoding="utf-8").splitlines()
    wanted = work / "requirements.txt"
    wanted.write_text("\n".join(line.split(" --hash")[0] for line in lock), encoding="utf-8")
    run(sys.executable, "-m", "venv", work / "venv")
    python = work / "venv/bin/python"
    run(python, "-m", "pip", "install", "--quiet", "--upgrade", "pip>=25")
    options = run(python, ROOT / "systemd/deb/lock.py", "--pip-options", "trixie").replace("aarch64", "x86_64").split()
    ours = tree / "usr/lib/station"
    kept = work / "kept"
    kept.mkdir()
    for folder in (ours / "station", *ours.glob("treadmill_station-*")):
        shutil.move(folder, kept)
    shutil.rmtree(ours)
    install = [python, "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps", "--target", ours]
    run(*install, *options, "--requirement", wanted)
    for folder in kept.iterdir():
        shutil.move(folder, ours)
    control = tree / "DEBIAN/control"
    text = control.read_text(encoding="utf-8").replace("Architecture: arm64", "Architecture: amd64")
    control.write_text(text, encoding="utf-8")
    (tree / "DEBIAN/md5sums").unlink()
    run("dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, work / "station.deb")
    return work / "station.deb"


def write_run(path: Path, **how: float) -> None:
    """A person who waits, runs for half an hour, and goes: 15 pictures a second, as many as an
    emulated processor can watch.
    """
    from station.sense.poses import Poses, save_poses
    from station.testing.synthetic import SyntheticRunner
    from station.testing.synthetic_body import Filming
    from station.testing.synthetic_motion import RunnerSpec

    filming = Filming(fps=15.0)
    runner = RunnerSpec(variability=1.0, **how)
    made = SyntheticRunner([(5.0, RunnerSpec("absent")), (RUN_S, runner)], filming=filming)
    save_poses(path, Poses(made.t_ns, made.xy_px, made.score, filming.width_px, filming.height_px, filming.px_per_m))


def make_disk(deb: Path, roots: Path, work: Path) -> tuple[Path, Path, Path]:
    """The machine's disk, its kernel and its initrd."""
    tar, tree = roots / "trixie-machine.tar", work / "tree"
    if not tar.exists():
        run("mmdebstrap", "--quiet", "--variant=apt", f"--include={PACKAGES},{LIBRARIES}", "trixie", tar)
    tree.mkdir()
    run("tar", "-xf", tar, "-C", tree)
    shutil.copy(x86_package(deb, work), tree / "tmp/station.deb")
    # picamera2 and lgpio are not in Debian; nothing here looks for a camera or a pin.
    run("mount", "-t", "proc", "proc", tree / "proc")
    try:
        run("chroot", tree, "dpkg", "--install", "--force-depends", "/tmp/station.deb")
    finally:
        run("umount", tree / "proc")
    (tree / "tmp/station.deb").unlink()
    for inside, text in {
        "srv/agent.py": AGENT,
        "srv/ask.py": ASK,
        "etc/systemd/system/agent.service": AGENT_UNIT,
        "etc/udev/rules.d/90-agent.rules": AGENT_RULE,
        "etc/systemd/system/station.service.d/poses.conf": DROP_IN,
        "etc/station/station.toml": SETTINGS,
        "etc/hostname": "station\n",
    }.items():
        (tree / inside).parent.mkdir(parents=True, exist_ok=True)
        (tree / inside).write_text(text, encoding="utf-8")
    write_run(tree / "srv/run.npz")
    write_run(tree / "srv/sits.npz", speed_mps=2.5, tle_deg=11.0, thigh_excursion_deg=38.0, trunk_lean_deg=-4.0)
    for inside, content in devices.files(*workshop.pretended_pins(roots, work)).items():
        (tree / inside).write_bytes(content)
    kernel, initrd = (shutil.copy(next((tree / "boot").glob(f"{name}-*")), work / name) for name in ("vmlinuz", "initrd.img"))
    disk = work / "disk.ext4"
    run("mke2fs", "-q", "-t", "ext4", "-L", "station", "-d", tree, disk, "3G")
    shutil.rmtree(tree)
    return disk, Path(kernel), Path(initrd)


# --- scenarios ---


def as_a_service(machine: Machine) -> list[str]:
    pid = wait_active(machine)
    user = machine.sh(f"stat -c %U /proc/{pid}").strip()
    assert user == "station", user
    groups = machine.sh(f"grep Groups: /proc/{pid}/status").split(":")[1].split()
    capabilities = machine.sh(f"grep CapEff: /proc/{pid}/status").split()[1]
    assert int(capabilities, 16) == 0
    assert machine.sh("ls -A /var/lib/station/.cache", rc=None).startswith("ls:"), "ONNX Runtime prepares to report"
    return [f"user {user}, {len(groups)} groups, no capability", f"{strides_stored(machine)} strides already stored"]


def hang(machine: Machine) -> list[str]:
    pid = wait_active(machine)
    machine.sh(f"kill -STOP {pid}")
    until(lambda: show(machine, "NRestarts")["NRestarts"] == "1", 90, "the watchdog to restart it")
    again = wait_active(machine)
    assert again != pid
    reported = machine.sh("journalctl -u station --no-pager | grep -i watchdog | head -1").strip().partition(": ")[2]
    return [f"pid {pid}, then {again}", reported]


def run_until_stored(machine: Machine, least: int) -> int:
    return int(until(lambda: (count := strides_stored(machine)) >= least and count, 300, f"{least} strides in the database"))


def power_cut(machine: Machine) -> list[str]:
    before = run_until_stored(machine, strides_stored(machine) + 20)
    machine.cut_power()
    machine.start()
    pid = wait_active(machine)
    after = strides_stored(machine)
    assert after >= before, (before, after)
    verdict = ask_database(machine, "pragma quick_check")
    assert verdict == "ok"
    return [f"{before} strides before, {after} after", f"database {verdict}", f"running again as pid {pid}"]


def stop_and_list(machine: Machine) -> list[str]:
    machine.sh("systemctl stop station")
    text = machine.sh("runuser -u station -- station sessions --config /etc/station/station.toml --json -")
    sessions = json.loads(text.splitlines()[-1])["sessions"]
    assert sessions
    return [f"{len(sessions)} sessions listed"]


def stick(machine: Machine, image: Path) -> list[str]:
    machine.plug(image)
    final = until(lambda: (now := status(machine)).get("state") in ("done", "failed") and now, 200, "the export to end")
    assert final["state"] == "done", (final, machine.sh("journalctl -u 'station-usb-export@*' --no-pager | tail -30"))
    assert "/stick" not in machine.sh("cat /proc/self/mounts")
    machine.pull()
    until(lambda: not status(machine), 30, "the status to go with the stick")
    found = files_on(image)
    assert any(name.endswith(".html") for name in found), found
    run("fsck.vfat", "-n", image)
    machine.sh("rm -rf /tmp/export; mkdir /tmp/export; chown station /tmp/export")
    machine.sh("runuser -u station -- station export --config /etc/station/station.toml --session last --to /tmp/export")
    same = set(machine.sh("find /tmp/export -type f -exec sha256sum {} +").split()[0::2])
    others = [Path(name).name for name, digest in found.items() if digest not in same]
    assert len(others) < len(found), others
    same_but_for = ", ".join(others) or "none"
    return [final["text"], f"{len(found)} files, as `station export` writes them but for {same_but_for}", "fsck clean"]


def pulled_stick(machine: Machine, image: Path) -> list[str]:
    machine.plug(image, bytes_per_s=4_000)
    until(lambda: status(machine).get("state") == "writing", 120, "the export to begin")
    time.sleep(5)
    now = status(machine).get("state")
    assert now == "writing", now
    machine.pull(slow=True)
    until(lambda: not machine.sh("systemctl list-units --no-legend 'station-usb-export@*'").strip(), 120, "the job to end")
    assert "/stick" not in machine.sh("cat /proc/self/mounts")
    machine.plug(image)
    second = until(lambda: (got := status(machine)).get("state") in ("done", "failed") and got, 200, "word of the torn stick")
    machine.pull()
    until(lambda: not status(machine), 30, "the status to go with the stick")
    # What a tear leaves of a FAT is chance: either all is written, or the runner is told what is
    # wrong.
    assert second["text"]
    fresh = stick(machine, make_stick(image.with_name("fresh.img")))
    return [f"pulled while {now}", f"plugged in again: {second['state']}, {second['text']}", "another stick", *fresh]


def broken_settings(machine: Machine) -> list[str]:
    """Starts that all fail: a budget of them, then a rest with a timer, and no reboot."""
    machine.sh("echo 'no_such_key = 1' > /etc/station/station.toml; systemctl start --no-block station")
    until(lambda: show(machine, "ActiveState")["ActiveState"] == "failed", 300, "the restarts to be used up")
    restarts = show(machine, "NRestarts")["NRestarts"]
    assert machine.sh("systemctl is-active station-again.timer").strip() == "active"
    left = machine.sh("systemctl list-timers --no-legend station-again.timer").split()
    reported = machine.sh("journalctl -u station --no-pager | grep no_such_key | tail -1").strip().partition("]: ")[2]
    return [f"{restarts} restarts, then failed", f"next try in {left[4]}", reported]


Story = dict[str, Callable[[Machine, Path], list[str]]]
SERVICE: Story = {
    "runs as a service": lambda machine, _: as_a_service(machine),
    "a hang is killed and started again": lambda machine, _: hang(machine),
    "power cut in the middle of a run": lambda machine, _: power_cut(machine),
    "stopped in order": lambda machine, _: stop_and_list(machine),
    "stick": lambda machine, work: stick(machine, make_stick(work / "stick.img")),
    "stick pulled too early": lambda machine, work: pulled_stick(machine, make_stick(work / "pulled.img")),
    "settings that nobody can start with": lambda machine, _: broken_settings(machine),
}
DEVICES: Story = {
    "on a Pi's pins and sound card, pretended by the kernel": lambda machine, _: devices.dress(machine),
    "somebody sits, and is told so": lambda machine, _: devices.cue_is_given(machine, limit_s=600),
    "the light's pins": lambda machine, _: devices.light(machine),
    "the voice": lambda machine, _: devices.sound(machine),
    "a full card": lambda machine, _: devices.full_card(machine),
    "a card that turns read-only": lambda machine, _: devices.read_only_card(machine),
    "an installer's stick, and a stranger's": lambda machine, work: devices.installers_stick(machine, work),
    "the screen without a desktop": lambda machine, work: devices.picture(machine, work / "screen.ppm"),
}
STORIES = {"service": SERVICE, "devices": DEVICES}


def tell_story(story: Story, deb: Path, roots: Path, work: Path) -> None:
    with scenario("disk") as found:
        disk, kernel, initrd = make_disk(deb, roots, work)
        found.append(f"{disk.stat().st_blocks * 512 >> 20} MB")
    machine = Machine(work, disk, kernel, initrd)
    try:
        with scenario("boot") as found:
            machine.start()
            found.append(machine.sh("uname -r").strip())
        for name, live_through in story.items():
            with scenario(name) as found:
                found += live_through(machine, work)
    finally:
        machine.cut_power()


def main() -> None:
    parser = argparse.ArgumentParser(description="The station as a service in an emulated machine.")
    parser.add_argument("deb", type=Path, help="the trixie package")
    parser.add_argument("--roots", type=Path, default=Path("/var/tmp"), help="where the base system is kept (0.7 GB)")
    parser.add_argument("--work", type=Path, help="keep disk and console log there")
    parser.add_argument("--only", choices=sorted(STORIES), help="one of the two stories; each has a machine of its own")
    reported = parser.parse_args()
    for name in [reported.only] if reported.only else list(STORIES):
        print(f"--- {name}", flush=True)
        if reported.work is not None:
            (reported.work / name).mkdir(parents=True)
            tell_story(STORIES[name], reported.deb.resolve(), reported.roots, (reported.work / name).resolve())
            continue
        with tempfile.TemporaryDirectory(prefix="station-vm-") as folder:
            tell_story(STORIES[name], reported.deb.resolve(), reported.roots, Path(folder))


if __name__ == "__main__":
    main()
