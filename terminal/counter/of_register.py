"""What the register asks for, and what it is answered. One id is one payment and one outcome, for ever. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter import of_shop
from terminal.counter import register_words as reg
from terminal.counter.answers import condition, refuse, reply, stored_result
from terminal.counter.decision import CheckService, Decision, KeepOfferFor
from terminal.counter.inputs import RegisterRequestLookedUp
from terminal.counter.of_sale import begun, happened
from terminal.counter.rules import CounterRules
from terminal.counter.view import Offer, View
from terminal.sale import events as ev
from terminal.sale.sale import Sale, State
from terminal.sale.totals import ClosedPeriod


def requested(view: View, asked: RegisterRequestLookedUp, rules: CounterRules) -> Decision:
    """A request, with what the journal knows of it."""
    match asked.request:
        case reg.SaleRequest():
            return _sale_requested(view, asked, asked.request, rules)
        case reg.CancelRequest(register_id):
            return _cancel_requested(view, asked.known, register_id, rules)
        case reg.ResultRequest(register_id):
            return _result_requested(view, asked.known, register_id)
        case reg.LastResultRequest():
            return _last_result_requested(view, asked.known)
        case reg.ConditionRequest():
            return reply(view, condition(view))
        case reg.ReversalRequest() | reg.RefundRequest():
            return refuse(view, None, reg.RefusalCode.NOT_POSSIBLE)
        case reg.TotalsRequest():
            return _totals_requested(view, asked, asked.request, rules)
        case reg.TotalSeen(amount_kr):
            return _total_seen(view, amount_kr, rules)
        case reg.ResultDelivered(register_id):
            return _result_answered(view, register_id, ev.ResultAcknowledged, rules)
        case reg.ResultRefusal(register_id):
            return _result_answered(view, register_id, ev.ResultRejected, rules)


def _sale_requested(
    view: View, asked: RegisterRequestLookedUp, request: reg.SaleRequest, rules: CounterRules
) -> Decision:
    """Start a sale, unless this id has had one."""
    if view.sale is not None and (asked.known is None or asked.known.number == view.sale.number):
        if _is_repeated(view.sale, request):
            return reply(view, reg.SaleAccepted(view.sale.register_id))
        return refuse(view, request.register_id, reg.RefusalCode.BUSY)
    if asked.known is not None:
        return stored_result(view, asked.known)
    limit_kr = min(max(request.amount_kr, rules.min_amount_kr), rules.max_amount_kr)
    if request.amount_kr != limit_kr:
        limits_kr = (rules.min_amount_kr, rules.max_amount_kr)
        code = reg.RefusalCode.AMOUNT
        return reply(view, reg.RequestRefused(request.register_id, code, limit_kr=limit_kr, limits_kr=limits_kr))
    if not view.conditions.keypad_ok:
        return refuse(view, request.register_id, reg.RefusalCode.UNAVAILABLE)
    sale = _new_sale(asked, request, rules)
    decision = begun(view.with_offer_closed(), sale, rules)
    effects = (CheckService(), *decision.effects)
    return replace(decision, replies=(reg.SaleAccepted(sale.register_id),), effects=effects)


def _new_sale(asked: RegisterRequestLookedUp, request: reg.SaleRequest, rules: CounterRules) -> Sale:
    return Sale(
        number=asked.number,
        reference=asked.reference,
        register_id=request.register_id or asked.reference,
        amount_kr=request.amount_kr,
        created=asked.created,
        register_echo=request.echo,
        terms=replace(rules.terms, customer_copy=rules.terms.customer_copy and not request.prints_receipt),
    )


def _is_repeated(sale: Sale, request: reg.SaleRequest) -> bool:
    """The register asks for the open sale again. Without ids an ended sale may as well be the next customer's."""
    if sale.amount_kr != request.amount_kr:
        return False
    if request.register_id is not None:
        return sale.register_id == request.register_id
    return bool(request.echo) and sale.register_echo == request.echo and sale.state is not State.REPORT


def _result_answered(view: View, register_id: str, event: type[ev.SaleEvent], rules: CounterRules) -> Decision:
    """Whether a stored result that was asked for again is accepted or not changes nothing any more."""
    if view.sale is None or view.sale.register_id != register_id:
        return Decision(view=view)
    return happened(view, event(view.sale.number), rules)


def _cancel_requested(view: View, known: Sale | None, register_id: str | None, rules: CounterRules) -> Decision:
    if view.sale is not None and register_id in (None, view.sale.register_id):
        decision = happened(view, ev.CancelRequested(view.sale.number, ev.Canceller.REGISTER), rules)
        return replace(decision, replies=(reg.SaleAccepted(view.sale.register_id), *decision.replies))
    if known is not None:
        return stored_result(view, known)
    return refuse(view, register_id, reg.RefusalCode.NOT_FOUND)


def _result_requested(view: View, known: Sale | None, register_id: str | None) -> Decision:
    if view.sale is not None and register_id in (None, view.sale.register_id):
        return reply(view, reg.TerminalBusy(view.sale.register_id))
    if known is not None:
        return stored_result(view, known)
    if register_id is None:
        return reply(view, reg.TerminalReady())
    return refuse(view, register_id, reg.RefusalCode.NOT_FOUND)


def _last_result_requested(view: View, last: Sale | None) -> Decision:
    if view.sale is not None and view.sale.state is not State.REPORT:
        return reply(view, reg.TerminalBusy(view.sale.register_id))
    sale = view.sale or last
    return stored_result(view, sale) if sale else refuse(view, None, reg.RefusalCode.NOT_FOUND)


def _totals_requested(
    view: View, asked: RegisterRequestLookedUp, request: reg.TotalsRequest, rules: CounterRules
) -> Decision:
    if view.sale is not None:
        return refuse(view, None, reg.RefusalCode.BUSY)
    ended = of_shop.close_of(view, asked.period, rules)
    report = reg.TotalsReport(number=ended.number, totals=ended.totals, closed=request.close)
    if request.close and request.prints_slip:
        ended = replace(ended, is_printed=False)
        slip = ClosedPeriod(number=ended.number, since=asked.period.since, until=asked.created, totals=ended.totals)
        report = replace(report, slip=slip)
    return Decision(view=view, close=ended if request.close else None, replies=(report,))


def _total_seen(view: View, amount_kr: int | None, rules: CounterRules) -> Decision:
    """Offer it. What is beyond the shop's limits is none of its totals; what is being paid is not offered again."""
    if amount_kr is None or not rules.min_amount_kr <= amount_kr <= rules.max_amount_kr:
        return Decision(view=replace(view, offer=None))
    is_open = view.sale is None or view.sale.amount_kr != amount_kr
    keep = KeepOfferFor(amount_kr, rules.terms.entry_timeout_s)
    return Decision(view=replace(view, offer=Offer(amount_kr, is_open)), effects=(keep,))
