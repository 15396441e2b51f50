"""The customer's language: a key on the waiting screen turns it, the same key held down in a sale, and the shop's own
comes back after the sale. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter.decision import Decision, KeepLanguageFor
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.sale.sale import Sale, State
from terminal.sale.sensitive import Sensitive

LANGUAGE_KEY = "0"
"""On every pad, and no customer's identifier is typed on the waiting screen."""
KEPT_S = 120.0
"""So long without a sale nobody stands there any more who wanted it."""


def turned(view: View, rules: CounterRules) -> Decision:
    """The next language; after the last one the shop's own."""
    if len(rules.languages) < 2:
        return Decision(view=view)
    shown = view.language or rules.languages[0]
    at = rules.languages.index(shown) if shown in rules.languages else 0
    chosen = rules.languages[(at + 1) % len(rules.languages)]
    view = replace(view, language="" if chosen == rules.languages[0] else chosen, language_turn=view.language_turn + 1)
    return Decision(view=view, effects=(KeepLanguageFor(view.language_turn, KEPT_S),) if view.language else ())


def turned_in_sale(view: View, sale: Sale, rules: CounterRules) -> Decision:
    """The key stayed down, and as it went down it was typed: that digit goes again. Among others it stays a digit."""
    typed = view.entry.digits.reveal()
    takes_digits = sale.state in (State.ENTRY, State.CODE_ENTRY)
    if takes_digits and typed not in ("", LANGUAGE_KEY):
        return Decision(view=view)
    if takes_digits:
        view = replace(view, entry=replace(view.entry, digits=Sensitive(""), problem=None))
    view = turned(view, rules).view
    return Decision(view=replace(view, sale=replace(sale, language=view.language)))


def expired(view: View, turn: int) -> View:
    """Nobody has begun a sale in it. One that goes on keeps its language."""
    is_mine = view.language_turn == turn and view.sale is None and view.result is None
    return replace(view, language="") if is_mine else view


def with_own_language_after(before: View, decision: Decision) -> Decision:
    """The sale is over and its result is not shown any more."""
    view = decision.view
    if not view.language or (before.sale or before.result) is None or (view.sale or view.result) is not None:
        return decision
    return replace(decision, view=replace(view, language=""))
