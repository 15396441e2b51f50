"""Which board this is, by the number that its firmware tells: on a Pi it is printed nowhere else."""

from __future__ import annotations

from pathlib import Path

from terminal.system.shown import shown

SERIAL_NUMBER = Path("/proc/device-tree/serial-number")
LONGEST_SERIAL = 16


def own_serial(path: Path | None = None) -> str:
    """Empty where no firmware tells one."""
    try:
        with (path or SERIAL_NUMBER).open("rb") as file:
            text = file.read(64).rstrip(b"\0").decode("ascii", "replace")
    except OSError:
        return ""
    return shown(text)[-LONGEST_SERIAL:]
