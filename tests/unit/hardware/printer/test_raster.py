"""Pictures on paper: text without a code page, logos, QR codes; read back from the dots that a printer would burn."""

from __future__ import annotations

import logging
import struct
import zlib
from pathlib import Path

import pytest
import qrcode
from PIL import Image, ImageDraw

from hardware.interfaces import Cut, Logo, QrCode, TextLine
from hardware.printer import paper, raster
from hardware.printer.encoder import (
    CODEPAGES_BY_MERIT,
    DRAWER_PULSES,
    ICELANDIC,
    LINES_PER_PIECE,
    Typesetting,
    encode_sheet,
    python_codec,
    usable_codepages,
)
from hardware.printer.paper import RasterRow, TextRow
from tests.each import each_of


def strips(document, **settings):
    data = encode_sheet(document, Typesetting(**settings)).data
    return [row for row in paper.decode(data, settings.get("columns", 48)) if isinstance(row, RasterRow)]


def picture_of(rows):
    width_bytes = max(row.width_bytes for row in rows)
    height = sum(len(row.dots) // row.width_bytes for row in rows)
    whole = Image.new("1", (width_bytes * 8, height))
    top = 0
    for row in rows:
        part = Image.frombytes("1", (row.width_bytes * 8, len(row.dots) // row.width_bytes), row.dots)
        whole.paste(part, (0, top))
        top += part.height
    return whole


def test_text_without_a_code_page_is_printed_as_the_same_picture_that_letters_would_make():
    (row,) = strips([TextLine("Þökk sé þér")], codepage="raster")
    expected = raster.text_picture(TextLine("Þökk sé þér"), 48)
    ink = picture_of([row])
    assert ink.histogram()[255] == expected.histogram()[0] > 100
    assert strips([TextLine("Þökk sé þér")], codepage="CP858") == []


@pytest.mark.parametrize("columns", [32, 42, 48])
def test_no_strip_is_wider_than_the_paper_nor_too_high(columns):
    document = [TextLine("Ð" * columns), TextLine("Æ" * columns, double=True), QrCode("T1-000042-7KQ2AB")]
    for row in strips(document, columns=columns, codepage="raster"):
        assert row.width_bytes * 8 <= raster.width_dots(columns)
        assert len(row.dots) // row.width_bytes <= raster.STRIP_DOTS


def test_blank_line_is_only_fed():
    rows = paper.decode(encode_sheet([TextLine("")], Typesetting(codepage="raster")).data, 48)
    assert rows == [TextRow(())]


def test_aligned_text_stands_where_it_should():
    def left_edge(align):
        return picture_of(strips([TextLine("Ð", align=align)], codepage="raster")).getbbox()[0]

    assert left_edge("left") < 12
    assert abs(left_edge("center") - 576 / 2) < 12
    assert left_edge("right") > 576 - 13


def test_qr_code_is_the_text_it_was_given():
    """Read back module by module; qrcode itself says how they should be."""
    text = "T1-000042-7KQ2AB"
    ink = picture_of(strips([QrCode(text)]))
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text)
    modules = code.get_matrix()
    size = len(modules) * raster.QR_DOTS_PER_MODULE
    left = (576 - size) // 2
    middle = raster.QR_DOTS_PER_MODULE // 2
    for y, line in enumerate(modules):
        for x, black in enumerate(line):
            at = (left + x * raster.QR_DOTS_PER_MODULE + middle, y * raster.QR_DOTS_PER_MODULE + middle)
            dot = ink.getpixel(at) if at[0] < ink.width else 0  # blank paper on the right is not sent
            assert bool(dot) == black, (x, y)


def margins(rows: list[paper.Row], columns: int) -> list[tuple[int, int]]:
    """White dots left and right of each picture, as the printer aligns it."""
    found = []
    for row in rows:
        if isinstance(row, RasterRow):
            spare = columns * 12 - row.width_bytes * 8
            indent = {"left": 0, "center": spare // 2, "right": spare}[row.align]
            ink = picture_of([row]).getbbox()
            found.append((indent + ink[0], columns * 12 - indent - ink[2]))
    return found


@each_of("align", ["left", "center", "right"])
@each_of("columns", [32, 42, 48])
def test_qr_code_is_in_the_middle_of_the_paper_whatever_stands_above_it(align, columns):
    document = [TextLine("Takk fyrir viðskiptin", align=align), QrCode("T1-000042-7KQ2AB"), TextLine("x", align=align)]
    rows = paper.decode(encode_sheet(document, Typesetting(columns=columns)).data, columns)
    ((left, right),) = margins(rows, columns)
    assert abs(left - right) <= 1
    assert [row.align for row in rows if isinstance(row, TextRow)] == [align, align], "and the text below is as it was"


def logo(path: Path, size=(900, 300)) -> str:
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    ImageDraw.Draw(picture).rectangle((0, 0, size[0] // 2, size[1]), fill="black")
    picture.save(path)
    return str(path)


@pytest.mark.parametrize(("columns", "width"), [(32, 384), (48, 576)])
def test_logo_is_made_to_fit_the_paper_and_transparency_stays_paper(tmp_path, columns, width):
    rows = strips([Logo()], columns=columns, logo=logo(tmp_path / "logo.png"))
    ink = picture_of(rows)
    share = ink.histogram()[255] / (width * ink.height)
    assert 0.45 < share < 0.55
    assert ink.height == pytest.approx(width / 3, abs=2)


def test_without_a_logo_nothing_is_printed():
    assert strips([Logo()]) == []


def png_head(width: int, height: int) -> bytes:
    """Of a picture whose pixels would fill the memory, and whose file is small."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"no picture",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
        b"DDS " + struct.pack("<I", 124) + bytes(120),
        png_head(2001, 2000),
        png_head(1, 3_000_000),
        png_head(20_000, 20_000),
    ],
    ids=["missing", "empty", "text", "damaged", "an unknown kind of DDS", "large", "tall", "huge"],
)
def test_logo_that_cannot_be_read_is_left_out_and_told(tmp_path, caplog, content):
    path = tmp_path / "logo.png"
    if content is not None:
        path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert strips([Logo(), TextLine("x")], logo=str(path)) == []
    assert "left out" in caplog.text


def test_a_photo_is_read_at_a_part_of_its_size(tmp_path):
    """A camera's twelve million pixels would take most of the memory that the service may use."""
    path = tmp_path / "photo.jpg"
    Image.new("L", (4000, 3000)).save(path)
    assert raster.logo_picture(str(path), 48).size == (576, 432)


@pytest.mark.parametrize(("cut", "command"), [("partial", b"\x1dV\x01"), ("full", b"\x1dV\x00")])
def test_paper_is_cut_as_configured(cut, command):
    assert encode_sheet([Cut()], Typesetting(cut=cut)).data.endswith(command)


def test_printer_without_a_knife_feeds_to_its_edge():
    data = encode_sheet([TextLine("x"), Cut()], Typesetting(cut="none")).data
    assert b"\x1dV" not in data
    assert data.endswith(b"\x1bd\x06")


@pytest.mark.parametrize(("drawer", "pin"), [("pin2", 2), ("pin5", 5)])
def test_drawer_is_kicked_as_python_escpos_does_it(drawer, pin):
    from escpos.printer import Dummy  # noqa: PLC0415  takes most of a second, and every worker reads this file

    library = Dummy()
    library.cashdraw(pin)
    assert library.output == DRAWER_PULSES[drawer]


def test_long_document_comes_in_pieces_that_are_whole_lines():
    document = [TextLine(f"lína {number}") for number in range(200)]
    pieces = [piece.data for piece in encode_sheet(document, Typesetting()).pieces]
    assert len(pieces) == 200 // LINES_PER_PIECE
    assert all(piece.endswith(b"\n") and piece.count(b"\n") <= LINES_PER_PIECE for piece in pieces)
    assert all(len(piece) < 4096 for piece in pieces)
    assert len(encode_sheet(document[:30], Typesetting()).pieces) == 1


def test_every_usable_page_has_every_icelandic_letter():
    assert usable_codepages() == list(CODEPAGES_BY_MERIT)
    for page in CODEPAGES_BY_MERIT:
        assert len(ICELANDIC.encode(python_codec(page))) == len(ICELANDIC)


def test_one_line_may_be_printed_in_another_code_page():
    document = [TextLine("Þ"), TextLine("Þ", codepage="CP1252"), TextLine("Þ")]
    data = encode_sheet(document, Typesetting(codepage="CP858")).data
    assert b"\x1bt\x13\xe8\n\x1bt\x10\xde\n\x1bt\x13\xe8\n" in data
