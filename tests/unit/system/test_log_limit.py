"""A flood of entries, and what must never be left out of the log."""

from __future__ import annotations

import io
import logging

from terminal.system.log_limit import MOST_ENTRIES, UNLIMITED, WINDOW_S, RateLimit

log = logging.getLogger("terminal.test")


class Bench:
    """A handler with a limit and a clock of its own."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._stream = io.StringIO()
        self._handler = logging.StreamHandler(self._stream)
        self._handler.addFilter(RateLimit(self._handler, lambda: self.now_s))

    def say(self, message: str, *arguments: object, line: int = 1, level: int = logging.WARNING, **extra: bool) -> None:
        record = log.makeRecord(log.name, level, "place.py", line, message, arguments, None, extra=extra)
        self._handler.handle(record)

    @property
    def lines(self) -> list[str]:
        return self._stream.getvalue().splitlines()


def test_a_flood_is_a_few_lines_and_a_count() -> None:
    bench = Bench()
    for number in range(2000):
        bench.say("bad request %d", number)
    assert len(bench.lines) == MOST_ENTRIES

    bench.now_s = WINDOW_S
    bench.say("something else", line=2)

    assert bench.lines[-2:] == ["1980 more entries like this one were left out: bad request 1999", "something else"]


def test_other_places_have_their_own_bound() -> None:
    bench = Bench()
    for _ in range(100):
        bench.say("one")
    bench.say("other", line=2)

    assert bench.lines[-1] == "other"


def test_texts_made_on_the_spot_win_nothing() -> None:
    bench = Bench()
    for number in range(100):
        bench.say(f"caller {number}")

    assert len(bench.lines) == MOST_ENTRIES


def test_after_a_minute_it_is_heard_again() -> None:
    bench = Bench()
    for minute in range(3):
        bench.now_s = minute * WINDOW_S
        for _ in range(MOST_ENTRIES):
            bench.say("slow but steady")

    assert len(bench.lines) == 3 * MOST_ENTRIES


def test_sales_audit_lines_and_debugging_are_never_left_out() -> None:
    bench = Bench()
    for number in range(100):
        bench.say("sale %d: %s", number, "SaleRequested", level=logging.INFO)
        bench.say("audit", line=2, **UNLIMITED)
        bench.say("detail", line=3, level=logging.DEBUG)

    assert len(bench.lines) == 300
