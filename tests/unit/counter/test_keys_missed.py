"""Keys that nobody could read: what is left of a number can be a stranger's, who would be asked to pay."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from terminal.counter.decide import decide
from terminal.counter.inputs import CodeScanned, ConditionsChanged, CounterEvent, KeyPressed, KeysMissed
from terminal.counter.rules import CounterRules
from terminal.counter.typing import Entry
from terminal.counter.view import Conditions, View
from terminal.sale.customer import CustomerKind, IdentifierProblem
from terminal.sale.sale import State
from terminal.sale.sensitive import Sensitive
from terminal.screen.screens import screen_for
from tests.each import each_of
from tests.golden.samples import SALE

RULES = CounterRules()
OPENING, OPENED = ConditionsChanged({"keypad_opening": True}), ConditionsChanged({"keypad_opening": False})
LOST, BACK = ConditionsChanged({"keypad_ok": False}), ConditionsChanged({"keypad_ok": True})


def after(view: View, *events: CounterEvent | str) -> View:
    for event in events:
        for one in map(KeyPressed, event) if isinstance(event, str) else (event,):
            view = decide(view, one, RULES).view
    return view


@each_of("trouble", [(KeysMissed(),), (LOST, BACK), (OPENING, OPENED)])
@each_of("state", [State.ENTRY, State.CODE_ENTRY])
def test_the_rest_of_a_number_counts_for_nothing_until_it_is_cleared(
    trouble: tuple[CounterEvent, ...], state: State
) -> None:
    view = after(View(sale=replace(SALE, state=state)), "822", *trouble, "3281#")

    assert view.sale is not None
    assert view.sale.state is state
    assert view.entry == Entry(problem=IdentifierProblem.KEYS_MISSED)
    assert after(view, "*").entry == Entry(), "and the sale goes on"
    assert after(view, "*8").entry == Entry(Sensitive("8"))


def test_a_kind_key_begins_no_number_either() -> None:
    view = after(View(sale=SALE), "C822", KeysMissed(), "A3281#")
    assert view.entry == Entry(kind=CustomerKind.PHONE, problem=IdentifierProblem.KEYS_MISSED)


def test_a_scanned_code_is_whole_whatever_was_typed() -> None:
    view = after(View(sale=SALE), "822", KeysMissed(), CodeScanned(Sensitive("5000041234")))
    assert view.sale is not None
    assert view.sale.state is State.AUTHORIZATION


@pytest.mark.parametrize("view", [View(), View(sale=replace(SALE, state=State.CUSTOMER))])
def test_where_nothing_is_typed_nothing_is_missing(view: View) -> None:
    assert after(view, KeysMissed()) == view
    assert after(view, LOST, BACK) == view


def test_the_screen_asks_for_no_number_while_no_key_is_read() -> None:
    view = after(View(sale=SALE), OPENING)
    waiting = screen_for(view, "en")

    assert (waiting.headline, waiting.prompt, waiting.hint) == ("1.990 kr.", "One moment…", "")
    assert not view.conditions.keypad_is_read
    assert Conditions().keypad_is_read
