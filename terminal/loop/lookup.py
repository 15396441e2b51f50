"""What the journal knows of an input, looked up before it is decided: the sale of a register id, a period, a receipt.

Also what a new sale would be called. :func:`looked_up` decides nothing.
"""

from __future__ import annotations

from typing import Protocol

from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.inputs import (
    CounterEvent,
    EndedRefundLookedUp,
    EndedSaleLookedUp,
    EndOfDayLookedUp,
    EndOfDayRequested,
    GapLookedUp,
    GapRequested,
    Input,
    PastClose,
    RefundRequested,
    RegisterRequestLookedUp,
    ReprintLookedUp,
    ReprintRequested,
)
from terminal.counter.register_ids import Wish
from terminal.errors import JournalError
from terminal.journal.thread import MIN_FREE_BYTES
from terminal.loop.ages import Ages
from terminal.loop.lookup_refund import (
    Known,
    RefundJournal,
    find_by_reference,
    gap_age_s,
    last_result,
    refund_requested,
    refund_requested_by_register,
)
from terminal.loop.names import Names
from terminal.sale import events as ev
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import Gap, QueuedReceipt
from terminal.sale.refund import Refund, RefundSource, left_to_refund_kr
from terminal.sale.refund_step import RefundSettlementCorrected
from terminal.sale.sale import Outcome, Sale, State
from terminal.sale.totals import ClosedPeriod, Period, ToldCloses
from terminal.system.timestamps import on_the_wall

MOST_CLOSES_LOOKED_UP = 7


class KnowingJournal(RefundJournal, Protocol):
    """What is asked of :class:`terminal.journal.thread.JournalFile`. Every method may raise JournalError."""

    def receipts_of(self, sale_number: int) -> list[QueuedReceipt]: ...

    def open_period(self) -> Period: ...

    def open_period_began(self) -> str | None: ...

    def closed_period(self, number: int | None = None) -> ClosedPeriod | None: ...

    def told_closes(self) -> ToldCloses: ...

    def free_bytes(self) -> int: ...

    def gap(self) -> Gap | None: ...


def looked_up(  # noqa: PLR0917  everybody who knows something of it
    event: Input, journal: KnowingJournal, names: Names, next_number: int, ages: Ages, open_sale: Sale | None
) -> CounterEvent:
    """The input with what is known of it. Raises JournalError if that cannot be read, or no new sale can be kept."""
    match event:
        case ev.StatusReceived() | ev.CallbackReceived() if open_sale is None or event.sale_number != open_sale.number:
            return _of_ended_sale(event, journal)
        case ev.SettlementCorrected():
            return _correction(event, journal)
        case RefundSettlementCorrected():
            return _refund_correction(event, journal)
        case ReprintRequested() | EndOfDayRequested() | GapRequested():
            return _of_shop(event, journal, names)
        case reg.RecordRequest(reference=str() as reference):
            return RegisterRequestLookedUp(request=event, known=find_by_reference(journal, reference))
        case reg.LastResultRequest():
            return RegisterRequestLookedUp(request=event, known=last_result(journal))
        case reg.TotalsRequest():
            return RegisterRequestLookedUp(
                request=event,
                period=journal.open_period(),
                created=names.now(),
                closes=_last_closes(journal, ages),
            )
        case RefundRequested():
            return refund_requested(event, Known(journal, names, next_number, ages))
        case reg.ReversalRequest() | reg.RefundRequest():
            return refund_requested_by_register(event, Known(journal, names, next_number, ages))
        case reg.SaleRequest():
            asked = _sale_request(event, journal, names, next_number, ages)
            return replace(asked, open_age_s=ages.age_s(open_sale)) if open_sale is not None else asked
    if isinstance(event, reg.RegisterRequest):
        known = _known(event, journal)
        return RegisterRequestLookedUp(
            request=event,
            known=known,
            wish=_wish(known, journal, ages),
            open_age_s=ages.age_s(open_sale) if open_sale is not None else 0.0,
            gap_age_s=gap_age_s(journal, ages),
        )
    return event


def _of_shop(
    event: ReprintRequested | EndOfDayRequested | GapRequested, journal: KnowingJournal, names: Names
) -> CounterEvent:
    match event:
        case ReprintRequested():
            return replace(_reprint(event, journal), by_keypad=event.by_keypad)
        case GapRequested(acknowledged):
            return GapLookedUp(_gap(journal), acknowledged)
    return EndOfDayLookedUp(
        journal.open_period(),
        event.by_keypad,
        event.even_if_empty,
        due_at=event.due_at,
        first_at=journal.open_period_began() if event.due_at is not None else None,
        now=names.now(),
    )


def _gap(journal: KnowingJournal) -> Gap | None:
    """With its times as the shop's clock shows them."""
    gap = journal.gap()
    return replace(gap, since=on_the_wall(gap.since), until=on_the_wall(gap.until)) if gap is not None else None


def _of_ended_sale(event: ev.StatusReceived | ev.CallbackReceived, journal: KnowingJournal) -> CounterEvent:
    """With its sale. A record also says "not paid" once the payment was given back: that says nothing of the sale."""
    sale = journal.find_sale(event.sale_number)
    if sale is None or sale.state is not State.CLOSED:
        return event
    if isinstance(event, ev.StatusReceived) and event.report.is_final:
        may_be_returned = any(refund.outcome != "refused" for refund in journal.refunds_of(sale.number))
        event = replace(event, report=replace(event.report, is_final=not may_be_returned))
    return EndedSaleLookedUp(event, sale)


def _last_closes(journal: KnowingJournal, ages: Ages) -> tuple[PastClose, ...]:
    """Back to the last one that booked something, and to the one that the register has not acknowledged: the clock or
    staff may have ended another after it."""
    closes: list[PastClose] = []
    period, untold = journal.closed_period(), journal.told_closes().untold
    while period is not None:
        closes.insert(0, PastClose(period, ages.since(period.until)))
        is_back_far_enough = not period.totals.moves_nothing and (untold is None or period.number <= untold)
        if is_back_far_enough or len(closes) == MOST_CLOSES_LOOKED_UP:
            break
        period = journal.closed_period(period.number - 1)
    return tuple(closes)


def _correction(event: ev.SettlementCorrected, journal: KnowingJournal) -> CounterEvent:
    """With its sale; not against its refunds: what money was or may be given back on was paid, and what the terminal
    has given back itself is not paid any more."""
    sale = journal.find_sale(event.sale_number)
    refunds = [refund for refund in journal.refunds_of(event.sale_number) if refund.outcome != "refused"]
    given_back_itself = any(one.is_done and one.source is RefundSource.AUTOMATIC for one in refunds)
    contradicts = {ev.Verdict.UNPAID: bool(refunds), ev.Verdict.PAID: given_back_itself, ev.Verdict.REFUNDED: False}
    return event if sale is None or contradicts[event.verdict] else EndedSaleLookedUp(event, sale)


def _refund_correction(event: RefundSettlementCorrected, journal: KnowingJournal) -> CounterEvent:
    """With its refund; not if by now more would have been given back than was paid, nor if staff have made a sale of
    what the terminal was to give back itself."""
    refund = journal.find_refund(event.refund_number)
    sale = journal.find_sale(refund.sale_number) if refund is not None else None
    if refund is None or sale is None:
        return event
    others = [one for one in journal.refunds_of(sale.number) if one.number != refund.number]
    is_too_much = event.is_done and left_to_refund_kr(sale, others) < refund.amount_kr
    is_sold = refund.source is RefundSource.AUTOMATIC and sale.outcome is Outcome.APPROVED
    return event if is_too_much or is_sold else EndedRefundLookedUp(event, refund, sale)


def _known(request: reg.RegisterRequest, journal: KnowingJournal) -> Sale | Refund | None:
    register_id = reg.register_id_of(request)
    return journal.find_register_id(register_id) if register_id is not None else None


def _wish(known: Sale | Refund | None, journal: KnowingJournal, ages: Ages) -> Wish | None:
    return ages.wish_of(known, journal.changed_at) if known is not None else None


def _sale_request(
    request: reg.SaleRequest, journal: KnowingJournal, names: Names, next_number: int, ages: Ages
) -> RegisterRequestLookedUp:
    known = _known(request, journal)
    wish = _wish(known, journal, ages)
    may_begin = wish is None or not (wish.is_open or wish.may_have_moved_money)
    if may_begin and journal.free_bytes() < MIN_FREE_BYTES:
        raise JournalError("the disk is nearly full: free some space, then take payments again")
    return RegisterRequestLookedUp(
        request=request,
        known=known,
        wish=wish,
        number=next_number,
        reference=names.reference(next_number),
        created=names.now(),
        gap_age_s=gap_age_s(journal, ages),
    )


def _reprint(event: ReprintRequested, journal: KnowingJournal) -> ReprintLookedUp:
    number = event.number
    if ReceiptKind.END_OF_DAY in event.kinds:
        period = journal.closed_period(number)
        prints = [one for one in journal.receipts_of(0) if period is not None and one.period == period.number]
        return ReprintLookedUp(period=period.number if period else None, kinds=event.kinds, earlier=tuple(prints))
    if number is not None and (refund := journal.find_refund(number)) is not None:
        return ReprintLookedUp(refund=refund, kinds=event.kinds, earlier=tuple(journal.receipts_of(number)))
    sale = journal.last_ended_sale() if number is None else journal.find_sale(number)
    earlier = journal.receipts_of(sale.number) if sale is not None else []
    return ReprintLookedUp(sale=sale, kinds=event.kinds, earlier=tuple(earlier))
