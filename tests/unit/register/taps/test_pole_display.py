"""What stands on a customer display after each maker's sequences."""

from __future__ import annotations

import pytest

from terminal.register.settings import Emulation
from terminal.register.taps.pole_display import COLUMNS, LONGEST_PARAMETERS, PoleDisplay
from tests.each import each_of

UPPER, LOWER = "SAMTALS".ljust(COLUMNS), "1.990 kr".rjust(COLUMNS)
UP, LOW = UPPER.encode(), LOWER.encode()
SAME_SCREEN: list[tuple[Emulation, bytes]] = [
    ("epson", b"\x1f\x43\x00\x0c" + UP + b"\x1f\x24\x01\x02" + LOW),  # pyposdisplay 0.0.8, epson and bixolon
    ("epson", b"\x1f\x01\x0c" + UP + b"\x0a\x0d" + LOW),  # pyposdisplay 0.0.8, labau
    ("epson", b"\x1b@\x1fX\x04" + UP + LOW),
    ("epson", b"\x0cxxxx\x0b" + UP + b"\x1fB" + LOW),
    ("epson", b"\x0cold\x18SAMTALS\x0a\x0d            1.990 kr"),
    ("epson", b"\x1f(D\x04\x00\x03\x01\x65\x01\x02\x0c" + UP + LOW),
    ("epson", b"\x0c\x1b&\x01\x41\x42\x05ABCDE\x05FGHIJ" + UP + LOW),
    ("cd5220", b"\x1b@\x0c" + UP + b"\x1bl\x01\x02" + LOW),
    ("cd5220", b"\x1bQASAMTALS\r\x1bQB" + LOW + b"\r"),
    ("cd5220", b"\x0c\x1b[B" + LOW + b"\x1b[H" + UP),
    ("cd5220", b"\x0c\x1b\x11\x1b*\x03SAMTALS\x1b[B\x1b[L" + LOW),
    ("utc", b"\x1f" + UP + b"\x10\x14" + LOW),
    ("utc", b"\x1f\x11" + UP + LOW),
    ("utc", b"\x1bd\x1buASAMTALS\r\x1buB" + LOW + b"\r"),
    ("utc", b"\x1buI" + UP + LOW + b"\r"),
    ("aedex", b"!#1SAMTALS\r!#2" + LOW + b"\r"),
    ("aedex", b"!#9" + UP + LOW + b"\r"),
    ("aedex", b"!#4running text\r!#1SAMTALS\r!#2" + LOW + b"\r"),
    ("adm", b"\x0cold\x0eSAMTALS\x0f" + LOW),
    ("adm", b"\x0c" + UP + b"\x0f" + LOW + b"\r"),
]
CLEAR = {"utc": b"\x1f", "aedex": b"!#2\r"}


def shown(emulation: Emulation, data: bytes) -> tuple[str, ...]:
    display = PoleDisplay(emulation)
    display.feed(data)
    return display.screen.lines


@each_of(("emulation", "data"), SAME_SCREEN)
def test_each_maker_shows_it_in_its_own_way(emulation: Emulation, data: bytes) -> None:
    assert shown(emulation, data) == (UPPER, LOWER)


@each_of(("emulation", "data"), SAME_SCREEN)
def test_bytes_may_come_one_by_one(emulation: Emulation, data: bytes) -> None:
    display = PoleDisplay(emulation)
    for byte in data:
        display.feed(bytes((byte,)))
    assert display.screen.lines == (UPPER, LOWER)


def test_parameters_that_look_like_line_ends_are_parameters() -> None:
    assert shown("epson", b"\x0c\x1f\x24\x0a\x01X\x1f\x24\x0d\x02Y") == (
        " " * 9 + "X" + " " * 10,
        " " * 12 + "Y" + " " * 7,
    )


def test_a_place_beside_the_screen_is_not_gone_to() -> None:
    assert shown("epson", b"\x0cA\x1f\x24\x15\x03B")[0].rstrip() == "AB"


def test_text_goes_on_over_the_end_of_a_line_and_from_the_end_to_the_beginning() -> None:
    assert shown("epson", b"\x0c" + UP + LOW + b"X") == ("X" + UPPER[1:], LOWER)


def test_a_display_that_scrolls_moves_the_lower_line_up() -> None:
    assert shown("epson", b"\x1f\x02\x0c" + UP + LOW + b"X") == (LOWER, "X".ljust(COLUMNS))


def test_letters_are_read_in_the_code_page_that_was_chosen() -> None:
    assert shown("epson", b"\x0c\x1bt\x10GREI\xd0SLA")[0].rstrip() == "GREIÐSLA"
    assert shown("epson", b"\x0c\x1bt\x13GREI\xd1SLA")[0].rstrip() == "GREIÐSLA"


def test_a_bang_is_text_unless_a_command_begins_with_it() -> None:
    assert shown("aedex", b"!#1TAKK!\r")[0].rstrip() == "TAKK!"
    assert shown("aedex", b"HALLO! JA!#1X\r")[0].rstrip() == "X"
    assert shown("adm", b"TAKK!")[0].rstrip() == "TAKK!"


def test_an_unknown_sequence_is_passed_over_with_its_letter() -> None:
    assert shown("epson", b"\x0c\x1b~A\x1f~B\x07C")[0].rstrip() == "ABC"


@each_of("emulation", ["epson", "cd5220", "utc", "aedex", "adm"])
@each_of("beginning", [b"\x1bQA", b"\x1buA", b"!#1", b"\x1b&\x08\x00\xff", b"\x1f(D\xff\xff"])
def test_a_sequence_that_does_not_end_holds_nothing_up_for_ever(emulation: Emulation, beginning: bytes) -> None:
    display = PoleDisplay(emulation)
    display.feed(beginning)
    for _ in range(LONGEST_PARAMETERS):
        display.feed(b"x" * 7)
        assert len(display._rest) < 2 * LONGEST_PARAMETERS
    display.feed(b"\r" + CLEAR.get(emulation, b"\x0c") + UP)
    assert "SAMTALS" in "".join(display.screen.lines)


# --- a printer on the same line ---------------------------------------------------------------------------------------

TO_PRINTER, TO_DISPLAY, TO_BOTH = b"\x1b=\x01", b"\x1b=\x02", b"\x1b=\x03"


@pytest.mark.parametrize("emulation", ["epson", "cd5220"])
def test_what_is_said_to_the_printer_is_not_shown(emulation: Emulation) -> None:
    display = PoleDisplay(emulation)
    display.feed(TO_DISPLAY + b"\x0cSAMTALS 1.990" + TO_PRINTER + b"\x1b@SAMTALS 999\n\x1dV\x00" + b"\x1ba\x01TAKK\n")
    assert display.screen.lines[0].strip() == "SAMTALS 1.990"
    display.feed(TO_DISPLAY + b"\x0cTAKK")
    assert display.screen.lines[0].strip() == "TAKK"


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_selection_survives_any_chopping_and_an_initialization(size: int) -> None:
    display = PoleDisplay("epson")
    data = TO_PRINTER + b"\x1b@SAMTALS 999\n" + TO_BOTH + b"KAFFI"
    for at in range(0, len(data), size):
        display.feed(data[at : at + size])
    assert display.screen.lines[0].strip() == "KAFFI"


def test_utf_8_is_read_where_a_code_page_was_expected() -> None:
    display = PoleDisplay("epson")
    display.feed(b"\x0c" + "TIL GREIÐSLU".encode())
    assert display.screen.lines[0].strip() == "TIL GREIÐSLU"
