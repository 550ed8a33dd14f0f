"""Prints the package's copyright file: our notices, what else is in it under which licence and
where its source is, our licence.

    python systemd/deb/copyright.py FOLDER    # the private environment, as unpacked
"""

from __future__ import annotations

import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = "treadmill-station"
GPL = """
Parts under the GNU General Public License
------------------------------------------
av/ and av.libs/ are the wheel of PyAV {version}. PyAV itself is BSD-3-Clause, its FFmpeg calls itself LGPL-3.0-or-later, but
it is linked with x264 and x265, which are GPL-2.0-or-later: together that is GPL-3.0-or-later. The station imports it in its
own process, so this package as a whole may be passed on under GPL-3.0-or-later, which every other licence here allows.
The station's own source is and stays under Apache-2.0. It uses av for video files (demo, analyze), not for the camera.
The licences: /usr/share/common-licenses/GPL-2, GPL-3, LGPL-2.1 and LGPL-3.
Source, as far as whoever passes this package on has to make it available:
  PyAV              https://github.com/PyAV-Org/PyAV (tag v{version}; its scripts/ffmpeg-*.json names the FFmpeg build)
  FFmpeg's build    https://github.com/PyAV-Org/pyav-ffmpeg (release of that name; it lists the address of each source)
  FFmpeg            https://ffmpeg.org/releases/
  x264, x265        https://code.videolan.org/videolan/x264, https://bitbucket.org/multicoreware/x265_git

Parts under the GNU Lesser General Public License
-------------------------------------------------
pygame/ (LGPL-2.1-or-later) with pygame_ce.libs/: https://github.com/pygame-community/pygame-ce. FFmpeg in
opencv_python_headless.libs/ (LGPL-2.1-or-later, see LICENSE-3RD-PARTY.txt there): https://github.com/opencv/opencv-python.
They are shared libraries in files of their own, which you may replace.
"""


def licence(one: Distribution) -> str:
    told = one.metadata
    short = told.get("License-Expression") or (told.get("License") or "").strip().splitlines()[:1]
    classified = [text.rpartition(" :: ")[2] for text in told.get_all("Classifier", []) if text.startswith("License ::")]
    return str(short if isinstance(short, str) else (short or classified or ["see its files"])[0])


def table(folder: Path) -> str:
    """One line for each package: name, version, licence as it declares it."""
    found = sorted(distributions(path=[str(folder)]), key=lambda one: one.name.lower())
    return "\n".join(f"  {one.name:<26}{one.version:<16}{licence(one)}" for one in found if one.name != OURS)


def text(folder: Path) -> str:
    av = next(one for one in distributions(path=[str(folder)]) if one.name == "av")
    notice, ours = ((ROOT / name).read_text(encoding="utf-8") for name in ("NOTICE", "LICENSE"))
    heading = "\nPython packages in /usr/lib/station, each with its licence in its .dist-info folder there\n"
    names = heading + "-" * (len(heading) - 2) + "\n" + table(folder) + "\n"
    return notice + names + GPL.format(version=av.version) + "\n\n" + ours


if __name__ == "__main__":
    print(text(Path(sys.argv[1])), end="")
