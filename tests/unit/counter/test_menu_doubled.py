"""A key that is pressed double does not answer the question that it has opened."""

from __future__ import annotations

from terminal.counter.decision import LetReadFor
from terminal.counter.inputs import EndOfDayLookedUp, EndOfDayRequested, QuestionRead, RefundRequested
from terminal.counter.menu import Item, Page
from terminal.counter.of_doubt import READ_AFTER_S
from terminal.sale.refund import RefundSource
from tests.unit.counter.day_bench import ASK, QUIET, Staff


def test_a_doubled_key_confirms_no_refund() -> None:
    staff = Staff()
    staff.press("D32580#1042#")
    staff.looked_up(ASK)
    assert LetReadFor(staff.view.menu.turn + 4, READ_AFTER_S) in staff.press("500#").effects
    for _ in range(3):
        decision = staff.press("#", hastily=True)
        assert decision.follow_ups == ()
        assert LetReadFor(staff.view.menu.turn, READ_AFTER_S) in decision.effects, "the wait begins anew"
    assert staff.screen[1:3] == ("-500 kr.", "Refund this?")
    staff.happens(QuestionRead(staff.view.menu.turn - 1))
    assert staff.press("#", hastily=True).follow_ups == (), "that was the wait for another page"
    staff.happens(QuestionRead(staff.view.menu.turn))
    (wanted,) = staff.press("#", hastily=True).follow_ups
    assert wanted == RefundRequested(number=1042, amount_kr=500, source=RefundSource.KEYPAD)


def test_going_back_from_a_question_needs_no_wait() -> None:
    staff = Staff()
    staff.press("D32580#1042#")
    staff.looked_up(ASK)
    staff.press("500#*", hastily=True)
    assert staff.page is Page.AMOUNT
    staff.press("*", hastily=True)
    assert staff.page is None


def test_a_doubled_key_ends_no_empty_day_and_no_day_that_it_has_chosen_itself() -> None:
    staff = Staff()
    staff.press("D5#")
    staff.happens(EndOfDayLookedUp(QUIET, by_keypad=True, even_if_empty=False))
    assert staff.press("#", hastily=True).follow_ups == ()
    assert staff.page is Page.EMPTY_DAY
    staff = Staff()
    staff.press("D")
    while staff.view.menu.item is not Item.END_OF_DAY:
        staff.press("D")
    assert staff.press("##", hastily=True).follow_ups == ()
    assert staff.page is Page.DAY
    assert staff.press("#").follow_ups == (EndOfDayRequested(by_keypad=True, even_if_empty=False),)
    staff.press("*D5")
    assert staff.press("#", hastily=True).follow_ups != (), "5 is no # pressed double"
