"""What the core decided, in ZVT's words: result codes, status information, the lines of a receipt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo

import msgspec

from hardware.interfaces import Document, TextLine
from terminal.counter.register_words import RefundResult, RefusalCode, RequestRefused, SaleResult
from terminal.register.zvt import frames as zf
from terminal.register.zvt.format import Command, ZvtResult
from terminal.sale.money import AmountDecimals, format_register_amount
from terminal.sale.refund import RefundReason
from terminal.sale.sale import Outcome, Reason
from terminal.sale.totals import Totals

CARD_NAME = b"Netgiro\0\0"
NO_CARD_TYPE = 0xFF
PRINT_COLUMNS = 32
"""Of a receipt that the register prints."""

CENTRED, DOUBLE = 0x40, 0x30
LAST_LINE = 0x81
"""The attribute of an empty line that ends the receipt."""

_REASON_CODES = {
    Reason.BELOW_MINIMUM: ZvtResult.AMOUNT_TOO_SMALL,
    Reason.NO_CONNECTION: ZvtResult.NO_CONNECTION,
    Reason.NO_ANSWER: ZvtResult.NO_ANSWER,
}
_OUTCOME_CODES = {
    Outcome.APPROVED: ZvtResult.GOOD,
    Outcome.DECLINED: ZvtResult.DECLINED,
    Outcome.CANCELLED: ZvtResult.CANCELLED,
    Outcome.FAILED: ZvtResult.SYSTEM_ERROR,
    Outcome.UNKNOWN: ZvtResult.SYSTEM_ERROR,
    # The register has refused this payment: for it the sale did not happen.
    Outcome.REFUND_DUE: ZvtResult.CANCELLED,
    Outcome.REFUNDED: ZvtResult.CANCELLED,
}

TRACE_NUMBERS = 1_000_000
"""So many fit into six digits; then they begin again."""


def result_code(result: SaleResult) -> ZvtResult:
    """GOOD for a payment and for nothing else."""
    return _REASON_CODES.get(result.reason, _OUTCOME_CODES[result.outcome])


_REFUND_CODES: Mapping[RefundReason | None, ZvtResult] = {
    None: ZvtResult.SYSTEM_ERROR,
    RefundReason.NOT_TRACEABLE: ZvtResult.SYSTEM_ERROR,
    RefundReason.DONE: ZvtResult.GOOD,
    RefundReason.SETTLED_DONE: ZvtResult.GOOD,
    RefundReason.NO_CONNECTION: ZvtResult.NO_CONNECTION,
    RefundReason.CREDENTIALS: ZvtResult.REVERSAL_NOT_POSSIBLE,
    RefundReason.NOT_FOUND: ZvtResult.REVERSAL_NOT_POSSIBLE,
    RefundReason.REFUSED: ZvtResult.DECLINED,
    RefundReason.SETTLED_NOT_DONE: ZvtResult.CANCELLED,
}
"""What nobody knows yet is an error of the system, never a "no": the money may be on its way."""


def refund_code(result: RefundResult) -> ZvtResult:
    """GOOD for money that was returned and for nothing else."""
    return _REFUND_CODES[result.refund.reason]


def refusal_code(refused: RequestRefused, command: Command, amount_kr: int) -> ZvtResult:
    """Why a command is not carried out."""
    match refused.code:
        case RefusalCode.BUSY:
            return ZvtResult.PLEASE_WAIT
        case RefusalCode.AMOUNT if command is Command.REVERSAL and not amount_kr:  # all that is left
            return ZvtResult.AMOUNT_TOO_HIGH
        case RefusalCode.AMOUNT if refused.limit_kr is not None:
            return ZvtResult.AMOUNT_TOO_HIGH if amount_kr > refused.limit_kr else ZvtResult.AMOUNT_TOO_SMALL
        case RefusalCode.AMOUNT:
            return ZvtResult.PROTOCOL_ERROR
        case RefusalCode.REFUND:
            return ZvtResult.ALREADY_REVERSED
        case RefusalCode.TOO_OLD:
            return ZvtResult.REVERSAL_NOT_POSSIBLE
        case RefusalCode.NOT_POSSIBLE | RefusalCode.NOT_FOUND if command in (Command.REVERSAL, Command.REFUND):
            return ZvtResult.REVERSAL_NOT_POSSIBLE
        case RefusalCode.NOT_POSSIBLE | RefusalCode.NOT_FOUND | RefusalCode.NOTHING_OPEN | RefusalCode.DUPLICATE:
            return ZvtResult.NOT_POSSIBLE
        case RefusalCode.UNAVAILABLE | RefusalCode.RECORDS_LOST:
            return ZvtResult.SYSTEM_ERROR


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """What every status information of this terminal has in common."""

    terminal_id: str
    """Eight digits."""
    decimals: AmountDecimals
    zone: tzinfo | None = None
    """Of the times told; None: this machine's."""

    def digits(self, amount_kr: int) -> str:
        """The amount as the register writes it, twelve digits."""
        return format_register_amount(amount_kr, self.decimals).zfill(12)[-12:]

    def status(self, result: SaleResult, *, currency: bytes | None) -> bytes:
        """04 0F for the result of a sale."""
        code, sale = result_code(result), result.sale
        paid = code is ZvtResult.GOOD
        return zf.StatusInformation(
            result=code,
            amount=self.digits(result.amount_kr),
            trace=sale.number % TRACE_NUMBERS if sale else None,
            at=datetime.fromisoformat(sale.created).astimezone(self.zone) if sale else None,
            terminal_id=self.terminal_id,
            currency=currency,
            receipt_number=receipt_number(sale.number) if sale and paid else None,
            card_type=NO_CARD_TYPE if paid else None,
            text=(result.authorization_id or "") if paid else result.text,
            card_name=CARD_NAME if paid else None,
        ).encode()

    def refund_status(self, result: RefundResult, *, currency: bytes | None) -> bytes:
        """04 0F for the result of a refund, which names what it is of."""
        code, refund = refund_code(result), result.refund
        done = code is ZvtResult.GOOD
        return zf.StatusInformation(
            result=code,
            amount=self.digits(refund.amount_kr),
            trace=refund.number % TRACE_NUMBERS,
            original_trace=refund.sale_number % TRACE_NUMBERS,
            at=datetime.fromisoformat(refund.created).astimezone(self.zone),
            terminal_id=self.terminal_id,
            currency=currency,
            receipt_number=receipt_number(refund.number) if done else None,
            card_type=NO_CARD_TYPE if done else None,
            text=refund.authorization_id if done else result.text,
            card_name=CARD_NAME if done else None,
        ).encode()

    def undone(self, result: SaleResult, *, currency: bytes | None) -> bytes:
        """04 0F that takes back one with "paid"."""
        digits = self.digits(result.amount_kr)
        return zf.StatusInformation(result=ZvtResult.CANCELLED, amount=digits, currency=currency).encode()

    def totals(self, totals: Totals) -> bytes:
        """04 0F with the payments of a period."""
        paid = totals.of(Outcome.APPROVED)
        digits = self.digits(paid.sum_kr)
        first, last = receipt_number(totals.first_number), receipt_number(totals.last_number)
        field = zf.totals_field(first, last, paid.count, digits)
        return zf.StatusInformation(result=ZvtResult.GOOD, amount=digits, totals=field).encode()


def receipt_number(number: int | None) -> int:
    """1 to 9999, round and round; 0 for none."""
    return (number - 1) % 9999 + 1 if number else 0


def receipt_frames(document: Document, *, as_text_blocks: bool, kind: int = zf.CUSTOMER_RECEIPT) -> Iterator[bytes]:
    """The frames that make the register print a document; none for an empty one."""
    lines = [item for item in document if isinstance(item, TextLine)]
    if not lines:
        return
    if as_text_blocks:
        yield from zf.text_blocks((_laid_out(line) for line in lines), kind)
        return
    for line in lines:
        yield zf.print_line(_text(line), (CENTRED if line.align == "center" else 0) | (DOUBLE if line.double else 0))
    yield zf.print_line("", LAST_LINE)


def _text(line: TextLine) -> str:
    return line.text.rjust(PRINT_COLUMNS) if line.align == "right" else line.text


def _laid_out(line: TextLine) -> str:
    """For text without attributes."""
    return line.text.center(PRINT_COLUMNS).rstrip() if line.align == "center" else _text(line)
