"""A receipt with two totals that cannot both be right: staff read it, and nothing can be sold by a key."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.decide import decide
from terminal.counter.decision import Decision, KeepOfferFor
from terminal.counter.inputs import KeyPressed, OfferExpired, RegisterRequestLookedUp
from terminal.counter.of_keys import offer_accepted
from terminal.counter.rules import CounterRules
from terminal.counter.trouble import receipt_asked_about
from terminal.counter.view import View
from terminal.screen.screens import screen_for
from tests.unit.counter.test_receipt_in_doubt import ASKS

RULES = CounterRules()
BOTH = reg.TotalSeen(None, (1990, 2490))


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
