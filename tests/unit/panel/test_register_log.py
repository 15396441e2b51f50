"""The register's traffic as lines, however the bytes came."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hardware.register_cable import Traffic
from terminal.panel.register_log import MAX_LINE_BYTES, messages


def sent(*pieces: bytes, source="program", lost=False):
    return [Traffic(float(i), "to_terminal", source, piece, lost) for i, piece in enumerate(pieces)]


def said(*pieces: bytes):
    return Traffic(9.0, "to_register", "terminal", b"".join(pieces))


def lines(log, by_lines=True):
    return list(messages(log, lambda time_s: f"{time_s:g}", by_lines=by_lines))


def test_line_typed_one_byte_at_a_time_is_one_line_with_the_time_of_its_beginning():
    (line,) = lines(sent(*(bytes([byte]) for byte in b"PING\r\n")))
    assert (line.text, line.time, line.finished) == ("PING", "0", True)
    assert line.hex == "50 49 4E 47 0D"


def test_several_lines_in_one_piece_are_several():
    assert [line.text for line in lines(sent(b"PING\nSTATUS\r\nPAY 5\r"))] == ["PING", "STATUS", "PAY 5"]


def test_line_without_an_end_comes_last_and_unfinished():
    answer, typed = lines([*sent(b"PAY 19"), said(b"PONG\r\n")])
    assert (answer.text, answer.sender) == ("PONG", "terminal")
    assert (typed.text, typed.finished) == ("PAY 19", False)


def test_register_of_the_page_and_a_program_do_not_mix():
    log = [*sent(b"PI"), *sent(b"STATUS\n", source="panel"), *sent(b"NG\n")]
    assert [(line.text, line.sender) for line in lines(log)] == [("STATUS", "panel"), ("PING", "program")]


def test_what_was_lost_is_a_line_of_its_own():
    first, second = lines([*sent(b"PING\n"), *sent(b"PING\n", lost=True)])
    assert (first.lost, second.lost) == (False, True)


def test_protocol_without_lines_is_shown_as_it_came():
    (frame,) = lines(sent(b"\x02\x06\x00\r\x03"), by_lines=False)
    assert frame.hex == "02 06 00 0D 03"


@given(st.lists(st.binary(max_size=600), max_size=20))
def test_any_bytes_come_out_once_in_order_and_bounded(pieces):
    shown = lines(sent(*pieces))
    data = b"".join(bytes.fromhex(line.hex) for line in shown)
    ends = b"\r\n"
    assert data.translate(None, ends) == b"".join(pieces).translate(None, ends)
    assert all(len(line.hex) <= 3 * MAX_LINE_BYTES for line in shown)
