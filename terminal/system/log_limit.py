"""A bound on the log: whoever can make the terminal say something can not make it say it without end.

Each place in the program that logs may do so so many times a minute; what is beyond is counted, and the count is told.
What only the shop itself can cause (the steps of its sales, audit lines, the traffic log) has no bound.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

MOST_ENTRIES = 20
WINDOW_S = 60.0
UNLIMITED: Mapping[str, Any] = {"unlimited": True}
"""``extra`` of an entry that is always written."""


class _Place:
    """The entries of one line of the program."""

    def __init__(self, since_s: float) -> None:
        self.since_s = since_s
        self.written = 0
        self.left_out: list[logging.LogRecord] = []
        """The last one only; as a list, to be taken out."""
        self.count = 0


class RateLimit(logging.Filter):
    """For one handler, through which it also tells what it left out. Entries below INFO are for those who look on."""

    def __init__(self, handler: logging.Handler, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._handler = handler
        self._clock = clock
        self._places: dict[tuple[str, int], _Place] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        with self._handler.lock or contextlib.nullcontext():  # entries come from several threads
            self._tell_what_was_left_out(now_s := self._clock())
            return record.levelno < logging.INFO or _is_unlimited(record) or self._has_room(record, now_s)

    def _has_room(self, record: logging.LogRecord, now_s: float) -> bool:
        place = self._places.setdefault((record.pathname, record.lineno), _Place(now_s))
        if place.written < MOST_ENTRIES:
            place.written += 1
            return True
        place.count += 1
        place.left_out[:] = [record]
        return False

    def _tell_what_was_left_out(self, now_s: float) -> None:
        over = [key for key, place in self._places.items() if now_s - place.since_s >= WINDOW_S]
        for key in over:
            place = self._places.pop(key)
            for last in place.left_out:
                text = f"{place.count} more entries like this one were left out: "
                told = logging.makeLogRecord({**vars(last), "msg": text + str(last.msg), "exc_info": None})
                self._handler.emit(told)


def _is_unlimited(record: logging.LogRecord) -> bool:
    return getattr(record, "unlimited", False) or str(record.msg).startswith("sale %d")
