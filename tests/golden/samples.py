"""Sales, refunds and troubles of one shop, for the goldens and for whoever needs one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from msgspec.structs import replace

from hardware.interfaces import Jam, PrinterStatus
from terminal.counter.menu import Item, Menu, Problem
from terminal.counter.trouble import Trouble
from terminal.counter.view import Conditions
from terminal.paper.receipt import Shop
from terminal.sale.customer import CustomerKind
from terminal.sale.effects import ReceiptKind, SetDeadline
from terminal.sale.record import Gap, JournalHealth, QueuedReceipt, ReceiptState
from terminal.sale.refund import Refund, RefundReason, RefundSource, RefundState
from terminal.sale.sale import Reason, Sale, State
from terminal.texts.words import Language

GOLDEN = Path(__file__).parent
SIZES_PX = ((128, 64), (128, 32))
SIZE_PX = SIZES_PX[0]
LANGUAGES: tuple[Language, ...] = get_args(Language)
SHOP = Shop(
    name="Blómabúðin við Lækinn",
    kennitala="5501011230",
    lines=("Lækjargötu 2, 101 Reykjavík", "Sími 555 1234, VSK-nr. 12345"),
)

SALE = Sale(
    number=1042,
    reference="T1-20261123-1042-7KQ2",
    register_id="42",
    amount_kr=1990,
    created="2026-11-23T14:39:05Z",
    code_tries_left=3,
)


def deadline_of(sale: Sale) -> SetDeadline:
    return SetDeadline(sale_number=sale.number, state=sale.state, delay_s=150.0)


CLOSED_SALE = replace(
    SALE,
    state=State.CLOSED,
    reason=Reason.PAID,
    customer_kind=CustomerKind.PHONE,
    customer_label="••• ••81",
    authorization_id="3fa85f64-5717-4562-b3fc-2c963f66afa6",
    invoice_number="8812345",
    support_reference="0HN7K2L9QPC3T:00000001",
)

REFUND_DUE = replace(CLOSED_SALE, state=State.ATTENTION, reason=Reason.REFUND_DUE)

REFUND = Refund(
    number=1043,
    reference="T1-20261123-1043-4KX9",
    idempotency_key="0" * 40,
    sale_number=1042,
    sale_reference=SALE.reference,
    authorization_id="3fa85f64-5717-4562-b3fc-2c963f66afa6",
    amount_kr=990,
    payment_kr=1990,
    created="2026-11-23T14:52:11Z",
    source=RefundSource.REGISTER,
    register_id="43",
)
REFUND_DONE = replace(REFUND, state=RefundState.CLOSED, reason=RefundReason.DONE)

LOST_REFUND = replace(REFUND, state=RefundState.ATTENTION, reason=RefundReason.NOT_TRACEABLE)
REFUNDING = Menu(item=Item.REFUND, sale_number=1042, left_kr=1990)
GAP = Gap(repair=1, since="23.11.2026 14:52", until="24.11.2026 09:15", known=7)
NARROW_PAD = ("123", "456", "789", "*0#")
ABOUT = ("netgiro-terminal 0.1.0", "T1", "192.168.1.40")

PROBLEMS = (
    Problem("printer", "/dev/usb/lp0 does not exist"),
    Problem("register port", "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A10K1234-if00-port0 is in use by process 77"),
    Problem("clock", "2026-11-23 08:05 UTC, not synchronised"),
)

NO_NETWORK = Conditions(network_ok=False)
WORST = Conditions(
    network_ok=False,
    register_ok=False,
    keypad_ok=False,
    printer=PrinterStatus.OFFLINE,
    pending_receipts=3,
    journal_ok=False,
)

IN_DOUBT = QueuedReceipt("1042-customer-0", 1042, ReceiptKind.CUSTOMER, 1, ReceiptState.DOUBTFUL)
FIRST_TROUBLE: Mapping[Trouble, Mapping[str, object]] = {
    Trouble.JOURNAL: {"conditions": WORST},
    Trouble.KEYPAD: {"conditions": replace(WORST, journal_ok=True)},
    Trouble.REGISTER: {"conditions": replace(WORST, journal_ok=True, keypad_ok=True)},
    Trouble.NETWORK: {"conditions": replace(WORST, journal_ok=True, keypad_ok=True, register_ok=True)},
    Trouble.KEY_STUCK: {"conditions": Conditions(jam=Jam(stuck="*0#"), pending_receipts=2)},
    Trouble.PAPER_OUT: {"conditions": Conditions(printer=PrinterStatus.PAPER_OUT, pending_receipts=2)},
    Trouble.COVER_OPEN: {"conditions": Conditions(printer=PrinterStatus.COVER_OPEN, pending_receipts=2)},
    Trouble.PRINTER_OFFLINE: {"conditions": Conditions(printer=PrinterStatus.OFFLINE, pending_receipts=2)},
    Trouble.RECEIPTS_PENDING: {"conditions": Conditions(pending_receipts=2)},
    Trouble.JOURNAL_INCOMPLETE: {"conditions": Conditions(journal_health=JournalHealth.INCOMPLETE, network_ok=False)},
    Trouble.JOURNAL_UNMIRRORED: {"conditions": Conditions(journal_health=JournalHealth.UNMIRRORED)},
    Trouble.JOURNAL_REPAIRED: {"conditions": Conditions(journal_health=JournalHealth.REPAIRED)},
    Trouble.PAPER_LOW: {"conditions": Conditions(paper_low=True)},
    Trouble.REFUNDS_WAITING: {"refunds": (REFUND,), "conditions": Conditions(pending_receipts=2)},
    Trouble.SALES_WAITING: {"attention": (REFUND_DUE,), "conditions": Conditions(pending_receipts=2)},
}
"""For each trouble the fields of the worst view in which it comes first."""
