"""ZVT's application layer, reading: what the commands of a register say. frames.py writes the terminal's.

An APDU is class, instruction, length, data. The length is one byte, or FF and two bytes, the low one first. Some
registers write the high one first; it is read so if only that order fits. The data of most commands is a row of fields
("BMPs"). Each has one byte for its name, and the name says how long its value is: fixed, LLVAR (two bytes Fx Fy of
decimal digits), LLLVAR (three), or, for 06, a TLV container with BER lengths.

Names and formats: PA00P015 rev. 13.08, chapters 3, 5, 10 and 13. Card data from a register (22 to 24, 2D) is skipped
and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, IntFlag

import msgspec

ISK = b"\x03\x52"
"""ISO 4217, as BCD."""


class ZvtError(ValueError):
    """Bytes that are no APDU, or no valid data of their command. ``result`` is what the register is answered."""

    def __init__(self, text: str, result: ZvtResult | None = None) -> None:
        super().__init__(text)
        self.result = ZvtResult.PROTOCOL_ERROR if result is None else result


class Command(IntEnum):
    """Class and instruction."""

    STATUS_ENQUIRY = 0x0501
    REGISTRATION = 0x0600
    AUTHORISATION = 0x0601
    LOG_OFF = 0x0602
    TOTALS = 0x0610
    RESET = 0x0618
    PRINT_CONFIGURATION = 0x061A
    REPEAT_RECEIPT = 0x0620
    REVERSAL = 0x0630
    REFUND = 0x0631
    END_OF_DAY = 0x0650
    DIAGNOSIS = 0x0670
    SELF_TEST = 0x0679
    SET_TIME = 0x0691
    INITIALISATION = 0x0693
    ABORT = 0x06B0
    PRINT_LINE = 0x06D1
    PRINT_TEXT_BLOCK = 0x06D3
    DISPLAY_TEXT = 0x06E0
    CHANGE_BAUD_RATE = 0x0840

    INTERMEDIATE_STATUS = 0x04FF
    STATUS_INFORMATION = 0x040F
    COMPLETION = 0x060F
    ABORTED = 0x061E
    GOOD = 0x8000


class ZvtResult(IntEnum):
    """Result and error codes, PA00P015 chapter 10: those in use here."""

    GOOD = 0x00
    DECLINED = 0x05
    CANCELLED = 0x6C
    WRONG_CURRENCY = 0x6F
    NOT_POSSIBLE = 0x83
    PROTOCOL_ERROR = 0x9A
    PLEASE_WAIT = 0x9C
    NO_ANSWER = 0xA1
    NO_CONNECTION = 0xA3
    ALREADY_REVERSED = 0xB4
    REVERSAL_NOT_POSSIBLE = 0xB5
    AMOUNT_TOO_HIGH = 0xC3
    AMOUNT_TOO_SMALL = 0xC8
    OUT_OF_ORDER = 0xDF
    """As a terminal status only."""
    BAUD_RATE_NOT_SUPPORTED = 0xFD
    SYSTEM_ERROR = 0xFF


class Config(IntFlag):
    """The configuration byte of a registration."""

    PRINTS_RECEIPTS = 0x02
    PRINTS_ADMIN_RECEIPTS = 0x04
    WANTS_INTERMEDIATE_STATUS = 0x08
    WANTS_PRINT_LINES = 0x80
    AFTER_LOG_OFF = 0x86


class Apdu(msgspec.Struct, frozen=True):
    """One command or answer. ``control`` is class and instruction."""

    control: int
    data: bytes = b""

    @property
    def is_answer(self) -> bool:
        return self.control >> 8 in (0x80, 0x84)

    @property
    def error(self) -> int:
        """Of an answer: what went wrong, 0 for nothing."""
        return self.control & 0xFF if self.control >> 8 == 0x84 else 0


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What a register said of itself."""

    config: int = 0
    currency: bytes | None = None
    takes_text_blocks: bool = False
    """It listed 06 D3 among the commands that it knows."""

    def has(self, flags: int) -> bool:
        return self.config & flags == flags

    @property
    def prints_receipts(self) -> bool:
        """Line by line, as we lay them out."""
        return self.has(Config.PRINTS_RECEIPTS | Config.WANTS_PRINT_LINES)

    @property
    def prints_slips(self) -> bool:
        """What is of no payment, in the same way."""
        return self.has(Config.PRINTS_ADMIN_RECEIPTS | Config.WANTS_PRINT_LINES)


class Authorisation(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that the register asks for, or money on its way back."""

    digits: str
    """The amount as the register writes it, twelve digits; empty only for a reversal of all that is left."""
    currency: bytes | None = None
    answer_timeout_s: int | None = None
    """How long the register may take to answer the result."""
    repetitions: int | None = None
    """How often the result may be told again to a register that asks to wait."""


# --- reading ----------------------------------------------------------------------------------------------------------

_FIXED: Mapping[int, int] = {
    **dict.fromkeys((0x01, 0x02, 0x03, 0x05, 0x19, 0x27, 0x8A, 0x8C, 0xA0, 0xD0, 0xD2, 0xD3), 1),
    **dict.fromkeys((0xE0, 0xE9, 0xEA, 0xF0, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD), 1),
    **dict.fromkeys((0x0D, 0x0E, 0x17, 0x3A, 0x49, 0x87), 2),
    **dict.fromkeys((0x0B, 0x0C, 0x37, 0x3D, 0x88, 0xAA), 3),
    0x29: 4,
    0xBA: 5,
    0x04: 6,
    0x3B: 8,
    0xEB: 8,
    0x2A: 15,
}
_VARIABLE: Mapping[int, int] = {
    **dict.fromkeys((0x22, 0x23, 0x2D, 0x8B, 0xA7, 0xD1), 2),
    **dict.fromkeys((*range(0xE1, 0xE9), *range(0xF1, 0xF9)), 2),
    **dict.fromkeys((0x24, 0x2E, 0x3C, 0x60, 0x9A, 0xAF), 3),
}
"""Digits of the length."""
_TLV = 0x06
_LISTED_COMMANDS, _LISTED_COMMAND = 0x26, 0x0A


def parse_apdu(raw: bytes) -> Apdu:
    """Raises ZvtError unless ``raw`` is one APDU, whole."""
    if len(raw) < 3:
        raise ZvtError("an APDU has at least three bytes")
    start = 5 if raw[2] == 0xFF else 3
    lengths = {int.from_bytes(raw[3:5], "little"), int.from_bytes(raw[3:5], "big")} if start == 5 else {raw[2]}
    if len(raw) - start not in lengths:
        raise ZvtError(f"{len(raw)} bytes do not fit the length {min(lengths)}")
    return Apdu(raw[0] << 8 | raw[1], raw[start:])


def parse_fields(data: bytes) -> dict[int, bytes]:
    """The fields of ``data`` by name. Raises ZvtError for one that is unknown, cut off or there twice."""
    fields: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        name = data[at]
        start, length = _measure(name, data, at + 1)
        at = start + length
        if at > len(data):
            raise ZvtError(f"field {name:02X} is cut off")
        if name in fields:
            raise ZvtError(f"field {name:02X} stands twice")
        fields[name] = data[start:at]
    return fields


def _measure(name: int, data: bytes, at: int) -> tuple[int, int]:
    """Where the value of a field begins, and its length."""
    if name in _FIXED:
        return at, _FIXED[name]
    if name == _TLV:
        return _ber_length(data, at)
    if name not in _VARIABLE:
        raise ZvtError(f"field {name:02X} is not known")
    start = at + _VARIABLE[name]
    digits = [byte & 0x0F for byte in data[at:start]]
    if start > len(data) or any(byte < 0xF0 for byte in data[at:start]) or max(digits) > 9:
        raise ZvtError(f"field {name:02X} has no length")
    return start, int("".join(map(str, digits)))


def _ber_length(data: bytes, at: int) -> tuple[int, int]:
    first = data[at] if at < len(data) else 0xFF
    if first < 0x80:
        return at + 1, first
    size = first - 0x80
    if size not in (1, 2) or at + size >= len(data):
        raise ZvtError("a TLV has no length")
    return at + 1 + size, int.from_bytes(data[at + 1 : at + 1 + size], "big")


def parse_tlv(data: bytes) -> list[tuple[int, bytes]]:
    """Tags and values of one level. Raises ZvtError."""
    items = []
    at = 0
    while at < len(data):
        tag, at = data[at], at + 1
        if tag & 0x1F == 0x1F:
            if at >= len(data):
                raise ZvtError("a tag is cut off")
            tag, at = tag << 8 | data[at], at + 1
        start, length = _ber_length(data, at)
        at = start + length
        if at > len(data):
            raise ZvtError(f"tag {tag:X} is cut off")
        items.append((tag, data[start:at]))
    return items


def parse_registration(data: bytes) -> Registration:
    """``password(3) config [currency(2)] [fields]``. Raises ZvtError."""
    if len(data) < 4:
        raise ZvtError("a registration has a password and a configuration byte")
    rest = data[4:]
    currency = None
    if len(rest) >= 2 and not _is_field(rest):
        currency, rest = rest[:2], rest[2:]
    tlv = parse_fields(rest).get(_TLV, b"")
    listed = [value for tag, value in parse_tlv(tlv) if tag == _LISTED_COMMANDS]
    commands = [command for value in listed for tag, command in parse_tlv(value) if tag == _LISTED_COMMAND]
    return Registration(
        config=data[3],
        currency=currency,
        takes_text_blocks=Command.PRINT_TEXT_BLOCK.to_bytes(2, "big") in commands,
    )


def _is_field(rest: bytes) -> bool:
    """A currency has no name, and ``03 52`` is the krona as well as a service byte: only small ones of these exist."""
    return (rest[0] == 0x03 and rest[1] <= 0x0F) or (rest[0] == _TLV and rest[1] == len(rest) - 2)


def parse_authorisation(data: bytes) -> Authorisation:
    """Raises ZvtError."""
    fields = parse_fields(data)
    return _authorisation(fields, _amount_digits(fields))


def _authorisation(fields: Mapping[int, bytes], digits: str) -> Authorisation:
    return Authorisation(
        digits=digits,
        currency=fields.get(0x49),
        answer_timeout_s=_number(fields.get(0x01)),
        repetitions=_number(fields.get(0x02)),
    )


def parse_refund(data: bytes) -> Authorisation:
    """``password(3) fields``. Raises ZvtError."""
    return parse_authorisation(data[3:])


def parse_reversal(data: bytes) -> tuple[int, Authorisation]:
    """The receipt number of ``password(3) fields``, and the rest of them. Raises ZvtError."""
    fields = parse_fields(data[3:])
    if 0x87 not in fields:
        raise ZvtError("a reversal names a receipt (87)")
    digits = from_bcd(fields[0x04]) if 0x04 in fields else ""
    return int(from_bcd(fields[0x87])), _authorisation(fields, digits)


def parse_service_byte(data: bytes) -> int:
    """The service byte of ``[password(3) [03 service]]``; 0 without one. Raises ZvtError."""
    return _number(parse_fields(data[3:]).get(0x03)) or 0


def _amount_digits(fields: Mapping[int, bytes]) -> str:
    if 0x04 not in fields:
        raise ZvtError("a payment has an amount (04)")
    return from_bcd(fields[0x04])


def _number(value: bytes | None) -> int | None:
    return None if value is None else value[0]


def from_bcd(value: bytes) -> str:
    """Its digits. Raises ZvtError."""
    digits = value.hex()
    if not digits.isdigit():
        raise ZvtError(f"{digits} is not in decimal digits")
    return digits
