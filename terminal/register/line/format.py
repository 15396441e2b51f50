"""The words of the line protocol: one line of text to one request, one reply to one line. See line.py for the whole."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import xor

import msgspec

from terminal.counter.register_words import (
    CancelRequest,
    RecordFound,
    RefundRequest,
    RefundResult,
    RefusalCode,
    RegisterQuestion,
    RegisterReply,
    RequestRefused,
    ResultRequest,
    ReversalRequest,
    SaleAccepted,
    SaleRequest,
    SaleResult,
    TerminalBusy,
    TerminalCondition,
    TerminalReady,
    TotalsReport,
    TotalsRequest,
)
from terminal.sale.money import AmountDecimals, AmountError, format_register_amount, parse_register_amount
from terminal.sale.refund import RefundReason
from terminal.sale.sale import Outcome, Reason

LONGEST_ID = 64

_LEADING_JUNK = re.compile(rb"(?:[\x00\x0c\x11\x13]|\xef\xbb\xbf|\xff\xfe|\xfe\xff)*")
"""What drivers and editors put before a line and nobody means: NUL, FF, XON, XOFF, the marks of Unicode. Only there:
a damaged byte reads as NUL, and within a line it may have been a digit."""
_PRINTABLE = re.compile(rb"[ -~\t]*")
_CHECKSUM = re.compile(r"[0-9A-Fa-f]{2}")
_KEY = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)=(.*)")
_OWN_VERBS = frozenset({"PONG", "WAIT", "OK", "NO", "READY", "BUSY", "ERR"})

_REFUSALS = {
    RefusalCode.BUSY: "BUSY",
    RefusalCode.AMOUNT: "AMOUNT",
    RefusalCode.UNAVAILABLE: "UNAVAILABLE",
    RefusalCode.NOT_FOUND: "UNKNOWN",
    RefusalCode.NOTHING_OPEN: "UNKNOWN",
    RefusalCode.NOT_POSSIBLE: "UNAVAILABLE",
    RefusalCode.DUPLICATE: "DUPLICATE",
    RefusalCode.RECORDS_LOST: "UNAVAILABLE",
    RefusalCode.REFUND: "REFUND",
    RefusalCode.TOO_OLD: "REFUND",
}
_FAILURES = {
    Outcome.DECLINED: "DECLINED",
    Outcome.CANCELLED: "CANCELLED",
    Outcome.FAILED: "UNAVAILABLE",
    Outcome.UNKNOWN: "UNKNOWN",
    # The register has refused this payment: for it the sale did not happen.
    Outcome.REFUND_DUE: "CANCELLED",
    Outcome.REFUNDED: "CANCELLED",
}
_LETTERS = str.maketrans(
    {"þ": "th", "Þ": "Th", "ð": "d", "Ð": "D", "æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "€": "EUR"}
    | dict.fromkeys("–—", "-")
    | dict.fromkeys("„“”", '"')
    | dict.fromkeys("‘’", "'")
)


class LineError(ValueError):
    """A line that asks for nothing: ``code`` and message are what the register is answered."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Ping(msgspec.Struct, frozen=True):
    """The register wants to know whether anybody listens."""


def parse_line(line: bytes, decimals: AmountDecimals) -> RegisterQuestion | Ping | None:
    """What one line asks for; None if it is empty or an echo of our own words. Raises LineError."""
    words = _checked_text(line).split()
    verb = words[0].upper() if words else ""
    if not verb or verb in _OWN_VERBS:
        return None
    if verb not in _KEYS:
        raise LineError("SYNTAX", f"known are {', '.join(_KEYS)}")
    operands, keys = _operands(words[1:], _KEYS[verb])
    if verb == "TOTALS" and operands:
        return None  # our own
    register_id, of = keys.get("ID"), keys.get("OF")
    if verb in ("REFUND", "VOID") and (of is None or register_id is None):
        raise LineError("SYNTAX", f"{verb} names the paid sale and itself: {_EXAMPLES[verb]}")
    if verb in ("PAY", "REFUND"):
        if len(operands) != 1:
            raise LineError("SYNTAX", f"{verb} takes one amount: {_EXAMPLES[verb]}")
        amount_kr = _amount(operands[0], decimals)
        return SaleRequest(amount_kr, register_id) if verb == "PAY" else RefundRequest(amount_kr, of, register_id)
    if operands:
        raise LineError("SYNTAX", f"{verb} takes nothing but {' and '.join(f'{key}=' for key in _KEYS[verb])}")
    match verb:
        case "VOID":
            return ReversalRequest(of=of, register_id=register_id)
        case "CANCEL":
            return CancelRequest(register_id)
        case "STATUS":
            return ResultRequest(register_id)
        case "TOTALS":
            return TotalsRequest()
    return Ping()


_KEYS: Mapping[str, tuple[str, ...]] = {
    "PING": ("ID",),
    "PAY": ("ID",),
    "CANCEL": ("ID",),
    "STATUS": ("ID",),
    "REFUND": ("OF", "ID"),
    "VOID": ("OF", "ID"),
    "TOTALS": ("ID",),
}
"""The names that each verb knows."""
_EXAMPLES = {"PAY": "PAY 1990 ID=42", "REFUND": "REFUND 500 OF=42 ID=43", "VOID": "VOID OF=42 ID=43"}


def _amount(digits: str, decimals: AmountDecimals) -> int:
    """Raises LineError."""
    try:
        return parse_register_amount(digits, decimals)
    except AmountError as error:
        raise LineError("AMOUNT", to_ascii(str(error))) from None


def _checked_text(line: bytes) -> str:
    """The line without its checksum. Raises LineError unless it is clean ASCII and the checksum, if any, is right."""
    line = _LEADING_JUNK.sub(b"", line, count=1)
    if len(line) > 3 and not any(line[1::2]):
        raise LineError("SYNTAX", "this is UTF-16: send plain ASCII, one byte a character")
    if not _PRINTABLE.fullmatch(line):
        raise LineError("SYNTAX", "only printable ASCII is understood: check the baud rate and parity")
    text = line.decode("ascii")
    if "*" not in text:
        return text
    body, _, digits = text.rstrip().rpartition("*")
    if not _CHECKSUM.fullmatch(digits) or int(digits, 16) != checksum(body.encode("ascii")):
        raise LineError("SYNTAX", "the checksum is wrong: send the line again")
    return body


def _operands(words: Sequence[str], known: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The words that are no ``KEY=value``, and the names. Raises LineError if one is not valid or given twice."""
    operands: list[str] = []
    names: dict[str, str] = {}
    for word in words:
        pair = _KEY.fullmatch(word)
        key = pair[1].upper() if pair else ""
        if pair is None:
            operands.append(word)
        elif key in known:
            if key in names or not 1 <= len(pair[2]) <= LONGEST_ID or "*" in pair[2]:
                raise LineError("SYNTAX", f"one {key}= of 1 to {LONGEST_ID} characters without *")
            names[key] = pair[2]
    return operands, names


def format_reply(reply: RegisterReply, decimals: AmountDecimals) -> str:
    """The words of a reply, in ASCII, without checksum and line end; a long text is not cut yet.

    Raises ValueError for a reply that no request of this protocol has.
    """
    match reply:
        case SaleAccepted():
            return f"WAIT ID={_word(reply.register_id)}"
        case TerminalReady():
            return "READY"
        case TerminalBusy():
            return f"BUSY ID={_word(reply.register_id)}"
        case RequestRefused():
            return f"ERR {_REFUSALS[reply.code]} {to_ascii(reply.text)}"
        case RefundResult(register_id=register_id, refund=refund) if refund.is_done:
            amount = format_register_amount(refund.amount_kr, decimals)
            return f"OK {amount} ID={_word(register_id)} REF={_word(refund.authorization_id)}"
        case RefundResult(register_id=register_id, refund=refund):
            return f"NO {_REFUND_FAILURES[refund.reason]} ID={_word(register_id)} {to_ascii(reply.text)}"
        case SaleResult() if reply.outcome is Outcome.APPROVED:
            named = f" REF={_word(reply.authorization_id)}" if reply.authorization_id else ""
            return f"OK {format_register_amount(reply.amount_kr, decimals)} ID={_word(reply.register_id)}{named}"
        case SaleResult():
            code = "TIMEOUT" if reply.reason is Reason.TIMED_OUT else _FAILURES[reply.outcome]
            return f"NO {code} ID={_word(reply.register_id)} {to_ascii(reply.text)}"
        case TotalsReport():
            paid = reply.totals.of(Outcome.APPROVED)
            kronur = format_register_amount(paid.sum_kr, decimals)
            refunds = reply.totals.refunds
            returned = format_register_amount(refunds.sum_kr, decimals)
            return f"TOTALS {paid.count} {kronur} REFUNDS={refunds.count} REFUNDED={returned} PERIOD={reply.number}"
        case TerminalCondition() | RecordFound():
            raise ValueError(f"no request of this protocol is answered by {reply}")


_REFUND_FAILURES: Mapping[RefundReason | None, str] = {
    None: "UNKNOWN",
    RefundReason.NOT_TRACEABLE: "UNKNOWN",
    RefundReason.NO_CONNECTION: "UNAVAILABLE",
    RefundReason.CREDENTIALS: "UNAVAILABLE",
    RefundReason.NOT_FOUND: "DECLINED",
    RefundReason.REFUSED: "DECLINED",
    RefundReason.SETTLED_NOT_DONE: "CANCELLED",
}


def checksum(line: bytes) -> int:
    """XOR of all bytes, as NMEA 0183 has it (there over what stands between ``$`` and ``*``)."""
    return reduce(xor, line, 0)


def to_ascii(text: str) -> str:
    """Readable ASCII for Icelandic: þ becomes th, accents go; ``*`` goes too, because it announces a checksum."""
    letters = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    plain = "".join(" " if c.isspace() or c == "*" else c for c in letters if not unicodedata.combining(c))
    return " ".join("".join(c if " " <= c <= "~" else "?" for c in plain).split())


def _word(name: str) -> str:
    """A name from elsewhere as one word; what a register of this protocol gave stays as it is."""
    return to_ascii(name).replace(" ", "_")[:LONGEST_ID]
