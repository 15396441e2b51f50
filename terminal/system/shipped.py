"""Files that come with the program but are none of its modules: the configuration as it comes, unit, rules, cards."""

from __future__ import annotations

import sys
from pathlib import Path

from terminal.errors import TerminalError

FOLDERS = (
    Path(sys.prefix, "share/netgiro-terminal"),  # as systemd/install.sh lays them out
    Path(__file__).parents[2],  # a checkout
    Path(__file__).parents[2] / "systemd",
)


def shipped_file(name: str) -> Path:
    """Raises TerminalError if it did not come along."""
    for folder in FOLDERS:
        if (folder / name).is_file():
            return folder / name
    raise TerminalError(f"{name} did not come with this installation; install the terminal again")
