"""Records that are missing: staff see which, and acknowledge it by a second # once they have compared."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.decision import Decision, LetReadFor
from terminal.counter.inputs import GapLookedUp, GapRequested, NotWritten, QuestionRead, RegisterRequestLookedUp
from terminal.counter.menu import Item, Page
from terminal.counter.of_doubt import READ_AFTER_S
from terminal.counter.view import Conditions, View
from terminal.sale.record import JournalHealth
from terminal.sale.sale import State
from tests.golden.samples import GAP, SALE
from tests.unit.counter.day_bench import Staff
from tests.unit.counter.staff_bench import Staff as StaffWithoutCode

MISSING = View(conditions=Conditions(journal_health=JournalHealth.INCOMPLETE))
ITEM = "D07"
CODE = "4711#"


def at_what_is_missing(view: View = MISSING) -> Staff:
    staff = Staff(view)
    assert staff.press(ITEM + CODE).follow_ups == (GapRequested(),)
    staff.happens(GapLookedUp(GAP))
    assert staff.page is Page.GAP
    return staff


def acknowledged(decision: Decision) -> int | None:
    return decision.acknowledged_gap


def test_it_stands_in_the_menu_only_while_records_are_missing() -> None:
    for health in JournalHealth:
        staff = Staff(View(conditions=Conditions(journal_health=health)))
        staff.press(ITEM)
        assert (staff.page is Page.CODE) == (health is JournalHealth.INCOMPLETE), health
        assert (staff.view.menu.item is Item.GAP) == (health is JournalHealth.INCOMPLETE), health


def test_nobody_sees_or_acknowledges_it_without_the_staff_code() -> None:
    staff = Staff(MISSING)
    assert staff.press(ITEM + "4712#").follow_ups == ()
    assert staff.page is Page.CODE
    without = StaffWithoutCode(MISSING, code="")
    assert without.press(ITEM).follow_ups == ()
    assert without.page is Page.NO_CODE


def test_it_is_acknowledged_once_it_was_shown_compared_and_confirmed() -> None:
    staff = at_what_is_missing()
    assert staff.screen[1] == "From 23.11.2026 14:52 to 24.11.2026 09:15. Records: 7."
    assert staff.press("#").follow_ups == ()
    assert staff.screen == ("Acknowledge?", "Only if compared with Netgíró's list.", "# yes   * no")
    assert staff.press("#").follow_ups == (GapRequested(GAP.repair),)
    assert staff.page is Page.ASKING
    decision = staff.happens(GapLookedUp(GAP, GAP.repair))
    assert acknowledged(decision) == GAP.repair
    assert decision.is_durable
    assert "Noted." in staff.screen
    staff.press("#")
    assert staff.page is None


def test_the_star_leaves_each_page_and_acknowledges_nothing() -> None:
    for keys in ("*", "#*"):
        staff = at_what_is_missing()
        assert staff.press(keys).follow_ups == ()
        assert staff.page is None, keys


def test_other_keys_do_nothing() -> None:
    staff = at_what_is_missing()
    for page in (Page.GAP, Page.GAP_SURE):
        assert staff.page is page
        for key in "0123456789ABCD":
            assert staff.press(key).follow_ups == ()
        assert staff.page is page
        staff.press("#")


def test_a_key_pressed_double_or_by_a_bounce_confirms_nothing() -> None:
    staff = at_what_is_missing()
    for page in (Page.GAP, Page.GAP_SURE):
        for _ in range(3):
            decision = staff.press("#", hastily=True)
            assert (decision.follow_ups, staff.page) == ((), page)
            assert LetReadFor(staff.view.menu.turn, READ_AFTER_S) in decision.effects, "the wait begins anew"
        staff.happens(QuestionRead(staff.view.menu.turn))
        staff.press("#", hastily=True)
    assert staff.page is Page.ASKING
    assert staff.press("#", hastily=True).follow_ups == (), "it is asked for once"


def test_another_gap_that_was_found_meanwhile_is_shown_first() -> None:
    staff = at_what_is_missing()
    staff.press("##")
    other = replace(GAP, repair=2, known=3)
    decision = staff.happens(GapLookedUp(other, GAP.repair))
    assert acknowledged(decision) is None
    assert staff.page is Page.GAP
    assert "Records: 3." in staff.screen[1]
    assert staff.press("#", hastily=True).follow_ups == ()
    assert staff.page is Page.GAP


def test_what_somebody_else_has_acknowledged_meanwhile_is_missing_no_more() -> None:
    for keys in (ITEM + CODE, ITEM + CODE + "##"):
        staff = Staff(MISSING)
        for key in keys:
            for asked in staff.press(key).follow_ups:
                assert isinstance(asked, GapRequested)
                is_known = keys.endswith("##") and asked.acknowledged is None
                decision = staff.happens(GapLookedUp(GAP if is_known else None, asked.acknowledged))
                assert acknowledged(decision) is None
        assert "Nothing is missing." in staff.screen


def test_who_has_left_meanwhile_acknowledges_nothing() -> None:
    staff = at_what_is_missing()
    staff.press("##*")
    before = staff.view
    decision = staff.happens(GapLookedUp(GAP, GAP.repair))
    assert (acknowledged(decision), decision.view) == (None, before)


def test_a_sale_that_begins_takes_the_question_away() -> None:
    staff = at_what_is_missing()
    staff.press("##")
    wanted = RegisterRequestLookedUp(request=reg.SaleRequest(1990), number=7, reference="T1-7", created=SALE.created)
    assert staff.happens(wanted).record is not None
    assert staff.view.sale is not None
    assert staff.view.sale.state is State.ENTRY
    assert acknowledged(staff.happens(GapLookedUp(GAP, GAP.repair))) is None


def test_what_the_disk_did_not_take_is_said() -> None:
    staff = at_what_is_missing()
    staff.press("##")
    staff.happens(NotWritten())
    assert staff.screen[1:] == ("The journal failed.", "Nothing was done. Try again.")


def test_the_screen_tells_what_is_not_known() -> None:
    staff = Staff(MISSING)
    staff.press(ITEM + CODE)
    staff.happens(GapLookedUp(replace(GAP, since="", until="", known=0, may_be_more=True)))
    assert staff.screen[1] == "From the beginning to an unknown time. Number not known."
    staff.press("*" + ITEM + CODE)
    staff.happens(GapLookedUp(replace(GAP, may_be_more=True)))
    assert staff.screen[1].endswith("At least 7.")
