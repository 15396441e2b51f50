"""Log entries with fields for the systemd journal: sd_journal_send(3)'s datagram, see "Native Journal Protocol".

``journalctl -u netgiro-terminal SALE_ID=17`` then shows the story of one sale. Our log messages have one form for what
happens to a sale, ``sale %d: %s ...``: its number and, after it, the event. That is where the fields come from.
"""

from __future__ import annotations

import logging
import socket
from pathlib import Path

SOCKET = Path("/run/systemd/journal/socket")
IDENTIFIER = "netgiro-terminal"


def fields_of(record: logging.LogRecord) -> dict[str, str]:
    """SALE_ID and EVENT, if the entry is about a sale."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    if not str(record.msg).startswith("sale %d") or not arguments:
        return {}
    fields = {"SALE_ID": str(arguments[0])}
    if str(record.msg).startswith("sale %d: %s") and len(arguments) > 1 and str(arguments[1]).isidentifier():
        fields["EVENT"] = str(arguments[1])
    return fields


class JournalHandler(logging.Handler):
    """Sends entries to journald; what it does not take at once goes to ``fallback``, so that nothing waits for it."""

    def __init__(self, address: Path, fallback: logging.Handler) -> None:
        super().__init__()
        self._address = str(address)
        self._fallback = fallback
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._socket.sendto(self.datagram(record), self._address)
        except OSError:
            self._fallback.handle(record)
        except Exception:
            self.handleError(record)

    def datagram(self, record: logging.LogRecord) -> bytes:
        """One ``KEY=value`` a line. The formatter has the text on one line each, after ``<priority>``."""
        first, *traceback = self.format(record).splitlines() or [""]
        priority, _, message = first.removeprefix("<").partition(">")
        fields = {
            "MESSAGE": message,
            "PRIORITY": priority,
            "SYSLOG_IDENTIFIER": IDENTIFIER,
            "LOGGER": record.name,
            **fields_of(record),
        }
        lines = [f"{key}={value}" for key, value in fields.items()]
        lines += [f"TRACEBACK={line.partition('>')[2]}" for line in traceback]
        return "\n".join([*lines, ""]).encode("utf-8", "replace")

    def setFormatter(self, formatter: logging.Formatter | None) -> None:
        super().setFormatter(formatter)
        self._fallback.setFormatter(formatter)

    def close(self) -> None:
        self._socket.close()
        super().close()
