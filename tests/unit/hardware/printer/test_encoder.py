"""Bytes for the printer: commands where they belong, every Icelandic letter, and no question marks."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.interfaces import Cut, TextLine
from hardware.printer import paper
from hardware.printer.code_page_slip import code_page_slip
from hardware.printer.encoder import (
    NO_CHINESE,
    RESET,
    Typesetting,
    _to_codepage,
    encode,
    encode_sheet,
    to_codepage,
)
from hardware.printer.paper import CODEPAGES, Cell, CutRow, TextRow
from hardware.settings import PrinterSettings
from tests.each import each_of

ICELANDIC = "ÁÉÍÓÚÝÞÆÖÐ áéíóúýþæöð"
CODEPAGE_NAMES = ["CP858", "CP1252", "CP850", "CP861"]


def printed(document, codepage="CP858", columns=48):
    return paper.as_text(paper.decode(encode(document, codepage=codepage), columns), columns)


@each_of("codepage", CODEPAGE_NAMES)
def test_icelandic_comes_out_as_it_went_in(codepage):
    data = encode([TextLine(ICELANDIC)], codepage=codepage)
    assert ICELANDIC.encode(codepage) + b"\n" in data
    assert printed([TextLine(ICELANDIC)], codepage) == ICELANDIC + "\n"


def test_a_plain_line_is_reset_code_page_and_text():
    assert encode([TextLine("Þú")], codepage="CP858") == b"\x1b@\x1c." + b"\x1bt\x13" + b"\xe8\xa3\n"


def test_styles_are_sent_only_where_they_change():
    data = encode([TextLine("a", bold=True), TextLine("b", bold=True), TextLine("c")], codepage="CP858")
    assert data.count(b"\x1bE\x01") == 1
    assert data.count(b"\x1bE\x00") == 1
    assert data.index(b"\x1bE\x01") < data.index(b"a\nb\n") < data.index(b"\x1bE\x00") < data.index(b"c\n")


def test_size_is_chosen_before_bold_because_it_resets_it():
    rows = paper.decode(encode([TextLine("x", bold=True, double=True)], codepage="CP858"), 48)
    assert rows == [TextRow((Cell("x", width=2, height=2, bold=True),))]


def test_alignment_and_cut_reach_the_paper():
    rows = paper.decode(
        encode([TextLine("m", align="center"), TextLine("h", align="right"), Cut()], codepage="CP858"), 48
    )
    assert [row.align for row in rows if isinstance(row, TextRow) and row.cells] == ["center", "right"]
    assert isinstance(rows[-1], CutRow)
    assert len(rows) > 3, "the knife is above the print head: without a feed it cuts through the last lines"


@each_of(
    ("text", "codepage", "expected"),
    [
        ("€ 5", "CP850", "EUR 5"),
        ("Þórð", "CP437", "Thórd"),
        ("„gæsalappir“", "CP858", '"gæsalappir"'),
        ("A – B…", "CP858", "A - B..."),
        ("Łódź", "CP858", "Lódz"),
        ("kaffi ☕", "CP858", "kaffi *"),
        ("a\u0301", "CP858", "á"),
        ("1\u00a0990", "CP437", "1\u00a0990"),
        ("1\u202f990", "CP858", "1 990"),
        ("zero\u200bwidth", "CP858", "zerowidth"),
    ],
)
def test_what_the_page_lacks_is_spelled_in_other_letters(text, codepage, expected):
    assert to_codepage(text, codepage) == expected


def test_a_missing_letter_is_logged_once_and_without_its_text(caplog):
    _to_codepage.cache_clear()
    with caplog.at_level(logging.WARNING):
        to_codepage("Sigþór Ωmega Ω", "CP437")
    assert [record.getMessage() for record in caplog.records if "03A9" in record.getMessage()] == []
    assert any("U+00FE" in record.getMessage() for record in caplog.records)
    assert not any("mega" in record.getMessage() for record in caplog.records)


def test_control_characters_cannot_become_commands():
    assert to_codepage("Búð\x1b@\x10\x04\x01\n\x85", "CP1252") == "Búð @" + 5 * " "


def test_a_profile_without_the_code_page_is_an_error_and_not_a_question_mark():
    with pytest.raises(ValueError, match="has no code page CP861"):
        encode([TextLine("x")], codepage="CP861", profile="TM-T88III")
    with pytest.raises(ValueError, match="no printer profile 'none'"):
        encode([TextLine("x")], codepage="CP858", profile="none")


@settings(deadline=None)
@given(st.text(max_size=80), st.sampled_from(CODEPAGE_NAMES))
def test_any_text_becomes_printable_bytes_of_the_page_without_new_question_marks(text, codepage):
    data = to_codepage(text, codepage).encode(codepage)
    assert all(byte >= 0x20 and byte != 0x7F for byte in data)
    assert data.count(b"?") <= text.count("?") + text.count("\u037e") + text.count("？") + sum(map(folds_to_mark, text))


def folds_to_mark(char: str) -> int:
    """Characters such as U+2047 that Unicode itself spells with question marks."""
    import unicodedata  # noqa: PLC0415

    return unicodedata.normalize("NFKD", char).count("?")


def test_the_paper_s_code_page_numbers_are_those_python_escpos_sends():
    from escpos.printer import Dummy  # noqa: PLC0415

    numbers = {name: int(number) for name, number in Dummy().profile.get_code_pages().items()}
    known = {name.lower().replace("iso_8859-", "iso8859_"): number for name, number in numbers.items()}
    assert {codec: number for number, codec in CODEPAGES.items()}.items() <= known.items()


def test_python_escpos_leaves_no_folder_behind(tmp_path: Path) -> None:
    """A process of its own, as it makes one when it is loaded."""
    imports = "from hardware.interfaces import TextLine; from hardware.printer.encoder import encode"
    encode_one = f"{imports}; encode([TextLine('x')], codepage='CP858')"
    subprocess.run([sys.executable, "-c", encode_one], env=os.environ | {"TMPDIR": str(tmp_path)}, check=True)

    assert list(tmp_path.iterdir()) == []


def test_slip_says_how_long_a_receipt_of_pictures_takes_on_a_serial_line() -> None:
    slow = code_page_slip(PrinterSettings(driver="serial", device="/dev/ttyS0", baudrate=9600, columns=48))
    texts = [item.text for item in slow if isinstance(item, TextLine)]
    assert "22 s at 9600 baud." in texts
    assert all(len(text) <= 48 for text in texts)
    elsewhere = code_page_slip(PrinterSettings(driver="network", host="192.0.2.1"))
    assert not any("baud" in item.text for item in elsewhere if isinstance(item, TextLine))


def test_raster_draws_only_the_lines_that_need_it() -> None:
    lines = [TextLine("Dagsetning 23.11.2026"), TextLine("Færslunúmer"), TextLine("T1-000042")]
    rows = paper.decode(encode_sheet(lines, Typesetting(codepage="raster")).data, 48)
    assert [type(row).__name__ for row in rows] == ["TextRow", "RasterRow", "TextRow"]


def test_the_knife_waits_apart_from_what_it_cuts_off() -> None:
    sheet = encode_sheet([TextLine("x"), Cut()], Typesetting())
    assert b"x\n" in sheet.pieces[-1].data
    assert sheet.cut.endswith(b"\x1dV\x01")
    assert encode_sheet([TextLine("x")], Typesetting()).cut == b""


def test_chinese_mode_is_left_behind_the_reset() -> None:
    assert encode([TextLine("x")], codepage="CP858").startswith(RESET + NO_CHINESE)
