"""The log of the register's line: what went over it, when, and nothing about customers."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.interfaces import DeviceError
from terminal.register.traffic import LONGEST_ENTRY, LoggedPort, entry_text
from tests.virtual_time import run_virtual


class Port:
    """A line whose far end is this test."""

    description = "test line"
    damaged_bytes = 3
    said: Callable[[bytes], None]

    def __init__(self) -> None:
        self.written = b""

    async def open(self, on_data: Callable[[bytes], None], on_lost: Callable[[DeviceError], None]) -> None:
        self.said = on_data

    async def write(self, data: bytes) -> None:
        self.written += data

    async def close(self) -> None: ...


def test_both_directions_are_logged_with_times_and_carried_unchanged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def main() -> None:
        port, heard = Port(), list[bytes]()
        logged = LoggedPort(port)
        assert logged.damaged_bytes == 3
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


@given(st.binary(max_size=300))
def test_any_bytes_are_written_on_one_line(data: bytes) -> None:
    text = entry_text(data)
    assert text.isascii()
    assert text.isprintable()
