"""A Concert register with 7 bits and parity on a line without is noticed, once."""

from __future__ import annotations

import logging

import pytest

from terminal.register.concert_format import frame
from terminal.register.parity import ParityWatch

PAYMENT = b"\x05" + frame(b"0100001990110352" + b" " * 10) + b"\x04"


def with_parity(data: bytes, odd: int) -> bytes:
    return bytes(byte | 0x80 if byte.bit_count() % 2 != odd else byte for byte in data)


def told(caplog: pytest.LogCaptureFixture, data: bytes, size: int) -> list[str]:
    caplog.set_level(logging.WARNING)
    caplog.clear()
    watch = ParityWatch()
    for at in range(0, len(data), size):
        watch.look(data[at : at + size])
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("size", [1, 2, 1000])
@pytest.mark.parametrize("data", [PAYMENT * 3, b"\x05\x04" * 3, b"\x05\x05\x05\x04"])
@pytest.mark.parametrize(("parity", "odd"), [("E", 0), ("O", 1)])
def test_it_is_said_once_with_what_to_set(
    caplog: pytest.LogCaptureFixture, data: bytes, size: int, parity: str, odd: int
) -> None:
    (warning,) = told(caplog, with_parity(data, odd), size)
    assert f'register.bytesize = 7 and register.parity = "{parity}"' in warning


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("data", [PAYMENT * 3, b"\x05\x04\x06\x05\x15", b"\x05\xff\x84\x05\x80", bytes(range(256))])
def test_a_right_line_and_noise_are_no_parity(caplog: pytest.LogCaptureFixture, data: bytes, size: int) -> None:
    assert told(caplog, data, size) == []
