"""The menu's refund, reports and end of day: what is asked, what is confirmed, and what nobody ends by mistake."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.decision import ShowMenuFor
from terminal.counter.inputs import (
    AboutFound,
    CodeScanned,
    EndOfDayLookedUp,
    EndOfDayRequested,
    KeyPressed,
    NotWritten,
    PairingCodeMade,
    RefundRequested,
    ReportEnded,
    ReprintLookedUp,
    ReprintRequested,
)
from terminal.counter.menu import (
    DIGIT_OF,
    MAIN_ITEMS,
    MORE_ITEMS,
    Item,
    MenuRules,
    Page,
    ReportKind,
)
from terminal.counter.menu_wishes import FindAbout, MakePairingCode, PrintReport
from terminal.counter.rules import RefundRules
from terminal.counter.view import Conditions, Offer, View
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import JournalHealth
from terminal.sale.refund import RefundReason, RefundSource, RefundState
from terminal.sale.sale import State
from terminal.sale.sensitive import Sensitive
from tests.each import each
from tests.golden.samples import CLOSED_SALE, LOST_REFUND, NARROW_PAD, REFUND_DUE, SALE
from tests.unit.counter.day_bench import ASK, BUSY, CODES, QUIET, Staff

# --- choosing ---------------------------------------------------------------------------------------------------------


def test_a_digit_chooses_the_same_item_whatever_else_there_is_to_do() -> None:
    missing = Conditions(journal_health=JournalHealth.INCOMPLETE)
    for view in (View(conditions=missing), View(attention=(REFUND_DUE,), conditions=missing)):
        for item in (item for item in Item if item not in (Item.SETTLE, Item.LANGUAGE, Item.OPERATOR)):
            staff = Staff(view)
            staff.press("D" + "0" * (item in MORE_ITEMS) + DIGIT_OF[item])
            assert staff.view.menu.item is (item if item is not Item.MORE else MORE_ITEMS[0])


def test_the_second_list_leads_back_to_the_first() -> None:
    staff = Staff()
    assert staff.press("D0").effects
    assert staff.screen[1] == "1 Fault report"
    staff.press("D")
    assert staff.view.menu.item is MORE_ITEMS[1]
    staff.press("*")
    assert staff.screen[1] == "0 More"
    staff.press("*")
    assert staff.page is None


def test_on_a_pad_without_the_menus_key_no_hint_names_it_and_ok_turns() -> None:
    staff = Staff(menu=replace(CODES, keypad_layout=NARROW_PAD))
    staff.press("#")
    staff.happens(KeyPressed("#", is_long=True))
    shown = []
    for _ in MAIN_ITEMS:
        assert not any(" D " in f" {line} " for line in staff.screen)
        shown.append(staff.view.menu.item)
        staff.press("#")
    assert set(shown) == set(MAIN_ITEMS) - {Item.SETTLE}
    staff.press("5")
    assert staff.page is Page.DAY


# --- refund -----------------------------------------------------------------------------------------------------------


def test_money_is_given_back_only_after_code_number_amount_and_a_confirmation() -> None:
    staff = Staff()
    staff.press("D3")
    assert staff.screen[1] == "Refund code"
    staff.press("2580#")
    assert staff.press("1042#").follow_ups == (ASK,)
    assert staff.looked_up(ASK).refund_record is None, "a question begins nothing"
    assert staff.screen[:2] == ("Receipt no. 1042", "At most 1.990 kr.")
    staff.press("500#")
    assert staff.screen[:3] == ("Receipt no. 1042", "-500 kr.", "Refund this?")
    (wanted,) = staff.press("#").follow_ups
    assert wanted == RefundRequested(number=1042, amount_kr=500, source=RefundSource.KEYPAD)
    decision = staff.looked_up(wanted)
    assert decision.refund_record is not None
    assert decision.refund_record.refund.amount_kr == 500
    assert decision.replies == ()
    assert staff.page is None
    assert staff.screen[0] == "Refund"


def test_without_number_and_amount_it_is_the_last_sale_and_all_that_is_left() -> None:
    staff = Staff()
    (asked,) = staff.press("D32580##").follow_ups
    assert asked == RefundRequested(number=None, source=RefundSource.KEYPAD, is_question=True)
    done = replace(LOST_REFUND, state=RefundState.CLOSED, reason=RefundReason.DONE, amount_kr=490)
    staff.looked_up(asked, refunds=(done,))
    (wanted,) = staff.press("##").follow_ups
    assert wanted == RefundRequested(number=1042, amount_kr=1500, source=RefundSource.KEYPAD)


@pytest.mark.parametrize("typed", ["0", "1991", "999999999"])
def test_no_amount_beyond_what_is_left_is_confirmed(typed: str) -> None:
    staff = Staff()
    staff.press("D32580#1042#")
    staff.looked_up(ASK)
    staff.press(typed + "#")
    assert staff.page is Page.AMOUNT
    assert staff.view.menu.digits.reveal() == ""


def test_a_refund_is_confirmed_once_however_often_the_key_is_pressed() -> None:
    staff = Staff(View(offer=Offer(700)))
    staff.press("D32580#1042#")
    staff.looked_up(ASK)
    decisions = [staff.press(key) for key in "####"]
    wishes = [wish for decision in decisions for wish in decision.follow_ups]
    assert len(wishes) == 1
    assert staff.view.offered_kr is None, "nor does impatience take the next customer's offer"


def test_what_cannot_be_given_back_is_said_in_the_menu_and_not_to_the_register() -> None:
    cases: dict[str, tuple[dict[str, Any], str]] = {
        "unknown number": ({"sale": None}, "No sale has this number."),
        "another of it unknown": ({"refunds": (LOST_REFUND,)}, "A sale or a refund is under way."),
        "nothing left": ({"sale": replace(CLOSED_SALE, reason=None)}, "has been given back"),
    }
    with each() as case:
        for name, (known, text) in cases.items():
            with case(name):
                staff = Staff()
                staff.press("D32580#1042#")
                decision = staff.looked_up(ASK, **known)
                assert decision.replies == ()
                assert staff.page is Page.REFUSED
                assert any(text in line for line in staff.screen)
                staff.press("#")
                assert staff.page is None


def test_answer_that_nobody_waits_for_any_more_changes_nothing() -> None:
    staff = Staff()
    staff.press("D32580#1042#*")
    before = staff.view
    assert staff.looked_up(ASK).view == before
    staff.press("D4")
    staff.looked_up(ASK)
    assert staff.page is Page.ASKING, "the X report is still waited for"


def test_without_its_own_code_nobody_gives_money_back() -> None:
    staff = Staff(menu=MenuRules(has_staff_code=True))
    staff.press("D3")
    assert staff.page is Page.NO_CODE
    staff = Staff()
    staff.press("D34711#")
    assert staff.page is Page.CODE, "the staff code is another one"


def test_where_the_service_takes_no_refunds_there_is_no_such_item() -> None:
    staff = Staff(menu=replace(CODES, can_refund=False), refund=RefundRules(is_possible=False))
    staff.press("D3")
    assert staff.page is Page.CHOICE


def test_a_refund_that_stands_unknown_is_settled_with_the_staff_code() -> None:
    for key, reason in (("3", RefundReason.SETTLED_DONE), ("2", RefundReason.SETTLED_NOT_DONE)):
        staff = Staff(View(refunds=(LOST_REFUND,)))
        staff.press("D#4711#")
        assert staff.screen[:2] == ("Refund no. 1043", "-990 kr.")
        staff.press("1")
        assert staff.page is Page.SALE, "a refund is not paid or unpaid"
        staff.press(key)
        record = staff.press("#").refund_record
        assert record is not None
        assert (record.refund.state, record.refund.reason) == (RefundState.CLOSED, reason)
        assert staff.view.refunds == ()


# --- the day ----------------------------------------------------------------------------------------------------------


def test_a_day_in_which_something_happened_ends_after_one_question() -> None:
    staff = Staff()
    staff.press("D5")
    assert staff.screen[1] == "End the day?"
    assert staff.press("#").follow_ups == (EndOfDayRequested(by_keypad=True, even_if_empty=False),)
    decision = staff.happens(EndOfDayLookedUp(BUSY, by_keypad=True, even_if_empty=False))
    assert decision.close is not None
    assert decision.close.number == 3
    assert "The day has ended." in staff.screen


def test_an_empty_day_ends_only_after_another_question() -> None:
    staff = Staff()
    staff.press("D5#")
    decision = staff.happens(EndOfDayLookedUp(QUIET, by_keypad=True, even_if_empty=False))
    assert decision.close is None
    assert staff.page is Page.EMPTY_DAY
    assert staff.press("#").follow_ups == (EndOfDayRequested(by_keypad=True, even_if_empty=True),)
    assert staff.happens(EndOfDayLookedUp(QUIET, by_keypad=True)).close is not None
    staff.press("#D5#")
    staff.happens(EndOfDayLookedUp(QUIET, by_keypad=True, even_if_empty=False))
    assert staff.press("*").follow_ups == ()
    assert staff.page is None


def test_by_command_a_day_ends_without_a_question() -> None:
    assert Staff().happens(EndOfDayLookedUp(QUIET)).close is not None


def test_the_day_does_not_end_while_a_sale_stands_unknown() -> None:
    stuck = replace(SALE, state=State.CAPTURE, committed=True, settling=True, misses=3, authorization_id="x")
    staff = Staff(View(sale=stuck))
    staff.press("D5#")
    assert staff.happens(EndOfDayLookedUp(BUSY, by_keypad=True, even_if_empty=False)).close is None
    assert staff.page is Page.REFUSED


@pytest.mark.parametrize(("typed", "number"), [("", None), ("12", 12)])
def test_the_last_end_of_day_or_any_comes_again(typed: str, number: int | None) -> None:
    decision = Staff().press("D51" + typed + "#")
    assert decision.follow_ups == (ReprintRequested(number, (ReceiptKind.END_OF_DAY,), by_keypad=True),)


def test_a_copy_that_is_not_there_is_not_promised() -> None:
    for keys, known, text in (
        ("D1", {"sale": CLOSED_SALE}, "The copy is printed."),
        ("D29#", {}, "Nothing to print."),
        ("D519#", {}, "Nothing to print."),
        ("D51#", {"period": 3}, "The copy is printed."),
    ):
        staff = Staff()
        (asked,) = staff.press(keys).follow_ups
        assert isinstance(asked, ReprintRequested)
        decision = staff.happens(ReprintLookedUp(kinds=asked.kinds, by_keypad=True, **known))  # type: ignore[arg-type]
        assert text in staff.screen
        assert bool(decision.receipts) == bool(known)


@pytest.mark.parametrize(
    ("keys", "text"),
    [("D5#", "The day has not ended."), ("D1", "The journal failed."), ("D32580#1042#", "The journal failed.")],
)
def test_what_the_disk_did_not_take_is_said_and_nobody_waits_for_ever(keys: str, text: str) -> None:
    staff = Staff()
    staff.press(keys)
    assert staff.page is Page.ASKING
    staff.happens(NotWritten())
    assert text in staff.screen
    before = Staff()
    before.happens(NotWritten())
    assert before.page is None, "nobody waits"


@pytest.mark.parametrize(("key", "kind"), [("4", ReportKind.X_REPORT), ("6", ReportKind.TRANSACTIONS)])
def test_a_report_is_printed_and_its_end_is_told(key: str, kind: ReportKind) -> None:
    for is_printed, text in ((True, "Printed."), (False, "Not printed.")):
        staff = Staff()
        assert PrintReport(kind) in staff.press("D" + key).effects
        assert PrintReport(kind) not in staff.press("#").effects, "impatience prints nothing twice"
        staff.happens(ReportEnded(is_printed))
        assert text in staff.screen


def test_about_tells_what_was_found() -> None:
    staff = Staff()
    assert FindAbout() in staff.press("D03").effects
    staff.happens(AboutFound(("netgiro-terminal 1", "T1", "192.0.2.7")))
    assert "192.0.2.7" in staff.screen


def test_a_pairing_code_is_made_for_whoever_knows_the_staff_code_and_shown_while_it_is_good() -> None:
    staff = Staff()
    assert MakePairingCode() not in staff.press("D04").effects
    assert staff.page is Page.CODE
    assert MakePairingCode() not in staff.press("4712#").effects
    assert MakePairingCode() in staff.press("4711#").effects
    shown = staff.happens(PairingCodeMade(Sensitive("482913"), 300.0))
    assert "482 913" in staff.screen
    assert ShowMenuFor(staff.view.menu.turn, 300.0) in shown.effects
    assert "482913" not in repr(staff.view)
    staff.press("#")
    assert staff.page is None
    assert "482" not in "".join(staff.screen)


def test_without_a_staff_code_nobody_is_shown_a_pairing_code() -> None:
    staff = Staff(menu=MenuRules(can_pair=True))
    staff.press("D04")
    assert staff.page is Page.NO_CODE


def test_a_pairing_code_that_nobody_waits_for_any_more_is_not_shown() -> None:
    staff = Staff()
    staff.press("D044711#*")
    staff.happens(PairingCodeMade(Sensitive("482913"), 300.0))
    staff.press("D")
    assert "482" not in "".join(staff.screen)


def test_the_scanner_is_tried_in_the_keypad_test_and_its_code_is_not_shown() -> None:
    staff = Staff()
    staff.press("D02")
    staff.happens(CodeScanned(Sensitive("97123456789012345678")))
    assert "Scanned: 20" in staff.screen
    assert "9712" not in repr(staff.view)


def test_refusals_of_others_still_go_to_whoever_asked() -> None:
    staff = Staff()
    asked = RefundRequested(number=1, source=RefundSource.COMMAND)
    decision = staff.looked_up(asked, sale=None)
    assert decision.replies == ()
    assert isinstance(decision.refused, reg.RequestRefused)
