"""Who stands at the counter: a number that is asked for at the start of a shift, where the shop has any. Pure.

No sale waits for it: a register that asks meanwhile is served, and the sale names nobody.
"""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter.rules import CounterRules
from terminal.counter.view import View

LONGEST_NUMBER = 4
DIGITS = frozenset("0123456789")


def is_asked(view: View) -> bool:
    """Somebody has to say who they are."""
    return view.asks_operator and not view.operator


def number_key(view: View, key: str, rules: CounterRules) -> View:
    """A key on the waiting screen while nobody has."""
    typed = view.operator_typed
    if key in DIGITS:
        return replace(view, operator_typed=(typed + key)[:LONGEST_NUMBER], operator_unknown=False)
    if key == "#" and typed:
        known = rules.operators.get(typed, "")
        return replace(view, operator=known, operator_typed="", operator_unknown=not known)
    return replace(view, operator_typed="", operator_unknown=False) if key == "*" else view


def shift_over(view: View) -> View:
    """The next one says who they are."""
    return replace(view, operator="", operator_typed="", operator_unknown=False)
