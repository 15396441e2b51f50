"""A disk without room, put in the place of whatever writes."""

from __future__ import annotations

from errno import ENOSPC
from typing import NoReturn


def full(*_arguments: object) -> NoReturn:
    raise OSError(ENOSPC, "No space left on device")
