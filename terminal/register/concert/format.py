"""The messages of the Concert protocol: one frame's text to one request, one status to one answer. Pure.

A request is a row of fixed fields. Options may follow, and in the UK a command. The fields are those of
pyTeliumManager, pypostelium, EveConnector and the Global Payments SDK, which play the register.

======  ===  =============  ===========================================================================================
offset  len  field          meaning
======  ===  =============  ===========================================================================================
0       2    number         the register's, echoed
2       8    amount         zero padded, in the register's own scale, echoed digit by digit
10      1    answer flag    0: short answer; 1: with a report of 55 characters
11      1    mode           which kind of card; echoed, without meaning here, but C is a cheque and refused
12      1    type           0: sale; everything else is no sale
13      3    currency       ISO 4217, numeric
16      10   private        echoed
26      4    delay          ``A010``: answer when the sale is over; ``A011``: at once, and never again
30      4    authorization  ``B010`` or ``B011``; without meaning here, every sale is authorized
34           tail           ``0000000000``, or a command such as ``CMD=CANCEL``
======  ===  =============  ===========================================================================================

Protocol E ends after 26 characters, E+ goes on. An option is a letter, two digits that say how many characters follow,
and those characters, so options are read as a list. A missing delay means ``A010``.
"""

from __future__ import annotations

import math
import re
from functools import reduce
from operator import xor

import msgspec

STX, ETX = b"\x02", b"\x03"
SHORTEST_PAYLOAD = 26
LONGEST_PAYLOAD = 256
REPORT = "NETGIRO".ljust(55)
ISK = "352"

ACCEPTED, CANCELLED, REFUSED, RECEIVED = "0", "6", "7", "9"

_PRINTABLE = re.compile(rb"[ -~]*")
_OPTION = re.compile(r"([A-Z])([0-9]{2})")
_NO_TAIL = re.compile(r"[0 ]*")


class ConcertError(ValueError):
    """The text of a frame is no request: the register is told to send it again."""


class ConcertRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request, fields as the register wrote them."""

    number: str
    amount: str
    answer_flag: str
    mode: str
    type: str
    currency: str
    private: str
    answers_at_once: bool
    tail: str

    @property
    def echo(self) -> str:
        """What is needed to word the answer, as text that :func:`parse_request` reads."""
        fixed = self.number + self.amount + self.answer_flag + self.mode + self.type + self.currency + self.private
        return fixed + ("A011" if self.answers_at_once else "A010")

    @property
    def command(self) -> str:
        """``CANCEL`` of ``CMD=CANCEL``; empty if this is no command."""
        return self.tail[4:] if self.tail.startswith("CMD=") else ""

    @property
    def is_plain_sale(self) -> bool:
        """A sale, nothing added: no cash to be handed out (``CASHB=``), no call to be believed (``AUTHCODE=``), and no
        cheque (mode C)."""
        return self.type == "0" and self.mode != "C" and self.answer_flag in "01" and not self.tail

    def has_currency(self, currency: str) -> bool:
        """``currency``, or none at all."""
        return self.currency in (currency, "   ", "000")


def parse_request(payload: bytes) -> ConcertRequest:
    """The request in a frame. Raises ConcertError if it is not printable ASCII of a possible length."""
    if not SHORTEST_PAYLOAD <= len(payload) <= LONGEST_PAYLOAD:
        raise ConcertError(f"{len(payload)} characters")
    if not _PRINTABLE.fullmatch(payload):
        raise ConcertError("not printable ASCII")
    text = payload.decode("ascii")
    options, tail = _split_options(text[SHORTEST_PAYLOAD:])
    return ConcertRequest(
        number=text[:2],
        amount=text[2:10],
        answer_flag=text[10],
        mode=text[11],
        type=text[12],
        currency=text[13:16],
        private=text[16:26],
        answers_at_once=options.get("A", "0") == "1",
        tail="" if _NO_TAIL.fullmatch(tail) else tail.strip(),
    )


def _split_options(text: str) -> tuple[dict[str, str], str]:
    """The options by their letters, and what follows them."""
    options: dict[str, str] = {}
    while (head := _OPTION.match(text)) is not None:
        end = head.end() + int(head[2])
        options[head[1]] = text[head.end() : end]
        text = text[end:]
    return options, text


class Answer(msgspec.Struct, frozen=True):
    """The answer to a request; ``register_id`` names the sale whose result it is."""

    request: ConcertRequest
    status: str
    register_id: str | None = None
    expires_s: float = math.inf
    """After this time the register does not wait for it any more."""
    begun_s: float = 0.0
    """When the register asked."""

    @property
    def frame(self) -> bytes:
        """As it goes over the wire."""
        request = self.request
        report = REPORT if request.answer_flag == "1" else ""
        currency = request.currency if request.currency.strip() else ISK
        text = request.number + self.status + request.amount + request.mode + report + currency + request.private
        return frame(text.encode("ascii"))


def frame(payload: bytes) -> bytes:
    """STX, the text, ETX, checksum."""
    return STX + payload + ETX + bytes((checksum(payload),))


def checksum(payload: bytes) -> int:
    """The LRC: XOR of the text and the ETX."""
    return reduce(xor, payload, ETX[0])


class Receiver:
    """Cuts bytes into control characters and frames, in any chunking; holds at most one frame."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget half a frame."""
        self._payload: bytearray | None = None
        self._at_checksum = False

    @property
    def in_frame(self) -> bool:
        """A frame has begun and not ended."""
        return self._payload is not None

    def feed(self, data: bytes) -> list[int | bytes | None]:
        """Control characters as numbers, frames as their text; None stands for a frame that came out broken."""
        found: list[int | bytes | None] = []
        at = 0
        while at < len(data):
            if self._payload is None:
                match = _CONTROL.search(data, at)
                if match is None:
                    break
                at = match.end()
                if match.group() == STX:
                    self._payload = bytearray()
                else:
                    found.append(data[at - 1])
            elif self._at_checksum:  # whatever it is: it may look like any control character
                payload = bytes(self._payload)
                found.append(payload if checksum(payload) == data[at] else None)
                self.reset()
                at += 1
            else:
                at = self._feed_payload(self._payload, data, at, found)
        return found

    def _feed_payload(self, payload: bytearray, data: bytes, at: int, found: list[int | bytes | None]) -> int:
        match = _PAYLOAD_END.search(data, at)
        end = match.start() if match else len(data)
        room = LONGEST_PAYLOAD - len(payload)
        if end - at > room:
            self.reset()
            found.append(None)
            return at + room + 1
        payload += data[at:end]
        if match is None:
            return end
        if match.group() == ETX:
            self._at_checksum = True
            return end + 1
        self.reset()  # the register has begun anew
        return end


_CONTROL = re.compile(rb"[\x02\x04\x05\x06\x15]")
_PAYLOAD_END = re.compile(rb"[\x02\x03\x04\x05]")
