"""Where a command of ESC/POS ends, and text goes on."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.printer.escpos_commands import MAX_COMMAND_BYTES, Command, command_length, split
from tests.each import each_of

TEXT = b"SAMTALS 1.990"
COMMANDS = {
    "tab stops": b"\x1bD\x08\x10\x18\x20\x30\x00",
    "tab stops that look like control bytes": b"\x1bD\x0a\x1b\x1d\x70\x00",
    "tab stops cleared": b"\x1bD\x00",
    "as many tab stops as there can be": b"\x1bD" + bytes(range(1, 32)) + b"\x00",
    "user-defined characters": b"\x1b&\x03AB\x02abcdef\x01ghi",
    "a user-defined character without dots": b"\x1b&\x02AA\x00",
    "a user-defined character cancelled": b"\x1b?A",
    "a picture in columns of 8": b"\x1b*\x01\x04\x00abcd",
    "a picture in columns of 24": b"\x1b*\x21\x02\x00abcdef",
    "a buzzer": b"\x1b(A\x04\x000031",
    "a sheet's wait": b"\x1bf0A",
    "stored pictures": b"\x1cq\x02\x01\x00\x01\x00abcdefgh\x02\x00\x01\x00abcdefghijklmnop",
    "a stored picture printed": b"\x1cp\x010",
    "letters of other countries": b"\x1c(C\x02\x0002",
    "a cheque read": b"\x1ca01",
    "a picture downloaded": b"\x1d*\x01\x02abcdefghijklmnop",
    "large graphics": b"\x1d8L\x0b\x00\x00\x000p0\x01\x011\x08\x00\x01\x00a",
    "other large data": b"\x1d8M\x02\x00\x00\x0001",
    "graphics": b"\x1d(L\x02\x0002",
    "a raster picture": b"\x1dv0\x00\x02\x00\x01\x00ab",
    "a picture of variable size": b"\x1dQ0\x00\x02\x00\x01\x00ab",
    "a counter's mode": b"\x1dC001",
    "a counter's range": b"\x1dC1aabbcd",
    "a counter's value": b"\x1dC2ab",
    "a maintenance counter": b"\x1dg20AB",
    "a wait for staff": b"\x1dz0AB",
    "a barcode of a given length": b"\x1dkI\x041990",
    "a cut": b"\x1dV0",
    "a cut after a feed": b"\x1dVA0",
    "a question": b"\x10\x04\x01",
    "a question about the ink": b"\x10\x04\x071",
    "the drawer": b"\x10\x14\x01\x00\x01",
    "the buzzer at once": b"\x10\x14\x03abcde",
    "a question about an error": b"\x10\x14\x07A",
    "a cleared buffer": b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08",
}


@each_of("raw", COMMANDS.values(), ids=COMMANDS)
def test_text_after_a_command_begins_where_the_command_ends(raw: bytes) -> None:
    after = [Command(raw[:2], raw[2:], raw), Command(b"", TEXT, TEXT)]
    assert split(raw + TEXT) == (after, b"")
    assert split(b"A" + raw + TEXT) == ([Command(b"", b"A", b"A"), *after], b"")


@each_of("raw", COMMANDS.values(), ids=COMMANDS)
def test_a_command_cut_in_two_waits_for_its_rest(raw: bytes) -> None:
    for length in range(1, len(raw)):
        assert split(raw[:length]) == ([], raw[:length])
        told = command_length(raw[:length], 0)
        assert told is None or length < told <= len(raw)


@each_of(
    "header",
    [
        b"\x1dv0\x00\xff\xff\xff\xff",
        b"\x1dQ0\x00\xff\xff\xff\xff",
        b"\x1d8L\xff\xff\xff\xff",
        b"\x1d*\xff\xff",
        b"\x1cq\x00",
        b"\x1b&\x00AB",
        b"\x1b&\x03BA",
        b"\x1b&\x03\x00A",
    ],
)
def test_a_length_that_makes_no_sense_is_not_waited_for(header: bytes) -> None:
    assert split(header + TEXT)[0] == [Command(header[:2], header[2:], header), Command(b"", TEXT, TEXT)]


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (b"\x1b&\xff\x20\x7e", b"\xff" + bytes(0xFF * 0xFF)),
        (b"\x1cq\xff", b"\x00\x01\x20\x00" + bytes(0x100 * 0x20 * 8)),
    ],
)
def test_parts_that_add_up_to_more_than_a_receipt_are_not_waited_for(header: bytes, part: bytes) -> None:
    pieces = 1 + MAX_COMMAND_BYTES // len(part)
    waiting = command_length(header + part, 0)
    assert waiting is not None
    assert waiting > len(header + part)
    assert command_length(header + pieces * part, 0) == len(header)


@pytest.mark.parametrize("stops", [b"\x08\x11\x11", b"\x08\x11\x07"])
def test_a_tab_stop_that_does_not_ascend_is_data_again(stops: bytes) -> None:
    commands, _rest = split(b"\x1bD" + stops + TEXT)
    assert commands[0].raw == b"\x1bD\x08\x11"
    assert commands[-1].raw == TEXT


def test_tab_stops_without_an_end_take_no_more_than_there_can_be() -> None:
    commands, _rest = split(b"\x1bD" + bytes(range(1, 100)))
    assert commands[0].raw == b"\x1bD" + bytes(range(1, 33))


def test_an_unknown_command_is_its_letter() -> None:
    assert [command.raw for command in split(b"\x1b\x7f" + TEXT)[0]] == [b"\x1b\x7f", TEXT]


commands = st.lists(st.sampled_from([*COMMANDS.values(), TEXT, b"\n"]) | st.binary(max_size=40), max_size=10)


@settings(deadline=None)
@given(commands.map(b"".join))
def test_the_commands_and_the_rest_are_the_bytes_that_came(data: bytes) -> None:
    found, rest = split(data)
    assert b"".join(command.raw for command in found) + rest == data


@settings(deadline=None)
@given(commands.map(b"".join))
def test_a_command_that_is_not_all_there_says_that_it_needs_more(data: bytes) -> None:
    _found, rest = split(data)
    if rest:
        told = command_length(rest, 0)
        assert told is None or told > len(rest)
