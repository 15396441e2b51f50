"""The day that ends by itself: in the whole terminal, through nights, restarts and clocks that are set."""

from __future__ import annotations

import asyncio
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from terminal.app.closing import end_every_day
from terminal.counter.inputs import ConditionsChanged, EndOfDayRequested, Input
from terminal.counter.register_words import ResultDelivered
from terminal.counter.rules import CounterRules
from terminal.journal.thread import JournalFile
from terminal.loop.bookkeeper import Bookkeeper
from terminal.loop.names import Names
from terminal.sale.record import Record
from terminal.sale.sale import Reason, State
from terminal.system.timestamps import timestamp_of
from tests.unit.journal.journal_samples import a_sale
from tests.virtual_time import run_virtual

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


class Shop:
    """A journal, and a bookkeeper that is made anew at each start. Its wall clock goes with virtual time."""

    def __init__(self, path: Path, begins: datetime) -> None:
        self.begins_s = begins.timestamp()
        self.path = path
        self.sales = 0
        self.ended: list[datetime] = []
        self.clock_is_set = True

    def now_s(self) -> float:
        return self.begins_s + asyncio.get_running_loop().time() - 1000.0

    async def open_for(self, hours: float, *, sells_every_h: float = 0.0) -> None:
        """The terminal is on for so long."""
        journal = self.journal = JournalFile(self.path, lambda: timestamp_of(self.now_s()))
        journal.open()
        self.bookkeeper = Bookkeeper(CounterRules(), journal, Names("T1", lambda: timestamp_of(self.now_s())))
        self.bookkeeper.start()
        alarm = asyncio.create_task(
            end_every_day(
                time(2, 30),
                self.put,
                self.newest_s,
                wall_clock=self.now_s,
                clock_is_set=lambda: self.clock_is_set,
                zone=COPENHAGEN,
            )
        )
        for _ in range(int(hours / sells_every_h) if sells_every_h else 0):
            await asyncio.sleep(sells_every_h * 3600)
            self.sell(journal)
        if not sells_every_h:
            await asyncio.sleep(hours * 3600)
        alarm.cancel()
        journal.close()

    async def newest_s(self) -> float:
        return self.journal.last_entry_s()

    def sell(self, journal: JournalFile) -> None:
        self.sales += 1
        journal.append(Record("Test", a_sale(self.sales, State.CLOSED, Reason.PAID)))

    def put(self, event: Input) -> None:
        waiting = [event]
        while waiting:
            handled = self.bookkeeper.handle(waiting.pop(0))
            waiting += handled.follow_ups
            if handled.decision.close is not None:
                self.ended.append(datetime.fromtimestamp(self.now_s(), COPENHAGEN))

    @property
    def dates(self) -> list[str]:
        return [f"{moment:%m-%d}" for moment in self.ended]


def test_through_the_nights_on_which_clocks_are_set_each_day_ends_once(tmp_path: Path) -> None:
    for begins, dates in (
        (datetime(2026, 3, 27, 12, tzinfo=COPENHAGEN), ["03-28", "03-29", "03-30"]),
        (datetime(2026, 10, 23, 12, tzinfo=COPENHAGEN), ["10-24", "10-25", "10-26"]),
    ):
        shop = Shop(tmp_path / f"{begins:%m}.db", begins)
        run_virtual(shop.open_for(72, sells_every_h=1))
        assert shop.dates == dates


def test_a_time_that_was_missed_is_made_up_for_once_and_the_next_comes_as_ever(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "journal.db", datetime(2026, 11, 23, 12, tzinfo=COPENHAGEN))

    async def scenario() -> None:
        await shop.open_for(5, sells_every_h=1)
        await asyncio.sleep(16 * 3600)
        await shop.open_for(2, sells_every_h=0.5)
        await shop.open_for(2, sells_every_h=0.5)
        assert [f"{moment:%d. %H:%M}" for moment in shop.ended] == ["24. 09:00"], "at the start, and not again"
        await shop.open_for(24, sells_every_h=1)

    run_virtual(scenario())
    assert [f"{moment:%d. %H:%M}" for moment in shop.ended] == ["24. 09:00", "25. 02:30"]


def test_a_clock_that_nothing_has_set_ends_no_day_before_the_last_sale(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "journal.db", datetime(2026, 11, 24, 1, tzinfo=COPENHAGEN))

    async def scenario() -> None:
        await shop.open_for(1, sells_every_h=0.5)
        await asyncio.sleep(3 * 3600)
        shop.clock_is_set = False
        await shop.open_for(0.12, sells_every_h=0.1)
        shop.begins_s -= 2 * 3600
        await shop.open_for(1)
        assert shop.ended == [], "by a clock that says 04:07 after a sale of 05:06"
        await shop.open_for(2)

    run_virtual(scenario())
    assert [f"{moment:%d. %H:%M}" for moment in shop.ended] == ["24. 05:06"]


def test_days_without_a_sale_have_no_end(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "journal.db", datetime(2026, 11, 23, 12, tzinfo=COPENHAGEN))

    async def scenario() -> None:
        await shop.open_for(72)
        await shop.open_for(1, sells_every_h=1)
        await shop.open_for(1)
        assert shop.ended == [], "nor does the first sale after them end one"
        await shop.open_for(72)

    run_virtual(scenario())
    assert shop.dates == ["11-27"]


def test_a_day_that_somebody_has_ended_ends_again_only_for_what_came_after(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "journal.db", datetime(2026, 11, 23, 22, tzinfo=COPENHAGEN))

    async def scenario() -> None:
        await shop.open_for(1, sells_every_h=1)
        opening = asyncio.create_task(shop.open_for(24))
        await asyncio.sleep(1)
        shop.put(EndOfDayRequested())
        await opening

    run_virtual(scenario())
    assert shop.dates == ["11-23"]


def test_the_hour_after_the_last_sale_waits_for_what_is_open(tmp_path: Path) -> None:
    """It is asked for again with the event that ends the sale, and is in the same journal."""
    journal = JournalFile(tmp_path / "journal.db", lambda: "2026-11-23T21:59:00.000Z")
    with journal:
        journal.open()
        sale = a_sale(1, State.REPORT, Reason.PAID)
        journal.append(Record("Test", sale))
        bookkeeper = Bookkeeper(CounterRules(), journal, Names("T1", lambda: "2026-11-23T22:00:01.000Z"))
        bookkeeper.start()
        due = EndOfDayRequested(due_at="2026-11-23T22:00:00.000Z")
        assert bookkeeper.handle(due).decision.close is None
        assert bookkeeper.handle(ConditionsChanged({})).follow_ups == ()
        handled = bookkeeper.handle(ResultDelivered(sale.register_id))
        assert due in handled.follow_ups
        close = bookkeeper.handle(due).decision.close
        assert close is not None
        assert close.totals.count == 1
        assert bookkeeper.handle(due).decision.close is None, "once"
