"""What the program is made of. Costs a megabyte to load, so it is not before somebody looks at the page."""

from __future__ import annotations

import platform
import sqlite3
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from terminal import __version__

LIBRARIES = ("httpx", "msgspec", "pyserial", "python-escpos", "luma.oled", "gpiozero", "starlette", "uvicorn")


@cache
def versions() -> dict[str, str]:
    """The program, what it runs on, and the libraries that matter when something is wrong."""
    found = {"netgiro-terminal": __version__, "Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
