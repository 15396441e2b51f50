"""Asks the running daemon by its control socket; control.py answers there."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import msgspec

from terminal.errors import TerminalError
from terminal.system.audit import sudo_user
from terminal.system.shown import shown

LONGEST_ANSWER = 256 * 1024
PATIENCE_S = 10.0
"""How long to wait for the daemon."""


class NotRunning(TerminalError, ConnectionError):
    """Nobody listens."""


def ask_daemon(path: Path, command: str, *, patience_s: float = PATIENCE_S, **arguments: object) -> dict[str, Any]:
    """Send one command and wait for its answer.

    Raises NotRunning if there is no daemon, and TerminalError with the daemon's own sentence if it refuses.
    """
    claim = {"for": user} if (user := sudo_user()) else {}
    request = msgspec.json.encode({"command": command, **claim, **arguments}) + b"\n"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(patience_s)
            connection.connect(str(path))
            connection.sendall(request)
            answer = _read_line(connection)
    except (FileNotFoundError, ConnectionError) as error:
        raise NotRunning("the terminal does not run; start it: sudo systemctl start netgiro-terminal") from error
    except PermissionError as error:
        raise TerminalError(f"{path}: permission denied; run this with sudo") from error
    except OSError as error:
        raise TerminalError(f"the terminal does not answer on {path}: {_why(error)}") from error
    try:
        fields = msgspec.json.decode(answer, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise TerminalError("the terminal's answer cannot be read; is another program listening there?") from error
    if not fields.pop("ok", False):
        raise TerminalError(shown(str(fields.get("error", "the terminal refuses without a reason"))))
    return fields


def _read_line(connection: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        if not (piece := connection.recv(65536)) or len(data) > LONGEST_ANSWER:
            raise ConnectionResetError("it closed the connection")
        data += piece
    return data


def _why(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error) or type(error).__name__
