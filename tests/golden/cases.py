"""Every screen and receipt that is kept as a picture or as text, by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import get_args

from msgspec.structs import replace
from PIL import Image

from hardware.interfaces import Columns, Document, Jam, PrinterStatus, TextLine
from terminal.counter.keypad_test import NUMBER_PAD, STANDARD_LAYOUT, KeypadTest
from terminal.counter.menu import Item, Menu, Page, Problem
from terminal.counter.register_words import RefusalCode
from terminal.counter.trouble import Trouble
from terminal.counter.typing import Entry
from terminal.counter.view import Conditions, Offer, View
from terminal.paper.end_of_day import end_of_day_slip, x_report_slip
from terminal.paper.receipt import Shop, receipt_document
from terminal.paper.refund_receipt import refund_document
from terminal.paper.transaction_list import transaction_list
from terminal.sale.customer import CustomerKind, IdentifierProblem
from terminal.sale.effects import ReceiptKind, SetDeadline
from terminal.sale.events import Verdict
from terminal.sale.record import JournalHealth, QueuedReceipt, ReceiptState
from terminal.sale.refund import Refund, RefundReason, RefundSource, RefundState
from terminal.sale.sale import Reason, Sale, State
from terminal.sale.sensitive import Sensitive
from terminal.sale.totals import ClosedPeriod, Corrected, Period, Tally, Totals, totals_of
from terminal.screen.layout import pages
from terminal.screen.pixels import render
from terminal.screen.screens import COUNTED_DOWN, Countdown, Screen, screen_for
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
REFUNDED = replace(REFUND, state=RefundState.CLOSED, reason=RefundReason.DONE)

REFUNDED_PART = replace(REFUND, state=RefundState.CLOSED, reason=RefundReason.DONE)
LOST_REFUND = replace(REFUND, state=RefundState.ATTENTION, reason=RefundReason.NOT_TRACEABLE)
REFUNDING = Menu(item=Item.REFUND, sale_number=1042, left_kr=1990)
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


def _views() -> Mapping[str, View]:
    phone_sale = replace(SALE, customer_kind=CustomerKind.PHONE)
    checking = {"committed": True, "misses": 3, "settling": True}
    views = {
        "refund": View(refund=REFUND),
        "refund_done": View(refund_result=REFUNDED),
        "refund_refused": View(refund_result=replace(REFUNDED, reason=RefundReason.REFUSED)),
        "refund_without_connection": View(refund_result=replace(REFUNDED, reason=RefundReason.NO_CONNECTION)),
        "refund_unclear": View(refund_result=replace(REFUNDED, reason=RefundReason.NOT_TRACEABLE)),
        "idle": View(),
        "training_begin": View(menu=Menu(page=Page.TRAINING, item=Item.TRAINING)),
        "idle_operator": View(asks_operator=True),
        "idle_operator_typed": View(asks_operator=True, operator_typed="12"),
        "idle_operator_unknown": View(asks_operator=True, operator_unknown=True),
        "idle_no_network": View(conditions=NO_NETWORK),
        "idle_no_register": View(conditions=Conditions(register_ok=False)),
        "idle_no_keypad": View(conditions=Conditions(keypad_ok=False)),
        "idle_key_stuck": View(conditions=Conditions(jam=Jam(stuck="5"))),
        "idle_no_journal": View(conditions=Conditions(journal_ok=False)),
        "idle_no_printer": View(conditions=Conditions(printer=PrinterStatus.OFFLINE)),
        "idle_out_of_paper": View(conditions=Conditions(printer=PrinterStatus.PAPER_OUT, pending_receipts=2)),
        "idle_printer_open": View(conditions=Conditions(printer=PrinterStatus.COVER_OPEN)),
        "idle_receipt_pending": View(conditions=Conditions(pending_receipts=1)),
        "idle_paper_low": View(conditions=Conditions(printer=PrinterStatus.OK, paper_low=True)),
        "idle_two_amounts": View(offer=Offer(100_000, other_kr=199_000)),
        "idle_paid_otherwise": View(paid_kr=1990),
        "idle_two_totals": View(differing_kr=(1990, 2490)),
        "idle_receipt_in_doubt": View(conditions=Conditions(receipt_in_doubt=IN_DOUBT, pending_receipts=1)),
        "idle_everything_wrong": View(conditions=WORST),
        "idle_journal_incomplete": View(conditions=Conditions(journal_health=JournalHealth.INCOMPLETE)),
        "idle_journal_unmirrored": View(conditions=Conditions(journal_health=JournalHealth.UNMIRRORED)),
        "idle_journal_repaired": View(conditions=Conditions(journal_health=JournalHealth.REPAIRED)),
        "idle_sales_waiting": View(attention=(REFUND_DUE, replace(REFUND_DUE, number=1043))),
        "entry": View(sale=SALE),
        "entry_expiring": View(sale=SALE, deadline=deadline_of(SALE)),
        "entry_typing": View(sale=SALE, entry=Entry(Sensitive("822328"))),
        "entry_typing_no_network": View(sale=SALE, entry=Entry(Sensitive("12345678901234")), conditions=NO_NETWORK),
        "entry_large_amount": View(sale=replace(SALE, amount_kr=12_345_678), entry=Entry(Sensitive("4"))),
        "authorization": View(sale=replace(phone_sale, state=State.AUTHORIZATION)),
        "authorization_cancelling": View(
            sale=replace(phone_sale, state=State.AUTHORIZATION, reason=Reason.CASHIER_CANCELLED)
        ),
        "customer_app": View(sale=replace(SALE, state=State.CUSTOMER, customer_kind=CustomerKind.APP_CODE)),
        "customer_kennitala": View(sale=replace(SALE, state=State.CUSTOMER, customer_kind=CustomerKind.KENNITALA)),
        "customer_phone": View(sale=replace(phone_sale, state=State.CUSTOMER)),
        "customer_expiring": View(
            sale=replace(phone_sale, state=State.CUSTOMER), deadline=deadline_of(replace(SALE, state=State.CUSTOMER))
        ),
        "customer_phone_no_network": View(sale=replace(phone_sale, state=State.CUSTOMER), conditions=NO_NETWORK),
        "code_entry": View(sale=replace(SALE, state=State.CODE_ENTRY)),
        "code_entry_typing": View(sale=replace(SALE, state=State.CODE_ENTRY), entry=Entry(Sensitive("123"))),
        "code_entry_again": View(sale=replace(SALE, state=State.CODE_ENTRY, code_tries_left=2)),
        "code_entry_last": View(sale=replace(SALE, state=State.CODE_ENTRY, code_tries_left=1)),
        "code_check": View(sale=replace(SALE, state=State.CODE_CHECK)),
        "capture": View(sale=replace(SALE, state=State.CAPTURE, committed=True)),
        "capture_settling": View(sale=replace(SALE, state=State.CAPTURE, committed=True, settling=True)),
        "capture_unknown": View(sale=replace(SALE, state=State.CAPTURE, **checking), conditions=NO_NETWORK),
        "void": View(sale=replace(SALE, state=State.VOID, reason=Reason.TIMED_OUT)),
        "void_unknown": View(sale=replace(SALE, state=State.VOID, reason=Reason.TIMED_OUT, **checking)),
        "paid_out_of_paper": View(
            result=CLOSED_SALE, conditions=Conditions(printer=PrinterStatus.PAPER_OUT, pending_receipts=2)
        ),
    }
    stuck = replace(SALE, state=State.CAPTURE, **checking)
    views |= {
        "menu_choice": View(menu=Menu(page=Page.CHOICE, item=Item.REPRINT_LAST)),
        "menu_choice_settle": View(sale=stuck, menu=Menu(page=Page.CHOICE, item=Item.SETTLE)),
        "menu_choice_3x4": View(menu=Menu(page=Page.CHOICE, item=Item.REFUND, keypad=KeypadTest(NARROW_PAD))),
        "menu_refund_code": View(menu=Menu(page=Page.CODE, item=Item.REFUND)),
        "menu_refund_no_code": View(menu=Menu(page=Page.NO_CODE, item=Item.REFUND)),
        "menu_refund_number": View(menu=Menu(page=Page.NUMBER, item=Item.REFUND)),
        "menu_refund_amount": View(menu=replace(REFUNDING, page=Page.AMOUNT)),
        "menu_refund_amount_typed": View(menu=replace(REFUNDING, page=Page.AMOUNT, digits=Sensitive("500"))),
        "menu_refund_sure": View(menu=replace(REFUNDING, page=Page.REFUND_SURE, amount_kr=500)),
        "menu_refund_refused": View(menu=replace(REFUNDING, page=Page.REFUSED, refusal=RefusalCode.REFUND)),
        "menu_refund_settle": View(refunds=(LOST_REFUND,), menu=Menu(page=Page.SALE, sale_number=LOST_REFUND.number)),
        "menu_refund_settle_sure": View(
            refunds=(LOST_REFUND,),
            menu=Menu(page=Page.SURE, sale_number=LOST_REFUND.number, verdict=Verdict.UNPAID),
        ),
        "menu_day": View(menu=Menu(page=Page.DAY, item=Item.END_OF_DAY)),
        "menu_day_empty": View(menu=Menu(page=Page.EMPTY_DAY, item=Item.END_OF_DAY)),
        "menu_day_ended": View(menu=Menu(page=Page.DONE, item=Item.END_OF_DAY)),
        "menu_day_number": View(menu=Menu(page=Page.NUMBER, item=Item.END_OF_DAY)),
        "menu_day_not_ended": View(menu=Menu(page=Page.NOT_WRITTEN, item=Item.END_OF_DAY)),
        "menu_not_written": View(menu=Menu(page=Page.NOT_WRITTEN, item=Item.REFUND)),
        "menu_nothing_to_print": View(menu=Menu(page=Page.NOTHING_TO_PRINT, item=Item.REPRINT_NUMBER)),
        "menu_asking": View(menu=Menu(page=Page.ASKING, item=Item.X_REPORT)),
        "menu_printed": View(menu=Menu(page=Page.DONE, item=Item.X_REPORT)),
        "menu_not_printed": View(menu=Menu(page=Page.NOT_PRINTED, item=Item.X_REPORT)),
        "menu_pairing": View(menu=Menu(page=Page.PAIRING, item=Item.PAIRING, digits=Sensitive("482913"))),
        "menu_about": View(menu=Menu(page=Page.ABOUT, item=Item.ABOUT, about=ABOUT)),
        "menu_scanned": View(menu=Menu(page=Page.KEYPAD, item=Item.KEYPAD, scanned=20)),
        "menu_choice_number": View(menu=Menu(page=Page.CHOICE, item=Item.REPRINT_NUMBER)),
        "menu_choice_more": View(menu=Menu(page=Page.CHOICE, item=Item.MORE)),
        "menu_choice_doctor": View(menu=Menu(page=Page.CHOICE, item=Item.DOCTOR)),
        "menu_no_code": View(sale=stuck, menu=Menu(page=Page.NO_CODE, item=Item.SETTLE)),
        "menu_locked": View(sale=stuck, menu=Menu(page=Page.LOCKED, is_locked=True, locked_s=60.0)),
        "menu_code": View(sale=stuck, menu=Menu(page=Page.CODE, item=Item.SETTLE, digits=Sensitive("4711"))),
        "menu_which_code": View(menu=Menu(page=Page.WHICH_CODE, item=Item.CODES)),
        "menu_new_code": View(menu=Menu(page=Page.NEW_CODE, item=Item.CODES, digits=Sensitive("471"))),
        "menu_new_code_again": View(menu=Menu(page=Page.NEW_CODE_AGAIN, item=Item.CODES)),
        "menu_code_changed": View(menu=Menu(page=Page.DONE, item=Item.CODES)),
        "menu_code_again": View(sale=stuck, menu=Menu(page=Page.CODE, item=Item.SETTLE, wrong_codes=1)),
        "menu_sale": View(sale=stuck, menu=Menu(page=Page.SALE, sale_number=stuck.number)),
        "menu_sale_refund_due": View(attention=(REFUND_DUE,), menu=Menu(page=Page.SALE, sale_number=REFUND_DUE.number)),
        "menu_number": View(menu=Menu(page=Page.NUMBER, item=Item.REPRINT_NUMBER, digits=Sensitive("1042"))),
        "menu_settled": View(menu=Menu(page=Page.DONE, item=Item.SETTLE)),
        "menu_reprinting": View(menu=Menu(page=Page.DONE, item=Item.REPRINT_LAST)),
        "menu_examining": View(menu=Menu(page=Page.EXAMINING, item=Item.DOCTOR)),
        "menu_report": View(menu=Menu(page=Page.REPORT, item=Item.DOCTOR, problems=PROBLEMS)),
        "menu_report_well": View(menu=Menu(page=Page.REPORT, item=Item.DOCTOR)),
    }
    keypad = Menu(page=Page.KEYPAD, item=Item.KEYPAD)
    some, every = KeypadTest(seen="123A0#D9", last="9"), KeypadTest(seen="".join(STANDARD_LAYOUT), last="D")
    views |= {
        "menu_choice_keypad": View(menu=Menu(page=Page.CHOICE, item=Item.KEYPAD)),
        "menu_keypad": View(menu=keypad),
        "menu_keypad_some": View(menu=replace(keypad, keypad=some)),
        "menu_keypad_star": View(menu=replace(keypad, keypad=replace(some, seen=some.seen + "*", last="*"))),
        "menu_keypad_every": View(menu=replace(keypad, keypad=every)),
        "menu_keypad_stuck": View(menu=replace(keypad, keypad=some), conditions=Conditions(jam=Jam(stuck="5"))),
        "menu_keypad_together": View(
            menu=replace(keypad, keypad=some), conditions=Conditions(jam=Jam(together="4578"))
        ),
        "menu_keypad_3x4": View(
            menu=replace(keypad, keypad=KeypadTest(layout=("123", "456", "789", "*0#"), seen="1235", last="5"))
        ),
        "menu_keypad_usb": View(menu=replace(keypad, keypad=KeypadTest(layout=NUMBER_PAD, seen="1D#A4", last="4"))),
    }
    for verdict in Verdict:
        sure = Menu(page=Page.SURE, sale_number=stuck.number, verdict=verdict)
        views[f"menu_sure_{verdict}"] = View(sale=stuck, menu=sure)
    for kind in CustomerKind:
        views[f"entry_{kind}"] = View(sale=SALE, entry=Entry(kind=kind))
    for problem in IdentifierProblem:
        state = State.CODE_ENTRY if problem is IdentifierProblem.BAD_SMS_CODE else State.ENTRY
        views[problem] = View(sale=replace(SALE, state=state), entry=Entry(Sensitive("12"), problem=problem))
    views["result_may_stay_reserved"] = View(
        result=replace(CLOSED_SALE, reason=Reason.CASHIER_CANCELLED, may_stay_reserved=True)
    )
    for reason in Reason:
        views[f"result_{reason}"] = View(result=replace(CLOSED_SALE, reason=reason))
    return views


VIEWS = _views()
TRAINING_VIEWS: Mapping[str, View] = {
    "training_idle": View(is_training=True),
    "training_amount": View(is_training=True, training_amount="1990"),
    "training_entry": View(is_training=True, sale=SALE),
    "training_paid": View(is_training=True, result=CLOSED_SALE),
    "training_menu": View(is_training=True, menu=Menu(page=Page.CHOICE, item=Item.TRAINING)),
    "training_end": View(is_training=True, menu=Menu(page=Page.TRAINING, item=Item.TRAINING)),
    "training_doctor": View(is_training=True, menu=Menu(page=Page.REPORT, item=Item.DOCTOR, problems=PROBLEMS, leaf=1)),
    "training_keypad": View(is_training=True, menu=Menu(page=Page.KEYPAD, item=Item.KEYPAD)),
}
"""A strip takes some of their room: with a trouble besides they may need a second page."""
SHOWN = {**VIEWS, **TRAINING_VIEWS}

ENGLISH_PICTURES = (
    "idle",
    "idle_everything_wrong",
    "entry",
    "entry_typing",
    "customer_phone",
    "code_entry_again",
    "capture_unknown",
    "menu_report",
    "result_paid",
    "result_refund_due",
)
"""English screens that are kept as pictures too; the words of all the others are checked without one."""
PICTURE_CASES: list[tuple[str, Language, tuple[int, int]]] = [
    *((name, "is", size_px) for size_px in SIZES_PX for name in SHOWN),
    *((name, "en", SIZE_PX) for name in ENGLISH_PICTURES),
]


def screen(name: str, language: Language) -> Screen:
    return screen_for(SHOWN[name], language, shop_name=SHOP.name, countdown=countdown(name))


def countdown(name: str) -> Countdown | None:
    if name in ("entry_expiring", "customer_expiring"):
        return Countdown(17, 300)
    sale = SHOWN[name].sale
    waits = sale is not None and sale.state in COUNTED_DOWN and sale.state is not State.ENTRY
    return Countdown(87, 150) if waits else None


def picture(name: str, language: Language, size_px: tuple[int, int]) -> Image.Image:
    """All pages of a screen, one below the other with a line of half-lit dots between them."""
    shown = screen(name, language)
    count = len(pages(shown, size_px))
    strip = Image.new("1", (size_px[0], count * (size_px[1] + 1) - 1))
    for page in range(count):
        strip.paste(render(shown, size_px, page=page), (0, page * (size_px[1] + 1)))
        for x in range(0, size_px[0], 2):
            if page:
                strip.putpixel((x, page * (size_px[1] + 1) - 1), 1)
    return strip


def picture_path(name: str, language: Language, size_px: tuple[int, int]) -> Path:
    return GOLDEN / "screens" / f"{size_px[0]}x{size_px[1]}" / language / f"{name}.png"


# --- receipts ---------------------------------------------------------------------------------------------------------

ON_OTHER_PAPER = ("paid", "refund_due", "busy")


def widths(name: str) -> tuple[Columns, ...]:
    """Two receipts and one end of day are kept for the narrowest and the widest paper, the others for 42 columns."""
    return (32, 48) if name in ON_OTHER_PAPER else (42,)


NOT_TRACEABLE = replace(REFUND_DUE, reason=Reason.NOT_TRACEABLE, authorization_id=None, invoice_number=None)
REFUNDED = replace(CLOSED_SALE, reason=Reason.REFUNDED)
DECLINED = replace(CLOSED_SALE, reason=Reason.CUSTOMER_DECLINED, invoice_number=None)
COPIES = (ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT)
ALL = (*COPIES, ReceiptKind.ATTENTION)

RECEIPTS = {
    "paid": (CLOSED_SALE, False, COPIES),
    "paid_copy": (CLOSED_SALE, True, COPIES),
    "not_traceable": (NOT_TRACEABLE, False, ALL),
    "refund_due": (REFUND_DUE, False, ALL),
    "refund_due_copy": (REFUND_DUE, True, (ReceiptKind.ATTENTION,)),
    "refunded": (REFUNDED, False, ALL),
    "declined": (DECLINED, False, (ReceiptKind.CUSTOMER,)),
}
RECEIPT_CASES = [
    (name, language, kind, columns)
    for name, (_sale, _copy, kinds) in RECEIPTS.items()
    for language, kind, columns in product(LANGUAGES, kinds, widths(name))
] + [("refund", language, kind, 42) for language, kind in product(LANGUAGES, COPIES)]


def refund_receipt(language: Language, kind: ReceiptKind, columns: Columns) -> Document:
    return refund_document(
        number=1051,
        sale_number=1042,
        amount_kr=500,
        refunded_at=datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
        reference="T1-001051-9F3C2A",
        transaction_id=CLOSED_SALE.authorization_id or "",
        register_id="8812",
        kind=kind,
        copy=False,
        shop=SHOP,
        terminal_id="T1",
        printed_at=datetime(2026, 11, 24, 9, 1, tzinfo=UTC),
        language=language,
        columns=columns,
    )


def receipt(name: str, language: Language, kind: ReceiptKind, columns: Columns) -> Document:
    if name == "refund":
        return refund_receipt(language, kind, columns)
    sale, copy, _kinds = RECEIPTS[name]
    return receipt_document(
        sale,
        kind=kind,
        copy=copy,
        shop=SHOP,
        terminal_id="T1",
        printed_at=datetime(2026, 11, 24, 9, 1, tzinfo=UTC),
        language=language,
        columns=columns,
    )


def receipt_path(name: str, language: Language, kind: ReceiptKind, columns: Columns) -> Path:
    return GOLDEN / "receipts" / language / f"{name}_{kind}_{columns}.txt"


# --- ends of day ------------------------------------------------------------------------------------------------------


def _busy_day() -> Totals:
    reasons = (*(Reason.PAID,) * 14, *(Reason.CUSTOMER_DECLINED,) * 2, Reason.TIMED_OUT, Reason.NO_ANSWER)
    sales = [
        replace(CLOSED_SALE, number=1030 + index, amount_kr=1990 * (index + 1), reason=reason)
        for index, reason in enumerate(reasons)
    ]
    older = replace(NOT_TRACEABLE, number=987, amount_kr=12_500, created="2026-11-20T17:12:00Z")
    refunded = [replace(REFUNDED, number=number, amount_kr=2_500) for number in (990, 1049)]
    totals = totals_of([*sales, replace(REFUND_DUE, number=1048), *refunded], [older, replace(REFUND_DUE, number=1048)])
    paid, unpaid = Reason.SETTLED_PAID, Reason.SETTLED_UNPAID
    corrected = Corrected(1021, "T1-1021-7KQ2MZ", 1_990, paid, unpaid, "2026-11-23T16:40:11Z", "gunnar (user 1000)")
    return replace(
        totals,
        refunded_earlier=Tally(1, 2_500),
        billed_earlier=Tally(1, 1_990),
        corrected_earlier=Tally(1, 1_990),
        corrected=(corrected,),
    )


_HEAD = "93ef541fa7e5eaca0514820ad49dcabb88facf71ebcde14fe5e96d95a7e95a27"
_DAY = ClosedPeriod(
    number=12, since="2026-11-22T18:02:11Z", until="2026-11-23T18:01:40Z", totals=_busy_day(), head=_HEAD
)
_DAY = replace(_DAY, head=_HEAD)
DAYS = {
    "busy": (_DAY, False),
    "busy_copy": (_DAY, True),
    "empty_first": (replace(_DAY, number=1, since=None, totals=Totals()), False),
}
DAY_CASES = [(name, language, columns) for name in DAYS for language in LANGUAGES for columns in widths(name)]


X_REPORTS = {
    "x_busy": Period(_DAY.number, _DAY.totals, _DAY.since),
    "x_empty_first": Period(1),
}
LISTS: dict[str, list[Sale | Refund]] = {
    "list_busy": [
        replace(SALE, number=1044, state=State.CAPTURE),
        REFUNDED_PART,
        replace(REFUND_DUE, number=1041),
        replace(CLOSED_SALE, number=1040, reason=Reason.CUSTOMER_DECLINED),
        CLOSED_SALE,
    ],
    "list_empty": [],
}
DAY_CASES += [(name, language, 42) for name in (*X_REPORTS, *LISTS) for language in LANGUAGES]
DAY_CASES += [("list_busy", language, 32) for language in LANGUAGES]


def x_slip(period: Period, language: Language, columns: Columns) -> Document:
    return x_report_slip(
        period,
        shop=SHOP,
        terminal_id="T1",
        printed_at=datetime(2026, 11, 23, 17, 1, tzinfo=UTC),
        language=language,
        columns=columns,
    )


def list_slip(entries: list[Sale | Refund], language: Language, columns: Columns) -> Document:
    return transaction_list(
        entries,
        shop=SHOP,
        terminal_id="T1",
        printed_at=datetime(2026, 11, 23, 17, 1, tzinfo=UTC),
        language=language,
        columns=columns,
    )


def day_slip(name: str, language: Language, columns: Columns) -> Document:
    if name in LISTS:
        return list_slip(LISTS[name], language, columns)
    if name in X_REPORTS:
        return x_slip(X_REPORTS[name], language, columns)
    period, copy = DAYS[name]
    return end_of_day_slip(
        period,
        copy=copy,
        shop=SHOP,
        terminal_id="T1",
        printed_at=datetime(2026, 11, 24, 9, 1, tzinfo=UTC),
        language=language,
        columns=columns,
    )


def day_path(name: str, language: Language, columns: Columns) -> Path:
    return GOLDEN / "days" / language / f"{name}_{columns}.txt"


def as_text(document: Document, columns: int) -> str:
    """The paper with its right edge, and behind it b for bold and d for double size."""
    lines = []
    for item in document:
        if not isinstance(item, TextLine):
            lines.append("-" * columns + "+")
            continue
        text = "".join(f"{char} " for char in item.text) if item.double else item.text
        indent = {"left": 0, "center": (columns - len(text)) // 2, "right": columns - len(text)}[item.align]
        flags = "b" * item.bold + "d" * item.double
        lines.append(f"{' ' * indent + text:<{columns}}| {flags}".rstrip())
    return "\n".join(lines) + "\n"
