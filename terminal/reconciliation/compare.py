"""One payment of the journal, held against the service's record of it. Pure.

A record names the whole amount of a payment, whether anything of it can still be refunded, and nothing of the refunds
themselves. So a refund of the whole shows, and one of a part does not; where the record cannot show it, it agrees and
says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from terminal.reconciliation.findings import Answer, Ending, Finding, Kind, NoRecord, Unanswered
from terminal.reconciliation.gathering import Payment
from terminal.sale.gateway import PaymentRecord, RecordStatus
from terminal.sale.money import format_kr
from terminal.sale.refund import Refund
from terminal.sale.sale import NOT_PAID, Outcome, Reason, Sale

PORTAL = "look it up in Netgíró's partner portal"


class WordedEnding(NamedTuple):
    """An ending with its words."""

    ending: Ending
    what: str = ""
    advice: str = ""


AGREED = WordedEnding(Ending.AGREES)


def compare(payment: Payment, answer: Answer) -> Iterator[Finding]:
    """The sale first, then each refund."""
    sale = payment.sale
    settled = answer.settled if isinstance(answer, PaymentRecord) else None
    verdict = _of_sale(payment, answer)
    yield Finding(
        kind=Kind.SALE,
        ending=verdict.ending,
        what=verdict.what,
        advice=verdict.advice,
        number=sale.number,
        reference=sale.reference,
        authorization_id=sale.authorization_id,
        amount_kr=sale.amount_kr,
        created=sale.created,
        outcome=sale.outcome or "",
        settled=settled,
    )
    for refund in payment.refunds:
        verdict = _of_refund(refund, payment, answer)
        yield Finding(
            kind=Kind.REFUND,
            ending=verdict.ending,
            what=verdict.what,
            advice=verdict.advice,
            number=refund.number,
            reference=refund.reference,
            authorization_id=refund.authorization_id,
            amount_kr=refund.amount_kr,
            created=refund.created,
            outcome=refund.outcome,
        )


def _of_sale(payment: Payment, answer: Answer) -> WordedEnding:
    sale = payment.sale
    if isinstance(answer, Unanswered) or (isinstance(answer, PaymentRecord) and answer.status is RecordStatus.UNCLEAR):
        why = answer.why if isinstance(answer, Unanswered) else "the record has a status that is not known here"
        advice = f"{PORTAL} under {sale.reference}" if sale.has_no_authorization else "reconcile again later"
        return WordedEnding(Ending.NOT_ASKED, why, advice)
    if isinstance(answer, PaymentRecord) and (wrong := _wrong_amount(payment, answer)):
        return wrong
    if sale.outcome in NOT_PAID:
        return _not_paid(sale, answer)
    if sale.outcome is Outcome.UNKNOWN:
        return _unknown(sale, answer)
    if sale.outcome is Outcome.APPROVED:
        return _approved(payment, answer)
    return _given_back(payment, answer)


def _wrong_amount(payment: Payment, record: PaymentRecord) -> WordedEnding | None:
    """A record of what is left after a refund agrees, too."""
    sale = payment.sale
    returned_kr, doubtful_kr = _returned_kr(payment)
    possible = {sale.amount_kr, sale.amount_kr - returned_kr, sale.amount_kr - returned_kr - doubtful_kr}
    if record.amount_kr is None or record.amount_kr in possible or record.status is not RecordStatus.PAID:
        return None
    if 0 <= record.amount_kr < sale.amount_kr:
        missing = format_kr(sale.amount_kr - returned_kr - record.amount_kr)
        what = f"Netgíró has {format_kr(record.amount_kr)}, so {missing} less than the journal"
        return WordedEnding(Ending.DIFFERS, what, f"{PORTAL}: was something refunded there? Book it by hand")
    what = f"Netgíró has another amount ({format_kr(record.amount_kr)})" if record.amount_kr >= 0 else "no whole kronur"
    return WordedEnding(Ending.DIFFERS, what, f"{PORTAL} and ask Netgíró's support with the TransactionId")


def _approved(payment: Payment, answer: PaymentRecord | NoRecord | Unanswered) -> WordedEnding:
    sale = payment.sale
    returned_kr, doubtful_kr = _returned_kr(payment)
    left_kr = sale.amount_kr - returned_kr
    if not isinstance(answer, PaymentRecord):
        return WordedEnding(
            Ending.DIFFERS,
            "Netgíró knows no such payment",
            "ask Netgíró's support with the TransactionId: the shop may not get this money",
        )
    match answer.status:
        case RecordStatus.CANCELLED | RecordStatus.UNPAID if _may_be_misread(payment):
            return WordedEnding(
                Ending.DIFFERS,
                f"paid by the word of staff, at Netgíró {answer.status}",
                f"{PORTAL}; if it was never paid: netgiro-terminal settle --correct {sale.number} unpaid;"
                " if it was taken back, book that by hand",
            )
        case RecordStatus.CANCELLED if left_kr == 0:
            return AGREED
        case RecordStatus.CANCELLED if left_kr == doubtful_kr:
            return WordedEnding(Ending.AGREES, "taken back, by the refund that is still under way")
        case RecordStatus.CANCELLED:
            return WordedEnding(
                Ending.DIFFERS,
                "Netgíró has taken the payment back",
                f"{PORTAL}: who did it? Book it as refunded by hand",
            )
        case RecordStatus.PAID if answer.is_refundable is False and left_kr > doubtful_kr:
            return WordedEnding(
                Ending.DIFFERS,
                f"nothing of it can be refunded any more, and the journal has {format_kr(left_kr)} left",
                f"{PORTAL}: was it refunded there? Then book it by hand",
            )
        case RecordStatus.PAID:
            return AGREED
    return WordedEnding(
        Ending.DIFFERS,
        f"paid in the journal, at Netgíró {answer.status}",
        "ask Netgíró's support with the TransactionId: the shop may not get this money",
    )


def _not_paid(sale: Sale, answer: PaymentRecord | NoRecord | Unanswered) -> WordedEnding:
    if not isinstance(answer, PaymentRecord) or answer.status is not RecordStatus.PAID:
        return AGREED
    if answer.is_refundable is False:
        return WordedEnding(
            Ending.DIFFERS,
            f"{sale.outcome} in the journal, at Netgíró paid, with nothing left to refund",
            f"{PORTAL}: was it given back? If not, give it back",
        )
    return WordedEnding(
        Ending.DIFFERS,
        f"{sale.outcome} in the journal, and Netgíró holds the payment",
        f"{PORTAL} and give the money back there: the customer was told that nothing was paid",
    )


def _may_be_misread(payment: Payment) -> bool:
    """Only staff have said so, and may correct it."""
    sale = payment.sale
    by_word = sale.reason is Reason.SETTLED_PAID and sale.settled_from in (Reason.NOT_TRACEABLE, Reason.PROVED_UNPAID)
    return by_word and all(one.outcome == "refused" for one in payment.refunds)


def _unknown(sale: Sale, answer: PaymentRecord | NoRecord | Unanswered) -> WordedEnding:
    """It waits for staff, and the record tells them."""
    status = answer.status if isinstance(answer, PaymentRecord) else RecordStatus.CANCELLED
    said = answer.status if isinstance(answer, PaymentRecord) else "not known"
    if status is RecordStatus.RESERVED:
        return WordedEnding(Ending.DIFFERS, "unknown in the journal, at Netgíró reserved", "reconcile again tomorrow")
    word = "paid" if status is RecordStatus.PAID else "unpaid"
    advice = f"netgiro-terminal settle {sale.number} {word}"
    return WordedEnding(Ending.DIFFERS, f"unknown in the journal, at Netgíró {said}", advice)


def _given_back(payment: Payment, answer: PaymentRecord | NoRecord | Unanswered) -> WordedEnding:
    """Refunded, or still due: does the service hold the money?"""
    sale = payment.sale
    holds = isinstance(answer, PaymentRecord) and answer.status is RecordStatus.PAID and answer.is_refundable
    if sale.outcome is Outcome.REFUNDED and holds:
        return WordedEnding(
            Ending.DIFFERS,
            "refunded in the journal, and Netgíró still holds the payment",
            f"{PORTAL}, and refund it there",
        )
    if sale.outcome is Outcome.REFUND_DUE and isinstance(answer, PaymentRecord) and not _may_hold(answer):
        advice = f"{PORTAL}; if it is so: netgiro-terminal settle {sale.number} refunded"
        return WordedEnding(Ending.DIFFERS, "to be refunded in the journal, and Netgíró has given it back", advice)
    if sale.outcome is Outcome.REFUND_DUE and not isinstance(answer, PaymentRecord):
        return WordedEnding(Ending.DIFFERS, "to be refunded in the journal, and not known to Netgíró", f"{PORTAL}")
    return AGREED


def _may_hold(record: PaymentRecord) -> bool:
    return record.status is RecordStatus.PAID and record.is_refundable is not False


def _of_refund(refund: Refund, payment: Payment, answer: Answer) -> WordedEnding:
    if isinstance(answer, Unanswered):
        return WordedEnding(Ending.NOT_ASKED, answer.why, "reconcile again later")
    gone = isinstance(answer, PaymentRecord) and not _may_hold(answer)
    if refund.is_unknown:
        if refund.reason is None:
            return WordedEnding(Ending.DIFFERS, "it is not over", "the terminal goes on with it; reconcile again later")
        said = "nothing of the payment is left there" if gone else "there is something left of the payment there"
        return WordedEnding(Ending.DIFFERS, f"nobody knows whether it was carried out; {said}", f"{PORTAL}")
    if not refund.is_done:
        return AGREED
    returned_kr, _ = _returned_kr(payment)
    if (
        isinstance(answer, PaymentRecord)
        and returned_kr >= payment.sale.amount_kr
        and answer.is_refundable
        and not gone
    ):
        return WordedEnding(
            Ending.DIFFERS, "returned in the journal, and Netgíró still has something to refund", f"{PORTAL}"
        )
    if returned_kr < payment.sale.amount_kr:
        return WordedEnding(Ending.AGREES, "a part of a payment: Netgíró's record does not show it")
    return AGREED


def _returned_kr(payment: Payment) -> tuple[int, int]:
    """What was returned, and what may have been."""
    done = sum(refund.amount_kr for refund in payment.refunds if refund.is_done)
    doubtful = sum(refund.amount_kr for refund in payment.refunds if refund.is_unknown)
    return done, doubtful
