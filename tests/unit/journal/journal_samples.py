"""Sales and journals for the tests of the journal."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from terminal.journal import chain
from terminal.journal.mirror import Mirror
from terminal.journal.rows import ChainedRow, Row
from terminal.journal.thread import JournalFile
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import Record
from terminal.sale.sale import Reason, Sale, State

BOTH_COPIES = (ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT)
PATH = (State.ENTRY, State.AUTHORIZATION, State.CUSTOMER, State.CAPTURE, State.REPORT, State.CLOSED)
"""The states of a paid sale."""


def a_sale(number: int = 1, state: State = State.ENTRY, reason: Reason | None = None) -> Sale:
    return Sale(
        number=number,
        reference=f"T1-{number:06}-ABCDEF",
        register_id=f"R{number}",
        amount_kr=1990,
        created=f"2026-11-23T14:{number % 60:02}:00.000Z",
        state=state,
        reason=reason,
    )


def ticking_clock() -> Callable[[], str]:
    """One second a look."""
    seconds = itertools.count()
    return lambda: f"2026-11-23T15:00:{next(seconds) % 60:02}.000Z"


def opened(path: Path) -> JournalFile:
    journal = JournalFile(path, ticking_clock())
    journal.open()
    return journal


def append_paid(journal: JournalFile, number: int, *, until: State = State.CLOSED) -> Sale:
    """All records of a paid sale up to a state; returns it as it then stands."""
    for state in PATH:
        sale = a_sale(number, state, Reason.PAID if state in (State.REPORT, State.CLOSED) else None)
        journal.append(Record(f"to {state}", sale, BOTH_COPIES if state is State.REPORT else ()))
        if state is until:
            break
    return sale


def closed(sale: Sale, reason: Reason) -> Sale:
    return replace(sale, state=State.CLOSED, reason=reason)


def chained(mirror: Mirror, *rows: Row) -> list[ChainedRow]:
    """The rows as the next links of what the mirror holds."""
    links: list[ChainedRow] = []
    seq, before = mirror.chain.seq, mirror.chain.hash
    for row in rows:
        links.append(chain.linked(row, seq + 1, before))
        seq, before = links[-1].seq, links[-1].hash
    return links


def read_only(path: Path) -> JournalFile:
    journal = JournalFile(path, lambda: "", read_only=True)
    journal.open()
    return journal
