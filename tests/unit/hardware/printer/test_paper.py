"""ESC/POS read as a printer reads it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.printer import paper
from hardware.printer.escpos_commands import split
from hardware.printer.paper import CutRow, Paper, RasterRow, TextRow
from hardware.printer.paper_picture import CELL_PX, LINE_PX, MARGIN_PX, draw


def text(data: bytes, columns: int = 32) -> str:
    return paper.as_text(paper.decode(data, columns), columns)


def test_a_line_longer_than_the_paper_goes_on_below():
    assert text(b"x" * 33 + b"\n") == "x" * 32 + "\nx\n"


def test_double_width_fits_half_as_many():
    assert text(b"\x1b!\x20" + b"x" * 17 + b"\n") == "x" * 16 + "\nx\n"


def test_alignment_counts_the_width_of_the_characters():
    assert text(b"\x1ba\x01\x1b!\x30abcd\n") == " " * 12 + "abcd\n"
    assert text(b"\x1ba\x02abcd\n") == " " * 28 + "abcd\n"


def test_the_code_page_decides_what_a_byte_is():
    assert text(b"\x1bt\x13\xe7\n") == "þ\n"
    assert text(b"\x1bt\x10\xfe\n") == "þ\n"
    assert text(b"\xe8\n") == "Φ\n"


def test_reset_forgets_style_and_page():
    rows = paper.decode(b"\x1bt\x13\x1bE\x01\x1ba\x02\x1b@\xe8\n", 32)
    assert rows == [TextRow((paper.Cell("Φ"),), "left")]


def test_feeds_cuts_and_tabs():
    assert text(b"a\tb\x1bd\x02c\x1dV\x00") == "a       b\n\nc\n[cut]\n"


def test_an_unknown_command_prints_its_parameters_as_real_printers_do():
    assert text(b"\x1b\x7fxyz\n") == "xyz\n"


def test_status_questions_leave_no_trace():
    assert text(b"a\x10\x04\x01\x1dr\x01b\n") == "ab\n"


def test_a_raster_picture_has_its_size_and_dots():
    dots = bytes([0b10000001, 0xFF])
    (row,) = paper.decode(b"\x1dv0\x00\x01\x00\x02\x00" + dots, 32)
    assert row == RasterRow(1, dots)


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from([32, 42, 48]))
def test_any_bytes_are_survived_and_no_line_is_wider_than_the_paper(data, columns):
    rows = paper.decode(data, columns)
    assert all(row.width <= columns or len(row.cells) == 1 for row in rows if isinstance(row, TextRow))
    paper.as_text(rows, columns)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=10))
def test_how_the_bytes_are_cut_up_does_not_matter(pieces):
    whole = Paper(32)
    expected = [row for command in split(b"".join(pieces))[0] for row in whole.perform(command)]
    piecewise, rows, rest = Paper(32), [], b""
    for piece in pieces:
        commands, rest = split(rest + piece)
        rows += [row for command in commands for row in piecewise.perform(command)]
    assert rows == expected


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_paper_can_be_drawn(data):
    assert draw(paper.decode(data, 32), 32).width == 32 * CELL_PX[0] + 2 * MARGIN_PX


def ink(picture, box) -> int:
    return sum(picture.crop(box).point(lambda level: level < 128 and 255).histogram()[255:])


def test_the_picture_has_ink_where_the_text_is():
    picture = draw(paper.decode(b"\x1ba\x02Y\n\n", 32), 32)
    right_end = MARGIN_PX + 32 * CELL_PX[0]
    assert ink(picture, (right_end - CELL_PX[0], MARGIN_PX, right_end, MARGIN_PX + CELL_PX[1])) > 20
    assert ink(picture, (0, 0, right_end - CELL_PX[0], picture.height)) == 0


def test_bold_has_more_ink_and_double_has_four_times_the_area():
    plain, bold, double = (
        ink(picture, (0, 0, *picture.size))
        for picture in (draw(paper.decode(style + b"NETG\n", 32), 32) for style in (b"", b"\x1bE\x01", b"\x1b!\x30"))
    )
    assert plain * 1.1 < bold
    assert plain * 3 < double < plain * 5.5


def test_icelandic_letters_are_drawn_and_not_boxes():
    missing = draw(paper.decode(b"\x1bt\x00\xb0\n", 32), 32).tobytes()
    pictures = {
        char: draw(paper.decode(b"\x1bt\x10" + char.encode("cp1252") + b"\n", 32), 32).tobytes() for char in "þðæöÞÐÆÖ"
    }
    assert len({*pictures.values(), missing}) == 9


def test_a_cut_is_a_dashed_line_across_the_paper():
    picture = draw([CutRow()], 32)
    line = [picture.getpixel((x, MARGIN_PX + LINE_PX // 2)) for x in range(0, picture.width, 4)]
    assert {170, 255} == set(line)


@pytest.mark.parametrize("scale", [0, 5])
def test_an_absurd_scale_is_refused(scale):
    with pytest.raises(ValueError, match="1 to 4"):
        draw([], 32, scale)


@pytest.mark.parametrize(("dot_rows", "lines"), [(1, 1), (30, 1), (31, 2)])
def test_a_picture_uses_up_paper_by_its_height(dot_rows, lines):
    assert RasterRow(2, bytes(2 * dot_rows)).height == lines
