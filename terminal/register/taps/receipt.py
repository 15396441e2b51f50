"""The receipt tap: the terminal is wired as the register's printer, or between register and printer.

The register knows nothing of it, as with a display. The total of a receipt is offered, the cashier accepts the offer
with a key, and screen and receipt say how the sale ended. A total counts once the receipt is complete: at the cut, when
the drawer is kicked, or when the register has been silent for a while. It is offered until the next total, because
other slips (a copy, an order for the kitchen) may follow.

Without a real printer the tap answers as one: on-line, with paper (Epson, "ESC/POS Command Reference": DLE EOT, GS r,
GS I, GS a, ESC u, ESC v). With a real printer behind it, that printer answers and the tap says nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from terminal.counter.register_words import RegisterRequest, TotalSeen
from terminal.register.settings import TotalRules
from terminal.register.taps.escpos_stream import (
    DrawerKicked,
    EscposReader,
    PaperCut,
    PicturePrinted,
    PlainReader,
    PrintedLine,
    PrinterSetUp,
    PrintEvent,
    Reader,
    StatusAsked,
)
from terminal.register.taps.tap import Tap
from terminal.register.taps.total import NO_TOTAL, TotalFinder

SILENCE_S = 1.5
"""Registers pause between the parts of a receipt, but not for so long."""
MOST_LINES = 300
MOST_UNSENT_BYTES = 256

_ONLINE = b"\x12"
"""DLE EOT: nothing is wrong; the same byte for the printer, its cause of being off-line, its errors and its paper."""
_ANSWERS = {b"\x10\x04": _ONLINE, b"\x1dr": b"\x00", b"\x1bv": b"\x00", b"\x1bu": b"\x00"}
_AUTOMATIC_STATUS = b"\x10\x00\x00\x00"
_IDENTITY = {1: b"\x20", 2: b"\x02", 3: b"\x00"}
_NAMES = {65: "1.0", 66: "NETGIRO", 67: "TERMINAL", 68: "0", 69: "0"}


class ReceiptTap(Tap):
    """Implements :class:`terminal.register.protocol.RegisterProtocol`."""

    def __init__(self, rules: TotalRules, *, plain: bool = False, stands_alone: bool = True) -> None:
        super().__init__()
        self._reader: Reader = PlainReader() if plain else EscposReader()
        self._finder = TotalFinder(rules)
        self._stands_alone = stands_alone
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._seen: RegisterRequest | None = None
        """On the slip that is being printed, so far."""
        self._seen_lines = 0
        """So many lines said it."""
        self._has_picture = False
        self._has_text = False
        self._has_warned = False
        self._out = bytearray()

    @property
    def is_between_receipts(self) -> bool:
        """The register prints nothing now: the last receipt is complete."""
        return self._look_at_s is None

    @property
    def codepage_command(self) -> bytes:
        """What brings the printer back to the register's code page."""
        return self._reader.codepage_command

    def receive_data(self, data: bytes, now_s: float) -> Sequence[RegisterRequest]:
        """The totals of the receipts that end in ``data``."""
        requests: list[RegisterRequest] = []
        for event in self._reader.feed(data, now_s):
            requests += self._perform(event)
            if isinstance(event, PrintedLine):  # registers also ask for the status while they print nothing
                self._look_at_s = now_s + SILENCE_S
            elif isinstance(event, PaperCut):
                self._look_at_s = None
        return requests

    def _perform(self, event: PrintEvent) -> Sequence[RegisterRequest]:
        match event:
            case PrintedLine(text):
                self._lines.append(text)
                self._has_text = self._has_text or bool(text.strip())
            case PicturePrinted():
                self._has_picture = True
            case PrinterSetUp() if self._seen is not None:  # without a knife this begins the next receipt
                found = self._look()
                self._forget_slip()
                return found
            case DrawerKicked():  # in the middle of a receipt, too: then the total may still come
                return self._look()
            case PaperCut():
                found = self._look()
                self._forget_slip()
                return [*found, *self._picture_seen()]
            case StatusAsked():
                self._answer(event)
        return ()

    def _picture_seen(self) -> Sequence[RegisterRequest]:
        """A receipt without a letter of text has no total for us; once said is enough."""
        is_news = self._has_picture and not self._has_text and not self._has_warned
        self._has_picture = self._has_text = False
        self._has_warned = self._has_warned or is_news
        return (TotalSeen(None, is_picture=True),) if is_news else ()

    def _look(self) -> Sequence[RegisterRequest]:
        """What the slip says so far, if that is news: below the total it may still say how it was paid.

        A printer without a knife says by the drawer alone that a receipt is complete. So what contradicts the lines
        before the drawer is another receipt.
        """
        seen = self._finder.in_text(self._lines)
        if seen.differing_kr is not None and self._seen is not None:
            since = self._finder.in_text([*self._lines][self._seen_lines :])
            if since != NO_TOTAL:
                for _ in range(self._seen_lines):
                    self._lines.popleft()
                seen = since
        if seen in (NO_TOTAL, self._seen):
            return ()
        self._seen, self._seen_lines = seen, len(self._lines)
        return (seen,)

    def _forget_slip(self) -> None:
        self._lines.clear()
        self._seen = None
        self._seen_lines = 0

    def _answer(self, question: StatusAsked) -> None:
        if not self._stands_alone or len(self._out) > MOST_UNSENT_BYTES:
            return
        number = question.number
        match question.code:
            case b"\x1da":
                self._out += _AUTOMATIC_STATUS if number else b""
            case b"\x1dI" if number in _NAMES:
                self._out += b"_" + _NAMES[number].encode("ascii") + b"\x00"
            case b"\x1dI":
                self._out += _IDENTITY.get(number, b"")
            case code:
                self._out += _ANSWERS[code]

    def data_to_send(self) -> bytes:
        """What a printer answers."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def _after_silence(self) -> Sequence[RegisterRequest]:
        """Whatever was printed is a receipt, if it has a total."""
        requests = self._look()
        if self._seen is not None:
            self._forget_slip()
        return requests

    def connection_lost(self) -> Sequence[RegisterRequest]:
        """Half a receipt is forgotten; a total that was offered stays, as the paper does."""
        self._reader.reset()
        self._forget_slip()
        self._out.clear()
        self._has_picture = self._has_text = False
        self._look_at_s = None
        return ()
