"""What waits for the wire of the line protocol: answers in the order of their questions, results until they have left.

A question to the terminal keeps its place until its answer is known, so whatever is asked after it is answered after
it. A result that nobody asked for goes before the questions that are still open, and comes again after a line that
broke under it.
"""

from __future__ import annotations

import math
from collections import deque

import msgspec

from terminal.counter.register_words import RegisterQuestion

ANSWER_S = 10.0
"""A question that the terminal has not answered by then holds up no other."""
MOST_QUEUED_BYTES = 4096
"""About four seconds of wire at 9600 baud: what is older than that answers a question nobody remembers."""
MOST_QUESTIONS = 64
MOST_OPEN_RESULTS = 16


class _Entry(msgspec.Struct, eq=False):
    """One line, or the place of one."""

    line: bytes | None = None
    question: RegisterQuestion | None = None
    due_s: float = 0.0
    result_id: str | None = None
    """The sale whose result this is."""
    is_kept: bool = False
    """It comes again after a lost line."""
    until_s: float = math.inf
    """Then its id may be another day's."""


class Answers:
    """Bounded, and without a clock."""

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque()
        self._questions = self._results = self._bytes = 0
        """What of each kind waits: open questions, results that are kept, bytes of everything else."""
        self._leaving: list[_Entry] = []
        """Taken for the wire, not known to have left."""

    def expect(self, question: RegisterQuestion, now_s: float) -> None:
        """Keep the place of an answer."""
        self._add(_Entry(question=question, due_s=now_s + ANSWER_S))
        self._bound()

    def say(self, line: bytes) -> None:
        """Answer at once: after whatever was asked before."""
        self._add(_Entry(line))
        self._bound()

    def answer(
        self,
        question: RegisterQuestion | None,
        line: bytes,
        result_id: str | None = None,
        until_s: float = math.inf,
    ) -> None:
        """In the place of the question; unasked, or if the place is gone, before the questions that are still open."""
        for entry in self._entries:
            if question is not None and entry.question is question and entry.line is None:
                self._count(entry, -1)
                entry.line, entry.result_id = line, result_id
                self._count(entry, 1)
                break
        else:
            is_kept = result_id is not None and question is None
            self._tell(_Entry(line, result_id=result_id, is_kept=is_kept, until_s=until_s))
        self._bound()

    def _tell(self, told: _Entry) -> None:
        if told.is_kept:
            for earlier in [one for one in self._entries if one.is_kept and one.result_id == told.result_id]:
                self._drop(earlier)
        self._add(told, next((at for at, entry in enumerate(self._entries) if entry.line is None), None))

    @property
    def next_wakeup_s(self) -> float | None:
        """When what waits behind an open question is to wait no longer."""
        if len(self._entries) > 1 and self._entries[0].line is None:
            return self._entries[0].due_s
        return None

    def give_up_overdue(self, now_s: float) -> None:
        """Forget the places that have been kept for too long, and results whose ids name them no more."""
        for entry in [one for one in self._entries if one.is_kept and now_s >= one.until_s]:
            self._drop(entry)
        while self._entries and self._entries[0].line is None and now_s >= self._entries[0].due_s:
            self._drop(self._entries[0])

    def take(self) -> list[bytes]:
        """The lines that can leave now."""
        lines = []
        while self._entries and (line := self._entries[0].line) is not None:
            lines.append(line)
            entry = self._entries[0]
            self._drop(entry)
            if entry.result_id is not None:
                self._leaving.append(entry)
        return lines

    def left(self) -> list[str]:
        """What was taken has left; returns the sales whose results were among it."""
        ids = dict.fromkeys(entry.result_id for entry in self._leaving if entry.result_id is not None)
        self._leaving.clear()
        return list(ids)

    def line_lost(self) -> None:
        """Only results that nobody asked for are kept: everything else can be asked for again."""
        kept: dict[str | None, _Entry] = {}
        for entry in (*self._leaving, *self._entries):
            if entry.is_kept:
                kept.pop(entry.result_id, None)
                kept[entry.result_id] = entry
        self._leaving.clear()
        self._entries.clear()
        self._questions = self._results = self._bytes = 0
        for entry in kept.values():
            self._add(entry)
        self._bound()

    def _bound(self) -> None:
        """The oldest go first."""
        while self._questions > MOST_QUESTIONS:
            self._drop(next(entry for entry in self._entries if entry.line is None))
        while self._results > MOST_OPEN_RESULTS:
            self._drop(next(entry for entry in self._entries if entry.is_kept))
        while self._bytes > MOST_QUEUED_BYTES:
            self._drop(next(entry for entry in self._entries if entry.line is not None and not entry.is_kept))

    def _add(self, entry: _Entry, at: int | None = None) -> None:
        self._entries.insert(len(self._entries) if at is None else at, entry)
        self._count(entry, 1)

    def _drop(self, entry: _Entry) -> None:
        self._entries.remove(entry)
        self._count(entry, -1)

    def _count(self, entry: _Entry, by: int) -> None:
        if entry.line is None:
            self._questions += by
        elif entry.is_kept:
            self._results += by
        else:
            self._bytes += by * len(entry.line)
