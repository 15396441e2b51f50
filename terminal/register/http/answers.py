"""From the counter's words to the JSON of an answer. Pure."""

from __future__ import annotations

from collections.abc import Callable

from hardware.interfaces import Columns, Document, TextLine
from terminal.counter.progress import step_of
from terminal.counter.register_words import Step, TerminalCondition, TotalsReport
from terminal.register.http.forms import Payment, Receipt, Status, Sum, Text, Totals
from terminal.register.http.forms import Refund as RefundAnswer
from terminal.sale.effects import ReceiptKind
from terminal.sale.refund import Refund
from terminal.sale.sale import Outcome, Sale
from terminal.sale.totals import figures
from terminal.texts.sentences import refund_sentence, result_sentence, words_in

COLUMNS: Columns = 32
"""The narrowest paper: what a program prints on is not known."""

ReceiptOf = Callable[[Sale | Refund, ReceiptKind], Document]
"""What the terminal prints of it."""


def payment_of(sale: Sale, receipt_of: ReceiptOf, service_phone: str = "") -> Payment:
    step = step_of(sale)
    reason = sale.reason if sale.has_ended else None
    if reason is not None:
        text: Text | None = _text(lambda language: result_sentence(reason, language, service_phone))
    else:
        text = progress_text(step)
    return Payment(
        id=sale.reference,
        number=sale.number,
        amount=sale.amount_kr,
        state=sale.state,
        outcome=sale.outcome if sale.has_ended else None,
        reason=reason,
        progress=step,
        text=text,
        reference=sale.reference,
        transaction_id=sale.authorization_id,
        key=sale.register_id,
        created=sale.created,
        receipts=_receipts(sale, _kind_of(sale), receipt_of),
    )


def refund_of(refund: Refund, receipt_of: ReceiptOf, service_phone: str = "") -> RefundAnswer:
    kind = ReceiptKind.CUSTOMER if refund.is_done else ReceiptKind.ATTENTION
    step = step_of(refund)
    goes_on = refund.reason is None and not refund.is_late
    text = progress_text(step) if goes_on else _text(lambda language: refund_sentence(refund, language, service_phone))
    return RefundAnswer(
        id=refund.reference,
        number=refund.number,
        payment=refund.sale_reference,
        amount=refund.amount_kr,
        state=refund.state,
        outcome=None if goes_on else refund.outcome,
        reason=refund.reason,
        progress=step,
        text=text,
        reference=refund.reference,
        transaction_id=refund.authorization_id,
        key=refund.register_id,
        created=refund.created,
        receipts=_receipts(refund, kind if refund.reason is not None else None, receipt_of),
    )


def status_of(condition: TerminalCondition, terminal_id: str, version: str, certificate: str) -> Status:
    return Status(
        terminal=terminal_id,
        version=version,
        ready=condition.can_sell and not condition.busy,
        busy=condition.busy,
        open=condition.open_reference,
        network=_ok(condition.service_reached),
        keypad=_ok(condition.keypad_ok),
        journal=_ok(condition.journal_ok),
        printer=condition.printer,
        paper_low=condition.paper_low,
        pending_receipts=condition.pending_receipts,
        left_to_staff=list(condition.left_to_staff),
        certificate_sha256=certificate or None,
    )


def totals_of(report: TotalsReport) -> Totals:
    told = figures(report.number, report.totals)
    sums = {name: Sum(**told[name]) for name in ("sales", "refunds", "refund_due", "refunded_earlier")}
    return Totals(
        period=report.number,
        closed=report.closed,
        charged=told["charged"],
        outcomes={name: Sum(**one) for name, one in told["outcomes"].items()},
        left_to_staff=told["left_to_staff"],
        **sums,
    )


def progress_text(step: Step | None) -> Text | None:
    return _text(lambda language: words_in(language).steps[step]) if step is not None else None


def _text(sentence: Callable[..., str]) -> Text:
    return Text(icelandic=sentence("is"), english=sentence("en"))


def _ok(is_well: bool) -> str:
    return "ok" if is_well else "down"


def _kind_of(sale: Sale) -> ReceiptKind | None:
    """What the terminal prints of it, for whom."""
    outcome = sale.outcome_on_paper
    if outcome is None:
        return None
    if outcome.needs_staff:
        return ReceiptKind.ATTENTION
    return ReceiptKind.CUSTOMER if outcome in (Outcome.APPROVED, Outcome.REFUNDED) else None


def _receipts(record: Sale | Refund, kind: ReceiptKind | None, receipt_of: ReceiptOf) -> list[Receipt]:
    if kind is None:
        return []
    text = plain(receipt_of(record, kind))
    return [Receipt(kind=kind, text=text)] if text else []


def plain(document: Document) -> str:
    """Its lines without pictures and cuts, in letters of one width."""
    place = {"left": str.ljust, "center": str.center, "right": str.rjust}
    lines = (place[item.align](item.text, COLUMNS).rstrip() for item in document if isinstance(item, TextLine))
    return "\n".join(lines).strip("\n")
