"""Installs the Debian package in an arm64 system, uses it, renews it, removes it. Not a test that
pytest collects: it takes ten minutes or more on two cores and wants root.

    sudo apt install mmdebstrap qemu-user-static binfmt-support dpkg-dev
    systemd/deb/build trixie; systemd/deb/build bookworm
    sudo python3 tests/lab/appliance/install.py trixie dist/station_*+deb13_arm64.deb
    sudo python3 tests/lab/appliance/install.py bookworm dist/station_*+deb12_arm64.deb

What is real: Debian's own arm64 packages of that release, the aarch64 wheels, dpkg, apt, the
package's scripts, every line of the station's Python. What is not: the processor (QEMU in user
mode, as a Cortex-A72 or A76, so no time taken here says anything about a Pi), the kernel (the
host's), systemd as process 1, and python3-picamera2 and python3-lgpio. Those come from Raspberry
Pi's own archive; empty stand-ins made here take their place: a picamera2 without a camera, an lgpio
without a chip. The network is off from the installation on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBRARIES = ["libgbm1", "libdrm2", "libegl1", "libgles2", "libgl1-mesa-dri"]
RENAMED = {"bookworm": ["libasound2", "libglib2.0-0"], "trixie": ["libasound2t64", "libglib2.0-0t64"]}
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
CONFIG = "/etc/station/station.toml"
KEY = "/etc/station/installer.key"
UNITS = ("station.service", "station-again.timer", "station-usb-export@.service", "station-settings.path")
# What the station must say of a new machine without camera, pins, display and sound card, run as
# its own user.
SOUND = {"machine", "packages", "models", "pose", "storage", "clock", "power"}
ABSENT = {"camera", "pins", "sound", "display"}
STAND_INS = {
    "picamera2": "import numpy, simplejpeg\nclass Picamera2:\n    @staticmethod\n    def global_camera_info(): return []\n",
    "lgpio": "class error(Exception): ...\ndef gpiochip_open(number): raise error('no such chip')\n",
}
ASK_EVERY_PACKAGE = """
import sys; sys.path.insert(0, "/usr/lib/station")
from importlib.metadata import distributions, version, PackageNotFoundError
from packaging.requirements import Requirement
lacking, count = [], 0
for one in distributions(path=["/usr/lib/station"]):
    count += 1
    for text in one.requires or ():
        need = Requirement(text)
        if need.marker is None or need.marker.evaluate({"extra": ""}):
            try:
                fits = need.specifier.contains(version(need.name), prereleases=True)
            except PackageNotFoundError:
                fits = False
            if not fits: lacking.append(f"{one.name} needs {need}")
print(f"{count} packages, lacking: {lacking}")
sys.exit(bool(lacking))
"""


class Arm64:
    """A root folder entered by chroot, with /proc, a Pi's /proc/cpuinfo and no network. The
    caller's mounts are private.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *order: str, user: str = "root", cpu: str = "cortex-a72", rc: int = 0) -> str:
        """Output of the command, both channels. Raises AssertionError when it does not exit with
        `rc`.
        """
        become = [] if user == "root" else ["runuser", "-u", user, "--"]
        done = subprocess.run(
            ["unshare", "--net", "chroot", str(self.root), *become, *order],
            env={**ENVIRONMENT, "QEMU_CPU": cpu},
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == rc, f"{' '.join(order)} ended with {done.returncode}, not {rc}:\n{done.stdout[-3000:]}"
        return done.stdout

    def path(self, inside: str) -> Path:
        return self.root / inside.lstrip("/")

    def files(self) -> set[str]:
        """Every path of the system, but for what changes by itself."""
        moving = ("/proc", "/dev", "/run", "/tmp", "/var/cache", "/var/log", "/var/lib/apt", "/var/lib/dpkg", "/var/lib/systemd")
        found = subprocess.run(["find", ".", "-xdev"], cwd=self.root, capture_output=True, text=True, check=True).stdout
        return {name[1:] for name in found.splitlines() if not name[1:].startswith(moving)}


# --- preparing ---


def base_system(release: str, folder: Path) -> Path:
    """A tar of that Debian release for arm64 with what the package depends on; made once, then kept
    in `folder`.
    """
    tar = folder / f"{release}-arm64.tar"
    if not tar.exists():
        include = ",".join(["python3", "systemd", "udev", *LIBRARIES, *RENAMED[release]])
        options = ["--quiet", "--variant=apt", "--architectures=arm64", f"--include={include}"]
        options += [f"--dpkgopt=path-exclude=/usr/share/{unneeded}/*" for unneeded in ("man", "locale")]
        subprocess.run(
            ["mmdebstrap", *options, release, str(tar)],
            # The default emulates pointer authentication and is six times slower.
            env={**os.environ, "QEMU_CPU": "cortex-a72"},
            check=True,
        )
    return tar


def unpack(tar: Path, root: Path) -> Arm64:
    subprocess.run(["tar", "-xf", str(tar), "-C", str(root)], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", str(root / "proc")], check=True)
    # ONNX Runtime reads it, and would take the host's processor for its own.
    subprocess.run(["mount", "--bind", str(HERE / "cpuinfo.pi4"), str(root / "proc/cpuinfo")], check=True)
    return Arm64(root)


def package(folder: Path, name: str, version: str, content: dict[str, str]) -> Path:
    """A Debian package of a few text files."""
    tree = folder / name
    for inside, text in content.items():
        path = tree / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tree / "DEBIAN").mkdir()
    fields = {"Package": name, "Version": version, "Architecture": "all", "Maintainer": "nobody <nobody@invalid>"}
    control = "".join(f"{key}: {value}\n" for key, value in (*fields.items(), ("Description", "stand-in")))
    (tree / "DEBIAN/control").write_text(control, encoding="utf-8")
    return build(tree, folder / f"{name}.deb")


def build(tree: Path, deb: Path) -> Path:
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(tree), str(deb)], check=True, capture_output=True)
    return deb


def newer(deb: Path, folder: Path) -> Path:
    """The same package with a higher version, and with other settings in it, as a later release may
    have.
    """
    tree = folder / "newer"
    subprocess.run(["dpkg-deb", "--raw-extract", str(deb), str(tree)], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(control.read_text(encoding="utf-8").replace("\nVersion: ", "\nVersion: 1:", 1), encoding="utf-8")
    with (tree / CONFIG.lstrip("/")).open("a", encoding="utf-8") as settings:
        settings.write("# a comment of the next release\n")
    return build(tree, folder / "newer.deb")


@contextmanager
def step(name: str) -> Iterator[list[str]]:
    """Prints the name, what was found and how long it took."""
    start, found = time.monotonic(), []
    yield found
    print(f"ok  {name}: {'; '.join(found)} ({time.monotonic() - start:.0f} s)", flush=True)


# --- the story ---


def install(system: Arm64, *debs: Path) -> str:
    inside = []
    for deb in debs:
        shutil.copy(deb, system.path("/tmp"))
        inside.append(f"/tmp/{deb.name}")
    text = system.run("apt-get", "install", "-y", "-o", "Dpkg::Options::=--force-confold", *inside)
    for name in inside:
        system.path(name).unlink()
    return text


def check_installed(system: Arm64) -> list[str]:
    assert system.run("dpkg", "--verify", "station") == ""
    groups = set(system.run("id", "-nG", "station").split())
    assert groups == {"station", "video", "render", "input", "gpio", "audio"}, groups
    folder = system.run("stat", "-c", "%U:%G %a", "/var/lib/station").strip()
    assert folder == "station:station 750", folder
    assert system.path("/etc/systemd/system/multi-user.target.wants/station.service").is_symlink()
    key = system.run("stat", "-c", "%U %a %s bytes", KEY).strip()
    assert key == "root 600 65 bytes", key
    assert "GPL-3.0-or-later" in system.path("/usr/share/doc/station/copyright").read_text(encoding="utf-8")
    return [f"groups {' '.join(sorted(groups))}", f"/var/lib/station {folder}", f"installer's key {key}"]


def check_units(system: Arm64) -> list[str]:
    said = system.run("systemd-analyze", "verify", "--man=no", *(f"/usr/lib/systemd/system/{unit}" for unit in UNITS))
    assert said == "", said
    found = [system.run("systemctl", "--version").split(")")[0] + ")"]
    if "verify" in system.run("udevadm", "--help"):
        found.append(system.run("udevadm", "verify", "/usr/lib/udev/rules.d/99-station-usb.rules").strip().splitlines()[-1])
    return found


def verdicts(system: Arm64, rc: int) -> dict[str, dict[str, str]]:
    text = system.run("station", "doctor", "--config", CONFIG, "--json", user="station", rc=rc)
    line = next(line for line in text.splitlines() if line.startswith("{"))
    return {one["part"]: one for one in json.loads(line)["verdicts"]}


def check_doctor(system: Arm64) -> list[str]:
    found = verdicts(system, rc=1)
    states = {part: verdict["state"] for part, verdict in found.items()}
    assert all(states[part] == "ok" for part in SOUND), found
    assert all(states[part] == "missing" for part in ABSENT), found
    assert "no camera is connected" in found["camera"]["evidence"]
    assert "never calibrated" in found["place"]["evidence"]
    return [f"{part} {state}" for part, state in states.items()] + [found["pose"]["evidence"]]


def check_doctor_sees_damage(system: Arm64) -> list[str]:
    model = system.path("/usr/lib/station/station/_models/pose_landmark_full.onnx")
    whole = model.read_bytes()
    model.write_bytes(whole[:-1000])
    found = verdicts(system, rc=1)
    model.write_bytes(whole)
    assert found["models"]["state"] == "bad", found
    return [found["models"]["evidence"].rpartition("/")[2], found["models"]["remedy"]]


def check_demo(system: Arm64, cpu: str) -> list[str]:
    text = system.run("station", "demo", "--headless", "--seconds", "3", user="station", cpu=cpu)
    last = next(line for line in reversed(text.splitlines()) if "pictures judged" in line)
    assert int(last.split()[0]) > 0, text
    assert not system.path("/var/lib/station/.cache").exists(), "something keeps notes: ONNX Runtime does before it reports"
    return [cpu, last]


def check_upgrade(system: Arm64, later: Path) -> list[str]:
    settings, session = system.path(CONFIG), system.path("/var/lib/station/kept.session")
    settings.write_text(settings.read_text(encoding="utf-8") + "[camera]\nmains_hz = 60\n", encoding="utf-8")
    session.write_bytes(b"kept")
    before, key = settings.read_bytes(), system.path(KEY).read_bytes()
    install(system, later)
    assert settings.read_bytes() == before
    assert system.path(KEY).read_bytes() == key
    assert session.read_bytes() == b"kept"
    users = hashlib.sha256(system.path("/etc/passwd").read_bytes() + system.path("/etc/group").read_bytes()).hexdigest()
    system.run("/var/lib/dpkg/info/station.postinst", "configure", "0")
    assert users == hashlib.sha256(system.path("/etc/passwd").read_bytes() + system.path("/etc/group").read_bytes()).hexdigest()
    version = system.run("dpkg-query", "-W", "-f", "${Version}", "station")
    return [version, "settings, sessions and installer's key as before", "postinst once more: nothing changed"]


def check_removal(system: Arm64) -> list[str]:
    system.run("apt-get", "remove", "-y", "station")
    assert not system.path("/usr/lib/station").exists()
    assert not system.path("/usr/bin/station").exists()
    assert not system.path("/etc/systemd/system/multi-user.target.wants/station.service").is_symlink()
    assert system.path(CONFIG).exists()
    assert system.path("/var/lib/station/kept.session").exists()
    return ["program gone", "settings and sessions kept"]


def check_purge(system: Arm64, before: set[str]) -> list[str]:
    system.run("apt-get", "purge", "-y", "station")
    left = system.files() - before
    accounts = ("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/.pwd")
    expected = {name for name in left if name.startswith(accounts)}
    assert left == expected, sorted(left - expected)
    return [f"nothing left but the user ({', '.join(sorted(left)) or 'no new file'})"]


def tell_story(release: str, deb: Path, roots: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="station-") as text:
        folder = Path(text)
        root = folder / "root"
        root.mkdir()
        with step(f"Debian {release} for arm64") as found:
            system = unpack(base_system(release, roots), root)
            found += [system.run("uname", "-m").strip(), system.run("python3", "--version").strip()]
        try:
            stand_ins = [
                package(folder, f"python3-{name}", "0.stand.in", {f"usr/lib/python3/dist-packages/{name}.py": code})
                for name, code in STAND_INS.items()
            ]
            install(system, *stand_ins)
            before = system.files()
            with step("apt installs it, without network"):
                install(system, deb)
            with step("user, groups, folder, service, checksums") as found:
                found += check_installed(system)
            with step("the release's own systemd and udev have nothing to say") as found:
                found += check_units(system)
            with step("every Python package has what it needs") as found:
                found.append(system.run("python3", "-I", "-c", ASK_EVERY_PACKAGE).strip())
            with step("doctor") as found:
                found += check_doctor(system)
            with step("doctor with a damaged model") as found:
                found += check_doctor_sees_damage(system)
            for cpu in ("cortex-a72", "cortex-a76"):
                with step("demo") as found:
                    found += check_demo(system, cpu)
            later = newer(deb, folder)
            with step("upgrade") as found:
                found += check_upgrade(system, later)
            with step("remove") as found:
                found += check_removal(system)
            with step("install again, then purge") as found:
                install(system, later)
                found += check_purge(system, before)
        finally:
            subprocess.run(["umount", str(root / "proc/cpuinfo"), str(root / "proc")], check=False)


def main() -> None:
    parser = argparse.ArgumentParser(description="Lives with the Debian package in an emulated arm64 system.")
    parser.add_argument("release", choices=sorted(RENAMED))
    parser.add_argument("deb", type=Path)
    parser.add_argument("--roots", type=Path, default=Path("/var/tmp"), help="where the base systems are kept (0.5 GB each)")
    reported = parser.parse_args()
    # Once more, with mounts that nobody else sees and that end with us.
    if os.environ.get("STATION_MOUNTS") != "private":
        os.environ["STATION_MOUNTS"] = "private"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, str(Path(__file__).resolve()), *sys.argv[1:]])
    tell_story(reported.release, reported.deb.resolve(), reported.roots)


if __name__ == "__main__":
    main()
