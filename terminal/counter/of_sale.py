"""An event of a sale: the sale decides by ``step``, and here its decision becomes the counter's. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter import answers, menu
from terminal.counter import register_words as reg
from terminal.counter.decision import (
    CheckService,
    CounterEffect,
    Decision,
    FollowUp,
    KeepOfferFor,
    OpenDrawer,
    PreparePrinter,
    ShowResultFor,
)
from terminal.counter.inputs import EndedSaleLookedUp, RefundRequested, ReprintRequested
from terminal.counter.rules import CounterRules
from terminal.counter.typing import Entry
from terminal.counter.view import View
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import Refusal
from terminal.sale.moves import Transition
from terminal.sale.record import Record
from terminal.sale.refund import RefundSource
from terminal.sale.sale import NOT_PAID, Outcome, Reason, Sale, State, differs_durably
from terminal.sale.step import begin, step

RESULT_SHOWN_S = 12.0
MOST_TRACED = 100
"""So many are remembered, the latest ones."""
LOOK_AFTER_LOSS_S = 5.0
"""Between a call that was lost and a look at the service: the sale's own next call may come first and tell as much."""


def begun(view: View, sale: Sale, rules: CounterRules) -> Decision:
    """A new sale opens."""
    return _adopted(view, "SaleRequested", None, begin(sale), rules)


def happened(view: View, event: ev.SaleEvent | EndedSaleLookedUp, rules: CounterRules) -> Decision:
    """A call that is lost is followed by looks at the service: nothing else asks once the sale has ended."""
    ended: Sale | None = None
    if isinstance(event, EndedSaleLookedUp):
        ended, event = event.sale, event.event
    decision = _stepped(_with_network(view, event), event, rules, ended)
    if view.conditions.network_ok and not decision.view.conditions.network_ok:
        return replace(decision, effects=(*decision.effects, CheckService(LOOK_AFTER_LOSS_S)))
    return decision


def _stepped(view: View, event: ev.SaleEvent, rules: CounterRules, ended: Sale | None) -> Decision:
    if ended is None and isinstance(event, ev.SettlementCorrected):
        return Decision(view=view)  # the journal has looked it up, and it contradicts what was given back
    if ended is not None:  # what is still traced is among those
        ended = replace(ended, tracing=False, asking=None)
    for sale in (view.sale, *view.attention, *view.traced, ended):
        if sale is not None and sale.number == event.sale_number:
            return _adopted(view, type(event).__name__, sale, step(sale, event), rules)
    return Decision(view=view)


def _adopted(view: View, event: str, before: Sale | None, transition: Transition, rules: CounterRules) -> Decision:
    """The transition of a sale becomes the counter's own."""
    sale = transition.sale
    receipts = tuple(effect.kind for effect in transition.effects if isinstance(effect, fx.PrintReceipt))
    changed = before is None or differs_durably(before, sale)
    effects: list[CounterEffect] = []
    replies: list[reg.RegisterReply] = []
    for effect in transition.effects:
        match effect:
            case fx.ReportResult():
                replies.append(answers.result_of(sale))
            case fx.PrintReceipt():
                pass  # queued on disk by the record
            case _:
                effects.append(effect)
    follow_ups: tuple[FollowUp, ...] = ()
    if receipts and (event == ev.SettlementCorrected.__name__ or _was_left_to_staff_before(before)):
        # Each kind is queued once by itself; beside one that says otherwise this is another print.
        follow_ups, receipts = (ReprintRequested(sale.number, receipts),), ()
    if before is not None and before.state is State.ATTENTION:
        view = _with_attention_ended(view, before, sale)
    elif before is not None and before.state is State.CLOSED:
        view = _reopened(view, before, sale)
    elif sale.state in (State.ATTENTION, State.CLOSED):
        view, more = _ended(view, sale, rules)
        effects += more
        if sale.is_returned_by_itself:
            follow_ups = (RefundRequested(number=sale.number, source=RefundSource.AUTOMATIC),)
    else:
        if rules.has_printer:
            effects += _printer_effects(event, before, sale)
        view = _moved(view, before, transition)
    return Decision(
        view=view,
        record=Record(event, sale, receipts) if changed else None,
        follow_ups=follow_ups,
        effects=tuple(effects),
        replies=tuple(replies),
    )


def _was_left_to_staff_before(before: Sale | None) -> bool:
    """With a slip, and the service has contradicted since what they settled it as."""
    if before is None or before.state is not State.CLOSED:
        return False
    return before.settled_from in (Reason.PROVED_UNPAID, Reason.PAID_LATE)


def _printer_effects(event: str, before: Sale | None, sale: Sale) -> tuple[CounterEffect, ...]:
    """The drawer opens once a sale: when it is approved, whether or not a receipt comes out."""
    if before is None or event == ev.PowerRestored.__name__:
        return (PreparePrinter(),)
    is_approved = sale.outcome is Outcome.APPROVED and before.outcome is not Outcome.APPROVED
    return (OpenDrawer(),) if is_approved else ()


def _moved(view: View, before: Sale | None, transition: Transition) -> View:
    """The open sale as it is now; in another state everything that belonged to the one before is gone."""
    sale = transition.sale
    if before is None or before.state is not sale.state:
        view = replace(view, entry=Entry(), menu=menu.closed(view.menu), deadline=None, has_more_time=False)
    for effect in transition.effects:
        if isinstance(effect, fx.SetDeadline):
            view = replace(view, deadline=effect)
    return replace(view, sale=sale, result=None)


def _ended(view: View, sale: Sale, rules: CounterRules) -> tuple[View, list[CounterEffect]]:
    """The open sale makes room for the next one."""
    effects: list[CounterEffect] = []
    view = replace(view, sale=None, deadline=None, has_more_time=False, result=sale, entry=Entry())
    if sale.tracing:
        view = replace(view, traced=(*view.traced, sale))
    if sale.state is State.ATTENTION:
        view = replace(view, attention=(*view.attention, sale))
    else:  # the other one stays until somebody has seen it
        effects.append(ShowResultFor(sale.number, RESULT_SHOWN_S))
    if (offer := view.offer) is not None and sale.outcome in NOT_PAID:  # another try needs no new total
        view = replace(view, offer=replace(offer, is_open=True))
        effects.append(KeepOfferFor(offer.amount_kr, rules.terms.entry_timeout_s))
    return view, effects


def _reopened(view: View, before: Sale, after: Sale) -> View:
    """Whoever is at the counter goes on; what is still shown of that sale is not true any more."""
    others = tuple(sale for sale in view.traced if sale.number != after.number)
    is_kept = after.state is State.CLOSED and (after.tracing or len(others) < len(view.traced))
    view = replace(view, traced=(*others, after)[-MOST_TRACED:] if is_kept else others)
    if view.result is not None and view.result.number == after.number and view.result.reason is not after.reason:
        view = replace(view, result=after)
    return view if after.state is before.state else replace(view, attention=(*view.attention, after))


def _with_attention_ended(view: View, before: Sale, after: Sale) -> View:
    """Staff have done what was left; whoever is typing for another sale goes on typing."""
    if after.state is before.state:
        return view
    shown = view.result is not None and view.result.number == after.number
    others = tuple(sale for sale in view.attention if sale.number != after.number)
    return replace(view, attention=others, result=None if shown else view.result)


def _with_network(view: View, event: ev.SaleEvent) -> View:
    """Every end of a call tells whether the service can be reached."""
    match event:
        case ev.AnswerLost():
            reached = False
        case ev.RefusalReceived():
            reached = event.refusal is not Refusal.NOT_SENT
        case ev.AnswerReceived():
            reached = True
        case _:
            return view
    return replace(view, conditions=replace(view.conditions, network_ok=reached))
