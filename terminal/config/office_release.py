"""Where a release that the head office names lies on its way, and what the two who handle it say to each other.

    the service: loads archive and signature into FOLDER, beside the journal, then writes a ticket (READY)
    root:        takes the ticket away, installs what it finds there if it is signed, and writes OUTCOME

The service can write nothing of root's, and root believes nothing that the service wrote: the archive is trusted for
its signature, and a ticket is a word that is said back.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Annotated

import msgspec

from terminal.system.owner import open_regular

FOLDER = "release"
ARCHIVE = "archive.tar.gz"
SIGNATURE = "archive.tar.gz.sig"
READY = "ready"
OUTCOME = Path("/opt/netgiro-terminal/from-office.json")
LARGEST_BYTES = 16 * 1024
LONGEST_WHY = 400
LONGEST_TICKET = 80

BEGUN, INSTALLED, REFUSED, NOT_NOW = "begun", "installed", "refused", "not now"


class Outcome(msgspec.Struct, frozen=True):
    """What root says of one ticket."""

    ticket: Annotated[str, msgspec.Meta(max_length=LONGEST_TICKET)]
    result: str
    why: Annotated[str, msgspec.Meta(max_length=2 * LONGEST_WHY)] = ""


_read = msgspec.json.Decoder(Outcome).decode


def read_outcome(path: Path = OUTCOME) -> Outcome | None:
    """None: nothing was tried yet, or what stands there cannot be read."""
    try:
        with open_regular(path) as file:
            return _read(file.read(LARGEST_BYTES))
    except (OSError, msgspec.DecodeError, RecursionError):
        return None


def is_ticket(text: str) -> bool:
    return re.fullmatch(rf"[0-9a-f-]{{1,{LONGEST_TICKET}}}", text, re.ASCII) is not None


def machine_word() -> str:
    """What an archive must be made for, as systemd/machine.py says it: a 32-bit system may run on a 64-bit kernel."""
    name = os.uname().machine
    if sys.maxsize < 1 << 32 and name.startswith(("arm", "aarch64")):
        name = "armhf"
    return f"{name}-python{sys.version_info[0]}.{sys.version_info[1]}"
