"""The customer's language at the counter, at the edges: for how long it is kept, and when a digit is one."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter import of_language
from terminal.counter.decide import decide
from terminal.counter.inputs import KeyPressed, LanguageExpired, ResultSeen
from terminal.counter.rules import CounterRules
from terminal.counter.typing import Entry
from terminal.counter.view import View
from terminal.sale.customer import IdentifierProblem
from terminal.sale.sale import State
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.sales import walk_to
from tests.unit.counter.desk_bench import ended

RULES = CounterRules(languages=("is", "en", "pl"))
KEY = of_language.LANGUAGE_KEY


@each_of(("shown", "chosen"), [("", "en"), ("is", "en"), ("en", "pl"), ("pl", ""), ("fr", "en")])
def test_the_key_turns_to_the_next_language_and_from_an_unknown_one_to_the_second(shown: str, chosen: str) -> None:
    turned = of_language.turned(View(language=shown), RULES)
    assert (turned.view.language, turned.view.language_turn) == (chosen, 1)
    assert bool(turned.effects) is bool(chosen)
    assert of_language.KEPT_S == 120.0


def test_of_one_language_there_is_no_next() -> None:
    view = View()
    assert of_language.turned(view, CounterRules(languages=("is",))).view == view


@each_of("state", [State.ENTRY, State.CODE_ENTRY, State.CUSTOMER])
@each_of("typed", ["", KEY, "8", f"8{KEY}"])
def test_a_long_press_turns_it_unless_the_digit_stands_among_others(state: State, typed: str) -> None:
    sale = walk_to(state).sale
    view = View(sale=sale, entry=Entry(Sensitive(typed), problem=IdentifierProblem.BAD_PHONE))
    after = decide(view, KeyPressed(KEY, is_long=True), RULES).view
    takes_digits = state is not State.CUSTOMER
    turns = not takes_digits or typed in ("", KEY)
    assert (after.language == "en") is turns
    if turns and takes_digits:
        assert after.entry == Entry()
    if not takes_digits or not turns:
        assert after.entry == view.entry


@each_of("view", [View(), View(result=ended()), View(sale=walk_to(State.ENTRY).sale)], ids=["free", "result", "sale"])
@each_of(("turn", "is_its_own"), [(3, True), (2, False)])
def test_a_choice_lapses_when_nobody_has_begun_a_sale_in_it(view: View, turn: int, is_its_own: bool) -> None:
    view = replace(view, language="en", language_turn=3)
    after = decide(view, LanguageExpired(turn), RULES).view
    is_free = view.sale is None and view.result is None
    assert (after.language == "") is (is_its_own and is_free)


def test_with_a_result_that_is_not_shown_any_more_its_language_goes() -> None:
    result = ended()
    assert decide(View(language="en", result=result), ResultSeen(result.number), RULES).view.language == ""
    assert decide(View(language="en", result=result), ResultSeen(99), RULES).view.language == "en"
    assert decide(View(language="en"), ResultSeen(99), RULES).view.language == "en", "nothing was over"
