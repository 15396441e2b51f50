"""Slips with two amounts: two totals that cannot both be right, a part and the whole; and what was paid otherwise."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.decide import decide
from terminal.counter.decision import Decision, KeepOfferFor
from terminal.counter.inputs import KeyPressed, OfferExpired, RegisterRequestLookedUp
from terminal.counter.of_keys import offer_accepted
from terminal.counter.of_register import PAID_SHOWN_S
from terminal.counter.rules import CounterRules
from terminal.counter.trouble import receipt_asked_about
from terminal.counter.view import Conditions, Offer, View
from terminal.screen.screens import screen_for
from tests.sales import new_sale
from tests.unit.counter.test_receipt_in_doubt import ASKS

RULES = CounterRules()
BOTH = reg.TotalSeen(None, differing_kr=(1990, 2490))


def seen(view: View, total: reg.TotalSeen) -> Decision:
    return decide(view, RegisterRequestLookedUp(request=total), RULES)


def test_staff_read_both_and_no_key_sells_either() -> None:
    view = seen(seen(View(), reg.TotalSeen(990)).view, BOTH).view
    screen = screen_for(view, "en")
    assert screen.banner == "Two totals, none taken"
    assert "1.990" in screen.prompt
    assert "2.490" in screen.prompt
    assert offer_accepted(view, KeyPressed("#")) is None
    assert offer_accepted(view, KeyPressed("A")) is None


def test_it_goes_with_a_key_with_the_next_total_and_with_time() -> None:
    first = seen(View(), BOTH)
    assert KeepOfferFor(2490, RULES.terms.entry_timeout_s) in first.effects
    assert decide(first.view, KeyPressed("*"), RULES).view.differing_kr is None
    assert seen(first.view, reg.TotalSeen(1990)).view.differing_kr is None
    assert decide(first.view, OfferExpired(2490), RULES).view.differing_kr is None
    assert decide(first.view, OfferExpired(990), RULES).view.differing_kr == (1990, 2490)


def test_no_key_that_takes_it_away_judges_a_receipt() -> None:
    view = replace(ASKS, differing_kr=(1990, 2490))
    assert receipt_asked_about(view) is None
    closed = decide(view, KeyPressed("*"), RULES)
    assert (closed.follow_ups, closed.effects) == ((), ())
    assert receipt_asked_about(closed.view) is not None


SPLIT = reg.TotalSeen(1000, other_kr=1990)
KEPT_FOR_A_WHILE = KeepOfferFor(1000, RULES.terms.entry_timeout_s)


def test_of_a_split_slip_the_cashier_chooses_by_a_key() -> None:
    decision = seen(View(), SPLIT)
    screen = screen_for(decision.view, "en")
    assert (screen.banner, screen.hint) == ("Which amount?", "1 or 2   * neither")
    assert screen.prompt == "1: 1.000 kr.  2: 1.990 kr."
    assert decision.effects == (KEPT_FOR_A_WHILE,)
    for key, amount_kr in {"1": 1000, "#": 1000, "A": 1000, "2": 1990}.items():
        assert offer_accepted(decision.view, KeyPressed(key)) == reg.SaleRequest(amount_kr)
    for other in "0345678*BCD":
        assert offer_accepted(decision.view, KeyPressed(other)) is None
    assert offer_accepted(decision.view, KeyPressed("2", is_long=True)) is None
    waved_away = decide(decision.view, KeyPressed("*"), RULES).view
    assert [offer_accepted(waved_away, KeyPressed(key)) for key in "12#A"] == [None] * 4


def test_digits_take_no_offer_of_one_amount() -> None:
    view = seen(View(), reg.TotalSeen(1990)).view
    assert [offer_accepted(view, KeyPressed(key)) for key in "12"] == [None, None]


def test_an_amount_beyond_the_limits_is_none_to_choose() -> None:
    rules = CounterRules(min_amount_kr=100, max_amount_kr=1500)

    def offered(total: reg.TotalSeen) -> Offer | None:
        return decide(View(), RegisterRequestLookedUp(request=total), rules).view.offer

    assert offered(SPLIT) == Offer(1000)
    assert offered(reg.TotalSeen(1990, other_kr=1000)) is None
    assert offered(reg.TotalSeen(99, other_kr=1000)) is None


def test_either_amount_that_is_being_paid_is_not_offered_again() -> None:
    for amount_kr in (1000, 1990):
        view = seen(View(sale=new_sale(amount_kr=amount_kr)), SPLIT).view
        assert view.offer == Offer(1000, is_open=False, other_kr=1990)


def test_what_was_paid_in_another_way_is_said_for_a_moment_and_not_offered() -> None:
    decision = seen(seen(View(), reg.TotalSeen(990)).view, reg.TotalSeen(None, paid_kr=1990))
    screen = screen_for(decision.view, "en")
    assert (screen.banner, screen.prompt, screen.hint) == ("Paid in another way", "1.990 kr.", "Not offered")
    assert [offer_accepted(decision.view, KeyPressed(key)) for key in "12#A"] == [None] * 4
    assert decision.effects == (KeepOfferFor(1990, PAID_SHOWN_S),)
    ready = screen_for(View(), "en")
    assert screen_for(decide(decision.view, OfferExpired(1990), RULES).view, "en") == ready
    assert screen_for(decide(decision.view, KeyPressed("*"), RULES).view, "en") == ready
    assert seen(decision.view, reg.TotalSeen(500)).view.paid_kr is None


def test_what_was_paid_in_another_way_hides_nothing_that_is_wrong() -> None:
    view = View(paid_kr=1990, conditions=Conditions(network_ok=False))
    assert screen_for(view, "en") == screen_for(replace(view, paid_kr=None), "en")
