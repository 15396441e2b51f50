"""Tells systemd how the service is: sd_notify(3) and sd_watchdog_enabled(3), which are a datagram and two variables.

Without systemd nothing is sent. Nothing here raises: a service must not stop because nobody listens.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Mapping

LONGEST_STATUS = 200
STEP_S = 120
"""No step of a long piece of work takes longer than this, also on a slow card."""

log = logging.getLogger(__name__)


class Notifier:
    """Sends the service's state to systemd, if the service was started by it."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self._socket: socket.socket | None = None
        self._opening = threading.Lock()
        self._failed = False
        self.watchdog_interval_s = _watchdog_interval_s(environ)
        """How often :meth:`watchdog` is to be called: half the time systemd waits. None: there is no watchdog."""

    def ready(self) -> None:
        """Start-up is done: units that wait for this one go on."""
        self._send("READY=1")

    def stopping(self) -> None:
        """Shutdown has begun."""
        self._send("STOPPING=1")

    def watchdog(self) -> None:
        """Still alive. Call this only from where a hang would show."""
        self._send("WATCHDOG=1")

    def still_working(self) -> None:
        """One step takes long, and goes on: systemd shall wait for it. Any thread may call this."""
        self._send(f"EXTEND_TIMEOUT_USEC={STEP_S * 1_000_000}\nWATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``. It is public: nothing about a customer."""
        self._send("STATUS=" + " ".join(text.split())[:LONGEST_STATUS])

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        try:
            with self._opening:
                if self._socket is None:
                    self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                    self._socket.setblocking(False)
            self._socket.sendto(message.encode("utf-8", "replace"), self._address)
            self._failed = False
        except OSError as error:  # a full socket too: better one missed message than a blocked event loop
            if not self._failed:
                log.warning("cannot notify systemd: %s", error)
            self._failed = True


def _address(text: str) -> str | None:
    """The socket's address; ``@`` stands for the zero byte of Linux' abstract names."""
    match text[:1]:
        case "/":
            return text
        case "@":
            return "\0" + text[1:]
        case _:
            return None


def _watchdog_interval_s(environ: Mapping[str, str]) -> float | None:
    try:
        for_process = int(environ.get("WATCHDOG_PID") or os.getpid())
        limit_us = int(environ.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    return limit_us / 2_000_000 if limit_us > 0 and for_process == os.getpid() else None
