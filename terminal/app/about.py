"""Which terminal this is and where it is on the network, for whoever reads it out on the telephone."""

from __future__ import annotations

import socket
from pathlib import Path

from terminal import __version__
from terminal.system.shown import shown

NOWHERE = ("192.0.2.1", 9)
"""An address that belongs to nobody (RFC 5737). Nothing is sent: only the way there is looked up."""


SERIAL_NUMBER = Path("/proc/device-tree/serial-number")
"""Of the board, as the firmware tells it; on a Pi the one that is printed nowhere else."""
LONGEST_SERIAL = 16


def about_lines(terminal_id: str) -> tuple[str, ...]:
    """The program, the terminal, the board's serial number if it has one, its address; a dash if it has none."""
    return (f"netgiro-terminal {__version__}", *filter(None, (terminal_id, own_serial())), own_address() or "-")


def own_serial(path: Path = SERIAL_NUMBER) -> str:
    """Empty where no firmware tells one."""
    try:
        with path.open("rb") as file:
            text = file.read(64).rstrip(b"\0").decode("ascii", "replace")
    except OSError:
        return ""
    return shown(text)[-LONGEST_SERIAL:]


def own_address() -> str:
    """The address that this machine would speak from; empty without a network."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(NOWHERE)
            return str(probe.getsockname()[0])
    except OSError:
        return ""
