"""Each receipt on paper once: through empty rolls, unplugged printers, full disks and power cuts.

The printer is the real driver over a machine that behaves; the journal is the real one.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from hardware.interfaces import Cut, DeviceError, PrinterStatus, TextLine
from hardware.printer import encoder
from hardware.simulated import SimulatedPrinter
from terminal.paper.printing import LONGEST_PAUSE_S, LOOK_EVERY_S
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import QueuedReceipt, ReceiptState, Record
from terminal.sale.sale import Reason, State
from tests.sales import walk_to
from tests.unit.paper.shopfront_bench import COPY_MARK, CUSTOMER, MERCHANT, Shopfront, run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def test_queued_receipts_are_printed_once_and_in_order(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(600)
        assert len(shopfront.texts) == 2
        assert "Eintak viðskiptavinar" in shopfront.texts[0]
        assert "Eintak söluaðila" in shopfront.texts[1]
        assert not any(COPY_MARK in text for text in shopfront.texts)
        assert await shopfront.waiting() == []
        assert shopfront.conditions[-1] == {"printer": PrinterStatus.OK, "pending_receipts": 0}

    run(path, scenario)


def test_what_was_queued_before_a_start_is_printed_after_it(path: Path) -> None:
    async def before(shopfront: Shopfront) -> None:
        shopfront.printer.online = False
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(5)
        assert shopfront.texts == []

    async def after(shopfront: Shopfront) -> None:
        shopfront.printer.online = True
        await asyncio.sleep(60)
        assert len(shopfront.texts) == 1
        assert COPY_MARK not in shopfront.texts[0], "it never was on paper"

    run(path, before, after)


@pytest.mark.parametrize(
    ("fault", "mend", "status"),
    [
        (lambda p: setattr(p, "paper", "out"), lambda p: setattr(p, "paper", "ok"), PrinterStatus.PAPER_OUT),
        (lambda p: setattr(p, "cover", "open"), lambda p: setattr(p, "cover", "closed"), PrinterStatus.COVER_OPEN),
        (lambda p: setattr(p, "online", False), lambda p: setattr(p, "online", True), PrinterStatus.OFFLINE),
        (SimulatedPrinter.unplug, SimulatedPrinter.plug_in, PrinterStatus.OFFLINE),
    ],
    ids=["paper out", "cover open", "offline", "unplugged"],
)
def test_a_printer_that_fails_is_told_and_waited_for(
    path: Path,
    fault: Callable[[SimulatedPrinter], None],
    mend: Callable[[SimulatedPrinter], None],
    status: PrinterStatus,
) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        fault(shopfront.printer)
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(600)
        assert shopfront.texts == []
        assert shopfront.conditions == [{"printer": status, "pending_receipts": 2}], "told once, not at every try"
        assert shopfront.notes == 0, "a night without paper leaves nothing in the journal"
        mend(shopfront.printer)
        await asyncio.sleep(LONGEST_PAUSE_S + 1)
        assert len(shopfront.texts) == 2
        assert shopfront.conditions[-1] == {"printer": PrinterStatus.OK, "pending_receipts": 0}

    run(path, scenario)


def test_a_printer_that_was_unplugged_for_minutes_prints_as_soon_as_it_is_plugged_in(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.unplug()
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(605)
        shopfront.printer.plug_in()
        await asyncio.sleep(0.1)
        assert shopfront.texts == [], "between two looks"
        shopfront.plugged.set()
        await asyncio.sleep(1)
        assert shopfront.texts

    run(path, scenario)


def test_a_roll_that_ends_in_the_middle_prints_the_receipt_anew_as_a_copy(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.lines_left = 20
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(10)
        assert [(one.state, one.copy) for one in await shopfront.waiting()] == [
            (ReceiptState.QUEUED_AGAIN, 1),
            (ReceiptState.QUEUED, 0),
        ]
        shopfront.printer.paper = "ok"
        await asyncio.sleep(LOOK_EVERY_S + 5)
        torn, other, again = shopfront.printer.receipts
        assert (torn.cut, other.cut, again.cut) == (False, True, True), "what nobody has seen yet comes first"
        assert "T1-000007-A1B2C3" in torn.text
        assert "T1-000007-A1B2C3" in again.text
        assert [COPY_MARK in one.text for one in (torn, other, again)] == [False, False, True]
        assert await shopfront.waiting() == []

    run(path, scenario)


def test_a_receipt_that_a_power_cut_met_is_printed_again_as_a_copy(path: Path) -> None:
    async def cut(shopfront: Shopfront) -> None:
        shopfront.disk.refuses = ReceiptState.PRINTED  # the power goes before the end is on disk
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(1)
        assert [receipt.state for receipt in await shopfront.waiting()] == [ReceiptState.PRINTING]

    async def restart(shopfront: Shopfront) -> None:
        await asyncio.sleep(600)
        assert [COPY_MARK in text for text in shopfront.texts] == [False, True]
        assert await shopfront.waiting() == []

    run(path, cut, restart)


def test_a_disk_that_does_not_take_the_end_of_a_receipt_does_not_make_it_come_out_twice(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.disk.refuses = ReceiptState.PRINTED
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(600)
        assert len(shopfront.texts) == 1
        shopfront.disk.refuses = None
        await asyncio.sleep(LONGEST_PAUSE_S + 1)
        assert len(shopfront.texts) == 2

    run(path, scenario)


def test_nothing_is_printed_that_is_not_on_disk_as_being_printed(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.disk.refuses = ReceiptState.PRINTING
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(600)
        assert shopfront.texts == []
        shopfront.disk.refuses = None
        await asyncio.sleep(LONGEST_PAUSE_S + 1)
        assert len(shopfront.texts) == 1

    run(path, scenario)


def test_printer_that_says_nothing_of_itself_is_given_its_receipts(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.answers = False
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(60)
        assert len(shopfront.texts) == 2

    run(path, scenario)


def test_printer_that_is_unplugged_after_a_receipt_is_not_tried_with_the_next_ones(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(10)
        shopfront.printer.unplug()
        number = walk_to(State.REPORT).sale.number
        again = QueuedReceipt(f"{number}-customer-1", number, CUSTOMER, 1, ReceiptState.QUEUED)
        await shopfront.journal.call(shopfront.disk.append_receipts, (again,))
        notes = shopfront.notes
        shopfront.printing.wake()
        await asyncio.sleep(3600)
        assert shopfront.notes - notes == 2, "the first try only: nobody knew before that"
        shopfront.printer.plug_in()
        await asyncio.sleep(LONGEST_PAUSE_S + 1)
        assert len(shopfront.texts) == 2

    run(path, scenario)


@pytest.mark.parametrize("sale_number", [99, 8], ids=["no such sale", "a sale that is open"])
def test_receipt_that_cannot_be_made_does_not_hold_up_the_others(
    path: Path, sale_number: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        is_open = replace(walk_to(State.CUSTOMER).sale, number=8, register_id="8", reference="T1-000008-A1B2C3")
        await shopfront.journal.append(Record("AuthorizationOpened", is_open))
        poison = QueuedReceipt(f"{sale_number}-customer-0", sale_number, CUSTOMER, 0, ReceiptState.QUEUED)
        await shopfront.journal.call(shopfront.disk.append_receipts, (poison,))
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(600)
        assert len(shopfront.texts) == 1
        assert shopfront.conditions[-1] == {"printer": PrinterStatus.OK, "pending_receipts": 0}
        assert await shopfront.waiting() == [poison], "it stays in the journal, for whoever looks into it"

    run(path, scenario)
    told = [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]
    assert [text.split(":")[0] for text in told] == [f"receipt {sale_number}-customer-0 is left out"], "once"


def test_printer_in_trouble_is_told_when_a_sale_begins(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.paper = "out"
        shopfront.printing.prepare()
        await asyncio.sleep(1)
        assert shopfront.conditions == [{"printer": PrinterStatus.PAPER_OUT, "pending_receipts": 0}]
        shopfront.printer.paper = "ok"
        shopfront.printer.unplug()
        shopfront.printing.prepare()
        await asyncio.sleep(1)
        assert shopfront.conditions[-1] == {"printer": PrinterStatus.OFFLINE, "pending_receipts": 0}

    run(path, scenario)


def test_something_else_is_printed_between_receipts(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        await shopfront.queue(CUSTOMER, MERCHANT)
        await shopfront.printing.print_now((TextLine("prufa"), Cut()))
        await asyncio.sleep(1)
        assert sorted("prufa" in text for text in shopfront.texts) == [False, False, True]

    run(path, scenario)


def test_slip_that_cannot_be_printed_is_told_to_whoever_wants_it(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.unplug()
        with pytest.raises(DeviceError):
            await shopfront.printing.print_now((TextLine("prufa"),))
        shopfront.printer.plug_in()
        await shopfront.printing.print_now((TextLine("prufa"), Cut()))
        assert len(shopfront.texts) == 1

    run(path, scenario)


def test_receipt_of_a_sale_that_must_be_paid_back_says_so(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.paper = "out"
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(1)
        due = replace(walk_to(State.REPORT).sale, state=State.ATTENTION, reason=Reason.REFUND_DUE)
        await shopfront.journal.append(Record("ResultRejected", due))
        shopfront.printer.paper = "ok"
        await asyncio.sleep(LONGEST_PAUSE_S + 1)
        (text,) = shopfront.texts
        assert "ENDURGREIÐA" in text
        assert "SAMÞYKKT" not in text

    run(path, scenario)


def test_slip_for_staff_asks_for_nothing_once_the_sale_is_settled(path: Path) -> None:
    due = replace(walk_to(State.REPORT).sale, state=State.ATTENTION, reason=Reason.REFUND_DUE)

    async def scenario(shopfront: Shopfront) -> None:
        await shopfront.journal.append(Record("ResultRejected", due, (ReceiptKind.ATTENTION,)))
        shopfront.printing.wake()
        await asyncio.sleep(1)
        assert "Er salan greidd á kassanum?" in shopfront.texts[0]

    async def settled_before_it_came_out(shopfront: Shopfront) -> None:
        shopfront.printer.paper = "out"
        other = replace(due, number=8, register_id="8", reference="T1-000008-A1B2C3")
        await shopfront.journal.append(Record("ResultRejected", other, (ReceiptKind.ATTENTION,)))
        shopfront.printing.wake()
        await asyncio.sleep(1)
        refunded = replace(other, state=State.CLOSED, reason=Reason.REFUNDED)
        await shopfront.journal.append(Record("SettledByStaff", refunded, (CUSTOMER,)))
        shopfront.printer.paper = "ok"
        await asyncio.sleep(LONGEST_PAUSE_S + 1)
        assert len(shopfront.texts) == 3
        for text in shopfront.texts[1:]:
            assert "ENDURGREITT" in text
            assert "Endurgreiddu" not in text

    run(path, scenario, settled_before_it_came_out)


def test_receipt_says_if_nothing_has_set_the_clock(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.clock_is_set = False
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(1)
        shopfront.clock_is_set = True
        await shopfront.queue(MERCHANT)
        await asyncio.sleep(1)
        assert ["Klukka óstillt" in text for text in shopfront.texts] == [True, False]

    run(path, scenario)


def test_a_full_disk_under_the_printer_s_library_delays_a_receipt(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """python-escpos writes a file when it is loaded, which is when the first receipt is due."""

    async def scenario(shopfront: Shopfront) -> None:
        with monkeypatch.context() as full:
            full.setattr(encoder, "_new_dummy", _no_space)
            await shopfront.queue(CUSTOMER)
            await asyncio.sleep(600)
            assert shopfront.texts == []
        await asyncio.sleep(LONGEST_PAUSE_S)
        assert len(shopfront.texts) == 1
        assert COPY_MARK not in shopfront.texts[0], "it never was on paper"
        assert await shopfront.waiting() == []

    run(path, scenario)


def _no_space(_profile: str) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "/tmp/3.11.2.capabilities.pickle")


def test_a_receipt_that_our_own_fault_keeps_from_the_paper_holds_up_no_other(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody has thought of this error. Staff are asked, as about any receipt that may not have come out."""
    print_line = encoder._Composer._add_text

    def stumble(composer: encoder._Composer, line: TextLine) -> None:
        if "söluaðila" in line.text:
            raise RecursionError("maximum recursion depth exceeded")
        print_line(composer, line)

    async def scenario(shopfront: Shopfront) -> None:
        with monkeypatch.context() as faulty:
            faulty.setattr(encoder._Composer, "_add_text", stumble)
            await shopfront.queue(MERCHANT, CUSTOMER)
            await asyncio.sleep(60)
        assert len(shopfront.texts) == 1, "the customer's"
        (waiting,) = await shopfront.waiting()
        assert (waiting.kind, waiting.state) == (MERCHANT, ReceiptState.DOUBTFUL)

    run(path, scenario)
    assert "see: netgiro-terminal support-bundle" in caplog.text
