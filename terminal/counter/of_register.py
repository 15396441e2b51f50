"""What the register asks for, and what it is answered. What an id means stands in register_ids.py. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter import of_refund, of_totals
from terminal.counter import register_words as reg
from terminal.counter.answers import condition, refuse, reply, stored_result
from terminal.counter.decision import CheckService, Decision, KeepOfferFor
from terminal.counter.inputs import RegisterRequestLookedUp
from terminal.counter.of_sale import begun, happened
from terminal.counter.register_ids import Meaning, has_ended_unpaid, may_be_in_gap, meaning_of, names_still
from terminal.counter.rules import CounterRules
from terminal.counter.view import Offer, View
from terminal.sale import events as ev
from terminal.sale.refund import Refund
from terminal.sale.refund_step import RefundResultTaken
from terminal.sale.sale import Sale, State

PAID_SHOWN_S = 20.0
"""In a shop where most pay by card it must not be what stands there all day."""


def requested(view: View, asked: RegisterRequestLookedUp, rules: CounterRules) -> Decision:
    """A request, with what the journal knows of it. A wish for a refund is looked up and decided apart."""
    match asked.request:
        case reg.SaleRequest():
            return _sale_requested(view, asked, asked.request, rules)
        case reg.CancelRequest(register_id):
            return _cancel_requested(view, asked, register_id, rules)
        case reg.ResultRequest(register_id):
            return _result_requested(view, asked, register_id, rules)
        case reg.RecordRequest():
            return _record_requested(view, asked, asked.request, rules)
        case reg.LastResultRequest():
            return _last_result_requested(view, asked.known)
        case reg.ConditionRequest():
            return reply(view, condition(view))
        case reg.ReversalRequest() | reg.RefundRequest() as request:  # without a journal nobody can look it up
            return refuse(view, request.register_id, reg.RefusalCode.NOT_POSSIBLE)
        case reg.TotalsRequest():
            return of_totals.requested(view, asked, asked.request, rules)
        case reg.TotalsDelivered() as heard:
            return of_totals.delivered(view, heard)
        case reg.TotalSeen() as seen:
            return _total_seen(view, seen, rules)
        case reg.ResultDelivered() | reg.ResultRefusal() as answer:
            return _result_answered(view, answer, rules)


def _sale_requested(
    view: View, asked: RegisterRequestLookedUp, request: reg.SaleRequest, rules: CounterRules
) -> Decision:
    """Start a sale, unless this is one that was asked for before."""
    meaning = _meaning_of(view, asked, request, rules)
    if meaning is Meaning.DUPLICATE:
        return refuse(view, request.register_id, reg.RefusalCode.DUPLICATE)
    may_be_lost = _may_be_in_gap(asked, request.register_id, rules)
    if meaning is Meaning.REPEATED and not (may_be_lost and has_ended_unpaid(asked.wish)):
        known = asked.known or view.sale
        assert known is not None
        return stored_result(view, known)
    if view.sale is not None or view.refund is not None:
        return refuse(view, request.register_id, reg.RefusalCode.BUSY)
    if may_be_lost:
        return refuse(view, request.register_id, reg.RefusalCode.RECORDS_LOST)
    limit_kr = min(max(request.amount_kr, rules.min_amount_kr), rules.max_amount_kr)
    if request.amount_kr != limit_kr:
        limits_kr = (rules.min_amount_kr, rules.max_amount_kr)
        code = reg.RefusalCode.AMOUNT
        return reply(view, reg.RequestRefused(request.register_id, code, limit_kr=limit_kr, limits_kr=limits_kr))
    if view.is_leaving or not view.conditions.keypad_ok:
        return refuse(view, request.register_id, reg.RefusalCode.UNAVAILABLE)
    sale = _new_sale(asked, request, rules, view)
    decision = begun(view.with_offer_closed(), sale, rules)
    effects = (CheckService(), *decision.effects)
    return replace(decision, replies=(reg.SaleAccepted(sale.register_id),), effects=effects)


def _may_be_in_gap(asked: RegisterRequestLookedUp, register_id: str | None, rules: CounterRules) -> bool:
    return register_id is not None and may_be_in_gap(asked.wish, asked.gap_age_s, rules.ids_name_for)


def _is_out_of_sight(asked: RegisterRequestLookedUp, register_id: str | None, rules: CounterRules) -> bool:
    """What became of this id last may be missing from the journal: no "no" of before is told for it."""
    is_or_was_nothing = _named(asked, rules) is None or has_ended_unpaid(asked.wish)
    return is_or_was_nothing and _may_be_in_gap(asked, register_id, rules)


def _meaning_of(view: View, asked: RegisterRequestLookedUp, request: reg.SaleRequest, rules: CounterRules) -> Meaning:
    """By the id, or, where the protocol has none, by what the request looks like while a sale is open."""
    if request.register_id is None:
        is_in_time = asked.open_age_s < request.repeats_within_s
        is_repeated = view.sale is not None and is_in_time and _looks_like(request, view.sale)
        return Meaning.REPEATED if is_repeated else Meaning.NEW
    is_same = isinstance(asked.known, Sale) and asked.known.amount_kr == request.amount_kr
    if request.names_one_try and asked.known is not None:
        is_same = is_same and asked.known.register_echo == request.echo
    one_try = request.names_one_try
    return meaning_of(asked.wish, is_same=is_same, named_for=rules.ids_name_for, names_one_try=one_try)


def _new_sale(asked: RegisterRequestLookedUp, request: reg.SaleRequest, rules: CounterRules, view: View) -> Sale:
    return Sale(
        number=asked.number,
        reference=asked.reference,
        register_id=request.register_id or asked.reference,
        amount_kr=request.amount_kr,
        created=asked.created,
        register_echo=request.echo,
        language=view.language,
        operator=view.operator,
        terms=replace(rules.terms, customer_copy=rules.terms.customer_copy and not request.prints_receipt),
    )


def _looks_like(request: reg.SaleRequest, sale: Sale) -> bool:
    """The register asks for the open sale again. Once it has ended, this may as well be the next customer's."""
    is_same = bool(request.echo) and sale.register_echo == request.echo and sale.amount_kr == request.amount_kr
    return is_same and sale.state is not State.REPORT


def _named(asked: RegisterRequestLookedUp, rules: CounterRules) -> Sale | Refund | None:
    """What the id of the request names now."""
    return asked.known if names_still(asked.wish, rules.ids_name_for) else None


def _means_open_sale(sale: Sale, asked: RegisterRequestLookedUp, register_id: str | None, rules: CounterRules) -> bool:
    """By its id, which can have become another day's, or by none."""
    is_in_time = asked.wish is None or asked.wish.age_s < rules.ids_name_for.open_s
    return register_id is None or (register_id == sale.register_id and is_in_time)


def _is_of_another_day(sale: Sale, asked: RegisterRequestLookedUp, rules: CounterRules) -> bool:
    """Today's sale may have its id by now; our own reference is nobody else's."""
    return sale.register_id != sale.reference and asked.open_age_s >= rules.ids_name_for.open_s


def _result_answered(view: View, answer: reg.ResultDelivered | reg.ResultRefusal, rules: CounterRules) -> Decision:
    """Whether a stored result that was asked for again is accepted or not changes nothing any more."""
    if view.refund is not None and view.refund.register_id == answer.register_id:
        return of_refund.happened(view, RefundResultTaken(view.refund.number))
    if view.sale is None or view.sale.register_id != answer.register_id:
        return Decision(view=view)
    number = view.sale.number
    if isinstance(answer, reg.ResultDelivered):
        return happened(view, ev.ResultAcknowledged(number), rules)
    return happened(view, ev.ResultRejected(number, answer.said_so), rules)


def _cancel_requested(
    view: View, asked: RegisterRequestLookedUp, register_id: str | None, rules: CounterRules
) -> Decision:
    known = _named(asked, rules)
    if view.sale is not None and _means_open_sale(view.sale, asked, register_id, rules):
        if view.sale.state is State.REPORT:
            if _is_of_another_day(view.sale, asked, rules):
                return refuse(view, register_id, reg.RefusalCode.BUSY)
            return stored_result(view, view.sale)
        decision = happened(view, ev.CancelRequested(view.sale.number, ev.Canceller.REGISTER), rules)
        return replace(decision, replies=(reg.SaleAccepted(view.sale.register_id), *decision.replies))
    if _is_out_of_sight(asked, register_id, rules):
        return refuse(view, register_id, reg.RefusalCode.RECORDS_LOST)
    if known is not None:
        return stored_result(view, known)
    return refuse(view, register_id, reg.RefusalCode.NOTHING_OPEN if register_id is None else reg.RefusalCode.NOT_FOUND)


def _result_requested(
    view: View, asked: RegisterRequestLookedUp, register_id: str | None, rules: CounterRules
) -> Decision:
    known = _named(asked, rules)
    if view.sale is not None and _means_open_sale(view.sale, asked, register_id, rules):
        if view.sale.state is State.REPORT and register_id is not None:
            return stored_result(view, view.sale)
        return reply(view, reg.TerminalBusy(view.sale.register_id))
    if register_id is None and view.refund is not None:
        return reply(view, reg.TerminalBusy(view.refund.register_id or view.refund.reference))
    if _is_out_of_sight(asked, register_id, rules):
        return refuse(view, register_id, reg.RefusalCode.RECORDS_LOST)
    if known is not None:
        return stored_result(view, known)
    if register_id is None:
        return reply(view, reg.TerminalReady())
    return refuse(view, register_id, reg.RefusalCode.NOT_FOUND)


def _record_requested(
    view: View, asked: RegisterRequestLookedUp, request: reg.RecordRequest, rules: CounterRules
) -> Decision:
    """As the view has it, which knows what is not worth a commit, or else the journal. An id names only what it still
    names; a reference names one thing for ever."""
    known = _named(asked, rules) if request.reference is None else asked.known
    if _is_out_of_sight(asked, request.register_id, rules):
        return refuse(view, request.register_id, reg.RefusalCode.RECORDS_LOST)
    if known is None:
        return refuse(view, request.register_id, reg.RefusalCode.NOT_FOUND)
    current = (one for one in (view.sale, view.refund, *view.refunds) if one is not None)
    now = next((one for one in current if one.number == known.number), known)
    return reply(view, reg.RecordFound(now))


def _last_result_requested(view: View, last: Sale | Refund | None) -> Decision:
    if view.sale is not None and view.sale.state is not State.REPORT:
        return reply(view, reg.TerminalBusy(view.sale.register_id))
    known = view.sale or last
    return stored_result(view, known) if known else refuse(view, None, reg.RefusalCode.NOT_FOUND)


def _total_seen(view: View, seen: reg.TotalSeen, rules: CounterRules) -> Decision:
    """Offer it. What is beyond the shop's limits is none of its totals; what is being paid is not offered again.

    Of two totals that cannot both be right neither is offered, nor what was paid in another way, and staff read why.
    """
    view = replace(view, offer=None, differing_kr=seen.differing_kr, paid_kr=seen.paid_kr)
    if seen.differing_kr is not None:
        return Decision(view=view, effects=(KeepOfferFor(seen.differing_kr[-1], rules.terms.entry_timeout_s),))
    if seen.paid_kr is not None:
        return Decision(view=view, effects=(KeepOfferFor(seen.paid_kr, PAID_SHOWN_S),))
    amounts_kr = [kr for kr in (seen.amount_kr, seen.other_kr) if kr is not None and _is_within(kr, rules)]
    if seen.amount_kr not in amounts_kr:
        return Decision(view=view)
    is_open = view.sale is None or view.sale.amount_kr not in amounts_kr
    first_kr, *others_kr = amounts_kr
    offer = Offer(first_kr, is_open, others_kr[0] if others_kr else None)
    return Decision(view=replace(view, offer=offer), effects=(KeepOfferFor(first_kr, rules.terms.entry_timeout_s),))


def _is_within(amount_kr: int, rules: CounterRules) -> bool:
    return rules.min_amount_kr <= amount_kr <= rules.max_amount_kr
