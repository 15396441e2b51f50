"""The running daemon's control socket: for ``netgiro-terminal status`` and its like, on this machine only.

One JSON object a line in, one a line out, on a UNIX socket that only root, the terminal's user and its group may open::

    {"command": "status"}                               {"ok": true, "state": "idle", ...}
    {"command": "settle", "sale": 7, "verdict": "no"}   {"ok": false, "error": "..."}

A command is a function of the request; :mod:`terminal.daemon.daemon` names them all.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import stat
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from terminal.errors import TerminalError

LONGEST_REQUEST = 4096
MOST_CLIENTS = 8
PATIENCE_S = 10.0
"""How long either side waits for the other."""

Request: TypeAlias = Mapping[str, Any]
Command: TypeAlias = Callable[[Request], Awaitable[Mapping[str, Any]]]
"""Returns the answer's fields; raises TerminalError with a sentence for whoever asked."""

log = logging.getLogger(__name__)


class ControlServer:
    """Answers one request after the other on each connection."""

    def __init__(self, path: Path, commands: Mapping[str, Command]) -> None:
        self._path = path
        self._commands = commands
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Raises TerminalError if the socket cannot be had. The journal's lock keeps a second daemon from here."""
        try:
            if self._path.exists() and stat.S_ISSOCK(self._path.stat().st_mode):
                self._path.unlink()  # of a daemon that was killed
            self._server = await asyncio.start_unix_server(self._serve, str(self._path), limit=LONGEST_REQUEST)
            self._path.chmod(0o660)
        except OSError as error:
            raise TerminalError(f"no control socket at {self._path}: {error}") from error

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        with contextlib.suppress(OSError):
            self._path.unlink()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            if len(self._clients) <= MOST_CLIENTS:
                await self._converse(reader, writer)
        except asyncio.CancelledError:
            pass  # the daemon stops
        except (OSError, TimeoutError, ValueError) as error:  # ValueError: a line that is too long
            log.debug("control client: %s", error)
        finally:
            self._clients.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await asyncio.wait_for(reader.readline(), PATIENCE_S):
            writer.write(msgspec.json.encode(await self._answer(line)) + b"\n")
            await asyncio.wait_for(writer.drain(), PATIENCE_S)

    async def _answer(self, line: bytes) -> Mapping[str, Any]:
        try:
            request = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.DecodeError:
            return _refusal("a request is one JSON object on one line")
        command = self._commands.get(str(request.get("command")))
        if command is None:
            return _refusal(f"no such command; there are {', '.join(self._commands)}")
        try:
            return {"ok": True, **await command(request)}
        except TerminalError as error:
            return _refusal(str(error))
        except Exception as error:
            log.exception("control command %s failed", request.get("command"))
            return _refusal(f"{type(error).__name__}; see the terminal's log")


def _refusal(sentence: str) -> Mapping[str, Any]:
    return {"ok": False, "error": sentence}
