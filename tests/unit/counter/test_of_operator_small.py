"""Who sells: the number on the waiting screen, key by key, and the end of a shift."""

from __future__ import annotations

from terminal.counter import of_operator
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from tests.each import each_of

RULES = CounterRules(operators={"7": "Anna", "1234": "Bára"})


def typed(keys: str, view: View | None = None) -> View:
    view = view or View(asks_operator=True)
    for key in keys:
        view = of_operator.number_key(view, key, RULES)
    return view


@each_of(
    ("keys", "operator", "left", "is_unknown"),
    [
        ("7", "", "7", False),
        ("7#", "Anna", "", False),
        ("1234#", "Bára", "", False),
        ("12345#", "Bára", "", False),
        ("12345", "", "1234", False),
        ("9#", "", "", True),
        ("9#7", "", "7", False),
        ("9#*", "", "", False),
        ("7*", "", "", False),
        ("7*#", "", "", False),
        ("#", "", "", False),
        ("7A", "", "7", False),
        ("9#A", "", "", True),
        ("9##", "", "", True),
        ("7~", "", "7", False),
        ("0", "", "0", False),
    ],
)
def test_a_number_is_typed_and_taken(keys: str, operator: str, left: str, is_unknown: bool) -> None:
    view = typed(keys)
    assert (view.operator, view.operator_typed, view.operator_unknown) == (operator, left, is_unknown)


@each_of(
    ("asks", "operator", "is_asked"),
    [(True, "", True), (True, "Anna", False), (False, "", False), (False, "Anna", False)],
)
def test_somebody_is_asked_where_the_shop_names_its_cashiers_and_nobody_has_said(
    asks: bool, operator: str, is_asked: bool
) -> None:
    assert of_operator.is_asked(View(asks_operator=asks, operator=operator)) is is_asked


def test_after_a_shift_nothing_of_it_is_left() -> None:
    view = View(asks_operator=True, operator="Anna", operator_typed="12", operator_unknown=True)
    assert of_operator.shift_over(view) == View(asks_operator=True)
