"""ZVT's application layer, writing: the terminal's frames. zvt_apdu.py reads the register's.

Order and formats of fields: PA00P015 rev. 13.08, chapters 3 and 13.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

import msgspec

from terminal.register.line.format import to_ascii
from terminal.register.zvt.format import Command, ZvtResult

MOST_DATA = 254
"""What a short length byte can say: registers disagree on the order of the long one's bytes."""
LONGEST_TEXT = 99
"""Of an additional text (3C)."""


def build(control: int, data: bytes = b"") -> bytes:
    """An APDU."""
    assert len(data) <= MOST_DATA, f"{control:04X} with {len(data)} bytes of data"
    return control.to_bytes(2, "big") + bytes([len(data)]) + data


def good() -> bytes:
    return build(Command.GOOD)


def refusal(code: int, data: bytes = b"") -> bytes:
    """The command is not carried out."""
    return build(0x8400 | code, data)


def wrong_currency_at_registration(accepted: bytes) -> bytes:
    return build(0x841E, bytes([ZvtResult.WRONG_CURRENCY]) + accepted)


def completion(data: bytes = b"") -> bytes:
    return build(Command.COMPLETION, data)


def registered(terminal_id: str, currency: bytes | None) -> bytes:
    """The completion of a registration; the currency only for a register that named one."""
    return completion(field(0x19, b"\0") + field(0x29, to_bcd(terminal_id, 4)) + _optional(0x49, currency))


def terminal_status(status: int, version: str | None) -> bytes:
    """The completion of a status enquiry."""
    return completion((lllvar(version.encode("ascii")) if version else b"") + bytes([status]))


def aborted(code: int) -> bytes:
    return build(Command.ABORTED, bytes([code]))


def intermediate_status(status: int) -> bytes:
    return build(Command.INTERMEDIATE_STATUS, bytes([status]))


class StatusInformation(msgspec.Struct, frozen=True, kw_only=True):
    """What 04 0F tells. What is None is left out; the order is the specification's, on which old registers rely."""

    result: int
    amount: str | None = None
    """Twelve digits."""
    trace: int | None = None
    original_trace: int | None = None
    """Of what is reversed."""
    at: datetime | None = None
    """Local time."""
    terminal_id: str | None = None
    currency: bytes | None = None
    receipt_number: int | None = None
    card_type: int | None = None
    text: str = ""
    totals: bytes | None = None
    card_name: bytes | None = None

    def encode(self) -> bytes:
        """The APDU 04 0F (PA00P016, "Status-Information"). Its text is cut at LONGEST_TEXT characters of CP437."""
        at, text = self.at, to_cp437(self.text)[:LONGEST_TEXT]
        return build(
            Command.STATUS_INFORMATION,
            field(0x27, bytes([self.result]))
            + _optional(0x04, _bcd_or_none(self.amount, 6))
            + _optional(0x0B, _bcd_or_none(self.trace, 3))
            + _optional(0x37, _bcd_or_none(self.original_trace, 3))
            + (field(0x0C, to_bcd(f"{at:%H%M%S}", 3)) + field(0x0D, to_bcd(f"{at:%m%d}", 2)) if at else b"")
            + _optional(0x29, _bcd_or_none(self.terminal_id, 4))
            + _optional(0x49, self.currency)
            + _optional(0x87, _bcd_or_none(self.receipt_number, 2))
            + (field(0x8A, bytes([self.card_type])) if self.card_type is not None else b"")
            + (field(0x3C, lllvar(text)) if text else b"")
            + _optional(0x60, lllvar(self.totals) if self.totals is not None else None)
            + _optional(0x8B, llvar(self.card_name) if self.card_name is not None else None),
        )


def totals_field(first: int, last: int, count: int, sum_digits: str) -> bytes:
    """The value of field 60: receipts from and to, and seven kinds of cards, of which Netgíró is the last, "others"."""
    nothing = bytes(7)
    return to_bcd(first, 2) + to_bcd(last, 2) + 6 * nothing + bytes([min(count, 255)]) + to_bcd(sum_digits, 6)


def print_line(text: str, attribute: int = 0) -> bytes:
    """One line for the register's printer."""
    return build(Command.PRINT_LINE, bytes([attribute]) + to_cp437(text)[: MOST_DATA - 1])


CUSTOMER_RECEIPT, ADMIN_RECEIPT = 2, 3


def text_blocks(lines: Iterable[str], kind: int = CUSTOMER_RECEIPT) -> list[bytes]:
    """A receipt in as few frames as it takes; the last one says that it is complete."""
    encoded = [tlv(0x07, to_cp437(line)[:LONGEST_TEXT]) for line in lines]
    blocks: list[bytes] = [b""]
    for line in encoded:
        if len(blocks[-1]) + len(line) > MOST_DATA - 20:
            blocks.append(b"")
        blocks[-1] += line
    blocks[-1] += tlv(0x09, b"\xff")
    head = tlv(0x1F07, bytes([kind]))
    return [build(Command.PRINT_TEXT_BLOCK, b"\x06" + _ber(head + tlv(0x25, block))) for block in blocks]


def field(name: int, value: bytes) -> bytes:
    return bytes([name]) + value


def _optional(name: int, value: bytes | None) -> bytes:
    return b"" if value is None else field(name, value)


def llvar(value: bytes) -> bytes:
    assert len(value) < 100
    return bytes(0xF0 | int(digit) for digit in f"{len(value):02d}") + value


def lllvar(value: bytes) -> bytes:
    assert len(value) < 1000
    return bytes(0xF0 | int(digit) for digit in f"{len(value):03d}") + value


def tlv(tag: int, value: bytes) -> bytes:
    return tag.to_bytes(2 if tag > 0xFF else 1, "big") + _ber(value)


def _ber(value: bytes) -> bytes:
    length = len(value)
    if length < 0x80:
        return bytes([length]) + value
    return (bytes([0x81, length]) if length <= 0xFF else b"\x82" + length.to_bytes(2, "big")) + value


def to_bcd(number: int | str, size: int) -> bytes:
    """A number in ``2 * size`` digits. One that has more is told as nines, never as a part of it."""
    digits = str(number).zfill(2 * size)
    return bytes.fromhex(digits if len(digits) == 2 * size else "9" * 2 * size)


def _bcd_or_none(number: int | str | None, size: int) -> bytes | None:
    return None if number is None else to_bcd(number, size)


def to_cp437(text: str) -> bytes:
    """The registers' code page, which lacks half of Icelandic: Þ becomes Th, or TH in a word of capitals; Á becomes A.
    Never a control character."""
    words = re.split(r"(\W+)", text)
    return b"".join(_char_to_cp437(char, in_capitals=_is_in_capitals(word)) for word in words for char in word)


def _is_in_capitals(word: str) -> bool:
    return len(word) > 1 and word.isupper()


def _char_to_cp437(char: str, *, in_capitals: bool) -> bytes:
    if not char.isprintable():
        return b" "
    try:
        return char.encode("cp437")
    except UnicodeEncodeError:
        plain = to_ascii(char)
        return (plain.upper() if in_capitals else plain).encode("ascii") or b" "
