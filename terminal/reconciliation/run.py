"""One reconciliation from its begin to its end: what is asked, where it goes on, what is kept of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from terminal.journal.file import JournalFile
from terminal.reconciliation.asking import Asker, Days
from terminal.reconciliation.gathering import Payment, payments_of
from terminal.reconciliation.progress import Progress
from terminal.reconciliation.report import Report, keep, result_of
from terminal.reconciliation.settled import keep_settled
from terminal.sale.gateway import Gateway
from terminal.system.timestamps import timestamp, timestamp_now, timestamp_of

BACK = 7
"""So many days before the last one: a refund that was made in Netgíró's portal days later shows."""


async def reconcile(
    journal: Path,
    gateway: Gateway,
    *,
    service: str,
    first: date,
    last: date,
    on_damaged: Callable[[str], None],
    now_s: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Report:
    """Ask about every payment of these local days, both included. The gateway is closed at the end.

    Raises TerminalError if another one is under way or the journal cannot be read.
    """
    folder = journal.parent
    progress = Progress(folder, service)
    try:
        progress.open(now_s())
        payments = await asyncio.to_thread(_payments, journal, first, last, on_damaged)
        asker = Asker(gateway, progress, now_s=now_s, sleep=sleep)
        today = datetime.fromtimestamp(now_s()).astimezone().date()
        findings, others = await asker.ask(payments, Days(first, last), today)
        report = Report(
            first=first.isoformat(),
            last=last.isoformat(),
            at=timestamp_of(now_s()),
            service=service,
            findings=tuple(findings),
            other_items=others,
        )
        keep(folder, result_of(report))
        keep_settled(folder, report)
        return report
    finally:
        progress.close()
        await gateway.close()


def _payments(journal: Path, first: date, last: date, on_damaged: Callable[[str], None]) -> list[Payment]:
    with JournalFile(journal, timestamp_now, read_only=True) as file:
        file.open()
        return payments_of(file, _midnight(first), _midnight(last + timedelta(days=1)), on_damaged)


def _midnight(day: date) -> str:
    """Its begin by this machine's clock, as the journal writes times."""
    return timestamp(datetime(day.year, day.month, day.day).astimezone())
