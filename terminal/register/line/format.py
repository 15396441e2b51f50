"""The words of the line protocol: one line of text to one request, one reply to one line. See line.py for the whole."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import reduce
from operator import xor

import msgspec

from terminal.counter.register_words import (
    CancelRequest,
    RefusalCode,
    RegisterReply,
    RegisterRequest,
    RequestRefused,
    ResultRequest,
    SaleAccepted,
    SaleRequest,
    SaleResult,
    TerminalBusy,
    TerminalCondition,
    TerminalReady,
    TotalsReport,
)
from terminal.sale.money import AmountDecimals, AmountError, format_register_amount, parse_register_amount
from terminal.sale.sale import Outcome, Reason

LONGEST_ID = 64

_PRINTABLE = re.compile(rb"[ -~]*")
_CHECKSUM = re.compile(r"[0-9A-Fa-f]{2}")
_KEY = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)=(.*)")
_OWN_VERBS = frozenset({"PONG", "WAIT", "OK", "NO", "READY", "BUSY", "ERR"})

_REFUSALS = {
    RefusalCode.BUSY: "BUSY",
    RefusalCode.AMOUNT: "AMOUNT",
    RefusalCode.UNAVAILABLE: "UNAVAILABLE",
    RefusalCode.NOT_FOUND: "UNKNOWN",
    RefusalCode.NOT_POSSIBLE: "UNAVAILABLE",
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


def parse_line(line: bytes, decimals: AmountDecimals) -> RegisterRequest | Ping | None:
    """What one line asks for; None if it is empty or an echo of our own words. Raises LineError."""
    words = _checked_text(line).split()
    verb = words[0].upper() if words else ""
    if not verb or verb in _OWN_VERBS:
        return None
    if verb not in ("PING", "PAY", "CANCEL", "STATUS"):
        raise LineError("SYNTAX", "known are PING, PAY, CANCEL and STATUS")
    operands, register_id = _operands(words[1:])
    if verb == "PAY":
        if len(operands) != 1:
            raise LineError("SYNTAX", "PAY takes one amount: PAY 1990 ID=42")
        try:
            return SaleRequest(parse_register_amount(operands[0], decimals), register_id)
        except AmountError as error:
            raise LineError("AMOUNT", to_ascii(str(error))) from None
    if operands:
        raise LineError("SYNTAX", f"{verb} takes nothing but ID=")
    if verb == "PING":
        return Ping()
    return CancelRequest(register_id) if verb == "CANCEL" else ResultRequest(register_id)


def _checked_text(line: bytes) -> str:
    """The line without its checksum. Raises LineError unless it is clean ASCII and the checksum, if any, is right."""
    if not _PRINTABLE.fullmatch(line):
        raise LineError("SYNTAX", "only printable ASCII is understood: check the baud rate and parity")
    text = line.decode("ascii")
    if "*" not in text:
        return text
    body, _, digits = text.rstrip().rpartition("*")
    if not _CHECKSUM.fullmatch(digits) or int(digits, 16) != checksum(body.encode("ascii")):
        raise LineError("SYNTAX", "the checksum is wrong: send the line again")
    return body


def _operands(words: Sequence[str]) -> tuple[list[str], str | None]:
    """The words that are no ``KEY=value``, and the id. Raises LineError if that is not valid or given twice."""
    operands: list[str] = []
    ids: list[str] = []
    for word in words:
        pair = _KEY.fullmatch(word)
        if pair is None:
            operands.append(word)
        elif pair[1].upper() == "ID":
            ids.append(pair[2])
    if len(ids) > 1 or any(not 1 <= len(name) <= LONGEST_ID or "*" in name for name in ids):
        raise LineError("SYNTAX", f"one ID= of 1 to {LONGEST_ID} characters without *")
    return operands, ids[0] if ids else None


def format_reply(reply: RegisterReply, decimals: AmountDecimals) -> str:
    """The words of a reply, in ASCII, without checksum and line end; a long text is not cut yet."""
    match reply:
        case SaleAccepted():
            return f"WAIT ID={_word(reply.register_id)}"
        case TerminalReady():
            return "READY"
        case TerminalBusy():
            return f"BUSY ID={_word(reply.register_id)}"
        case RequestRefused():
            return f"ERR {_REFUSALS[reply.code]} {to_ascii(reply.text)}"
        case SaleResult() if reply.outcome is Outcome.APPROVED:
            named = f" REF={_word(reply.authorization_id)}" if reply.authorization_id else ""
            return f"OK {format_register_amount(reply.amount_kr, decimals)} ID={_word(reply.register_id)}{named}"
        case SaleResult():
            code = "TIMEOUT" if reply.reason is Reason.TIMED_OUT else _FAILURES[reply.outcome]
            return f"NO {code} ID={_word(reply.register_id)} {to_ascii(reply.text)}"
        case TerminalCondition() | TotalsReport():
            raise ValueError(f"no request of this protocol is answered by {reply}")


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
