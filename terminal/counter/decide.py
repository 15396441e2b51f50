"""The counter: which sale is open, what is typed, who is answered what. Pure, like the sale it holds.

:func:`decide` takes the view before, one thing that happened, and the shop's rules. It returns the view after it,
together with what must be on disk first and what is then to be done. The loop applies a decision only when its record
is committed, so a full disk leaves the counter where it was.

Here stands which file decides about what; the small inputs are decided here.
"""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter import menu as menus
from terminal.counter import (
    of_doubt,
    of_gap,
    of_keys,
    of_language,
    of_refund,
    of_register,
    of_sale,
    of_shop,
    of_training,
)
from terminal.counter.decision import Decision, ShowMenuFor
from terminal.counter.inputs import (
    AboutFound,
    CodeScanned,
    ConditionsChanged,
    CounterEvent,
    EndedRefundLookedUp,
    EndedSaleLookedUp,
    EndOfDayLookedUp,
    GapLookedUp,
    JournalTrialDue,
    KeyPressed,
    KeysMissed,
    LanguageExpired,
    MenuLeft,
    MenuUnlocked,
    NightCame,
    NotWritten,
    OfferExpired,
    PairingCodeMade,
    QuestionRead,
    ReceiptJudged,
    RefundLookedUp,
    RefundResultSeen,
    RegisterRequestLookedUp,
    ReportEnded,
    ReprintLookedUp,
    ResultSeen,
    TerminalExamined,
    TrainingNotSwitched,
)
from terminal.counter.menu_codes import CodeJudged
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.sale import events as ev
from terminal.sale.refund_step import RefundEvent


def decide(view: View, event: CounterEvent, rules: CounterRules) -> Decision:
    """Never raises on any event."""
    decision = of_training.when_settled(of_shop.with_day_due(_decided(view, event, rules), event))
    return of_doubt.with_question(of_language.with_own_language_after(view, decision), event)


def _decided(view: View, event: CounterEvent, rules: CounterRules) -> Decision:
    match event:
        case ev.SaleEvent() | EndedSaleLookedUp():
            return of_sale.happened(view, event, rules)
        case RefundEvent() | EndedRefundLookedUp():
            return of_refund.changed(view, event, rules)
        case RegisterRequestLookedUp():
            return of_register.requested(view, event, rules)
        case RefundLookedUp():
            return of_refund.requested(view, event, rules)
        case KeyPressed():
            return of_keys.pressed(view, event, rules)
        case CodeScanned():
            return of_keys.scanned(view, event, rules)
        case ReprintLookedUp() | ReceiptJudged() | EndOfDayLookedUp():
            return of_shop.asked_for(view, event, rules)
        case NightCame() | TrainingNotSwitched():
            return of_training.happened(view, event, rules)
        case CodeJudged():
            return of_keys.code_judged(view, event, rules)
        case TerminalExamined() | ReportEnded() | AboutFound() | PairingCodeMade() | GapLookedUp() | NotWritten():
            return _answered(view, event)
        case JournalTrialDue():
            return Decision(view=view)
        case ConditionsChanged() | KeysMissed():
            return Decision(view=_surroundings_changed(view, event))
    return Decision(view=_time_passed(view, event))


def _surroundings_changed(view: View, event: ConditionsChanged | KeysMissed) -> View:
    if isinstance(event, KeysMissed):
        return of_keys.missed(view)
    was_read = view.conditions.keypad_is_read
    view = replace(view, conditions=replace(view.conditions, **event.changes))
    return of_keys.missed(view) if view.conditions.keypad_is_read and not was_read else view


def _answered(
    view: View, event: TerminalExamined | ReportEnded | AboutFound | PairingCodeMade | GapLookedUp | NotWritten
) -> Decision:
    """What staff asked for in the menu."""
    match event:
        case NotWritten():
            return of_shop.with_menu(view, menus.not_written(view.menu))
        case GapLookedUp():
            return of_gap.looked_up(view, event)
        case ReportEnded(is_printed):
            page = menus.Page.DONE if is_printed else menus.Page.NOT_PRINTED
            return of_shop.with_menu(view, menus.answered(view.menu, menus.REPORTS, page))
        case AboutFound(lines):
            menu = menus.answered(view.menu, (menus.Item.ABOUT,), menus.Page.ABOUT, about=lines)
            return of_shop.with_menu(view, menu)
        case PairingCodeMade(digits, good_for_s):
            menu = menus.answered(view.menu, (menus.Item.PAIRING,), menus.Page.PAIRING)
            if menu is view.menu:  # nobody looks, so nobody is to find it there later
                return Decision(view=view)
            menu = replace(menu, digits=digits)
            return Decision(view=replace(view, menu=menu), effects=(ShowMenuFor(menu.turn, good_for_s),))
    return _examined(view, event)


def _time_passed(
    view: View,
    event: ResultSeen | RefundResultSeen | OfferExpired | LanguageExpired | MenuLeft | MenuUnlocked | QuestionRead,
) -> View:
    """Something was shown or kept long enough; what has changed meanwhile stays."""
    match event:
        case ResultSeen(number):
            shown = view.result is not None and view.result.number == number
            return replace(view, result=None) if shown else view
        case RefundResultSeen(number):
            shown = view.refund_result is not None and view.refund_result.number == number
            return replace(view, refund_result=None) if shown else view
        case OfferExpired(amount_kr):
            shown_kr = view.differing_kr[-1] if view.differing_kr is not None else view.paid_kr
            expired = amount_kr in (shown_kr, view.offer.amount_kr if view.offer is not None else None)
            return view.with_offer_closed() if expired else view
        case LanguageExpired(turn):
            return of_language.expired(view, turn)
        case MenuLeft(turn):
            return replace(view, menu=menus.closed(view.menu)) if view.menu.turn == turn else view
        case QuestionRead(turn):
            if view.menu.is_open:
                return replace(view, menu=menus.read(view.menu, turn))
            return of_doubt.read(view, turn)
        case MenuUnlocked():
            return replace(view, menu=menus.unlocked(view.menu))


def _examined(view: View, event: TerminalExamined) -> Decision:
    menu = menus.examined(view.menu, event.problems)
    if menu == view.menu:
        return Decision(view=view)
    return Decision(view=replace(view, menu=menu), effects=(ShowMenuFor(menu.turn, menus.SHOWN_S),))
