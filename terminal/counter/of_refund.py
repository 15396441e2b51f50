"""Refunds at the counter: who may start one, who is answered what, and what is shown meanwhile. Pure.

A refund whose asker waits is the view's ``refund``, and the counter begins nothing else. Any other that is not over is
among ``refunds``: it goes on by itself and holds up nobody.
"""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter import menu as menus
from terminal.counter import of_sale
from terminal.counter import register_words as reg
from terminal.counter.answers import refund_result_of, refuse, reply, stored_result
from terminal.counter.decision import CheckService, CounterEffect, Decision, FollowUp, ShowRefundFor
from terminal.counter.inputs import EndedRefundLookedUp, EndedSaleLookedUp, RefundLookedUp, ReprintRequested
from terminal.counter.of_shop import with_menu
from terminal.counter.register_ids import Meaning, has_ended_unpaid, may_be_in_gap, meaning_of
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.sale import events as ev
from terminal.sale import refund_step as rs
from terminal.sale.gateway import Refusal
from terminal.sale.record import RefundRecord
from terminal.sale.refund import (
    Refund,
    RefundSource,
    RefundState,
    left_to_refund_kr,
    refund_differs_durably,
)
from terminal.sale.sale import Outcome, Sale

RESULT_SHOWN_S = 12.0
_SILENT = (RefundSource.COMMAND, RefundSource.AUTOMATIC)
"""Nobody stands at the counter and waits for these."""


def requested(view: View, asked: RefundLookedUp, rules: CounterRules) -> Decision:
    """Somebody wants money returned, with what the journal knows of the payment."""
    if asked.source is RefundSource.AUTOMATIC:
        return _by_itself(view, asked, rules)
    if asked.register_id is not None:
        is_same = isinstance(asked.known, Refund) and _is_same(asked.known, asked)
        one_try = asked.names_one_try
        meaning = meaning_of(asked.wish, is_same=is_same, named_for=rules.ids_name_for, names_one_try=one_try)
        if meaning is Meaning.DUPLICATE:
            return refuse(view, asked.register_id, reg.RefusalCode.DUPLICATE)
        may_be_lost = may_be_in_gap(asked.wish, asked.gap_age_s, rules.ids_name_for)
        if meaning is Meaning.REPEATED and not (may_be_lost and has_ended_unpaid(asked.wish)):
            assert asked.known is not None
            return stored_result(view, asked.known)
        if may_be_lost:
            return _refused(view, asked, reg.RefusalCode.RECORDS_LOST)
    code = _obstacle(view, asked, rules)
    if code is not None:
        return _refused(view, asked, code)
    sale = asked.sale
    assert sale is not None
    left_kr = left_to_refund_kr(sale, asked.refunds)
    amount_kr = left_kr if asked.amount_kr is None else asked.amount_kr
    most_kr = min(left_kr, rules.refund.max_amount_kr)
    if asked.is_question:
        menu = menus.answered(
            view.menu, (menus.Item.REFUND,), menus.Page.AMOUNT, sale_number=sale.number, left_kr=most_kr
        )
        return with_menu(view, menu)
    if not 1 <= amount_kr <= most_kr:
        return _refused(view, asked, reg.RefusalCode.AMOUNT, most_kr)
    if asked.source is RefundSource.KEYPAD:
        view = replace(view, menu=menus.closed(view.menu), result=None, refund_result=None)
    return _begun(view, asked, sale, amount_kr, rules)


def _refused(view: View, asked: RefundLookedUp, code: reg.RefusalCode, most_kr: int | None = None) -> Decision:
    """Staff at the keypad read it in the menu, a command gets it back, the register is answered."""
    limits_kr = (1, most_kr) if most_kr is not None else None
    if asked.source is RefundSource.KEYPAD:
        return with_menu(view, menus.refused(view.menu, menus.Item.REFUND, code, limits_kr))
    refused = reg.RequestRefused(asked.register_id, code, limit_kr=most_kr, limits_kr=limits_kr, of_refund=True)
    if asked.source is RefundSource.COMMAND:
        return Decision(view=view, refused=refused)
    return reply(view, refused)


def _obstacle(view: View, asked: RefundLookedUp, rules: CounterRules) -> reg.RefusalCode | None:
    """Why no refund may begin now."""
    if not rules.refund.is_possible:
        return reg.RefusalCode.NOT_POSSIBLE
    if view.is_leaving:
        return reg.RefusalCode.BUSY
    if asked.source not in _SILENT and (view.sale is not None or view.refund is not None):
        return reg.RefusalCode.BUSY
    longest_s = rules.refund.max_days * 86_400
    if asked.sale is None or asked.rival_age_s <= longest_s:
        return reg.RefusalCode.NOT_FOUND
    if any(one.is_unknown for one in asked.refunds):  # it may have returned everything
        return reg.RefusalCode.BUSY
    if left_to_refund_kr(asked.sale, asked.refunds) <= 0:
        return reg.RefusalCode.REFUND
    if asked.sale_age_s > longest_s:
        return reg.RefusalCode.TOO_OLD
    return reg.RefusalCode.RECORDS_LOST if _may_be_given_back_in_gap(asked) else None


def _may_be_given_back_in_gap(asked: RefundLookedUp) -> bool:
    """Whoever asks: a refund whose record is missing would be carried out once more under another key. A payment that
    is newer than the gap cannot have one there."""
    return asked.is_before_gap


def _is_same(known: Refund, asked: RefundLookedUp) -> bool:
    is_same_sale = asked.sale is not None and known.sale_number == asked.sale.number
    is_theirs = not asked.names_one_try or known.register_echo == asked.echo
    return is_same_sale and is_theirs and asked.amount_kr in (None, known.amount_kr)


def _by_itself(view: View, asked: RefundLookedUp, rules: CounterRules) -> Decision:
    """A payment that the register did not accept goes back whole, once: its key follows from the sale."""
    sale = asked.sale
    if sale is None or sale.outcome is not Outcome.REFUND_DUE or sale.has_no_authorization:
        return Decision(view=view)
    mine = [one for one in asked.refunds if one.source is RefundSource.AUTOMATIC]
    if any(one.is_done for one in mine):  # the power went between the two records
        return Decision(view=view, follow_ups=(ev.MoneyReturned(sale.number),))
    if mine or not rules.refund.is_possible:
        return Decision(view=view)
    return _begun(view, asked, sale, sale.amount_kr, rules)


def _begun(view: View, asked: RefundLookedUp, sale: Sale, amount_kr: int, rules: CounterRules) -> Decision:
    assert sale.authorization_id is not None
    is_automatic = asked.source is RefundSource.AUTOMATIC
    terms = rules.refund.terms
    if asked.prints_receipt:
        terms = replace(terms, customer_copy=False)
    if is_automatic:  # the sale's own receipts say that its money was returned
        terms = replace(terms, customer_copy=False, merchant_copy=False)
    refund = Refund(
        number=asked.number,
        reference=asked.reference,
        idempotency_key=asked.idempotency_key,
        sale_number=sale.number,
        sale_reference=sale.reference,
        authorization_id=sale.authorization_id,
        amount_kr=amount_kr,
        payment_kr=sale.amount_kr,
        created=asked.created,
        source=asked.source,
        register_id=(asked.register_id or asked.reference) if asked.source is RefundSource.REGISTER else "",
        register_echo=asked.echo,
        description=asked.description[:100],
        operator="" if is_automatic else view.operator,
        terms=terms,
        is_late=asked.source in _SILENT,
    )
    decision = _adopted(view, "RefundRequested", None, rs.begin_refund(refund))
    accepted = (reg.SaleAccepted(refund.register_id),) if refund.register_id else ()
    return replace(decision, replies=(*accepted, *decision.replies))


def changed(view: View, event: rs.RefundEvent | EndedRefundLookedUp, rules: CounterRules) -> Decision:
    """Something happened to a refund, whether it was over or not."""
    if isinstance(event, EndedRefundLookedUp):
        return _corrected(view, event, rules)
    return happened(view, event)


def happened(view: View, event: rs.RefundEvent) -> Decision:
    """An event of a refund that is not over."""
    for refund in (view.refund, *view.refunds):
        if refund is not None and refund.number == event.refund_number:
            decision = _adopted(_with_network(view, event), type(event).__name__, refund, rs.refund_step(refund, event))
            if view.conditions.network_ok and not decision.view.conditions.network_ok:
                return replace(decision, effects=(*decision.effects, CheckService()))
            return decision
    return Decision(view=view)


def _corrected(view: View, looked_up: EndedRefundLookedUp, rules: CounterRules) -> Decision:
    """What the terminal gave back by itself has ended its sale: if it was not given back, that is due again.

    Both are written in one commit.

    Each kind of receipt is queued once by itself; beside one that says otherwise this is another print.
    """
    before, event, sale = looked_up.refund, looked_up.event, looked_up.sale
    due_again = Decision(view=view)
    if before.source is RefundSource.AUTOMATIC and not event.is_done:
        not_returned = EndedSaleLookedUp(ev.MoneyNotReturned(sale.number), sale)
        due_again = of_sale.happened(view, not_returned, rules)
    decision = _adopted(due_again.view, type(event).__name__, before, rs.refund_step(before, event))
    record = decision.refund_record
    if record is None:
        return Decision(view=view)
    decision = replace(decision, record=due_again.record)
    if not record.receipts:
        return decision
    print_anew = ReprintRequested(before.number, record.receipts)
    follow_ups = (*decision.follow_ups, print_anew)
    return replace(decision, refund_record=replace(record, receipts=()), follow_ups=follow_ups)


def _adopted(view: View, event: str, before: Refund | None, transition: rs.RefundTransition) -> Decision:
    """The transition of a refund becomes the counter's own."""
    refund = transition.refund
    receipts = tuple(effect.kind for effect in transition.effects if isinstance(effect, rs.PrintRefund))
    effects: list[CounterEffect] = []
    replies: list[reg.RegisterReply] = []
    for effect in transition.effects:
        match effect:
            case rs.ReportRefund():
                replies.append(refund_result_of(refund))
            case rs.PrintRefund():
                pass  # queued on disk by the record
            case _:
                effects.append(effect)
    changed = before is None or refund_differs_durably(before, refund)
    ended_now = refund.is_done and not (before is not None and before.is_done)
    follow_ups: tuple[FollowUp, ...] = ()
    if ended_now and refund.source is RefundSource.AUTOMATIC:
        follow_ups = (ev.MoneyReturned(refund.sale_number),)
    view = _placed(view, refund)
    if before is not None and before.is_awaited and not refund.is_awaited and not refund.is_unknown:
        view = replace(view, refund_result=refund)
        effects.append(ShowRefundFor(refund.number, RESULT_SHOWN_S))
    return Decision(
        view=view,
        refund_record=RefundRecord(event, refund, receipts) if changed else None,
        follow_ups=follow_ups,
        effects=tuple(effects),
        replies=tuple(replies),
    )


def _placed(view: View, refund: Refund) -> View:
    """Awaited in front, anything else that is not over behind."""
    others = tuple(one for one in view.refunds if one.number != refund.number)
    front = None if view.refund is not None and view.refund.number == refund.number else view.refund
    if refund.is_awaited:
        front = refund
    elif refund.state is not RefundState.CLOSED:
        others = (*others, refund)
    return replace(view, refund=front, refunds=others)


def _with_network(view: View, event: rs.RefundEvent) -> View:
    match event:
        case rs.RefundAnswerLost():
            reached = False
        case rs.RefundRefused():
            reached = event.refusal is not Refusal.NOT_SENT
        case rs.RefundAnswer():
            reached = True
        case _:
            return view
    return replace(view, conditions=replace(view.conditions, network_ok=reached))
