"""Pins what the Debian packages bring: one requirements file per release, exact versions with the
hash of the one wheel used.

    python systemd/deb/lock.py    # rewrites the requirements-RELEASE.txt beside this file

pip resolves for the station's machine (aarch64, that release's CPython), whatever this one is. It
judges environment markers by the Python that runs it, so tests/lab/appliance/install.py asks each
installed package again, on its own machine, what it lacks.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Each release's own Python, which apt's picamera2 and lgpio are built for.
RELEASES = {"bookworm": "3.11", "trixie": "3.13"}
# manylinux tags that both releases can load (glibc 2.36 and 2.41), new to old.
PLATFORMS = [f"manylinux_2_{minor}_aarch64" for minor in (36, 35, 34, 31, 28, 27, 26, 24, 17)] + ["manylinux2014_aarch64"]
# apt's picamera2 on Bookworm uses a simplejpeg that was built for NumPy 1 and fails beside NumPy 2;
# this one takes both.
ONLY_ON_A_PI = ["simplejpeg>=1.9"]


def pip_target(release: str) -> list[str]:
    """pip's options for wheels of that release; the build uses them too, so that lock and build
    cannot differ.
    """
    version = RELEASES[release]
    options = ["--only-binary=:all:", "--implementation=cp", f"--python-version={version}"]
    options += [f"--abi={abi}" for abi in (f"cp{version.replace('.', '')}", "abi3", "none")]
    return options + [f"--platform={platform}" for platform in PLATFORMS]


def locked(release: str, requirements: list[str]) -> list[str]:
    """Requirement lines `name==version --hash=sha256:...` of everything that release needs, by
    name.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        order = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", str(report)]
        subprocess.run([*order, "--target", folder, *pip_target(release), *requirements], check=True)
        packages = json.loads(report.read_text(encoding="utf-8"))["install"]
    lines = []
    for package in packages:
        told, hashes = package["metadata"], package["download_info"]["archive_info"]["hashes"]
        lines.append(f"{told['name'].lower()}=={told['version']} --hash=sha256:{hashes['sha256']}")
    return sorted(lines)


def main() -> None:
    project = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for release, version in RELEASES.items():
        lines = locked(release, project["dependencies"] + ONLY_ON_A_PI)
        note = f"# Made by systemd/deb/lock.py for Raspberry Pi OS {release} (aarch64, Python {version}); run it again to renew."
        (HERE / f"requirements-{release}.txt").write_text("\n".join([note, *lines, ""]), encoding="utf-8")
        print(f"{release}: {len(lines)} packages")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--pip-options"]:
        print("\n".join(pip_target(sys.argv[2])))
    else:
        main()
