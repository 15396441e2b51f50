"""Training: amounts that are typed on the waiting screen, and how the terminal gets into training and out of it. Pure.

In training a terminal is another one: its own journal, its own numbers, a simulated service. The switch therefore ends
this terminal's life and begins another's. It is only thrown while nothing is open, and from the decision on nothing
begins any more.
"""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter import menu as menus
from terminal.counter import register_words as reg
from terminal.counter.decision import Decision, SwitchTraining
from terminal.counter.inputs import NightCame, TrainingNotSwitched
from terminal.counter.of_shop import with_menu
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.sale.refund import RefundState

LONGEST_AMOUNT = 6
DIGITS = frozenset("0123456789")


def amount_key(view: View, key: str) -> View:
    """A key on the waiting screen in training: the amount of a sale that no register asks for."""
    if key == "*":
        return replace(view, training_amount="")
    typed = (view.training_amount + key).lstrip("0") if key in DIGITS else view.training_amount
    return replace(view, training_amount=typed[:LONGEST_AMOUNT])


def is_settled(view: View) -> bool:
    """Nothing is open that a switch would leave alone; what only waits for staff stays where it is."""
    is_free = view.sale is None and view.refund is None
    return is_free and all(refund.state is RefundState.ATTENTION for refund in view.refunds)


def switch_wanted(view: View, on: bool) -> Decision:
    """In the menu, confirmed."""
    if not is_settled(view):
        return with_menu(view, menus.refused(view.menu, menus.Item.TRAINING, reg.RefusalCode.BUSY))
    return _leaving(view, on)


def happened(view: View, event: NightCame | TrainingNotSwitched, rules: CounterRules) -> Decision:
    """What ends training, and what kept it from being switched."""
    return night_came(view, rules) if isinstance(event, NightCame) else not_switched(view)


def night_came(view: View, rules: CounterRules) -> Decision:
    """Training that was switched on at the menu ends by itself."""
    if not (view.is_training and rules.menu.can_train) or view.is_leaving:
        return Decision(view=view)
    return when_settled(Decision(view=replace(view, night_came=True)))


def when_settled(decision: Decision) -> Decision:
    """A training sale that was open when the night came has ended."""
    if not decision.view.night_came or not is_settled(decision.view):
        return decision
    left = _leaving(replace(decision.view, night_came=False), False)
    return replace(decision, view=left.view, effects=(*decision.effects, *left.effects))


def not_switched(view: View) -> Decision:
    """The disk did not take it; everything stays as it is."""
    view = replace(view, is_leaving=False)
    menu = replace(view.menu, item=menus.Item.TRAINING, page=menus.Page.NOT_WRITTEN, turn=view.menu.turn + 1)
    return with_menu(view, menu)


def _leaving(view: View, on: bool) -> Decision:
    view = replace(view, is_leaving=True, menu=menus.closed(view.menu), result=None, refund_result=None)
    return Decision(view=view.with_offer_closed(), effects=(SwitchTraining(on),))
