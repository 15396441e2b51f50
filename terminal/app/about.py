"""Which terminal this is and where it is on the network, for whoever reads it out on the telephone."""

from __future__ import annotations

import socket

from terminal import __version__
from terminal.system.board import own_serial

NOWHERE = ("192.0.2.1", 9)
"""An address that belongs to nobody (RFC 5737). Nothing is sent: only the way there is looked up."""


def about_lines(terminal_id: str) -> tuple[str, ...]:
    """The program, the terminal, the board's serial number if it has one, its address; a dash if it has none."""
    return (f"netgiro-terminal {__version__}", *filter(None, (terminal_id, own_serial())), own_address() or "-")


def own_address() -> str:
    """The address that this machine would speak from; empty without a network."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(NOWHERE)
            return str(probe.getsockname()[0])
    except OSError:
        return ""
