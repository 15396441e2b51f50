"""The menu: what staff can do beside the sale, and what keeps everybody else from it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hardware.interfaces import KEYS, NO_JAM, Jam
from terminal.counter import register_words as reg
from terminal.counter.decision import Decision, LockMenuFor, ShowMenuFor
from terminal.counter.inputs import (
    ConditionsChanged,
    KeyPressed,
    MenuLeft,
    MenuUnlocked,
    RegisterRequestLookedUp,
    ReprintRequested,
)
from terminal.counter.menu import MAIN_ITEMS, MORE_ITEMS, Item, MenuRules, Page, items_for, verdicts_for
from terminal.counter.view import Offer, View
from terminal.sale import events as ev
from terminal.sale.sale import Reason, Sale, State
from tests.each import each_of
from tests.golden.samples import REFUND_DUE, SALE
from tests.unit.counter.staff_bench import CODE, LOST, STUCK, TEXTS, Staff

# --- settling ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "reason"), [("1", Reason.SETTLED_PAID), ("2", Reason.SETTLED_UNPAID)])
def test_a_sale_that_stands_unknown_is_settled_and_the_register_told(key: str, reason: Reason) -> None:
    staff = Staff(View(sale=STUCK))
    staff.press("D#" + CODE + "#")
    assert staff.screen == ("Receipt no. 1042", "1.990 kr.", "1 paid  2 not paid", "D next   * back")
    staff.press(key)
    assert staff.screen[-1] == "# yes   * no"
    assert staff.settled == []
    decision = staff.press("#")
    (sale,) = staff.settled
    assert (sale.state, sale.reason) == (State.REPORT, reason)
    assert [type(reply) for reply in decision.replies] == [reg.SaleResult]
    assert staff.page is None


def test_a_refund_that_was_due_is_noted_while_another_sale_may_go_on() -> None:
    staff = Staff(View(attention=(REFUND_DUE,)))
    staff.press("D#" + CODE + "#3#")
    (sale,) = staff.settled
    assert sale.settled_by == "keypad"
    assert (sale.state, sale.reason) == (State.CLOSED, Reason.REFUNDED)
    assert staff.view.attention == ()
    assert TEXTS.noted in staff.screen
    staff.press("#")
    assert staff.page is None


@pytest.mark.parametrize("key", ["D", "#"])
def test_the_menus_key_turns_to_the_next_sale_and_so_does_ok_on_pads_without_it(key: str) -> None:
    staff = Staff(View(attention=(LOST, REFUND_DUE)))
    staff.press("D#" + CODE + "#")
    assert staff.screen[0] == "Receipt no. 1041"
    staff.press(key)
    assert staff.screen[0] == "Receipt no. 1042"
    staff.press("D")
    assert staff.screen[0] == "Receipt no. 1041"


@each_of(
    ("sale", "verdicts"),
    [
        (STUCK, (ev.Verdict.PAID, ev.Verdict.UNPAID)),
        (LOST, (ev.Verdict.PAID, ev.Verdict.UNPAID)),
        (REFUND_DUE, (ev.Verdict.PAID, ev.Verdict.REFUNDED)),
        (SALE, ()),
    ],
)
def test_only_what_the_sales_own_rules_allow_is_offered_and_taken(sale: Sale, verdicts: tuple[ev.Verdict, ...]) -> None:
    assert verdicts_for(sale) == verdicts


def test_a_verdict_that_does_not_fit_is_not_taken() -> None:
    staff = Staff(View(attention=(REFUND_DUE,)))
    staff.press("D#" + CODE + "#2")
    assert staff.page is Page.SALE


def test_the_star_goes_back_step_by_step() -> None:
    staff = Staff(View(sale=STUCK))
    staff.press("D#" + CODE + "#1")
    pages = [staff.page]
    for _ in range(2):
        staff.press("*")
        pages.append(staff.page)
    assert pages == [Page.SURE, Page.SALE, None]
    assert staff.settled == []
    assert staff.view.sale == STUCK


def test_a_sale_that_ends_by_itself_takes_the_menu_away() -> None:
    staff = Staff(View(sale=replace(STUCK, calls=5)))
    staff.press("D#" + CODE + "#1")
    staff.happens(ev.CancelRequested(STUCK.number, ev.Canceller.REGISTER))
    assert staff.page is Page.SURE  # it only stops capturing
    staff.view = replace(staff.view, sale=None)
    assert staff.screen[0] == "Netgíró"
    staff.press("#")
    assert staff.settled == []


# --- the code ---------------------------------------------------------------------------------------------------------


@each_of("wrong", ["4712", "471", "47111", "0", "47114711"])
def test_a_wrong_code_opens_nothing(wrong: str) -> None:
    staff = Staff(View(sale=STUCK))
    staff.press("D#" + wrong + "#")
    assert staff.page is Page.CODE
    assert TEXTS.code_again in staff.screen


def test_the_third_wrong_code_locks_for_a_minute() -> None:
    staff = Staff(View(sale=STUCK))
    decision = staff.press("D#1#2#3#")
    assert LockMenuFor(60.0) in decision.effects
    assert TEXTS.locked.what in staff.screen
    staff.press("*D#")
    assert staff.page is Page.LOCKED
    staff.happens(MenuUnlocked())
    assert staff.page is None
    staff.press("D#" + CODE + "#")
    assert staff.page is Page.SALE


def test_leaving_the_menu_does_not_forget_the_wrong_codes() -> None:
    staff = Staff(View(sale=STUCK))
    for wrong in ("1", "2", "3"):
        staff.press("D#" + wrong + "#*")
    assert staff.view.menu.is_locked


def test_without_a_staff_code_nobody_settles_here() -> None:
    staff = Staff(View(sale=STUCK), code="")
    staff.press("D#")
    assert staff.screen == (TEXTS.no_code.what, TEXTS.no_code.next)
    staff.press("#")
    assert staff.page is None


def test_the_code_is_not_on_the_screen() -> None:
    staff = Staff(View(sale=STUCK))
    staff.press("D#" + CODE)
    assert "••••" in staff.screen
    assert not any(CODE in line or CODE[-1] in line for line in staff.screen)
    assert CODE not in repr(staff.view)


# --- receipts ---------------------------------------------------------------------------------------------------------


def test_the_last_receipt_again_needs_no_code() -> None:
    staff = Staff()
    decision = staff.press("D1")
    assert decision.follow_ups == (ReprintRequested(None, by_keypad=True),)
    assert staff.view.menu.page is Page.ASKING


def test_a_receipt_by_its_number() -> None:
    staff = Staff()
    staff.press("DD#")
    assert staff.page is Page.NUMBER
    decision = staff.press("1042#")
    assert decision.follow_ups == (ReprintRequested(1042, by_keypad=True),)


def test_a_receipts_number_can_be_cleared_and_is_bounded() -> None:
    staff = Staff()
    staff.press("D2" + "9" * 50)
    assert len(staff.view.menu.digits.reveal()) == 9
    staff.press("*")
    assert staff.page is Page.NUMBER
    staff.press("#")
    assert staff.page is Page.NUMBER
    staff.press("*")
    assert staff.page is None


# --- the keypad test --------------------------------------------------------------------------------------------------


def test_in_the_keypad_test_every_key_only_tells_that_it_works() -> None:
    staff = Staff()
    staff.press("D02")
    assert TEXTS.press_every_key in staff.screen
    decision = staff.press("0123456789#ABCD*")
    assert "16/16 OK" in staff.screen
    assert staff.page is Page.KEYPAD
    assert decision.record is None
    assert all(isinstance(effect, ShowMenuFor) for decision in staff.decisions for effect in decision.effects)


def test_the_keypad_test_is_left_by_the_star_twice_in_a_row() -> None:
    staff = Staff()
    staff.press("D02*5*")
    assert staff.page is Page.KEYPAD
    assert TEXTS.key_twice_to_leave in staff.screen
    staff.press("*")
    assert staff.page is None
    staff.press("D02")
    assert TEXTS.press_every_key in staff.screen, "each test begins anew"


def test_the_keypad_test_ends_by_itself_and_at_once_when_a_sale_begins() -> None:
    staff = Staff()
    staff.press("D025")
    staff.happens(MenuLeft(staff.view.menu.turn))
    assert staff.page is None
    staff.press("D025")
    request = reg.SaleRequest(500, "7")
    staff.happens(RegisterRequestLookedUp(request=request, number=9, reference="T1-9", created="2026-11-23T14:00:00Z"))
    assert staff.page is None
    staff.press("8")
    assert staff.view.entry.digits.reveal() == "8", "keys belong to the customer now"


def test_the_keypad_test_has_the_keys_of_the_shops_own_pad() -> None:
    staff = Staff(layout=("12", "*#"))
    staff.press("D0212*#")
    assert "4/4 OK" in staff.screen


@pytest.mark.parametrize(("jam", "text"), [(Jam(stuck="5"), "Stuck: 5"), (Jam(together="1245"), "Together: 1245")])
def test_the_keypad_test_shows_keys_that_are_jammed(jam: Jam, text: str) -> None:
    staff = Staff()
    staff.press("D02")
    staff.happens(ConditionsChanged({"jam": jam}))
    assert text in staff.screen
    staff.happens(ConditionsChanged({"jam": NO_JAM}))
    assert text not in staff.screen


# --- coming and going -------------------------------------------------------------------------------------------------


@each_of("state", [State.ENTRY, State.CUSTOMER, State.CODE_ENTRY, State.CAPTURE, State.REPORT])
def test_while_a_sale_goes_on_well_there_is_no_menu(state: State) -> None:
    staff = Staff(View(sale=replace(SALE, state=state, reason=Reason.PAID if state is State.REPORT else None)))
    staff.press("D")
    assert staff.page is None


def test_a_new_sale_takes_the_menu_away() -> None:
    staff = Staff()
    staff.press("D2104")
    request = reg.SaleRequest(500, "7")
    staff.happens(RegisterRequestLookedUp(request=request, number=9, reference="T1-9", created="2026-11-23T14:00:00Z"))
    assert staff.page is None
    assert staff.view.sale is not None


def test_nobody_presses_a_key_for_a_while() -> None:
    staff = Staff()
    first = staff.press("D")
    second = staff.press("2")
    timers = [effect for decision in (first, second) for effect in decision.effects]
    assert [type(timer) for timer in timers] == [ShowMenuFor, ShowMenuFor]
    assert isinstance(timers[0], ShowMenuFor)
    staff.happens(MenuLeft(timers[0].turn))
    assert staff.page is Page.NUMBER
    staff.happens(MenuLeft(staff.view.menu.turn))
    assert staff.page is None


def test_a_key_in_the_menu_takes_no_offer() -> None:
    view = View(offer=Offer(1990))
    assert view.offered_kr == 1990
    staff = Staff(view)
    staff.press("D")
    assert staff.view.offered_kr is None


def test_what_can_be_settled_comes_first_and_only_if_there_is_something() -> None:
    staff = Staff(View(attention=(REFUND_DUE,)))
    staff.press("D")
    assert staff.view.menu.item is Item.SETTLE
    everything = MenuRules(can_train=True, can_pair=True, has_operators=True)
    assert items_for([REFUND_DUE], everything) == MAIN_ITEMS
    assert items_for([], everything) == tuple(item for item in MAIN_ITEMS if item is not Item.SETTLE)
    bare = MenuRules(can_refund=False, has_printer=False)
    assert items_for([], bare) == (Item.END_OF_DAY, Item.MORE)
    in_bare = tuple(item for item in MORE_ITEMS if item not in (Item.PAIRING, Item.GAP))
    assert items_for([], bare, Item.ABOUT) == in_bare
    assert items_for([], everything, Item.ABOUT, has_gap=True) == MORE_ITEMS


# --- long presses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", [View(), View(sale=STUCK), View(result=replace(SALE, state=State.CLOSED))])
def test_a_long_press_on_ok_opens_the_menu_on_pads_without_its_key(view: View) -> None:
    staff = Staff(view)
    decision = staff.hold("#")
    assert staff.page is Page.CHOICE
    assert ShowMenuFor in map(type, decision.effects)


@each_of("state", [State.ENTRY, State.AUTHORIZATION, State.CUSTOMER, State.CODE_ENTRY, State.CAPTURE])
def test_during_a_sale_a_long_press_on_ok_is_one_press(state: State) -> None:
    staff = Staff(View(sale=replace(SALE, state=state)))
    once = staff.press("#").view
    assert staff.happens(KeyPressed("#", is_long=True)) == Decision(view=once)


def test_in_the_menu_a_long_press_on_ok_is_one_press() -> None:
    staff = Staff(View(attention=(REFUND_DUE,)))
    staff.press("D")
    staff.hold("#")
    assert staff.page is Page.CODE


@each_of("keys", ["D", "D#", "D#47", "D#" + CODE + "#", "D#" + CODE + "#3", "D2", "D212", "D02", "D912"])
def test_a_long_press_on_the_cancel_key_leaves_the_menu_wherever_it_stands(keys: str) -> None:
    staff = Staff(View(attention=(REFUND_DUE,)))
    staff.press(keys)
    staff.hold("*")
    assert staff.page is None
    assert staff.settled == []


def test_leaving_by_a_long_press_does_not_forget_wrong_codes() -> None:
    staff = Staff(View(attention=(REFUND_DUE,)))
    for _ in range(3):
        staff.press("D#0000#")
        staff.hold("*")
    staff.press("D#")
    assert staff.page is Page.LOCKED


@each_of("key", sorted(set(KEYS) - set("*#0")))
def test_other_keys_do_no_more_when_they_stay_down(key: str) -> None:
    staff = Staff(View(sale=replace(SALE, state=State.ENTRY)))
    once = staff.press(key).view
    assert staff.happens(KeyPressed(key, is_long=True)) == Decision(view=once)
