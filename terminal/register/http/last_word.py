"""What the counter said last of the terminal itself, as programs are answered it. Pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from terminal.counter.register_words import TerminalCondition

GOOD_FOR_S = 1.0
"""It answers for so long; then the counter is asked again, because one that hangs says nothing."""


class LastWord:
    def __init__(self, status_of: Callable[[TerminalCondition], msgspec.Struct]) -> None:
        self._status_of = status_of
        self._condition: TerminalCondition | None = None
        self.status = msgspec.Raw()
        """The JSON of it."""
        self._good_until_s = 0.0

    def is_good(self, now_s: float) -> bool:
        return now_s < self._good_until_s

    def hear(self, condition: TerminalCondition, now_s: float) -> bool:
        """Returns whether it is news."""
        is_news = condition != self._condition
        if is_news or not self.is_good(now_s):
            self._condition = condition
            self.status = msgspec.Raw(msgspec.json.encode(self._status_of(condition)))
            self._good_until_s = now_s + GOOD_FOR_S
        return is_news

    def forget(self) -> None:
        self._good_until_s = 0.0
