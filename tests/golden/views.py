"""Every view of the counter whose screen is kept as a picture, by name."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from hardware.interfaces import Jam, PrinterStatus
from terminal.counter.keypad_test import NUMBER_PAD, STANDARD_LAYOUT, KeypadTest
from terminal.counter.menu import Item, Menu, Page
from terminal.counter.register_words import RefusalCode
from terminal.counter.typing import Entry
from terminal.counter.view import Conditions, Offer, View
from terminal.sale.customer import CustomerKind, IdentifierProblem
from terminal.sale.events import Verdict
from terminal.sale.record import Gap, JournalHealth
from terminal.sale.refund import RefundReason
from terminal.sale.sale import Reason, State
from terminal.sale.sensitive import Sensitive
from tests.golden.samples import (
    ABOUT,
    CLOSED_SALE,
    GAP,
    IN_DOUBT,
    LOST_REFUND,
    NARROW_PAD,
    NO_NETWORK,
    PROBLEMS,
    REFUND,
    REFUND_DONE,
    REFUND_DUE,
    REFUNDING,
    SALE,
    WORST,
    deadline_of,
)


def _views() -> Mapping[str, View]:
    phone_sale = replace(SALE, customer_kind=CustomerKind.PHONE)
    checking = {"committed": True, "misses": 3, "settling": True}
    views = {
        "refund": View(refund=REFUND),
        "refund_done": View(refund_result=REFUND_DONE),
        "refund_refused": View(refund_result=replace(REFUND_DONE, reason=RefundReason.REFUSED)),
        "refund_without_connection": View(refund_result=replace(REFUND_DONE, reason=RefundReason.NO_CONNECTION)),
        "refund_unclear": View(refund_result=replace(REFUND_DONE, reason=RefundReason.NOT_TRACEABLE)),
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
        "menu_refund_lost": View(menu=replace(REFUNDING, page=Page.REFUSED, refusal=RefusalCode.RECORDS_LOST)),
        "menu_refund_too_much": View(
            menu=replace(REFUNDING, page=Page.REFUSED, refusal=RefusalCode.AMOUNT, limits_kr=(1, 1490))
        ),
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
        "menu_choice_gap": View(menu=Menu(page=Page.CHOICE, item=Item.GAP, has_gap=True)),
        "menu_gap": View(menu=Menu(page=Page.GAP, item=Item.GAP, gap=GAP)),
        "menu_gap_restored": View(menu=Menu(page=Page.GAP, item=Item.GAP, gap=replace(GAP, known=0, may_be_more=True))),
        "menu_gap_least_known": View(
            menu=Menu(page=Page.GAP, item=Item.GAP, gap=Gap(repair=1, known=4321, may_be_more=True))
        ),
        "menu_gap_sure": View(menu=Menu(page=Page.GAP_SURE, item=Item.GAP, gap=GAP)),
        "menu_gap_acknowledged": View(menu=Menu(page=Page.DONE, item=Item.GAP)),
        "menu_gap_none": View(menu=Menu(page=Page.NO_GAP, item=Item.GAP)),
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
