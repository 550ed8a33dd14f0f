"""What Debian lacks for pretending a Raspberry Pi's pins in a machine, built from source in a
trixie of its own.

gpio-sim: Debian's kernels are built without it (`# CONFIG_GPIO_SIM is not set` in /boot/config-*),
and without the interrupt simulator it uses. Both are compiled as one module from Debian's own
source of the same kernel. lgpio: Debian has no python3-lgpio, and the package index no x86-64 wheel
for Python 3.13; its source is there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = "gcc,libc6-dev,make,linux-headers-amd64,linux-source-6.12,xz-utils,swig,python3-dev,python3-setuptools"
LGPIO = "lgpio==0.2.2.0 --hash=sha256:11372e653b200f76a0b3ef8a23a0735c85ec678a9f8550b9893151ed0f863fff"
SOURCES = ("drivers/gpio/gpio-sim.c", "kernel/irq/irq_sim.c")
# The kernel's own function for this is not exported to modules.
EXPORTED = ("irq_to_desc(irqnum)", "irq_data_to_desc(irq_get_irq_data(irqnum))")
MAKEFILE = "obj-m := pretended_gpio.o\npretended_gpio-y := gpio-sim.o irq_sim.o\n"


def pretended_pins(roots: Path, work: Path) -> tuple[Path, list[Path]]:
    """The kernel module, and the files of lgpio; made once, then kept in `roots`."""
    kept = roots / "workshop"
    if not kept.exists():
        tree = work / "workshop"
        made = _built(roots / "trixie-workshop.tar", tree)
        kept.mkdir()
        for path in made:
            shutil.copy(path, kept)
        shutil.rmtree(tree)
    return kept / "pretended_gpio.ko", [path for path in kept.iterdir() if "lgpio" in path.name]


def _built(tar: Path, tree: Path) -> list[Path]:
    if not tar.exists():
        _run("mmdebstrap", "--quiet", "--variant=apt", f"--include={PACKAGES}", "trixie", tar)
    tree.mkdir()
    _run("tar", "-xf", tar, "-C", tree)
    module, lgpio = tree / "module", tree / "lgpio"
    for folder in (module, lgpio):
        folder.mkdir()
    wanted = [f"linux-source-6.12/{name}" for name in SOURCES]
    _run("tar", "-xf", tree / "usr/src/linux-source-6.12.tar.xz", "-C", module, *wanted)
    for name in SOURCES:
        text = (module / "linux-source-6.12" / name).read_text(encoding="utf-8")
        (module / Path(name).name).write_text(text.replace(*EXPORTED), encoding="utf-8")
    (module / "Makefile").write_text(MAKEFILE, encoding="utf-8")
    (lgpio / "requirements.txt").write_text(LGPIO, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:", "--require-hashes"]
    _run(*pip, "--dest", lgpio, "--requirement", lgpio / "requirements.txt")
    _run("tar", "-xf", next(lgpio.glob("*.tar.gz")), "-C", lgpio, "--strip-components=1")
    _run("chroot", tree, "sh", "-c", "make -C /lib/modules/*/build M=/module modules")
    _run("chroot", tree, "sh", "-c", "cd /lgpio && PYPI=1 python3 setup.py build --build-lib /lgpio/out")
    return [module / "pretended_gpio.ko", *(lgpio / "out").iterdir()]


def _run(*order: str | Path) -> None:
    words = [str(one) for one in order]
    done = subprocess.run(words, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"{' '.join(words)}:\n{done.stdout[-3000:]}"
