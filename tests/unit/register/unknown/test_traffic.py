"""The log of the register's line: what went over it, when, and nothing about customers."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.interfaces import DeviceError, LineSignals
from terminal.register.unknown.card_data import LONGEST_FRAME
from terminal.register.unknown.traffic import LONGEST_ENTRY, LONGEST_IN_CLEAR, LoggedPort, entry_text
from terminal.simulation.registers.zvt_frames import wrap
from tests.virtual_time import run_virtual

SIGNALS = LineSignals(cts=True, dsr=False, dcd=False)


class Port:
    """A line whose far end is this test."""

    description = "test line"
    damaged_bytes = 3
    said: Callable[[bytes], None]

    def __init__(self) -> None:
        self.on_peer: Callable[[bool], None] = lambda _is_there: None
        self.written = b""

    async def open(self, on_data: Callable[[bytes], None], on_lost: Callable[[DeviceError], None]) -> None:
        self.said = on_data

    async def signals(self) -> LineSignals | None:
        return SIGNALS

    async def write(self, data: bytes) -> None:
        self.written += data

    async def close(self) -> None: ...


def test_both_directions_are_logged_with_times_and_carried_unchanged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def main() -> None:
        port, heard = Port(), list[bytes]()
        logged = LoggedPort(port)
        assert logged.damaged_bytes == 3
        assert await logged.signals() == SIGNALS
        await logged.open(heard.append, lambda _error: None)
        port.said(b"PAY 1990\r\n")
        await asyncio.sleep(1)
        await logged.write(b"WAIT ID=1\r\n")
        await asyncio.sleep(1)
        await logged.close()
        assert (heard, port.written) == ([b"PAY 1990\r\n"], b"WAIT ID=1\r\n")

    run_virtual(main())
    _opened, asked, answered = (record.getMessage() for record in caplog.records)
    assert asked == "1000.000 s < 50 41 59 20 31 39 39 30 0d 0a  |PAY 1990..|"
    assert answered == "1001.000 s > 57 41 49 54 20 49 44 3d 31 0d 0a  |WAIT ID=1..|"


@pytest.mark.parametrize("number", ["8223281", "1111111119", "111111-1119", "5000041234", "+354 822 3281"])
@pytest.mark.parametrize("before", [0, LONGEST_ENTRY - 3, 3 * LONGEST_ENTRY])
@pytest.mark.parametrize("at_once", [True, False])
def test_numbers_of_customers_are_masked_however_they_arrive(
    caplog: pytest.LogCaptureFixture, number: str, before: int, at_once: bool
) -> None:
    caplog.set_level(logging.INFO)
    data = b"x" * before + b" " + number.encode() + b" y"

    async def main() -> None:
        port = Port()
        logged = LoggedPort(port)
        await logged.open(lambda _data: None, lambda _error: None)
        for piece in [data] if at_once else [data[at : at + 1] for at in range(len(data))]:
            port.said(piece)
            await asyncio.sleep(0.001)
        await asyncio.sleep(1)
        await logged.close()

    run_virtual(main())
    text = "".join(re.findall(r"\|(.*)\|", caplog.text))
    pairs = bytes(int(pair, 16) for pair in re.findall(r"(?<![0-9a-f])[0-9a-f]{2}(?= )", caplog.text))
    digits = "".join(char for char in number if char.isdigit())
    assert not any(digits[at : at + 4] in text for at in range(len(digits) - 3))
    assert digits[-4:].encode() not in pairs
    assert text.count("x") == before
    assert "**" in caplog.text


CARD = bytes.fromhex("6724400500001234")
PAYMENT = wrap(bytes.fromhex("0601 15 04000000001990 490352 22f0f8") + CARD)
LONG = wrap(
    bytes.fromhex("0601 ff") + (1500).to_bytes(2, "little") + b"\x3c\xf9\xf9\xf9" + b"x" * 1485 + b"\x22\xf0\xf8" + CARD
)


def logged(pieces: Sequence[bytes], pause_s: float, caplog: pytest.LogCaptureFixture) -> list[str]:
    """The pairs that the log shows."""
    caplog.set_level(logging.INFO)
    caplog.clear()

    async def main() -> None:
        port = Port()
        line = LoggedPort(port)
        await line.open(lambda _data: None, lambda _error: None)
        for piece in pieces:
            port.said(piece)
            await asyncio.sleep(pause_s)
        await asyncio.sleep(1)
        await line.close()

    run_virtual(main())
    return re.findall(
        r"(?<= )(?:[0-9a-f]{2}|\*\*)(?= )", " ".join(record.getMessage() for record in caplog.records[1:])
    )


CARDS = {
    "in groups": [b"4111.1111.1111.1111", b"4111/1111/1111/1111", b"4111\t1111\t1111\t1111", b"4111  1111  1111  1111"],
    "as Amex groups it": [b"3782/822463/10005", b"3782 822463 10005"],
    "in UTF-16": ["4111111111111111".encode("utf-16-le"), "4111111111111111".encode("utf-16-be")],
    "with parity": [bytes(byte | 0x80 * (byte.bit_count() % 2) for byte in b"PAY 1990 ID=4111111111111111")],
}


@pytest.mark.parametrize("number", [card for cards in CARDS.values() for card in cards])
@pytest.mark.parametrize("pause_s", [0.0, 3.0])
def test_a_card_is_masked_whatever_parts_its_digits(
    caplog: pytest.LogCaptureFixture, number: bytes, pause_s: float
) -> None:
    data = number + b"\r\n"
    for at in range(1, len(data) - 2) if pause_s else (len(data),):
        caplog.clear()
        lines = logged([data[:at], data[at:]], pause_s, caplog)
        pairs = " ".join(line.partition("  |")[0].split(" < ")[-1] for line in lines).split()
        seen = [pair for pair in pairs if pair != "**" and chr(int(pair, 16) & 0x7F).isdigit()]
        assert len(seen) <= LONGEST_IN_CLEAR, (at, lines)


@pytest.mark.parametrize("pause_s", [0.001, 0.15, 0.45])
@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize("before", [0, LONGEST_ENTRY - 20, LONGEST_ENTRY])
def test_a_card_is_masked_and_the_rest_of_its_frame_is_not(
    caplog: pytest.LogCaptureFixture, pause_s: float, size: int, before: int
) -> None:
    data = b"\x15" * before + PAYMENT + b"\x06"
    pairs = logged([data[at : at + size] for at in range(0, len(data), size)], pause_s, caplog)
    at = data.index(CARD)
    assert pairs == [f"{byte:02x}" for byte in data[:at]] + ["**"] * len(CARD) + [
        f"{byte:02x}" for byte in data[at + 8 :]
    ]


@pytest.mark.parametrize("at", range(PAYMENT.index(CARD) - 3, PAYMENT.index(CARD) + len(CARD)))
def test_the_rest_of_a_frame_in_which_the_line_fell_silent_is_masked(caplog: pytest.LogCaptureFixture, at: int) -> None:
    pairs = logged([PAYMENT[:at], PAYMENT[at:], b"\x06", PAYMENT], 2.0, caplog)
    assert len(pairs) == 2 * len(PAYMENT) + 1
    assert "".join(pairs).count("1990") == 2
    assert not {f"{byte:02x}" for byte in CARD if byte} & set(pairs)


def test_a_frame_that_is_too_long_to_keep_hides_its_end(caplog: pytest.LogCaptureFixture) -> None:
    for size in (1, 64, 5000):
        pairs = logged([LONG[at : at + size] for at in range(0, len(LONG), size)], 0.001, caplog)
        assert len(pairs) == len(LONG)
        assert not {"67", "24", "40", "12", "34"} & set(pairs)


def test_what_only_looks_like_the_beginning_of_a_frame_hides_little(caplog: pytest.LogCaptureFixture) -> None:
    pairs = logged([b"\x10\x02\x06", *[b"SAMTALS 1.990\r\n"] * 100], 2.0, caplog)
    assert pairs.count("**") <= LONGEST_FRAME
    assert logged([b"\x10\x02SAMTALS", b"1.990"], 2.0, caplog).count("**") == 0


@pytest.mark.parametrize("number", ["8223281", "822 32 81", "1111111119", "4111 1111 1111 1111", "kt1111111119"])
@pytest.mark.parametrize("pause_s", [0.15, 2.0, 9.0])
def test_a_number_that_comes_with_pauses_is_masked(
    caplog: pytest.LogCaptureFixture, number: str, pause_s: float
) -> None:
    for size in (1, 2, 3):
        data = b"> " + number.encode() + b"\r\n"
        pairs = logged([data[at : at + size] for at in range(0, len(data), size)], pause_s, caplog)
        digits = number.lstrip("kt").encode()
        assert pairs[-2:] == ["0d", "0a"]
        assert pairs[-2 - len(digits) : -2] == ["**"] * len(digits)


@pytest.mark.parametrize("number", ["8223281", "1111111119", "4111111111111111"])
def test_of_a_number_that_is_left_in_the_middle_little_is_shown(caplog: pytest.LogCaptureFixture, number: str) -> None:
    for cut in range(1, len(number)):
        pairs = logged([number[:cut].encode(), number[cut:].encode(), b"\r\n"], 60.0, caplog)
        assert len(pairs) - pairs.count("**") <= LONGEST_IN_CLEAR + 2


def test_an_amount_at_the_end_of_a_message_is_shown_once_the_next_one_begins(caplog: pytest.LogCaptureFixture) -> None:
    pairs = logged([b"\x0cSAMTALS      61990", b"\x0cTAKK"], 3.0, caplog)
    assert "**" not in pairs
    assert [record.getMessage().split(" ")[0] for record in caplog.records[1:]] == ["1000.000", "1003.000"]


BROKEN = [b"4111 1111\r\n1111 1111", b"111111-\n1119", b"\n".join(b"%c" % digit for digit in b"1111111119")]
FULL_WIDTH = ["".join(chr(0xFF10 + int(digit)) for digit in number) for number in ("4111111111111111", "1111111119")]


@pytest.mark.parametrize("number", [*BROKEN, *(number.encode() for number in FULL_WIDTH)])
@pytest.mark.parametrize("pause_s", [0.0, 1.5])
def test_a_number_on_two_lines_or_in_another_scripts_digits_is_masked(
    caplog: pytest.LogCaptureFixture, number: bytes, pause_s: float
) -> None:
    for size in (1, 4, 7):
        data = b"TAKK\r\n" + number + b" y\r\n"
        pairs = logged([data[at : at + size] for at in range(0, len(data), size)], pause_s, caplog)
        shown = bytes(int(pair, 16) for pair in pairs if pair != "**")
        assert shown.translate(None, b"\r\n-") == b"TAKK y", size


def test_a_line_that_ends_with_a_short_amount_waits_for_nothing(caplog: pytest.LogCaptureFixture) -> None:
    logged([b"PAY 61990\r\n"], 0.2, caplog)
    waiting = len(caplog.records)
    assert waiting == 2


@given(st.binary(max_size=300))
def test_any_bytes_are_written_on_one_line(data: bytes) -> None:
    text = entry_text(data)
    assert text.isascii()
    assert text.isprintable()
