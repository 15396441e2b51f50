"""What is printed of the open period when somebody asks for it. Nothing is queued: who still wants it asks again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypedDict

from msgspec.structs import replace

from hardware.interfaces import Columns, Document
from terminal.counter.menu import ReportKind
from terminal.journal.thread import Journal
from terminal.paper.end_of_day import x_report_slip
from terminal.paper.receipt import Shop
from terminal.paper.transaction_list import MOST_LINES, transaction_list
from terminal.sale.sale import State
from terminal.sale.totals import Period, to_staff
from terminal.texts.words import Language


class _Layout(TypedDict):
    shop: Shop
    terminal_id: str
    printed_at: datetime
    language: Language
    columns: Columns
    clock_set: bool


class Reports:
    """``print_now`` raises DeviceError, also without a printer; everything here raises JournalError, too."""

    def __init__(
        self,
        journal: Journal,
        print_now: Callable[[Document], Awaitable[None]],
        *,
        shop: Shop,
        terminal_id: str,
        language: Language,
        columns: Columns,
        local_now: Callable[[], datetime],
        clock_is_set: Callable[[], bool],
    ) -> None:
        self._journal = journal
        self._print_now = print_now
        self._shop = shop
        self._terminal_id = terminal_id
        self._language: Language = language
        self._columns = columns
        self._local_now = local_now
        self._clock_is_set = clock_is_set

    async def open_period(self) -> Period:
        """The time since the last end of day, with what is left to staff."""

        def read() -> Period:
            file = self._journal.file
            period = file.open_period()
            waiting = [sale for sale in file.open_sales() if sale.state is State.ATTENTION]
            return Period(period.number, replace(period.totals, left_to_staff=to_staff(waiting)), period.since)

        return await self._journal.call(read)

    async def print_x_report(self, period: Period) -> None:
        """On paper, once."""
        await self._print_now(x_report_slip(period, **self._layout()))

    async def print_for_menu(self, kind: ReportKind) -> None:
        """What staff have chosen."""
        if kind is ReportKind.X_REPORT:
            await self.print_x_report(await self.open_period())
            return
        entries = await self._journal.call(self._journal.file.open_period_entries, MOST_LINES + 1)
        await self._print_now(transaction_list(entries, **self._layout()))

    def _layout(self) -> _Layout:
        return {
            "shop": self._shop,
            "terminal_id": self._terminal_id,
            "printed_at": self._local_now(),
            "language": self._language,
            "columns": self._columns,
            "clock_set": self._clock_is_set(),
        }
