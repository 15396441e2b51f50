"""Scanners: bursts of keys through a FIFO, bytes through a pty, and the silence that ends a code."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.input_device import EV_KEY, EV_SYN, EVENT, SYN_REPORT
from hardware.interfaces import DeviceError, Scanner
from hardware.scanner import (
    CHARACTERS,
    LONGEST_CODE,
    SILENCE_S,
    CodeAssembler,
    HidDecoder,
    HidScanner,
    SerialScanner,
    SimulatedScanner,
)
from hardware.settings import ScannerSettings
from tests.patience import at_most
from tests.virtual_time import run_virtual

APP_CODE = "5000041234"
TOP_ROW = {CHARACTERS[code]: code for code in range(2, 12)}
NUMBER_PAD = {CHARACTERS[code]: code for code in (71, 72, 73, 75, 76, 77, 79, 80, 81, 82)}
ENTER, LEFT_SHIFT = 28, 42


def key(code: int, value: int) -> bytes:
    return EVENT.pack(0, 0, EV_KEY, code, value) + EVENT.pack(0, 0, EV_SYN, SYN_REPORT, 0)


def typed(text: str, keys: dict[str, int]) -> bytes:
    return b"".join(key(keys[char], 1) + key(keys[char], 0) for char in text)


class Cable:
    """Where a scanner's driver reads, and what is put in at the other end."""

    def __init__(self, scanner: Scanner, send: Callable[[str], None], unplug: Callable[[], None]) -> None:
        self.scanner, self.send, self.unplug = scanner, send, unplug
        self.codes: asyncio.Queue[str] = asyncio.Queue()
        self.lost: asyncio.Queue[DeviceError] = asyncio.Queue()

    async def open(self) -> None:
        await self.scanner.open(self.codes.put_nowait, self.lost.put_nowait)


@contextmanager
def hid(tmp_path):
    path = tmp_path / "event0"
    os.mkfifo(path)
    scanner = HidScanner(str(path))
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # keeps the FIFO writable before the driver opens it
    writer = os.open(path, os.O_WRONLY)
    ends = {"reader": reader, "writer": writer}

    def send(text: str) -> None:
        keys = {**TOP_ROW, "\n": ENTER}
        os.write(ends["writer"], typed(text, keys))

    def unplug() -> None:
        for name in list(ends):
            os.close(ends.pop(name))

    yield Cable(scanner, send, unplug)
    unplug()


@contextmanager
def serial(tmp_path):
    master, slave = pty.openpty()
    tty.setraw(slave)
    scanner = SerialScanner(ScannerSettings(driver="serial", device=os.ttyname(slave)))
    ends = [master, slave]

    def unplug() -> None:
        while ends:
            os.close(ends.pop())

    yield Cable(scanner, lambda text: (os.write(master, text.encode()), None)[1], unplug)
    unplug()


@contextmanager
def simulated(tmp_path):
    scanner = SimulatedScanner()

    def send(text: str) -> None:
        for code in text.split():
            scanner.scan(code)

    yield Cable(scanner, send, scanner.unplug)


Made = Callable[..., AbstractContextManager[Cable]]
every_scanner = pytest.mark.parametrize("made", [hid, serial, simulated])


@every_scanner
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_code_comes_whole_with_or_without_an_end(made: Made, tmp_path, end):
    async def main() -> None:
        with made(tmp_path) as cable:
            await cable.open()
            async with asyncio.timeout(at_most(5)):
                for code in (APP_CODE, "8223281"):
                    cable.send(code + end)
                    assert await cable.codes.get() == code
            assert cable.codes.empty()
            await cable.scanner.close()
            await cable.scanner.close()

    asyncio.run(main())


def test_numlock_does_not_matter():
    """It changes what a console makes of a key; the codes of both rows of digits stay what they are."""
    assert HidDecoder().feed(typed(APP_CODE, NUMBER_PAD)) == HidDecoder().feed(typed(APP_CODE, TOP_ROW)) == APP_CODE


def test_letters_come_as_they_were_shifted():
    data = key(LEFT_SHIFT, 1) + key(30, 1) + key(30, 0) + key(LEFT_SHIFT, 0) + key(30, 1)
    assert HidDecoder().feed(data) == "Aa"


def test_a_pause_ends_a_code_and_a_slow_scanner_makes_none():
    async def main() -> None:
        codes: list[str] = []
        assembler = CodeAssembler(codes.append)
        for char in APP_CODE:
            assembler.feed(char)
            await asyncio.sleep(SILENCE_S * 0.9)
        assert codes == []
        await asyncio.sleep(SILENCE_S)
        assert codes == [APP_CODE]
        assembler.feed("12")
        await asyncio.sleep(SILENCE_S * 1.1)
        assembler.feed("34")
        await asyncio.sleep(SILENCE_S * 1.1)
        assert codes[1:] == ["12", "34"]

    run_virtual(main())


def test_closing_forgets_half_a_code(tmp_path):
    async def main() -> None:
        with hid(tmp_path) as cable:
            await cable.open()
            cable.send("50000")
            await asyncio.sleep(0.02)
            await cable.scanner.close()
            await asyncio.sleep(2 * SILENCE_S)
            assert cable.codes.empty()

    asyncio.run(main())


@settings(deadline=None)
@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=200), max_size=8))
def test_any_text_is_survived_and_no_code_is_too_long(pieces):
    async def main() -> list[str]:
        codes: list[str] = []
        assembler = CodeAssembler(codes.append)
        for piece in pieces:
            assembler.feed(piece)
        await asyncio.sleep(1)
        return codes

    for code in run_virtual(main()):
        assert 0 < len(code) <= LONGEST_CODE
        assert code.isascii()
        assert code.isprintable()


@given(st.binary(max_size=400))
def test_any_bytes_of_events_are_survived(data):
    assert set(HidDecoder().feed(data)) <= {*CHARACTERS.values(), *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


@pytest.mark.parametrize("driver", [HidScanner, lambda _path: SerialScanner(ScannerSettings(driver="serial"))])
def test_no_path_is_refused_at_once(driver):
    with pytest.raises(ValueError, match="needs device"):
        driver("")
