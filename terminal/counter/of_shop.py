"""What the shop asks for beside its sales: a receipt once more, the end of a day. Pure."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from terminal.counter import menu as menus
from terminal.counter import of_doubt
from terminal.counter import register_words as reg
from terminal.counter.decision import CounterEffect, Decision, LetReadFor, ShowMenuFor
from terminal.counter.inputs import (
    CounterEvent,
    EndOfDayLookedUp,
    EndOfDayRequested,
    ReceiptJudged,
    ReprintLookedUp,
)
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import QueuedReceipt, reprint
from terminal.sale.totals import Close, Period, to_staff

MOST_PRINTS = 20
"""Of one receipt, the first included."""


def asked_for(view: View, asked: ReprintLookedUp | ReceiptJudged | EndOfDayLookedUp, rules: CounterRules) -> Decision:
    """By staff, a command or the clock."""
    match asked:
        case ReprintLookedUp():
            return reprint_requested(view, asked, rules)
        case ReceiptJudged():
            return of_doubt.judged(view, asked)
    return end_of_day_requested(view, asked, rules)


def reprint_requested(view: View, asked: ReprintLookedUp, rules: CounterRules) -> Decision:
    """Each copy under an id of its own, so that a retry is told from a copy. Nothing is queued for no printer."""
    receipts = _copies(asked) if rules.has_printer else ()
    if not asked.by_keypad:
        return Decision(view=view, receipts=receipts)
    page = menus.Page.DONE if receipts else menus.Page.NOTHING_TO_PRINT
    return with_menu(view, menus.answered(view.menu, menus.REPRINTS, page), receipts=receipts)


def end_of_day_requested(view: View, asked: EndOfDayLookedUp, rules: CounterRules) -> Decision:
    """The day ends, unless a sale is open. At the keypad nobody ends an empty one without being asked."""
    if asked.due_at is not None:
        return _day_due(view, asked, asked.due_at, rules)
    if not asked.by_keypad:
        return Decision(view=view, close=close_of(view, asked.period, rules) if view.sale is None else None)
    item = menus.Item.END_OF_DAY
    close, menu = None, menus.refused(view.menu, item, reg.RefusalCode.BUSY)
    if _is_free(view):
        if asked.period.totals.is_empty and not asked.even_if_empty:
            menu = menus.answered(view.menu, (item,), menus.Page.EMPTY_DAY, is_unread=True)
        else:
            close, menu = close_of(view, asked.period, rules), menus.answered(view.menu, (item,), menus.Page.DONE)
    return with_menu(view, menu, close=close)


def _day_due(view: View, asked: EndOfDayLookedUp, due_at: str, rules: CounterRules) -> Decision:
    """By the clock a day ends once, with what was begun before its time, and when nothing is open."""
    is_due = _is_due(asked, due_at)
    waits = is_due and not _is_free(view)
    close = close_of(view, asked.period, rules) if is_due and not waits else None
    return Decision(view=replace(view, day_due_at=due_at if waits else None), close=close)


def _is_free(view: View) -> bool:
    """Nobody is paying, and nobody waits for a refund."""
    return view.sale is None and view.refund is None


def _is_due(asked: EndOfDayLookedUp, due_at: str) -> bool:
    """A time that is still to come was written by a clock that was ahead, and says nothing."""
    last, first = asked.period.since, asked.first_at
    has_ended = last is not None and due_at <= last <= asked.now
    is_of_that_day = first is not None and not due_at <= first <= asked.now
    return is_of_that_day and not has_ended


def with_day_due(decision: Decision, event: CounterEvent) -> Decision:
    """An end of day that waited is asked for again once nothing is open."""
    view = decision.view
    if view.day_due_at is None or not _is_free(view) or isinstance(event, EndOfDayLookedUp):
        return decision
    asked = EndOfDayRequested(due_at=view.day_due_at)
    return replace(decision, view=replace(view, day_due_at=None), follow_ups=(*decision.follow_ups, asked))


def with_menu(view: View, menu: menus.Menu, **durable: Any) -> Decision:
    """The menu shows something new, which stays for a while."""
    effects = menu_timers(menu) if menu is not view.menu else ()
    return Decision(view=replace(view, menu=menu), effects=effects, **durable)


def menu_timers(menu: menus.Menu) -> tuple[CounterEffect, ...]:
    """How long the page is shown, and when its question counts as read."""
    shown = ShowMenuFor(menu.turn, menus.SHOWN_S)
    return (shown, LetReadFor(menu.turn, of_doubt.READ_AFTER_S)) if menu.is_unread else (shown,)


def close_of(view: View, period: Period, rules: CounterRules) -> Close:
    """The end of this period, with what is left to staff."""
    totals = replace(period.totals, left_to_staff=to_staff(view.attention))
    return Close(period.number, totals, is_printed=rules.has_printer)


def with_head(decision: Decision, head: str) -> Decision:
    """The slip that a register prints itself carries the chain's head, which is known once the end is committed."""
    replies = tuple(
        replace(answer, slip=replace(answer.slip, head=head))
        if isinstance(answer, reg.TotalsReport) and answer.slip is not None
        else answer
        for answer in decision.replies
    )
    return replace(decision, replies=replies)


def _copies(asked: ReprintLookedUp) -> tuple[QueuedReceipt, ...]:
    sale, kinds = asked.sale, asked.kinds
    if asked.period is not None:
        number = asked.period
    elif asked.refund is not None and asked.refund.reason is not None:
        number = asked.refund.number
        kinds = kinds or (ReceiptKind.CUSTOMER if asked.refund.is_done else ReceiptKind.ATTENTION,)
    elif sale is None or sale.outcome_on_paper is None:
        return ()
    else:
        number = sale.number
        kinds = kinds or (ReceiptKind.ATTENTION if sale.outcome_on_paper.needs_staff else ReceiptKind.CUSTOMER,)
    receipts = []
    for kind in dict.fromkeys(kinds):
        prints = [receipt for receipt in asked.earlier if receipt.kind is kind]
        if len(prints) < MOST_PRINTS:
            receipts.append(reprint(number, kind, prints))
    return tuple(receipts)
