"""Logging for the systemd journal, or for a terminal window: one line an entry, and no personal data.

The first line of defence is that identifiers are :class:`terminal.sale.sensitive.Sensitive` and never get into
a message. The second is :mod:`terminal.system.personal`: what looks like one is masked in the finished line. Expected
errors are one line; a traceback is shown only at level debug. Nobody can fill the log: see log_limit.py.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from terminal.system import journald
from terminal.system.log_limit import RateLimit
from terminal.system.personal import mask_personal_data
from terminal.system.shown import shown

LONGEST_LINE = 2000

_QUIET = ("httpx", "httpcore", "uvicorn", "asyncio", "PIL", "luma", "escpos", "usb")
"""Libraries that tell more than anybody asked for: httpx writes every URL at INFO, httpcore whole requests at DEBUG."""

_PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
"""sd-daemon(3), which has syslog's numbers."""


class LineFormatter(logging.Formatter):
    """``terminal.link: message``, after ``<6>`` for the systemd journal, else after time and level."""

    def __init__(self, *, for_journal: bool, with_traceback: bool) -> None:
        super().__init__()
        self._for_journal = for_journal
        self._with_traceback = with_traceback

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            message += f": {_describe(error)}"
        lines = [self._line(record, record.levelno, message)]
        if error is not None and self._with_traceback:
            traceback = self.formatException((type(error), error, error.__traceback__))
            lines += [self._line(record, logging.DEBUG, line) for line in traceback.splitlines()]
        return "\n".join(lines)

    def _line(self, record: logging.LogRecord, level: int, message: str) -> str:
        text = f"{record.name}: {shown(mask_personal_data(message), LONGEST_LINE)}"
        if self._for_journal:
            return f"<{_priority(level)}>{text}"
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        return f"{stamp} {logging.getLevelName(level):<8}{text}"


def _describe(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_describe(part) for part in error.exceptions)
    return f"{type(error).__name__}: {error}"


def _priority(level: int) -> int:
    return next((priority for known, priority in _PRIORITIES.items() if level >= known), 7)


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes to the stream; an entry that cannot be written is lost without a word about what was in it."""

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        with contextlib.suppress(OSError, ValueError):  # the stream itself may be gone
            self.stream.write(f"{record.name}: the entry of line {record.lineno} was lost: {type(error).__name__}\n")


def setup_logging(
    level: str,
    *,
    stream: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
    journal_socket: Path = journald.SOCKET,
) -> None:
    """Send all logging to ``stream`` (default: stderr) at ``level`` (debug, info, warning or error) and above.

    If the stream leads to the systemd journal and the journal's own socket is there, entries go there with fields.
    """
    stream = stream or sys.stderr
    for_journal = is_journal(stream, environ)
    handler: logging.Handler = LineHandler(stream)
    if for_journal and journal_socket.exists():
        handler = journald.JournalHandler(journal_socket, handler)
    handler.setFormatter(LineFormatter(for_journal=for_journal, with_traceback=level.lower() == "debug"))
    handler.addFilter(RateLimit(handler))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        if isinstance(old, journald.JournalHandler):
            old.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(True)


def is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether the stream leads to the systemd journal: systemd.exec(5), ``$JOURNAL_STREAM`` is its device and inode."""
    try:
        device, inode = environ.get("JOURNAL_STREAM", "").split(":")
        status = os.fstat(stream.fileno())
        return (status.st_dev, status.st_ino) == (int(device), int(inode))
    except (ValueError, OSError):
        return False
