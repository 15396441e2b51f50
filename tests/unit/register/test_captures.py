"""Captures: written, read, cleaned, guessed at, and played to the protocol they come from."""

from __future__ import annotations

import asyncio
import os
import stat
import tty
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.settings import SerialSettings
from terminal.counter.register_words import (
    RefusalCode,
    RegisterReply,
    RegisterRequest,
    RequestRefused,
    SaleRequest,
    TotalSeen,
)
from terminal.errors import TerminalError
from terminal.register.concert.codec import ConcertProtocol
from terminal.register.concert.format import frame
from terminal.register.settings import TotalRules
from terminal.register.taps.display import DisplayTap
from terminal.register.taps.receipt import ReceiptTap
from terminal.register.unknown.capture import Chunk, read_capture, without_personal_data, write_capture
from terminal.register.unknown.guess import guess
from terminal.register.unknown.listen import listen
from terminal.register.zvt.codec import ZvtProtocol
from terminal.simulation.registers.zvt_frames import wrap
from tests.each import each_of
from tests.patience import at_most
from tests.replay import captured, replay
from tests.unit.register.parity_bench import with_parity

ZVT_PAY = bytes.fromhex("10 02 06 01 0A 04 00 00 00 00 19 90 49 03 52 10 03 78 D6")


def busy(request: RegisterRequest) -> list[RegisterReply]:
    refused = RequestRefused(None, RefusalCode.BUSY, "")
    return [refused] if isinstance(request, SaleRequest) else []


# --- real registers ---------------------------------------------------------------------------------------------------


def test_a_captured_concert_register_asks_for_its_sale() -> None:
    requests, said = replay(ConcertProtocol(2), captured("concert_pytelium"), busy)
    assert [request.amount_kr for request in requests if isinstance(request, SaleRequest)] == [1990]
    assert said.startswith(b"\x06\x06\x05\x02017" + b"00199000")
    assert said.endswith(b"\x04")


def test_a_captured_display_offers_the_total_and_takes_it_back() -> None:
    requests, said = replay(DisplayTap("epson", TotalRules()), captured("display_bixolon"))
    assert (requests, said) == ([TotalSeen(1990), TotalSeen(None)], b"")


def test_a_captured_receipt_offers_its_total_once() -> None:
    requests, said = replay(ReceiptTap(TotalRules()), captured("receipt_escpos"))
    assert (requests, said) == ([TotalSeen(1080)], b"")


# --- the file ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.binary(min_size=1, max_size=70), max_size=10))
def test_what_is_written_is_read(pieces: list[bytes]) -> None:
    chunks = [Chunk(number * 0.25, piece) for number, piece in enumerate(pieces)]
    assert read_capture(write_capture(chunks, "a register")) == chunks


@each_of("line", ["nonsense", "0.1 XX", "0.1", "1 02 03", "0.1  02 3"])
def test_a_line_that_is_none_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2 is not a time and bytes"):
        read_capture(f"# a capture\n{line}\n")


@each_of(
    ("said", "kept"),
    [
        (b"Kt. 111111-1119 OK", b"Kt. 000000-0000 OK"),
        (b"Kt. 1111111119", b"Kt. 0000000000"),
        (b"4111111111111111 VISA", b"0000000000000000 VISA"),
        (b"5690000000017", b"5690000000017"),
        (b"4111 1111 1111 1111 VISA", b"0000 0000 0000 0000 VISA"),
        (b"\x024111111111111111\x03", b"\x020000000000000000\x03"),
        (b"kt1111111119", b"kt0000000000"),
        (b"S: 822 32 81", b"S: 000 00 00"),
        (b"500004 1234", b"000000 0000"),
        (b"0000001990 04", b"0000001990 04"),
        (b"SAMTALS 1.990", b"SAMTALS 1.990"),
        (b"\x020100001990111035 2", b"\x020100001990111035 2"),
    ],
)
def test_card_numbers_and_kennitolur_are_blotted_out(said: bytes, kept: bytes) -> None:
    pieces = [Chunk(0.0, said[:7]), Chunk(0.1, said[7:])]
    assert b"".join(chunk.data for chunk in without_personal_data(pieces)) == kept


@pytest.mark.parametrize("parted", [b"4111.1111.1111.1111", b"4111  1111  1111  1111", b"4111\t1111\t1111\t1111"])
def test_what_parts_a_cards_digits_stays(parted: bytes) -> None:
    (clean,) = without_personal_data([Chunk(0.0, b"KORT " + parted + b"\r\n")])
    assert clean.data == b"KORT " + bytes(0x30 if chr(byte).isdigit() else byte for byte in parted) + b"\r\n"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("4111 1111\r\n1111 1111 TAKK", "0000 0000\r\n0000 0000 TAKK"),
        ("kt. １１１１１１-１１１９ é", "kt. ００００００-００００ é"),
        ("SAMTALS 1990\r\n2490\r\n", "SAMTALS 1990\r\n2490\r\n"),
    ],
)
def test_a_number_on_two_lines_or_in_other_digits_is_blotted_out(said: str, kept: str) -> None:
    (clean,) = without_personal_data([Chunk(0.0, said.encode())])
    assert clean.data.decode() == kept


def test_a_card_whose_bytes_have_their_parity_is_blotted_out_with_parity() -> None:
    def even(text: bytes) -> bytes:
        return bytes(byte | 0x80 * (byte.bit_count() % 2) for byte in text)

    (clean,) = without_personal_data([Chunk(0.0, even(b"PAN 4111111111111111\r"))])
    assert clean.data == even(b"PAN 0000000000000000\r")


CARD = bytes.fromhex("6724 4005 1010 1234")
ZVT_PAY_WITH_CARD = wrap(
    bytes.fromhex("0601 18 04000000001990 490352") + b"\x22\xf0\xf8" + CARD + b"\x3a\x01\x23",
)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_card_data_of_a_zvt_register_are_blotted_out_and_the_capture_plays_as_it_did(size: int) -> None:
    data = b"\x06" + ZVT_PAY_WITH_CARD
    chunks = [Chunk(at / 1000, data[at : at + size]) for at in range(0, len(data), size)]
    clean = read_capture(write_capture(without_personal_data(chunks)))
    kept = b"".join(chunk.data for chunk in clean)
    assert b"\x22\xf0\xf8" + bytes(8) + b"\x3a" + bytes(2) + b"\x10\x03" in kept
    asked = [
        [
            request.amount_kr
            for request in replay(ZvtProtocol(0, terminal_id="T1"), played, busy)[0]
            if isinstance(request, SaleRequest)
        ]
        for played in (chunks, clean)
    ]
    assert asked == [[1990], [1990]]


def test_a_kennitala_in_a_zvt_frame_leaves_its_checksum_right() -> None:
    text = b"\x3c\xf0\xf1\xf0" + b"1111111119"
    frame = wrap(bytes.fromhex("0601 15 04000000001990") + text)
    (clean,) = without_personal_data([Chunk(0.0, frame)])
    assert clean.data == wrap(bytes.fromhex("0601 15 04000000001990") + text[:4] + b"0" * 10)


def test_a_damaged_frame_stays_damaged() -> None:
    frame = ZVT_PAY_WITH_CARD[:-1] + bytes([ZVT_PAY_WITH_CARD[-1] ^ 1])
    (clean,) = without_personal_data([Chunk(0.0, frame)])
    assert clean.data[-4:] == frame[-4:]
    assert bytes(8) in clean.data


# --- guesses ----------------------------------------------------------------------------------------------------------


@each_of(
    ("data", "what", "setting"),
    [
        (ZVT_PAY, "ZVT", 'protocol = "zvt"'),
        (b"".join(chunk.data for chunk in captured("concert_pytelium")), "Concert", 'protocol = "concert"'),
        (b"\x05\x04\x05\x04\x05\x04", "Concert, or Point", 'protocol = "concert"'),
        (b"\x05\x84\x05\x84", "Concert (", 'parity = "E"'),
        (b"\x05\x84" * 30, "Concert (", "bytesize = 7"),
        (b"\x05\x05\x05\x84", "Concert (", 'protocol = "concert"'),
        (b"\x85\x04\x85\x04", "Concert (", 'parity = "O"'),
        (b"\x85\x85\x85", "Concert (", "bytesize = 7"),
        (b"\x85\x84\x05\x04", "noise", None),
        (b"\x02y0000000001990", "Point ECR", None),
        (b"#!#028#RR...", "fiscal control unit", None),
        (b"PAY 1990 ID=42\r\n", "line protocol", 'protocol = "line"'),
        (b"".join(chunk.data for chunk in captured("receipt_escpos")), "ESC/POS", 'protocol = "receipt"'),
        (b"".join(chunk.data for chunk in captured("display_bixolon")), "customer display", 'emulation = "epson"'),
        (b"\x0c\x1bQASAMTALS\r\x1bQB1.990\r", "customer display", 'emulation = "cd5220"'),
        (b"!#1SAMTALS\r!#21.990\r", "customer display", 'emulation = "aedex"'),
        (b"\x1f\x1buASAMTALS\r\x1buB1.990\r", "customer display", 'emulation = "utc"'),
        (b"KAFFI 590\r\nTE 490\r\nSAMTALS 1.080\r\n", "plain text", 'emulation = "plain"'),
        (with_parity(b"KAFFI 590\r\nTE 490\r\nSAMTALS 1.080\r\n", 0), "even parity", 'parity = "E"'),
        (with_parity(b"KAFFI 590\r\nTE 490\r\nSAMTALS 1.080\r\n", 1), "odd parity", 'parity = "O"'),
        (bytes(range(0x80, 0x100)), "noise", None),
        (b"hello", "unknown", None),
        (b"Kaffi 590\rSAMTALS  590", "lines of a receipt", 'emulation = "plain"'),
        (b"\x0cKAFFI            590\x0cSAMTALS        1.990", "plainest kind", 'protocol = "display"'),
        (b"\x0cSAMTALS\r\n1.990 kr", "plainest kind", 'emulation = "epson"'),
        (b"\x0cTOTAL\n\r      1.990\x0cVELKOMIN\n\r", "plainest kind", 'protocol = "display"'),
        (b"\x0cSAMTALS             1.990 kr            ", "plainest kind", 'protocol = "display"'),
        (b"KAFFI 590\r\nTE 490\r\nSAMTALS 1.080\r\n\x0c", "plain text", 'protocol = "receipt"'),
        (b"\x0cSAMTALS AF OLLU SEM KEYPT VAR I DAG 1.080 KR\x0c\r\n", "plain text", 'protocol = "receipt"'),
        (b"", "nothing", None),
    ],
)
def test_what_a_register_sends_tells_what_it_is(data: bytes, what: str, setting: str | None) -> None:
    first = guess(data, 9600)[0]
    assert what in first.what
    if setting is None:
        assert first.settings == ()
        assert first.advice
    else:
        assert setting in first.settings


ANSWERS = {
    "concert_pytelium": ("Concert", ('protocol = "concert"',)),
    "display_bixolon": ("a customer display", ('protocol = "display"', 'emulation = "epson"')),
    "display_plainest": ("a customer display of the plainest kind", ('protocol = "display"', 'emulation = "epson"')),
    "receipt_escpos": ("a receipt printer's ESC/POS", ('protocol = "receipt"', 'emulation = "epson"')),
}
"""What each capture is, and the lines that make it be read."""


def test_every_capture_has_its_answer() -> None:
    folder = Path(__file__).parents[2] / "captures"
    assert {file.stem for file in folder.glob("*.txt")} == set(ANSWERS)
    for name, (what, settings) in ANSWERS.items():
        first = guess(b"".join(chunk.data for chunk in captured(name)), 9600)[0]
        assert first.what.startswith(what), name
        assert set(settings) <= set(first.settings), name


def test_a_display_of_the_plainest_kind_offers_the_total_and_takes_it_back() -> None:
    requests, said = replay(DisplayTap("epson", TotalRules()), captured("display_plainest"))
    assert (requests, said) == ([TotalSeen(1990), TotalSeen(None)], b"")


def test_a_checksum_that_fits_leaves_no_room_for_another_guess() -> None:
    assert [one.what for one in guess(ZVT_PAY * 3, 9600)] == ["ZVT"]
    assert len(guess(b"\x05" + frame(b"0100001990110352" + b" " * 10) + b"\x04", 9600)) == 1


def test_an_amount_that_ends_in_aurar_or_kronur_is_not_taken_for_either() -> None:
    (one,) = guess(frame(b"0100001990110352" + b" " * 10), 9600)
    assert "amount_decimals = 0" in one.settings
    for digits in (b"00002000", b"00199000", b"00000000"):
        (one,) = guess(frame(b"01" + digits + b"110352" + b" " * 10), 9600)
        assert not any("amount_decimals" in line for line in one.settings)
        assert "ring up 1.990 kr and compare" in one.advice


def test_calls_without_an_end_do_not_tell_the_parity() -> None:
    assert 'parity = "E"' in guess(b"\x05" * 4, 9600)[0].advice
    assert "parity" not in guess(b"\x05\x04" * 4, 9600)[0].advice


def test_noise_leads_to_the_other_speeds() -> None:
    assert "19200" in guess(bytes(range(0x80, 0x100)), 9600)[0].advice
    assert "9600," not in guess(bytes(range(0x80, 0x100)), 9600)[0].advice


@given(st.binary(max_size=300))
def test_any_bytes_are_something(data: bytes) -> None:
    assert guess(data, 9600)


# --- the command ------------------------------------------------------------------------------------------------------


def test_listening_shows_keeps_and_explains_what_came(tmp_path: Path) -> None:
    out, said = tmp_path / "register.txt", list[str]()

    async def scenario() -> None:
        far, near = os.openpty()
        tty.setraw(near)
        stop, heard = asyncio.Event(), asyncio.Event()

        def say(line: str) -> None:
            said.append(line)
            if "listening on" in line:
                os.write(far, b"KAFFI 590\r\nTE 490\r\n")
            elif line.endswith(" 0.."):
                heard.set()

        listening = asyncio.create_task(listen(SerialSettings(port=os.ttyname(near)), out, say, stop.wait))
        await asyncio.wait_for(heard.wait(), at_most(5))
        stop.set()
        await listening
        os.close(far)
        os.close(near)

    asyncio.run(scenario())
    assert [chunk.data for chunk in read_capture(out.read_text())] == [b"KAFFI 590\r\nTE 490\r\n"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "plain text, line by line" in said[-2]
    assert '[register]\nprotocol = "receipt"' in said[-2]


def test_a_port_that_is_not_there_and_a_file_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    nowhere = SerialSettings(port="/dev/no-such-port")
    with pytest.raises(TerminalError, match="/dev/no-such-port"):
        asyncio.run(listen(nowhere, None, print, asyncio.Event().wait))
    with pytest.raises(TerminalError, match="cannot write"):
        asyncio.run(listen(nowhere, tmp_path / "no" / "folder", print, asyncio.Event().wait))


def test_a_printer_and_a_display_on_one_line_are_recognized() -> None:
    data = b"\x1b=\x01\x1b@KAFFI 590\nSAMTALS 590\n\x1dV\x00\x1b=\x02\x0cSAMTALS\x1f\x24\x01\x02 590 kr\x1b=\x01\x1b@"
    (first, *_) = guess(data, 9600)
    assert first.what == "a receipt printer and a customer display on one line"
    assert "the total found is 590" in first.why
    assert 'protocol = "receipt"' in first.settings


def test_a_receipt_that_is_a_picture_is_named_as_such() -> None:
    picture = b"\x1dv0\x00\x02\x00\x02\x00\xff\xff\xff\xff"
    (first, *_) = guess(b"\x1b@\x1ba\x01" + picture * 3 + b"\x1bd\x03\x1dV\x00", 9600)
    assert "picture" in first.what
    assert first.settings == ()
    assert "customer display" in first.advice


def test_the_emulation_that_finds_the_total_is_suggested() -> None:
    data = b"\x1f\x0a" + b"\x1bQASAMTALS             \r\x1bQB            1.990 kr\r"
    (first, *_) = guess(data, 9600)
    assert first.settings == ('protocol = "display"', 'emulation = "cd5220"')
    assert "the total found is 1990" in first.why


def test_a_form_feed_ends_a_line() -> None:
    (first, *_) = guess(b"KAFFI 590\x0cTE 400\x0cSAMTALS 990\x0c", 9600)
    assert "the total found is 990" in first.why
