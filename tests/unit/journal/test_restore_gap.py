"""After a restore without the journal's end: what may have been paid since is neither sold again nor ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.inputs import RefundRequested
from terminal.counter.rules import CounterRules
from terminal.errors import JournalError
from terminal.journal import rebuild
from terminal.journal import restore as restoring
from terminal.journal.backup import acknowledge, back_up
from terminal.journal.restore import restore
from terminal.journal.thread import JournalFile
from terminal.journal.verify import verify
from terminal.loop.bookkeeper import Bookkeeper
from terminal.loop.names import Names
from terminal.sale.effects import QueryStatus, ReceiptKind
from terminal.sale.events import PowerRestored
from terminal.sale.record import ReceiptState, Record, original
from terminal.sale.refund import RefundSource
from terminal.sale.sale import Reason, State
from terminal.system.timestamps import timestamp
from tests.unit.journal.closed_sales import THEN, all_is_lost, numbers, sale, write
from tests.unit.journal.rebuild_bench import mirror_of, no_database


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> str:
        return timestamp(self.at)


@contextmanager
def clock_set(*, is_set: bool | None) -> Iterator[None]:
    with (
        patch.object(rebuild, "clock_is_synchronised", lambda: is_set),
        patch.object(restoring, "clock_is_synchronised", lambda: is_set),
    ):
        yield


@contextmanager
def restored(backup: Path, path: Path, ago: timedelta, *, clock_is_set: bool | None = True) -> Iterator[Bookkeeper]:
    """The card was lost and the backup put onto a new one, so long ago."""
    all_is_lost(path)
    with clock_set(is_set=clock_is_set):
        restore(backup, path, THEN)
    clock = Clock(THEN + ago)
    with JournalFile(path, clock) as journal:
        journal.open()
        bookkeeper = Bookkeeper(CounterRules(), journal, Names("T1", clock))
        bookkeeper.start()
        yield bookkeeper


def test_an_id_that_may_be_in_the_gap_is_refused_until_staff_acknowledge(path: Path, tmp_path: Path) -> None:
    """Sale 2 was paid after the backup, and nothing is left of it: asked for again it must not be paid again."""
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    write(path, sale(2))
    with restored(tmp_path / "backup.db", path, timedelta(minutes=5)) as bookkeeper:
        assert answered(bookkeeper, reg.SaleRequest(1990, "2")) is reg.RefusalCode.RECORDS_LOST
        assert isinstance(answered(bookkeeper, reg.SaleRequest(1990, "1")), reg.SaleResult)
        assert acknowledge(path) is not None
        assert answered(bookkeeper, reg.SaleRequest(1990, "3")) == reg.SaleAccepted("3")


@pytest.mark.parametrize(("hours", "register_id"), [(0, None), (21, "2")])
def test_what_cannot_be_in_the_gap_is_sold(path: Path, tmp_path: Path, hours: int, register_id: str | None) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    with restored(tmp_path / "backup.db", path, timedelta(hours=hours, minutes=1)) as bookkeeper:
        assert isinstance(answered(bookkeeper, reg.SaleRequest(1990, register_id)), reg.SaleAccepted)


def test_an_id_that_had_ended_unpaid_before_the_gap_may_have_been_paid_in_it(path: Path, tmp_path: Path) -> None:
    write(path, replace(sale(1), reason=Reason.CUSTOMER_DECLINED))
    back_up(path, tmp_path / "backup.db")
    with restored(tmp_path / "backup.db", path, timedelta(minutes=5)) as bookkeeper:
        assert answered(bookkeeper, reg.SaleRequest(1990, "1")) is reg.RefusalCode.RECORDS_LOST
        assert acknowledge(path) is not None
        assert answered(bookkeeper, reg.SaleRequest(1990, "1")) is not reg.RefusalCode.RECORDS_LOST


@pytest.mark.parametrize("ask", [reg.ResultRequest, reg.CancelRequest, lambda key: reg.RecordRequest(register_id=key)])
def test_no_old_no_is_told_of_an_id_that_may_have_been_paid_in_the_gap(
    path: Path, tmp_path: Path, ask: Callable[[str], reg.RegisterRequest]
) -> None:
    """The register may ask because it has not heard "paid": the "declined" before that try would end its bill."""
    write(path, replace(sale(1), reason=Reason.CUSTOMER_DECLINED), sale(2))
    back_up(path, tmp_path / "backup.db")
    with restored(tmp_path / "backup.db", path, timedelta(minutes=5)) as bookkeeper:
        assert answered(bookkeeper, ask("1")) is reg.RefusalCode.RECORDS_LOST
        assert answered(bookkeeper, ask("3")) is reg.RefusalCode.RECORDS_LOST
        assert isinstance(answered(bookkeeper, ask("2")), reg.SaleResult | reg.RecordFound)
        acknowledge(path)
        assert isinstance(answered(bookkeeper, ask("1")), reg.SaleResult | reg.RecordFound)
        assert answered(bookkeeper, ask("3")) is reg.RefusalCode.NOT_FOUND


WISHES = [
    lambda key: reg.RefundRequest(500, of="1", register_id=key),
    lambda key: reg.ReversalRequest(reference=sale(1).reference, register_id=key, amount_kr=500, names_one_try=True),
]


@pytest.mark.parametrize("wish", WISHES, ids=["line", "http"])
def test_a_refund_that_may_be_in_the_gap_is_not_given_twice(
    path: Path, tmp_path: Path, wish: Callable[[str], reg.RegisterRequest]
) -> None:
    """It was carried out after the backup under another key, and the register has not heard of it: Netgíró would return
    another part of the payment."""
    write(path, replace(sale(1), authorization_id="cart"))
    back_up(path, tmp_path / "backup.db")
    with restored(tmp_path / "backup.db", path, timedelta(minutes=5)) as bookkeeper:
        assert answered(bookkeeper, wish("R1")) is reg.RefusalCode.RECORDS_LOST
        assert acknowledge(path) is not None
        assert answered(bookkeeper, wish("R1")) == reg.SaleAccepted("R1")


STAFF = RefundRequested(number=1, amount_kr=500, source=RefundSource.COMMAND)
BY_RECEIPT = reg.ReversalRequest(number=1)


@pytest.mark.parametrize("wish", [STAFF, BY_RECEIPT], ids=["command", "zvt"])
@pytest.mark.parametrize("hours", [0, 21])
def test_a_refund_without_an_id_is_not_given_twice_either(
    path: Path, tmp_path: Path, wish: reg.RegisterRequest | RefundRequested, hours: int
) -> None:
    """No time makes it sure, only somebody who has looked."""
    write(path, replace(sale(1), authorization_id="cart"))
    back_up(path, tmp_path / "backup.db")
    with restored(tmp_path / "backup.db", path, timedelta(hours=hours, minutes=5)) as bookkeeper:
        decision = bookkeeper.handle(wish).decision
        (refused,) = [decision.refused] if decision.refused is not None else decision.replies
        assert isinstance(refused, reg.RequestRefused)
        assert refused.code is reg.RefusalCode.RECORDS_LOST
        assert acknowledge(path) is not None
        assert bookkeeper.handle(wish).decision.refund_record is not None


def test_a_payment_since_the_gap_may_be_given_back(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    all_is_lost(path)
    restore(tmp_path / "backup.db", path, THEN)
    with JournalFile(path, lambda: timestamp(THEN)) as journal:
        journal.open()
        since = replace(sale(journal.first_since_loss()), authorization_id="cart")
        journal.append(Record("ResultAcknowledged", since))
        bookkeeper = Bookkeeper(CounterRules(), journal, Names("T1", Clock(THEN)))
        assert bookkeeper.handle(replace(STAFF, number=since.number)).decision.refund_record is not None


@pytest.mark.parametrize("is_acknowledged", [False, True])
def test_what_was_open_in_the_backup_ends_by_the_services_word_alone(
    path: Path, tmp_path: Path, is_acknowledged: bool
) -> None:
    """The customer has paid since, and the register has heard so: a power cut would end it as cancelled."""
    write(path, replace(sale(1), state=State.CUSTOMER, reason=None, authorization_id="cart"))
    back_up(path, tmp_path / "backup.db")
    write(path, sale(1))
    all_is_lost(path)
    restore(tmp_path / "backup.db", path, THEN)
    if is_acknowledged:
        acknowledge(path)
    clock = Clock(THEN + timedelta(minutes=5))
    with JournalFile(path, clock) as journal:
        journal.open()
        bookkeeper = Bookkeeper(CounterRules(), journal, Names("T1", clock))
        (restored_power,) = [event for event in bookkeeper.start() if isinstance(event, PowerRestored)]
        effects = bookkeeper.handle(restored_power).decision.effects
        assert any(isinstance(effect, QueryStatus) for effect in effects)
        assert bookkeeper.view.sale is not None
        assert bookkeeper.view.sale.committed


def test_while_the_clock_is_behind_nothing_is_restored(path: Path, tmp_path: Path) -> None:
    """The gap would be as old as the clock was wrong, once that is set: an id in it could be paid again."""
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    with clock_set(is_set=False):
        with pytest.raises(JournalError, match="set the clock, then restore"):
            restore(tmp_path / "backup.db", path, THEN - timedelta(days=90))
        assert numbers(path) == [1]
        restore(tmp_path / "backup.db", path, THEN)


def test_a_backup_of_a_clock_that_was_ahead_can_be_restored(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    with clock_set(is_set=True):
        restore(tmp_path / "backup.db", path, THEN - timedelta(days=90))
    assert numbers(path) == [1]


@pytest.mark.parametrize("clock_is_set", [False, None])
def test_a_gap_whose_end_no_clock_has_dated_does_not_grow_old(
    path: Path, tmp_path: Path, clock_is_set: bool | None
) -> None:
    """The clock was behind, and ahead of the backup: once it was set, the gap seemed 21 hours old after a minute."""
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    with restored(tmp_path / "backup.db", path, timedelta(hours=21), clock_is_set=clock_is_set) as bookkeeper:
        assert answered(bookkeeper, reg.SaleRequest(1990, "2")) is reg.RefusalCode.RECORDS_LOST
        assert acknowledge(path) is not None
        assert answered(bookkeeper, reg.SaleRequest(1990, "2")) == reg.SaleAccepted("2")


def test_a_gap_behind_a_link_is_acknowledged_where_the_terminal_looks(path: Path, tmp_path: Path) -> None:
    write(path, sale(1))
    back_up(path, tmp_path / "backup.db")
    all_is_lost(path)
    restore(tmp_path / "backup.db", path, THEN)
    link = tmp_path / "link.db"
    link.symlink_to(path)
    assert acknowledge(link) is not None
    with JournalFile(link, lambda: timestamp(THEN)) as journal:
        journal.open()
        assert journal.gap_since() is None
    assert list(tmp_path.glob("*.acknowledged")) == []


def answered(bookkeeper: Bookkeeper, request: reg.RegisterRequest) -> object:
    (answer,) = bookkeeper.handle(request).decision.replies
    return answer.code if isinstance(answer, reg.RequestRefused) else answer


def test_receipts_that_may_have_come_out_since_the_backup_are_copies(path: Path, tmp_path: Path) -> None:
    """One waited for paper in the backup, one had no sale yet that had ended, of one no print is known."""
    customer, merchant = ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT
    with JournalFile(path, lambda: timestamp(THEN)) as journal:
        journal.open()
        journal.append(Record("ResultAcknowledged", sale(1), (customer,)))
        journal.append(Record("AuthorizationOpened", replace(sale(2), state=State.CUSTOMER, reason=None)))
    back_up(path, tmp_path / "backup.db")
    all_is_lost(path)
    restore(tmp_path / "backup.db", path, THEN)
    with JournalFile(path, lambda: timestamp(THEN)) as journal:
        journal.open()
        journal.append(Record("ResultAcknowledged", sale(2), (customer,)))
        journal.append_receipts([original(1, merchant)])
        number = journal.first_since_loss()
        journal.append(Record("ResultAcknowledged", sale(number), (customer,)))
        found = [(one.sale_number, one.kind, one.copy, one.state) for one in journal.unprinted_receipts()]
        assert found == [
            (1, customer, 1, ReceiptState.QUEUED),
            (2, customer, 1, ReceiptState.QUEUED),
            (1, merchant, 1, ReceiptState.QUEUED),
            (number, customer, 0, ReceiptState.QUEUED),
        ]
    assert [one for one in verify(path).problems if "receipt" in one] == []


@pytest.mark.parametrize("kinds", [(), (ReceiptKind.CUSTOMER,)])
def test_a_receipt_whose_print_may_be_among_lost_notes_is_a_copy(path: Path, kinds: tuple[ReceiptKind, ...]) -> None:
    """It came out, and the notes of that are in neither file, though a later sale is."""
    with JournalFile(path, lambda: timestamp(THEN)) as journal:
        journal.open()
        journal.append(Record("ResultAcknowledged", sale(1), (ReceiptKind.CUSTOMER,)))
        for state in (ReceiptState.PRINTING, ReceiptState.PRINTED):
            journal.note_receipt(replace(original(1, ReceiptKind.CUSTOMER), state=state))
        journal.append(Record("ResultAcknowledged", sale(2), kinds))
    segment = mirror_of(path) / "000001.log"
    lines = segment.read_bytes().rstrip(b"\n").split(b"\n")
    segment.write_bytes(b"".join((b"damaged" if b'"state":"print' in line else line) + b"\n" for line in lines))
    no_database(path)
    with JournalFile(path, lambda: timestamp(THEN)) as journal:
        journal.open()
        found = [(one.sale_number, one.copy, one.state) for one in journal.unprinted_receipts()]
        assert found == [(number, 1, ReceiptState.QUEUED) for number in (1, *(2 for _kind in kinds))]
    assert [one for one in verify(path).problems if "receipt" in one and "missing" not in one] == []
