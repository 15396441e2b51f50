"""The bookkeeper alone: what it finds after a start, how old what it tells is, and what waits for the disk."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.inputs import (
    ConditionsChanged,
    EndOfDayRequested,
    Input,
    JournalTrialDue,
    KeyPressed,
    NotWritten,
    RefundRequested,
)
from terminal.counter.menu import MenuRules
from terminal.counter.of_totals import UNTOLD_CLOSE_KEPT_S
from terminal.counter.register_ids import REPEATED_WITHIN_S
from terminal.counter.rules import CounterRules
from terminal.counter.view import Offer
from terminal.errors import JournalError
from terminal.journal.thread import JournalFile
from terminal.loop import bookkeeper
from terminal.loop.bookkeeper import JOURNAL_WAITS, TRACED_AFTER_START_S, Bookkeeper, Handled
from terminal.loop.names import Names
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import OpenedAuthorization, Refusal
from terminal.sale.record import JournalHealth, Record, RefundRecord
from terminal.sale.refund import RefundSource, RefundState
from terminal.sale.refund_step import (
    RefundConfirmed,
    RefundPatienceOver,
    RefundPowerRestored,
    RefundRefused,
    RefundResultTaken,
)
from terminal.sale.sale import Reason, Sale, State, Terms
from tests.each import each_of
from tests.sales import GUID, new_refund, new_sale, report_for, unknown_capture, walk_to
from tests.virtual_time import HandClock

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOURS_S = CounterRules().ids_name_for.open_s
HEARD = (reg.ResultDelivered("42"), reg.ResultRequest("42"), reg.LastResultRequest())
PAID = replace(walk_to(State.CLOSED).sale, number=1, reference="T1-000001-A1B2C3")


class Disk(JournalFile):
    """The real journal, which can be full."""

    is_full = False
    broken: JournalHealth | None = None

    @property
    def health(self) -> JournalHealth:
        return self.broken or super().health

    def append(self, record: Record) -> None:
        if self.is_full:
            raise JournalError("no space left on device")
        super().append(record)

    def append_refund(self, record: RefundRecord) -> None:
        if self.is_full:
            raise JournalError("no space left on device")
        super().append_refund(record)

    def try_writing(self) -> None:
        if self.is_full:
            raise JournalError("no space left on device")


class Books:
    """A bookkeeper over a real journal, with both clocks in the test's hand."""

    def __init__(self, path: Path) -> None:
        self.clock = HandClock(0.0)
        self.set_s = 0.0  # by so much somebody has set the wall clock
        self.disk = Disk(path, self.now)
        self.disk.open()
        self.keeper = self.begin()

    def now(self) -> str:
        at = NOON + timedelta(seconds=self.clock.now_s + self.set_s)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def begin(self, **rules: Any) -> Bookkeeper:
        """Another start of the program."""
        names = Names("T1", self.now, lambda: "a1b2c3", self.clock)
        self.keeper = Bookkeeper(CounterRules(**rules), self.disk, names)
        self.found = self.keeper.start()
        return self.keeper

    def happen(self, event: Input) -> Handled:
        return self.keeper.handle(event)

    def pay(self, register_id: str = "42", *, until: State = State.REPORT, typed_after_s: float = 0.0) -> None:
        self.happen(reg.SaleRequest(1990, register_id))
        self.clock.now_s += typed_after_s
        for key in "8223281#":
            self.happen(KeyPressed(key))
        number = self.sale.number
        self.happen(ev.AuthorizationOpened(number, self.sale.calls, OpenedAuthorization(authorization_id=GUID)))
        for status in (Status.RESERVED, Status.PAID):
            if self.sale.state is not until:
                self.happen(ev.StatusReceived(number, self.sale.calls, report_for(self.sale, status)))

    def answer(self, request: reg.RegisterQuestion) -> Any:
        (reply,) = self.happen(request).decision.replies
        return reply

    @property
    def sale(self) -> Sale:
        assert self.keeper.view.sale is not None
        return self.keeper.view.sale


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    books = Books(tmp_path / "journal.db")
    yield books
    books.disk.close()


def test_the_times_are_these() -> None:
    times = (TRACED_AFTER_START_S, bookkeeper.JOURNAL_RETRY_S, bookkeeper.NEARLY_FULL_RETRY_S)
    assert times == (86_400.0, 1.0, 60.0)


# --- a start ----------------------------------------------------------------------------------------------------------


def test_the_first_view_is_of_this_shop(books: Books) -> None:
    layout = ("147*", "2580", "369#", "ABCD")
    plain = books.begin().view
    assert (plain.is_training, plain.asks_operator) == (False, False)
    view = books.begin(is_training=True, operators={"1": "Anna"}, menu=MenuRules(keypad_layout=layout)).view
    assert (view.is_training, view.asks_operator, view.menu.keypad.layout) == (True, True, layout)


def test_refunds_go_on_and_the_one_that_is_awaited_stands_in_front(books: Books) -> None:
    books.disk.append(Record("Test", replace(PAID, number=7, reference="T1-000007-A1B2C3")))
    awaited = new_refund(number=8)
    late = new_refund(number=9, reference="T1-000009-A1B2C3", idempotency_key="cd" * 20, register_id="R9", is_late=True)
    for refund in (awaited, late):
        books.disk.append_refund(RefundRecord("Test", refund))
    view = books.begin().view
    assert (view.refund, view.refunds) == (awaited, (late,))
    assert books.found == (RefundPowerRestored(8), RefundPowerRestored(9))


def test_what_was_to_be_given_back_by_itself_is(books: Books) -> None:
    due = replace(PAID, state=State.ATTENTION, reason=Reason.REFUND_DUE, refused_by_register=True)
    due = replace(due, terms=Terms(refunds_itself=True))
    books.disk.append(Record("Test", due))
    books.begin()
    assert books.found == (RefundRequested(number=due.number, source=RefundSource.AUTOMATIC),)


@each_of(("age_s", "is_traced"), [(60.0, True), (86_399.0, True), (86_400.0, False)])
def test_what_staff_have_settled_within_a_day_is_asked_about(tmp_path: Path, age_s: float, is_traced: bool) -> None:
    books = Books(tmp_path / f"{age_s}.db")
    sale = unknown_capture().settled(ev.Verdict.UNPAID).acknowledged().sale
    books.disk.append(Record("Test", sale))
    books.clock.now_s += age_s
    view = books.begin().view
    assert (view.traced == (sale,), books.found == (ev.PowerRestored(sale.number),)) == (is_traced, is_traced)
    books.disk.close()


def test_while_one_is_settled_the_result_of_another_is_not_shown(books: Books) -> None:
    for number in (1, 2):
        open_sale = replace(new_sale(number, register_id=str(number)), reference=f"T1-{number:06d}-A1B2C3")
        books.disk.append(Record("Test", open_sale))
    books.begin()
    books.happen(ev.PowerRestored(1))
    books.happen(reg.ResultDelivered("1"))
    assert (books.sale.number, books.keeper.view.result) == (2, None)


# --- numbers and ages -------------------------------------------------------------------------------------------------


def test_sales_and_refunds_share_their_numbers(books: Books) -> None:
    books.pay()
    books.happen(reg.ResultDelivered("42"))
    wanted = RefundRequested(number=1, amount_kr=500, source=RefundSource.COMMAND)
    record = books.happen(wanted).decision.refund_record
    assert record is not None
    assert record.refund.number == 2
    books.happen(reg.SaleRequest(1990, "43"))
    assert books.sale.number == 3


def test_the_total_that_the_cashier_accepts_is_a_sale(books: Books) -> None:
    books.keeper.view = replace(books.keeper.view, offer=Offer(1990))
    books.happen(KeyPressed("A"))
    assert (books.sale.number, books.sale.amount_kr) == (1, 1990)


def test_a_result_says_how_old_it_is_and_how_long_its_id_means_it(books: Books) -> None:
    books.pay(until=State.CAPTURE, typed_after_s=60.0)
    books.clock.now_s += 40
    paid = ev.StatusReceived(1, books.sale.calls, report_for(books.sale, Status.PAID))
    (told,) = books.happen(paid).decision.replies
    assert isinstance(told, reg.SaleResult)
    assert (told.age_s, told.named_for_s) == (100.0, HOURS_S - 100.0)
    books.happen(reg.ResultDelivered("42"))
    books.happen(reg.SaleRequest(1990))
    books.happen(KeyPressed("*", is_long=True))
    unnamed = books.answer(reg.LastResultRequest())
    assert unnamed.named_for_s == math.inf, "our own reference names one thing for ever"


def test_whoever_cancels_without_an_id_hears_no_end_of_another_day(books: Books) -> None:
    """Or it would take this for its sale of today, which has the same number."""
    books.pay()
    books.clock.now_s += HOURS_S - 1
    assert isinstance(books.answer(reg.CancelRequest()), reg.SaleResult)
    books.clock.now_s += 1
    refused = books.answer(reg.CancelRequest())
    assert (refused.register_id, refused.code) == (None, reg.RefusalCode.BUSY)


def test_without_an_id_of_its_own_a_sale_is_of_every_day(books: Books) -> None:
    books.happen(reg.SaleRequest(1990))
    books.happen(KeyPressed("*", is_long=True))
    books.clock.now_s += HOURS_S
    assert isinstance(books.answer(reg.CancelRequest()), reg.SaleResult)


def test_an_end_of_day_that_got_lost_is_told_again_though_staff_have_ended_another(books: Books) -> None:
    """Or the register would book the second one in place of the first."""
    books.pay("41")
    books.happen(reg.ResultDelivered("41"))
    lost = books.answer(reg.TotalsRequest(close=True))
    books.pay("42")
    books.happen(reg.ResultDelivered("42"))
    books.happen(EndOfDayRequested())
    books.clock.now_s += UNTOLD_CLOSE_KEPT_S - 1
    again = books.answer(reg.TotalsRequest(close=True))
    assert (again.number, again.totals) == (lost.number, lost.totals)
    books.clock.now_s += 1
    assert books.answer(reg.TotalsRequest(close=True)).number == 3, "by now it means another day"


def test_a_refunds_result_says_how_long_its_id_means_it(books: Books) -> None:
    books.pay()
    books.happen(reg.ResultDelivered("42"))
    books.happen(reg.RefundRequest(500, of="42", register_id="R8"))
    books.clock.now_s += 100
    (told,) = books.happen(RefundConfirmed(2, 1)).decision.replies
    assert isinstance(told, reg.RefundResult)
    assert told.named_for_s == HOURS_S - 100.0


@each_of("jump_s", [0.0, 5 * 3600.0, 48 * 3600.0])
def test_a_clock_that_is_set_makes_no_repetition_a_new_wish(tmp_path: Path, jump_s: float) -> None:
    books = Books(tmp_path / f"{jump_s}.db")
    books.pay("41")
    books.happen(reg.ResultDelivered("41"))
    books.happen(reg.SaleRequest(1990, "42"))
    books.happen(KeyPressed("*", is_long=True))
    books.happen(reg.ResultDelivered("42"))
    give_back = reg.RefundRequest(500, of="41", register_id="R8")
    books.happen(give_back)
    books.happen(RefundRefused(3, 1, Refusal.REQUEST_NOT_VALID))
    books.happen(reg.ResultDelivered("R8"))
    books.set_s = jump_s
    assert isinstance(books.answer(reg.SaleRequest(1990, "42")), reg.SaleResult)
    assert isinstance(books.answer(give_back), reg.RefundResult)
    books.disk.close()


@each_of(
    "heard",
    [reg.ResultDelivered("42"), reg.ResultRequest("42"), reg.LastResultRequest()],
    ids=["late", "by id", "last"],
)
@each_of(("after_s", "is_new"), [(REPEATED_WITHIN_S - 1, False), (REPEATED_WITHIN_S, True)])
def test_an_end_that_the_register_hears_late_is_heard_then(
    tmp_path: Path, heard: reg.RegisterQuestion, after_s: float, is_new: bool
) -> None:
    books = Books(tmp_path / f"{type(heard).__name__}-{is_new}.db")
    books.happen(reg.SaleRequest(1990, "42"))
    books.happen(KeyPressed("*", is_long=True))
    books.happen(ev.DeadlinePassed(1, State.REPORT))
    books.clock.now_s += 3600
    books.happen(heard)
    books.clock.now_s += after_s
    answer = books.answer(reg.SaleRequest(1990, "42"))
    assert isinstance(answer, reg.SaleAccepted if is_new else reg.SaleResult)
    books.disk.close()


@each_of("heard", [RefundResultTaken(2), RefundPatienceOver(2, RefundState.REPORT)], ids=["at once", "by a question"])
def test_the_end_of_a_refund_is_told_when_the_register_hears_it(tmp_path: Path, heard: Input) -> None:
    books = Books(tmp_path / f"{type(heard).__name__}.db")
    books.pay()
    books.happen(reg.ResultDelivered("42"))
    give_back = reg.RefundRequest(500, of="42", register_id="R8")
    books.happen(give_back)
    books.happen(RefundRefused(2, 1, Refusal.REQUEST_NOT_VALID))
    books.clock.now_s += 3600
    books.happen(heard)
    if not isinstance(heard, RefundResultTaken):
        books.clock.now_s += 3600
        books.happen(reg.ResultRequest("R8"))
    books.clock.now_s += REPEATED_WITHIN_S - 1
    assert isinstance(books.answer(give_back), reg.RefundResult)
    books.clock.now_s += 1
    assert isinstance(books.answer(give_back), reg.SaleAccepted)
    books.disk.close()


# --- the disk ---------------------------------------------------------------------------------------------------------


def test_a_disk_that_takes_a_refund_is_well(books: Books) -> None:
    books.pay()
    books.happen(reg.ResultDelivered("42"))
    books.keeper.view = replace(books.keeper.view, conditions=replace(books.keeper.view.conditions, journal_ok=False))
    wanted = RefundRequested(number=1, amount_kr=500, source=RefundSource.COMMAND)
    assert ConditionsChanged({"journal_ok": True}) in books.happen(wanted).follow_ups


def test_how_the_journal_is_kept_is_told_when_it_changes(books: Books) -> None:
    assert books.happen(ConditionsChanged({})).follow_ups == ()
    books.disk.broken = JournalHealth.UNMIRRORED
    assert books.happen(ConditionsChanged({})).follow_ups == (
        ConditionsChanged({"journal_health": JournalHealth.UNMIRRORED}),
    )


def test_a_trial_of_a_journal_that_works_asks_for_nothing(books: Books) -> None:
    tried = books.happen(JournalTrialDue())
    assert (tried.decision.view, tried.follow_ups, tried.retry) == (books.keeper.view, (), None)


@each_of(
    ("event", "is_told"),
    [
        (RefundRequested(number=1, amount_kr=500, source=RefundSource.KEYPAD), True),
        (RefundRequested(number=1, amount_kr=500, source=RefundSource.COMMAND), False),
        (reg.SaleRequest(1990, "43"), False),
    ],
    ids=["keypad", "command", "register"],
)
def test_who_stands_at_the_menu_reads_that_it_was_not_written(tmp_path: Path, event: Any, is_told: bool) -> None:
    books = Books(tmp_path / f"{is_told}-{type(event).__name__}.db")
    books.pay()
    books.happen(reg.ResultDelivered("42"))
    books.disk.is_full = True
    handled = books.happen(event)
    assert handled.decision.failure == "no space left on device"
    assert (NotWritten() in handled.follow_ups) is is_told
    books.disk.close()


def test_what_waits_for_the_disk_goes_first_and_a_key_is_not_kept(books: Books) -> None:
    books.disk.append(Record("Test", replace(new_sale(1), reference="T1-000001-A1B2C3")))
    books.begin()
    books.disk.is_full = True
    found = ev.PowerRestored(1)
    assert books.happen(found).retry is found
    for event, retry in ((KeyPressed("1"), None), (late := ev.DeadlinePassed(1, State.ENTRY), late)):
        handled = books.happen(event)
        assert (handled.decision.failure, handled.retry, handled.follow_ups) == (JOURNAL_WAITS, retry, ())


def test_the_log_says_how_a_sale_ended(books: Books, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "terminal.loop.bookkeeper"):
        books.pay()
    assert caplog.messages[0] == "sale 1: SaleRequested -> entry"
    assert caplog.messages[-1] == "sale 1: StatusReceived -> report, approved"
