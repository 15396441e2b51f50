"""What a register sends to its printer is read command by command."""

from __future__ import annotations

import pytest

from hardware.printer import paper
from terminal.register.taps.escpos_stream import (
    LONGEST_LINE,
    DrawerKicked,
    EscposReader,
    PaperCut,
    PicturePrinted,
    PlainReader,
    PrintedLine,
    PrinterSetUp,
    StatusAsked,
)
from tests.each import each_of
from tests.unit.hardware.printer.test_escpos_commands import COMMANDS
from tests.unit.register.taps.printed_samples import ACCENTS, CUT, KICK, RASTER, RECEIPT, SAMTALS_DOUBLE, lines, read

# --- the stream -------------------------------------------------------------------------------------------------------


def test_styles_leave_the_text_alone() -> None:
    assert lines(SAMTALS_DOUBLE) == ["SAMTALS 1.990"]
    assert lines(b"\x1bE\x01SAM\x1bE\x00TALS\x1d!\x11 1.990\x1d!\x00\n") == ["SAMTALS 1.990"]


def test_letters_are_read_in_the_code_page_of_the_moment_whose_number_may_be_a_carriage_return() -> None:
    assert lines(ACCENTS) == ["KAFFIHÚSIÐ"]


def test_pictures_and_barcodes_are_no_text() -> None:
    assert lines(RASTER + b"A\n") == ["A"]
    assert lines(b"\x1b*\x21\x02\x00" + b"1990\n\n" + b"B\n") == ["B"]
    assert lines(b"SAMTALS\n\x1dk\x041990\x00C\n") == ["SAMTALS", "C"]
    assert lines(b"\x1dk\x49\x041990D\n") == ["D"]
    assert lines(b"\x1d(k\x06\x001P0199E\n") == ["E"]


@each_of("raw", COMMANDS.values(), ids=COMMANDS)
def test_text_after_any_command_is_read_as_it_stands(raw: bytes) -> None:
    assert lines(b"KAFFI 590\n" + raw + b"SAMTALS 1.990\n") == [
        "KAFFI 590",
        "SAMTALS 1.990",
    ]


def test_only_the_pulse_among_the_orders_at_once_is_the_drawer() -> None:
    orders = [raw for raw in COMMANDS.values() if raw.startswith(b"\x10\x14")]
    assert [read(raw) for raw in orders] == [[DrawerKicked()], [], [], []]


def test_marks_and_questions_are_told_apart_from_text() -> None:
    assert read(KICK + b"\x10\x14\x01\x00\x01" + CUT + b"\x1dVB\x00\x1bi\x1bm") == [
        DrawerKicked(),
        DrawerKicked(),
        *[PaperCut()] * 4,
    ]
    assert read(b"\x10\x04\x01\x1dr\x01") == [StatusAsked(b"\x10\x04", 1), StatusAsked(b"\x1dr", 1)]


def test_a_reset_forgets_line_and_code_page() -> None:
    reader = EscposReader()
    assert reader.feed(b"half\x1bt\x10\x1b@\xd0\n") == [PrinterSetUp(), PrintedLine("╨")]
    assert reader.codepage_command == b"\x1bt\x00"


def test_a_long_command_is_kept_once_and_read_once_it_is_whole() -> None:
    picture = b"\x1dv0\x00\xff\x00\xff\x03" + bytes(0xFF * 0x3FF) + b"END\n"
    reader = EscposReader()
    events = [event for at in range(0, len(picture), 7) for event in reader.feed(picture[at : at + 7])]
    assert events == [PicturePrinted(), PrintedLine("END")]


@pytest.mark.parametrize("reader", [EscposReader, PlainReader])
def test_a_line_without_end_is_cut_off(reader: type[EscposReader | PlainReader]) -> None:
    one = reader()
    for _ in range(1000):
        assert list(one.feed(b"x" * 100)) == []
    (line,) = one.feed(b"\n")
    assert isinstance(line, PrintedLine)
    assert len(line.text) == LONGEST_LINE


@pytest.mark.parametrize("data", [RECEIPT + KICK + CUT, SAMTALS_DOUBLE + ACCENTS + CUT])
def test_bytes_may_come_one_by_one(data: bytes) -> None:
    reader = EscposReader()
    assert [event for byte in data for event in reader.feed(bytes((byte,)))] == read(data)


def test_the_same_text_stands_on_the_simulated_paper() -> None:
    printed = paper.as_text(paper.decode(SAMTALS_DOUBLE + ACCENTS, 48), 48).split("\n")
    assert [line for line in printed if line] == lines(SAMTALS_DOUBLE + ACCENTS)


def test_a_printer_of_another_kind_gives_text_and_line_ends() -> None:
    reader = PlainReader()
    data = b"\x1bE\x1bFKAFFI  590\r\n\x1b-\x01SAMTALS\x0e 1.990\r\n\x0c"
    expected = [PrintedLine("KAFFI  590"), PrintedLine("SAMTALS 1.990")]
    assert reader.feed(data) == expected
    assert [event for byte in data for event in reader.feed(bytes((byte,)))] == expected


@each_of(
    "command",
    [
        b"\x1b\x1dt\x10",  # Star: the code page, the place, the width, a font
        b"\x1b\x1dA00",
        b"\x1bW1",
        b"\x1b\x1eF1",
        b"\x1b!0",  # ESC/POS
        b"\x1d!0",
        b"\x1b$01",
        b"\x1bD\x08\x20\x30\x00",
        b"\x1bp\x0023",
        b"\x1dVA0",
        b"\x1c!0",
        b"\x1b-1",  # everybody
        b"\x1bR4",
        b"\x1ba1",
        b"\x1bE",  # no parameter that everybody agrees on
        b"\x1bM",
        b"\x1b@",
    ],
)
def test_a_command_of_another_language_leaves_no_letter_in_the_line(command: bytes) -> None:
    data = b"KAFFI 590\r\n" + command + b"SAMTALS 1.990\r\n"
    expected = [PrintedLine("KAFFI 590"), PrintedLine("SAMTALS 1.990")]
    assert PlainReader().feed(data) == expected
    reader = PlainReader()
    assert [event for byte in data for event in reader.feed(bytes((byte,)))] == expected


@each_of("letter", [b"E", b"F", b"G", b"H", b"M", b"S", b"i", b"p", b"4", b"5", b"P"])
def test_a_letter_that_may_have_no_parameter_takes_no_digit_of_an_amount(letter: bytes) -> None:
    assert PlainReader().feed(b"SAMTALS \x1b" + letter + b"1.990\r\n") == [PrintedLine("SAMTALS 1.990")]


@each_of("feed", [b"\x1bd\x0a", b"\x1bJ\x20", b"\x1ba1", b"\x1bI\x0d"])
def test_a_command_that_feeds_paper_ends_a_line(feed: bytes) -> None:
    assert PlainReader().feed(b"SAMTALS 1.990" + feed + b"KORT\n") == [
        PrintedLine("SAMTALS 1.990"),
        PrintedLine("KORT"),
    ]


def test_tab_stops_without_an_end_swallow_no_line() -> None:
    assert PlainReader().feed(b"\x1bDKAFFI 590\r\nSAMTALS 1.990\r\n" + b"\n" * 40) == [
        PrintedLine("KAFFI 590"),
        PrintedLine("SAMTALS 1.990"),
    ]
