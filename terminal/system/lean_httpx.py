"""httpx without its command line. Call it before anything imports httpx."""

from __future__ import annotations

import sys
from typing import cast


def leave_out_command_line() -> None:
    """httpx loads its own with itself, and what that is made of: 2 MiB that nothing here calls. It minds none."""
    loaded = cast("dict[str, object]", sys.modules)
    loaded.setdefault("httpx._main", None)
