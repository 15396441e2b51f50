"""Whether Linux's own console is on the register's line. Loads little: the daemon asks at each start."""

from __future__ import annotations

import os
import re
from pathlib import Path

from hardware.settings import network_address

GETTY_FOLDERS = ("/etc/systemd/system/getty.target.wants", "/run/systemd/generator/getty.target.wants")
ADVICE = "run: sudo raspi-config, Interface Options, Serial Port: login shell no, port hardware yes; then restart"
LONGEST_BYTES = 64 * 1024


def login_console_on(port: str, root: Path = Path("/")) -> str:
    """What would talk to the register and eat what it says; empty if nothing does, or if this is no serial port."""
    if not port or network_address(port) is not None:
        return ""
    name = Path(os.path.realpath(root / port.lstrip("/"))).name
    if name in re.findall(r"\bconsole=([^\s,]+)", _kernel_words(root)):
        return f"the kernel's console is on {port} ({name})"
    if any((root / folder.lstrip("/") / f"serial-getty@{name}.service").is_symlink() for folder in GETTY_FOLDERS):
        return f"a login prompt is on {port} ({name})"
    return ""


def _kernel_words(root: Path) -> str:
    try:
        with (root / "proc/cmdline").open(encoding="utf-8", errors="replace") as file:
            return file.read(LONGEST_BYTES)
    except OSError:
        return ""
