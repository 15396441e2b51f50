"""The doctor's report in the staff's menu: called, read, and gone by itself."""

from __future__ import annotations

from terminal.counter import register_words as reg
from terminal.counter.decision import Decision, ExamineTerminal, ShowMenuFor
from terminal.counter.inputs import (
    MenuLeft,
    RegisterRequestLookedUp,
    TerminalExamined,
)
from terminal.counter.menu import Item, Page
from terminal.screen.screens import screen_for
from tests.each import each_of
from tests.golden.samples import PROBLEMS
from tests.unit.counter.staff_bench import TEXTS, Staff

# --- the doctor's report ----------------------------------------------------------------------------------------------


def test_the_doctor_is_called_without_a_code() -> None:
    staff = Staff()
    assert ExamineTerminal() not in staff.press("D0").effects
    assert staff.screen == (TEXTS.title, f"1 {TEXTS.items[Item.DOCTOR]}", TEXTS.key_choose_or_next)
    assert ExamineTerminal() in staff.press("#").effects
    assert TEXTS.examining in staff.screen
    assert ExamineTerminal() not in staff.press("#").effects
    assert staff.page is Page.EXAMINING, "impatience does not send it away"
    staff.press("*")
    assert staff.page is None


def test_what_the_doctor_finds_is_shown_and_turned_over_by_the_menus_key() -> None:
    staff = Staff()
    staff.press("D01")
    decision = staff.happens(TerminalExamined(PROBLEMS))
    assert [type(effect) for effect in decision.effects] == [ShowMenuFor]
    assert staff.screen[0] == "Faults: 3"
    assert staff.screen[1] == "1/3 The printer is not ready. Check paper, cover, power and cable."
    assert "1/3 For service: /dev/usb/lp0 does not exist" in staff.screen
    assert screen_for(staff.view, "en").page == 0
    staff.press("D5#")
    assert screen_for(staff.view, "en").page == 2
    staff.press("*")
    assert staff.page is None


def test_a_terminal_that_is_well_says_so_until_any_key() -> None:
    staff = Staff()
    staff.press("D01")
    staff.happens(TerminalExamined(()))
    assert TEXTS.all_is_well in staff.screen
    staff.press("5")
    assert staff.page is None


@each_of("keys", ["D", "D02", "D01*", "D01*D01*D"])
def test_a_report_that_nobody_waits_for_any_more_disturbs_nobody(keys: str) -> None:
    staff = Staff()
    staff.press(keys)
    before = staff.view
    assert staff.happens(TerminalExamined(PROBLEMS)) == Decision(view=before)


def test_a_report_goes_by_itself_and_at_once_when_a_sale_begins() -> None:
    staff = Staff()
    staff.press("D01")
    staff.happens(TerminalExamined(PROBLEMS))
    turn = staff.view.menu.turn
    staff.press("D")
    staff.happens(MenuLeft(turn))
    assert staff.page is Page.REPORT, "somebody still reads"
    staff.happens(MenuLeft(staff.view.menu.turn))
    assert staff.page is None
    staff.press("D01")
    request = reg.SaleRequest(500, "7")
    staff.happens(RegisterRequestLookedUp(request=request, number=9, reference="T1-9", created="2026-11-23T14:00:00Z"))
    staff.happens(TerminalExamined(PROBLEMS))
    assert staff.page is None
