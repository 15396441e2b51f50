"""What a key or a scanned code means: to the menu, to the entry, to the open sale, to the offer. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter import menu as menus
from terminal.counter import menu_codes, menu_keys, of_doubt, of_language, of_operator, of_refund, of_shop, of_training
from terminal.counter import menu_wishes as wishes
from terminal.counter import register_words as reg
from terminal.counter.decision import Decision, ExamineTerminal, FollowUp, LockMenuFor, ShowMenuFor
from terminal.counter.inputs import (
    CodeScanned,
    EndOfDayRequested,
    GapRequested,
    KeyPressed,
    RefundRequested,
    ReprintRequested,
)
from terminal.counter.menu_codes import ChangeCode, CheckCode, CodeJudged, CodeVerdict
from terminal.counter.of_sale import happened
from terminal.counter.rules import CounterRules
from terminal.counter.scanning import scan_identifier
from terminal.counter.trouble import receipt_asked_about
from terminal.counter.typing import Cancelled, Entry, EntryResult, keys_missed, press_code, press_identifier
from terminal.counter.view import View
from terminal.sale import events as ev
from terminal.sale.customer import Customer
from terminal.sale.effects import SetDeadline
from terminal.sale.record import JournalHealth
from terminal.sale.refund import RefundSource
from terminal.sale.refund_step import RefundSettledByStaff
from terminal.sale.sale import Sale, State

TAKE_OFFER_KEYS = "A#"
FIRST_KEY, OTHER_KEY = "1", "2"
"""Where a slip has two amounts."""
MORE_TIME_KEY = "#"
BY_KEYPAD = "keypad"


def offer_accepted(view: View, event: object) -> reg.SaleRequest | None:
    """The sale that a key asks for: the cashier accepts the total that is offered."""
    if not isinstance(event, KeyPressed) or event.is_long:
        return None
    offer = view.standing_offer
    if view.training_amount and event.key == "#" and _is_waiting(view):
        return reg.SaleRequest(int(view.training_amount))
    if offer is None:
        return None
    if event.key == OTHER_KEY and offer.other_kr is not None:
        return reg.SaleRequest(offer.other_kr)
    is_first = event.key in TAKE_OFFER_KEYS or (event.key == FIRST_KEY and offer.other_kr is not None)
    return reg.SaleRequest(offer.amount_kr) if is_first else None


def _is_waiting(view: View) -> bool:
    """Keys belong to nothing else."""
    shown = (view.sale, view.refund, view.result, view.refund_result)
    return all(one is None for one in shown) and not view.menu.is_open and not view.is_leaving


def pressed(view: View, event: KeyPressed, rules: CounterRules) -> Decision:
    """A key went down, or is still down."""
    if view.is_leaving:
        return Decision(view=view)
    return _long_key(view, event.key, rules) if event.is_long else _key(view, event.key, rules)


def scanned(view: View, event: CodeScanned, rules: CounterRules) -> Decision:
    """Identifies the customer, if it is a code that does; where no customer is asked for it means nothing.

    In the keypad test it only tells that the scanner works.
    """
    if view.menu.page is menus.Page.KEYPAD:
        menu = replace(view.menu, scanned=len(event.code.reveal()), turn=view.menu.turn + 1)
        return Decision(view=replace(view, menu=menu), effects=(ShowMenuFor(menu.turn, menus.SHOWN_S),))
    if view.sale is None or view.sale.state is not State.ENTRY:
        return Decision(view=view)
    return _typed(view, view.sale, scan_identifier(event.code, rules.identifiers), rules)


def missed(view: View) -> View:
    """Keys may have been pressed in vain. An identifier or a code is typed anew: half of one can be a stranger's."""
    is_typed = view.sale is not None and view.sale.state in (State.ENTRY, State.CODE_ENTRY)
    return replace(view, entry=keys_missed(view.entry)) if is_typed else view


def _key(view: View, key: str, rules: CounterRules) -> Decision:
    sale = view.sale
    if view.menu.is_open or (key == menus.MENU_KEY and _may_open_menu(view)):
        return _menu_key(view, key, rules)
    if sale is None:
        if view.refund_result is not None:
            return Decision(view=replace(view, refund_result=None) if key in "*#" else view)
        if view.result is not None:
            return Decision(view=replace(view, result=None) if key in "*#" else view)
        if key in "*#" and (receipt := receipt_asked_about(view)) is not None:
            return of_doubt.receipt_key(view, receipt, key)
        if of_operator.is_asked(view) and view.refund is None and (view.offer is None or key in of_operator.DIGITS):
            return Decision(view=of_operator.number_key(view, key, rules))
        if key == of_language.LANGUAGE_KEY and view.refund is None and not view.training_amount:
            return of_language.turned(view, rules)
        if view.is_training and view.refund is None and (view.training_amount or key in of_training.DIGITS):
            return Decision(view=of_training.amount_key(view, key))
        return Decision(view=view.with_offer_closed() if key == "*" else view)
    if key == MORE_TIME_KEY and view.may_get_more_time:
        return _more_time(view, sale)
    match sale.state:
        case State.ENTRY:
            return _typed(view, sale, press_identifier(view.entry, key, rules.identifiers), rules)
        case State.CODE_ENTRY:
            return _typed(view, sale, press_code(view.entry, key), rules)
    return _cancelled(view, sale, rules) if key == "*" else Decision(view=view)


def _more_time(view: View, sale: Sale) -> Decision:
    """All of the state's time once more, from now on."""
    terms = sale.terms
    delay_s = {
        State.ENTRY: terms.entry_timeout_s,
        State.CUSTOMER: terms.customer_timeout_s,
        State.CODE_ENTRY: terms.code_timeout_s,
    }[sale.state]
    deadline = SetDeadline(sale_number=sale.number, state=sale.state, delay_s=delay_s)
    return Decision(view=replace(view, deadline=deadline, has_more_time=True), effects=(deadline,))


def _long_key(view: View, key: str, rules: CounterRules) -> Decision:
    """``*`` ends the menu, the sale or the offer, whatever was typed; ``#`` opens the menu on pads without a D; ``0``
    turns the customer's language in a sale."""
    if key == "#":
        view = replace(view, judged=None)  # as it went down, it looked like an answer
        return _menu_key(view, menus.MENU_KEY, rules) if _may_open_menu(view) else Decision(view=view)
    if key == of_language.LANGUAGE_KEY and view.sale is not None and not view.menu.is_open:
        return of_language.turned_in_sale(view, view.sale, rules)
    if key != "*":
        return Decision(view=view)
    if view.menu.is_open:
        return Decision(view=replace(view, menu=menus.closed(view.menu)))
    if view.sale is not None:
        return _cancelled(view, view.sale, rules)
    return Decision(view=view.with_offer_closed())


def _typed(view: View, sale: Sale, result: EntryResult, rules: CounterRules) -> Decision:
    match result:
        case Entry():
            return Decision(view=replace(view, entry=result))
        case Cancelled():
            return _cancelled(view, sale, rules)
        case Customer():
            return happened(view, ev.CustomerIdentified(sale.number, result), rules)
    return happened(view, ev.CodeEntered(sale.number, result), rules)


def _cancelled(view: View, sale: Sale, rules: CounterRules) -> Decision:
    return happened(view, ev.CancelRequested(sale.number, ev.Canceller.CASHIER), rules)


def _may_open_menu(view: View) -> bool:
    return not view.menu.is_open and view.refund is None and (view.sale is None or view.sale.stands_unknown)


def _menu_key(view: View, key: str, rules: CounterRules) -> Decision:
    before = view.menu
    if before.is_open:
        menu, wish = menu_keys.press(before, key, view.for_staff, rules.menu)
    else:
        has_gap = view.conditions.journal_health is JournalHealth.INCOMPLETE
        menu, wish = menus.opened(before, view.for_staff, rules.menu, has_gap=has_gap), None
    decision = _wished(replace(view, menu=menu), wish, rules)
    timers = of_shop.menu_timers(menu) if menu.is_open else ()
    return replace(decision, effects=(*decision.effects, *timers))


def code_judged(view: View, word: CodeJudged, rules: CounterRules) -> Decision:
    """The keeper of the codes has looked at one that was typed."""
    menu = menu_codes.judged(view.menu, word, view.for_staff)
    wish = menu_keys.at_once(menu) if word.verdict is CodeVerdict.RIGHT and menu is not view.menu else None
    decision = of_shop.with_menu(view, menu)
    wished = _wished(view, wish, rules)
    locks = (LockMenuFor(word.locked_s),) if word.locked_s > 0 else ()
    return replace(decision, effects=(*decision.effects, *wished.effects, *locks), follow_ups=wished.follow_ups)


def _wished(view: View, wish: wishes.Wish | CheckCode | ChangeCode | None, rules: CounterRules) -> Decision:
    match wish:
        case wishes.Settle(number, verdict) if any(refund.number == number for refund in view.refunds):
            return of_refund.happened(view, RefundSettledByStaff(number, verdict is ev.Verdict.REFUNDED, BY_KEYPAD))
        case wishes.Settle(number, verdict):
            return happened(view, ev.SettledByStaff(number, verdict, BY_KEYPAD), rules)
        case (
            wishes.Reprint()
            | wishes.AskRefund()
            | wishes.Refund()
            | wishes.EndDay()
            | wishes.AskGap()
            | wishes.AcknowledgeGap()
        ):
            return Decision(view=view, follow_ups=(_looked_up_first(wish),))
        case wishes.ChangeOperator():
            return Decision(view=of_operator.shift_over(view))
        case wishes.TurnLanguage():
            return of_language.turned(view, rules)
        case wishes.Train():
            return of_training.switch_wanted(view, on=not view.is_training)
        case wishes.PrintReport() | wishes.FindAbout() | wishes.MakePairingCode() | CheckCode() | ChangeCode():
            return Decision(view=view, effects=(wish,))
        case wishes.Examine():
            return Decision(view=view, effects=(ExamineTerminal(),))
        case None:
            return Decision(view=view)


def _looked_up_first(
    wish: wishes.Reprint | wishes.AskRefund | wishes.Refund | wishes.EndDay | wishes.AskGap | wishes.AcknowledgeGap,
) -> FollowUp:
    match wish:
        case wishes.Reprint(number, kinds):
            return ReprintRequested(number, kinds, by_keypad=True)
        case wishes.AskRefund(number):
            return RefundRequested(number=number, source=RefundSource.KEYPAD, is_question=True)
        case wishes.Refund(number, amount_kr):
            return RefundRequested(number=number, amount_kr=amount_kr, source=RefundSource.KEYPAD)
        case wishes.EndDay(even_if_empty):
            return EndOfDayRequested(True, even_if_empty)
        case wishes.AskGap():
            return GapRequested()
    return GapRequested(wish.repair)
