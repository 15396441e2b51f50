"""Ends of day that programs have asked for. A program has the figures once it asks for something else. Pure."""

from __future__ import annotations

from terminal.counter.register_words import RegisterRequest, TotalsDelivered

MOST_PROGRAMS = 64


class EndedDays:
    """``requests`` collects what the counter is to know."""

    def __init__(self, requests: list[RegisterRequest]) -> None:
        self._requests = requests
        self._answered: dict[str, int] = {}
        """By program: the period whose end it was answered, if it has not asked for anything since."""
        self._heard_since_start: set[str] | None = set()
        """Programs that have asked for something else, as long as an end of day from before may be told again."""

    def asked(self) -> None:
        """For another, or for the last one again: from here on all is known."""
        self._heard_since_start = None

    def answered(self, program: str, number: int) -> None:
        if len(self._answered) < MOST_PROGRAMS:
            self._answered[program] = number

    def goes_on(self, program: str, *, to_all: bool) -> None:
        """``to_all``: something new begins, which no end of day that is told again may hide."""
        for name in list(self._answered) if to_all else [program]:
            if (number := self._answered.pop(name, None)) is not None:
                self._requests.append(TotalsDelivered(number))
        heard = self._heard_since_start
        if heard is not None and (to_all or program not in heard):
            self._requests.append(TotalsDelivered(None, None if to_all else program))
            if len(heard) < MOST_PROGRAMS:
                heard.add(program)
        if to_all:
            self._heard_since_start = None
