"""uvicorn without its command line, which loads click and multiprocessing, and without its log files: 2 MiB less."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace

from terminal.system.lean_imports import left_out

# ruff: noqa: E402
_NOTHING = SimpleNamespace(Server=None, main=None, run=None)

with suppress(ImportError), left_out("uvicorn.main", "logging.config", stand_in=_NOTHING):
    import uvicorn.config  # another version may want more of itself: it gets that below

import uvicorn
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import Server

uvicorn.Server = Server  # type: ignore[misc]  # where others look for it

__all__ = ["Config", "H11Protocol", "Server"]
