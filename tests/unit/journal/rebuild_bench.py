"""Damage to a journal's files, and what is left in them."""

from __future__ import annotations

import os
import random
from pathlib import Path

from msgspec.structs import replace

from terminal.journal.thread import JournalFile
from terminal.sale.record import ReceiptState
from terminal.sale.sale import State
from terminal.sale.totals import Close, Totals
from tests.unit.journal.journal_samples import append_paid, opened


def everything(journal: JournalFile) -> list[object]:
    """All that can be asked of a journal."""
    return [
        journal.next_number(),
        journal.open_sales(),
        [journal.entries_of(str(number)) for number in range(1, 13)],
        list(journal.latest_entries()),
        journal.unprinted_receipts(),
        journal.open_period(),
        journal.last_ended_sale(),
        journal.nonce_high_water(),
        journal.answers_signed(),
    ]


def contents(path: Path) -> list[object]:
    with opened(path) as journal:
        return everything(journal)


def mirror_of(path: Path) -> Path:
    return path.with_name("journal.db.mirror")


def no_database(path: Path) -> None:
    path.write_bytes(b"this is no database " * 500)


def nothing(path: Path) -> None:
    path.unlink()


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def rubbish_in_every_page(path: Path) -> None:
    rng = random.Random(1)
    with path.open("r+b") as file:
        for page in range(path.stat().st_size // 4096):
            file.seek(page * 4096 + 3500)
            file.write(rng.randbytes(100))


def last_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-4096, os.SEEK_END)
        file.write(bytes(4096))


def damage_while_open(path: Path, journal: JournalFile) -> None:
    journal.pair.connection.execute("PRAGMA wal_checkpoint")
    rubbish_in_every_page(path)
    journal.pair.connection.execute("PRAGMA shrink_memory")  # else SQLite would not look at the file again


def write_a_bit_of_everything(path: Path) -> Path:
    """A journal, closed."""
    with opened(path) as journal:
        for number in range(1, 12):
            append_paid(journal, number)
        journal.append_close(Close(1, Totals()))
        append_paid(journal, 12, until=State.CAPTURE)
        journal.note_receipt(replace(journal.unprinted_receipts()[0], state=ReceiptState.PRINTED))
        journal.reserve_nonces(123_456, answers_signed=True)
    return path
