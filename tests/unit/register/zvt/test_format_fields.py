"""The sizes of ZVT's fields, restated from the standard one by one, and what has no size."""

from __future__ import annotations

import pytest

from terminal.register.zvt import format as za
from terminal.register.zvt.format import Config, ZvtError
from tests.each import each_of

AMOUNT = bytes.fromhex("04000000001990")
FIXED = {
    1: "01 02 03 05 19 27 8A 8C A0 D0 D2 D3 E0 E9 EA F0 F9 FA FB FC FD",
    2: "0D 0E 17 3A 49 87",
    3: "0B 0C 37 3D 88 AA",
    4: "29",
    5: "BA",
    8: "3B EB",
    15: "2A",
}
LENGTH_DIGITS = {
    2: "22 23 2D 8B A7 D1 E1 E2 E3 E4 E5 E6 E7 E8 F1 F2 F3 F4 F5 F6 F7 F8",
    3: "24 2E 3C 60 9A AF",
}
SIZES = [(int(name, 16), size) for size, names in FIXED.items() for name in names.split()]
LENGTHS = [(int(name, 16), digits) for digits, names in LENGTH_DIGITS.items() for name in names.split()]
KNOWN = {0x04, 0x06} | {name for name, _ in SIZES + LENGTHS}


def with_length(name: int, digits: int, value: bytes) -> bytes:
    return bytes([name, *(0xF0 + int(digit) for digit in f"{len(value):0{digits}d}")]) + value


@each_of(("name", "size"), SIZES)
def test_a_field_of_fixed_size_ends_where_the_next_begins(name: int, size: int) -> None:
    value = bytes(range(1, size + 1))
    assert za.parse_fields(bytes([name]) + value + AMOUNT) == {name: value, 0x04: AMOUNT[1:]}
    with pytest.raises(ZvtError, match=f"field {name:02X} is cut off"):
        za.parse_fields(AMOUNT + bytes([name]) + value[:-1])


@each_of("length", [0, 1, 9, 12])
@each_of(("name", "digits"), LENGTHS)
def test_a_field_with_a_length_has_it_in_so_many_digits(name: int, digits: int, length: int) -> None:
    value = b"x" * length
    assert za.parse_fields(with_length(name, digits, value) + AMOUNT) == {name: value, 0x04: AMOUNT[1:]}
    assert za.parse_fields(AMOUNT + with_length(name, digits, value))[name] == value
    with pytest.raises(ZvtError, match=f"field {name:02X} has no length"):
        za.parse_fields(AMOUNT + bytes([name]) + b"\xf0" * (digits - 1))


@each_of("length", ["e0f1", "f0e1", "faf1", "f0fa", "0001"])
def test_a_length_is_written_in_digits_that_say_so(length: str) -> None:
    with pytest.raises(ZvtError, match="field 22 has no length"):
        za.parse_fields(b"\x22" + bytes.fromhex(length) + b"x" * 20)


@each_of("name", sorted(set(range(256)) - KNOWN))
def test_any_other_field_is_not_known(name: int) -> None:
    with pytest.raises(ZvtError, match=f"field {name:02X} is not known"):
        za.parse_fields(bytes([name]) + bytes(20))


# --- lengths of nested values -----------------------------------------------------------------------------------------


@each_of(
    ("length", "size"), [("00", 0), ("01", 1), ("7f", 127), ("8100", 0), ("8180", 128), ("820000", 0), ("820100", 256)]
)
def test_a_nested_value_has_a_short_or_a_long_length(length: str, size: int) -> None:
    value = b"v" * size
    assert za.parse_fields(b"\x06" + bytes.fromhex(length) + value + AMOUNT) == {0x06: value, 0x04: AMOUNT[1:]}
    assert za.parse_fields(AMOUNT + b"\x06" + bytes.fromhex(length) + value)[0x06] == value


@each_of("length", ["", "80", "81", "82", "8201", "83000001", "ff"])
def test_what_has_no_length_says_so(length: str) -> None:
    tail = b"v" * 200 if length in ("80", "83000001", "ff") else b""
    with pytest.raises(ZvtError, match="a TLV has no length"):
        za.parse_fields(AMOUNT + b"\x06" + bytes.fromhex(length) + tail)


@each_of("short", ["1f", "1f04", "1f0402", "1f040201", "0702ab"])
def test_a_nested_value_that_is_cut_off_is_refused(short: str) -> None:
    with pytest.raises(ZvtError):
        za.parse_tlv(bytes.fromhex(short))


def test_tags_may_have_two_bytes() -> None:
    assert za.parse_tlv(bytes.fromhex("1f0402abcd 0701ef 1e0100")) == [
        (0x1F04, b"\xab\xcd"),
        (0x07, b"\xef"),
        (0x1E, b"\0"),
    ]


# --- commands ---------------------------------------------------------------------------------------------------------


def test_after_log_off_a_register_prints_both_kinds_by_lines() -> None:
    prints = Config.PRINTS_RECEIPTS | Config.PRINTS_ADMIN_RECEIPTS | Config.WANTS_PRINT_LINES
    assert Config.AFTER_LOG_OFF == prints == 0x86


@each_of(("data", "service"), [("", 0), ("000000", 0), ("0000000300", 0), ("0000000301", 1), ("000000030f", 15)])
def test_a_service_byte_is_a_number_and_missing_it_is_none(data: str, service: int) -> None:
    said = za.parse_service_byte(bytes.fromhex(data))
    assert (said, type(said)) == (service, int)


@each_of(
    ("fields", "digits"),
    [("870007", ""), ("87000704000000000250", "000000000250"), ("8700070500", ""), ("0500870007", "")],
)
def test_a_reversal_may_name_an_amount(fields: str, digits: str) -> None:
    receipt, asked = za.parse_reversal(bytes.fromhex("000000" + fields))
    assert (receipt, asked.digits) == (7, digits)
