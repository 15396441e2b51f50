"""A journal of sales that have ended: what backups, exports and restores are made of."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from terminal.journal.thread import JournalFile
from terminal.sale.record import JournalHealth, Record
from terminal.sale.sale import Reason, Sale, State

THEN = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


def all_is_lost(path: Path) -> None:
    """A new SD card."""
    shutil.rmtree(path.parent)
    path.parent.mkdir()


def sale(number: int, created: str = "2026-11-23T15:00:00.000Z", **more: object) -> Sale:
    return Sale(
        number=number,
        reference=f"T1-{number:06d}-ABCDEF",
        register_id=str(more.pop("register_id", number)),
        amount_kr=1990,
        created=created,
        state=State.CLOSED,
        reason=Reason.PAID,
        **more,  # type: ignore[arg-type]
    )


def write(path: Path, *sales: Sale) -> None:
    with JournalFile(path, lambda: "2026-11-23T15:00:30.000Z") as journal:
        journal.open()
        for one in sales:
            journal.append(Record("ResultAcknowledged", one))


def health(path: Path) -> JournalHealth:
    with JournalFile(path, lambda: "") as journal:
        journal.open()
        return journal.health


def numbers(path: Path) -> list[int]:
    with JournalFile(path, lambda: "", read_only=True) as journal:
        journal.open()
        return [entry.sale.number for entry in journal.latest_entries()]
