"""The running daemon's control socket: for ``netgiro-terminal status`` and its like, on this machine only.

One JSON object a line in, one a line out, on a UNIX socket that only root, the terminal's user and its group may open::

    {"command": "status"}                               {"ok": true, "state": "idle", ...}
    {"command": "settle", "sale": 7, "verdict": "no"}   {"ok": false, "error": "..."}

A command is a function of the request; :mod:`terminal.daemon.operations` names them all. Each but the harmless ones
leaves an audit line that says who asked, as the kernel knows them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import stat
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from terminal.errors import TerminalError
from terminal.system.accept import BACKLOG, Acceptor, Limits
from terminal.system.audit import audit, peer_name

LONGEST_REQUEST = 4096
MOST_CLIENTS = 8
MODE = 0o660
PATIENCE_S = 10.0
"""How long either side waits for the other."""
BY, CLAIM = "by", "for"
"""What a command is told of who asks: their name, from the kernel; and whom they say they act for."""

Request: TypeAlias = Mapping[str, Any]
Command: TypeAlias = Callable[[Request], Awaitable[Mapping[str, Any]]]
"""Returns the answer's fields; raises TerminalError with a sentence for whoever asked."""

log = logging.getLogger(__name__)


class ControlServer:
    """Answers one request after the other on each connection. ``silent`` commands only look, and are not audited."""

    def __init__(self, path: Path, commands: Mapping[str, Command], silent: Collection[str] = ()) -> None:
        self._path = path
        self._commands = commands
        self._silent = frozenset(silent)
        self._acceptor: Acceptor | None = None

    async def start(self) -> None:
        """Raises TerminalError if the socket cannot be had. The journal's lock keeps a second daemon from here."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if self._path.exists() and stat.S_ISSOCK(self._path.stat().st_mode):
                self._path.unlink()  # of a daemon that was killed
            os.fchmod(listener.fileno(), MODE)  # it is made with that, so at no moment may everybody connect
            listener.bind(str(self._path))
            self._path.chmod(MODE)  # what the umask has taken away from the group
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            raise TerminalError(f"no control socket at {self._path}: {error}") from error
        self._acceptor = Acceptor(listener, "control socket", self._serve, Limits(connections=MOST_CLIENTS))
        self._acceptor.start()

    async def stop(self) -> None:
        """Hang up on everybody and remove the socket."""
        if self._acceptor is None:
            return
        self._acceptor.close()
        await self._acceptor.hang_up()
        with contextlib.suppress(OSError):
            self._path.unlink()
        self._acceptor = None

    async def _serve(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=LONGEST_REQUEST)
        try:
            await self._converse(reader, writer, connection)
        except (OSError, TimeoutError, ValueError) as error:  # ValueError: a line that is too long
            log.debug("control client: %s", error)
        finally:
            writer.close()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: socket.socket
    ) -> None:
        while line := await asyncio.wait_for(reader.readline(), PATIENCE_S):
            writer.write(msgspec.json.encode(await self._answer(line, connection)) + b"\n")
            await asyncio.wait_for(writer.drain(), PATIENCE_S)

    async def _answer(self, line: bytes, connection: socket.socket) -> Mapping[str, Any]:
        try:
            request = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.DecodeError:
            return _refusal("a request is one JSON object on one line")
        name = str(request.get("command"))
        if name not in self._commands:
            return _refusal(f"no such command; there are {', '.join(self._commands)}")
        request[BY] = peer_name(connection, request.get(CLAIM))
        answer = await self._obey(name, request)
        if name not in self._silent:
            details = "".join(f" {key}={value}" for key, value in request.items() if key not in ("command", BY, CLAIM))
            audit(f"{name}{details}", request[BY], str(answer.get("error", "done")))
        return answer

    async def _obey(self, name: str, request: Request) -> Mapping[str, Any]:
        try:
            return {"ok": True, **await self._commands[name](request)}
        except TerminalError as error:
            return _refusal(str(error))
        except Exception as error:
            log.exception("control command %s failed", name)
            return _refusal(f"{type(error).__name__}; see the terminal's log")


def _refusal(sentence: str) -> Mapping[str, Any]:
    return {"ok": False, "error": sentence}
