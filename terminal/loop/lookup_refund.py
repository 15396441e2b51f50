"""What the journal knows of a wish for a refund: which payment is meant, and what was returned of it already."""

from __future__ import annotations

import hashlib
import math
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from terminal.counter import register_words as reg
from terminal.counter.inputs import RefundLookedUp, RefundRequested
from terminal.loop.ages import Ages
from terminal.loop.names import Names
from terminal.sale.refund import Refund, RefundSource, automatic_key
from terminal.sale.sale import Sale

MOST_DIGITS = 12
"""Of a sale's number."""


class RefundJournal(Protocol):
    """What is asked of :class:`terminal.journal.thread.JournalFile`. Every method may raise JournalError."""

    def find_register_id(self, register_id: str) -> Sale | Refund | None: ...

    def find_sale(self, number: int) -> Sale | None: ...

    def find_payment(self, register_id: str) -> Sale | None: ...

    def find_payment_by_receipt(self, receipt_number: int) -> Sale | None: ...

    def find_payments_of_amount(self, amount_kr: int) -> list[Sale]: ...

    def last_payment(self) -> Sale | None: ...

    def last_ended_sale(self) -> Sale | None: ...

    def last_register_refund(self) -> Refund | None: ...

    def find_refund(self, number: int) -> Refund | None: ...

    def refunds_of(self, sale_number: int) -> list[Refund]: ...

    def changed_at(self, number: int) -> str | None: ...

    def gap_since(self) -> str | None: ...

    def first_since_loss(self) -> int: ...


class Known(NamedTuple):
    """What a look-up needs beside the wish itself."""

    journal: RefundJournal
    names: Names
    next_number: int
    ages: Ages


def refund_requested(event: RefundRequested, known: Known) -> RefundLookedUp:
    """What staff, a command or the terminal itself want."""
    journal = known.journal
    sale = journal.last_payment() if event.number is None else journal.find_sale(event.number)
    asked = RefundLookedUp(
        source=event.source,
        amount_kr=event.amount_kr,
        description=event.description,
        is_question=event.is_question,
    )
    asked = _named(asked, sale, known)
    if event.source is RefundSource.AUTOMATIC and sale is not None:
        return replace(asked, idempotency_key=automatic_key(sale))
    return asked


def refund_requested_by_register(event: reg.RefundRequest | reg.ReversalRequest, known: Known) -> RefundLookedUp:
    """What the register wants. A payment is named by the register's own id, by the number of its receipt, or, where it
    is the only one, by its amount."""
    journal = known.journal
    earlier = journal.find_register_id(event.register_id) if event.register_id is not None else None
    sale, *rivals = _meant_by(event, journal)
    asked = RefundLookedUp(
        source=RefundSource.REGISTER,
        amount_kr=event.amount_kr,
        register_id=event.register_id,
        echo=event.echo,
        prints_receipt=event.prints_receipt,
        names_one_try=isinstance(event, reg.ReversalRequest) and event.names_one_try,
        rival_age_s=min((known.ages.since(one.created) for one in rivals if one is not None), default=math.inf),
        known=earlier,
        wish=known.ages.wish_of(earlier, journal.changed_at) if earlier is not None else None,
        gap_age_s=gap_age_s(journal, known.ages),
    )
    return _named(asked, sale, known)


def gap_age_s(journal: RefundJournal, ages: Ages) -> float:
    """Infinite if nothing is missing, or somebody has acknowledged it."""
    return ages.since(gap) if (gap := journal.gap_since()) is not None else math.inf


def _meant_by(event: reg.RefundRequest | reg.ReversalRequest, journal: RefundJournal) -> list[Sale | None]:
    """The payment, and behind it any other that may as well be meant."""
    if event.of is not None:
        return [journal.find_payment(event.of)]
    if isinstance(event, reg.ReversalRequest) and event.reference is not None:
        meant = find_by_reference(journal, event.reference)
        return [meant if isinstance(meant, Sale) else None]
    if isinstance(event, reg.ReversalRequest):
        return [journal.find_payment_by_receipt(event.number) if event.number is not None else None]
    return [*journal.find_payments_of_amount(event.amount_kr)] or [None]


def find_by_reference(journal: RefundJournal, reference: str) -> Sale | Refund | None:
    """A reference holds the number, and names nothing else: not what has that number in a journal that began anew."""
    digits = reference.rpartition("-")[0].rpartition("-")[2]
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS):
        return None
    number = int(digits)
    found = journal.find_sale(number) or journal.find_refund(number)
    return found if found is not None and found.reference == reference else None


def last_result(journal: RefundJournal) -> Sale | Refund | None:
    """Of what a register has asked for last."""
    sale, refund = journal.last_ended_sale(), journal.last_register_refund()
    return refund if refund is not None and (sale is None or refund.number > sale.number) else sale


def _named(asked: RefundLookedUp, sale: Sale | None, known: Known) -> RefundLookedUp:
    reference = known.names.reference(known.next_number)
    return replace(
        asked,
        sale=sale,
        sale_age_s=max(0.0, known.ages.since(sale.created)) if sale is not None else 0.0,
        refunds=tuple(known.journal.refunds_of(sale.number)) if sale is not None else (),
        is_before_gap=sale is not None and _is_before_gap(sale, known.journal),
        number=known.next_number,
        reference=reference,
        idempotency_key=hashlib.sha1(f"refund {reference}".encode(), usedforsecurity=False).hexdigest(),
        created=known.names.now(),
    )


def _is_before_gap(sale: Sale, journal: RefundJournal) -> bool:
    """By its number, which no clock can change."""
    return sale.number < journal.first_since_loss() and journal.gap_since() is not None
