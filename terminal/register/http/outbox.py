"""What waits for the wire: answers, events, and calls that wait for a change. Pure."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from terminal.register.http.forms import Payment, Problem
from terminal.register.http.forms import Refund as RefundAnswer
from terminal.register.http.frames import Answer, Call, Event, line_of
from terminal.sale.refund import Refund
from terminal.sale.sale import Sale

MOST_EVENTS = 100
"""That wait for the line. Who has missed some asks."""

Record: TypeAlias = Sale | Refund
Body: TypeAlias = Payment | RefundAnswer


class _Parked(msgspec.Struct, eq=False):
    """A call that waits for a change."""

    call: Call
    record: Record
    body: Body
    due_s: float


class Outbox:
    """Knows besides what has ended and was not told yet: an answer that has it tells it."""

    def __init__(self) -> None:
        self._parked: list[_Parked] = []
        self._answers: list[bytes] = []
        self._events: list[bytes] = []
        self._leaving: list[str] = []
        self.untold: str | None = None
        """The register's id of what has ended and no answer has said so yet."""

    @property
    def waiting(self) -> int:
        return len(self._parked)

    @property
    def next_due_s(self) -> float | None:
        return min((one.due_s for one in self._parked), default=None)

    def answer(self, call: Call, body: msgspec.Struct | msgspec.Raw, status: int = 200) -> None:
        self._answers.append(line_of(Answer(number=call.number, status=status, body=_raw(body))))

    def refuse(self, call: Call, problem: Problem) -> None:
        self.answer(call, problem, problem.status)

    def answer_record(self, call: Call, record: Record, body: Body, status: int = 200) -> None:
        self.note_told(record)
        self.answer(call, body, status)

    def note_told(self, record: Record) -> None:
        """An answer says how it stands, and perhaps how it ended."""
        if self.untold is not None and self.untold == record.register_id and not may_change(record):
            self._leaving.append(self.untold)
            self.untold = None

    def park(self, call: Call, record: Record, body: Body, due_s: float) -> None:
        """Answer it when that changes, or at ``due_s``."""
        self._parked.append(_Parked(call, record, body, due_s))

    def give_up(self, number: int) -> None:
        """That caller has hung up."""
        self._parked = [one for one in self._parked if one.call.number != number]

    def changed(self, record: Record, body: Body) -> None:
        """Tell whoever waits for it, and whoever listens."""
        is_news = [one for one in self._parked if one.record.number == record.number and one.body != body]
        self._parked = [one for one in self._parked if one not in is_news]
        for parked in is_news:
            self.answer_record(parked.call, record, body)
        self.say("refund" if isinstance(record, Refund) else "payment", body)

    def say(self, name: str, body: msgspec.Struct | msgspec.Raw) -> None:
        self._events.append(line_of(Event(name=name, body=_raw(body))))
        del self._events[:-MOST_EVENTS]

    def answer_overdue(self, now_s: float) -> None:
        """Nothing has changed for as long as was asked for."""
        is_over = [one for one in self._parked if now_s >= one.due_s]
        self._parked = [one for one in self._parked if one not in is_over]
        for parked in is_over:
            self.answer_record(parked.call, parked.record, parked.body)

    def take(self) -> bytes:
        data = b"".join((*self._events, *self._answers))
        self._events.clear()
        self._answers.clear()
        return data

    def left(self) -> list[str]:
        """What was taken has left; returns the register's ids of what it said the end of."""
        ids = list(dict.fromkeys(self._leaving))
        self._leaving.clear()
        return ids

    def line_lost(self) -> None:
        """Every call is gone. What has ended can be asked for later."""
        if self._leaving:
            self.untold = self._leaving[-1]
        self._answers, self._events, self._leaving, self._parked = [], [], [], []


def may_change(record: Record) -> bool:
    """It has no outcome yet that a register could be told."""
    return record.reason is None if isinstance(record, Refund) else not record.has_ended


def _raw(body: msgspec.Struct | msgspec.Raw) -> msgspec.Raw:
    return body if isinstance(body, msgspec.Raw) else msgspec.Raw(msgspec.json.encode(body))
