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

from hardware.input_device import EV_KEY, EV_SYN, EVENT, SYN_DROPPED, SYN_REPORT
from hardware.interfaces import DeviceError, Scanner
from hardware.scanner import (
    CHARACTERS,
    LONGEST_CODE,
    LOST,
    NUMBER_PAD,
    SHIFTED,
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
PAD = {char: code for code, char in NUMBER_PAD.items()}
NUMBER_PAD_KEYS = {*NUMBER_PAD, 55, 74, 78, 83, 96, 98}
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
def test_a_code_comes_whole_with_or_without_an_end(made: Made, tmp_path, monkeypatch, end):
    monkeypatch.setattr("hardware.scanner.SILENCE_S", 0.1)  # a pty has no virtual time

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
    assert HidDecoder().feed(typed(APP_CODE, PAD)) == HidDecoder().feed(typed(APP_CODE, TOP_ROW)) == APP_CODE


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


def test_closing_forgets_half_a_code(tmp_path, monkeypatch):
    monkeypatch.setattr("hardware.scanner.SILENCE_S", 0.1)

    async def main() -> None:
        with hid(tmp_path) as cable:
            await cable.open()
            cable.send("50000")
            await asyncio.sleep(0.02)
            await cable.scanner.close()
            await asyncio.sleep(0.2)
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
        await asyncio.sleep(2 * SILENCE_S)
        return codes

    for code in run_virtual(main()):
        assert 0 < len(code) <= LONGEST_CODE
        assert code.isascii()
        assert code.isprintable()


@given(st.binary(max_size=400))
def test_any_bytes_of_events_are_survived(data):
    assert all(char.isascii() or char == LOST for char in HidDecoder().feed(data))


def on_us_keyboard(text: str) -> bytes:
    """As a scanner that imitates one types it."""
    plain = {char: code for code, char in CHARACTERS.items() if code not in NUMBER_PAD_KEYS}
    shifted = {shifted: plain[char] for char, shifted in SHIFTED.items()}
    data = b""
    for char in text:
        if char in plain:
            data += key(plain[char], 1) + key(plain[char], 0)
        else:
            code = shifted.get(char) or plain[char.lower()]
            data += key(LEFT_SHIFT, 1) + key(code, 1) + key(code, 0) + key(LEFT_SHIFT, 0)
    return data


def test_every_printable_character_comes_as_it_was_typed():
    text = "".join(map(chr, range(0x20, 0x7F)))
    assert HidDecoder().feed(on_us_keyboard(text)) == text
    assert HidDecoder().feed(on_us_keyboard("]C1" + APP_CODE)) == "]C1" + APP_CODE


def test_ctrl_makes_the_separators_and_ends_that_scanners_type_with_it():
    ctrl = 29
    for code, char in ((27, "\x1d"), (7, "\x1e"), (50, "\r"), (36, "\n"), (82, "")):
        assert HidDecoder().feed(key(ctrl, 1) + key(code, 1) + key(code, 0) + key(ctrl, 0)) == char
    assert HidDecoder().feed(key(ctrl, 1) + key(ctrl, 0) + key(27, 1)) == "]"


def test_characters_by_their_number_with_alt():
    alt, digits = 56, {char: code for code, char in NUMBER_PAD.items()}

    def by_number(number: str) -> bytes:
        typed_digits = b"".join(key(digits[digit], 1) + key(digits[digit], 0) for digit in number)
        return key(alt, 1) + typed_digits + key(alt, 0)

    numbers = [f"{ord(char):03d}" for char in APP_CODE]
    assert HidDecoder().feed(b"".join(map(by_number, numbers))) == APP_CODE
    assert HidDecoder().feed(by_number("") + by_number("0255") + by_number("9999999049")) == ""


def codes_of(*steps: str | float) -> list[str]:
    """What comes of these pieces, with these pauses between them."""

    async def main() -> list[str]:
        codes: list[str] = []
        assembler = CodeAssembler(codes.append)
        for step in steps:
            if isinstance(step, str):
                assembler.feed(step)
            else:
                await asyncio.sleep(step)
        await asyncio.sleep(5)
        return codes

    return run_virtual(main())


EAN = "4006381333931"


def test_a_scanner_that_ends_its_codes_may_pause_in_one():
    assert codes_of(EAN + "\n", 3.0, EAN[:9], 0.5, EAN[9:] + "\n") == [EAN, EAN]


@pytest.mark.parametrize("pause_s", [0.1, 0.3, 0.9])
def test_goods_whose_number_begins_as_an_app_code_stay_goods_when_a_scanner_pauses(pause_s):
    """A British one, without a name of its kind and without an end: nobody is asked to pay."""
    goods = "5000041234567"
    assert codes_of(goods[:10], pause_s, goods[10:]) == [goods]


@pytest.mark.parametrize("damaged", ["\0", "\xb5", "\xff"])
def test_damaged_characters_make_no_shorter_code_of_a_longer_one(damaged):
    """Without their places this would be the app's code, of somebody who stands elsewhere."""
    assert codes_of(APP_CODE[:6] + damaged * 3 + APP_CODE[6:] + "\n") == ["500004???1234"]
    assert codes_of(damaged + APP_CODE, 2.0, APP_CODE) == ["?" + APP_CODE, APP_CODE]
    assert codes_of(damaged * 3, 2.0, APP_CODE) == [APP_CODE], "noise on the line is no code"


def test_half_a_code_whose_end_never_came_is_dropped_and_the_next_silence_ends_one_again():
    assert codes_of(EAN + "\n", 3.0, EAN[:9], 2.0, APP_CODE) == [EAN, APP_CODE]


def test_a_line_end_before_a_code_is_no_end():
    assert codes_of("\n" + APP_CODE, 2.0, "\n" + APP_CODE) == [APP_CODE, APP_CODE]


def test_separators_part_fields_and_frames_leave_no_trace():
    assert codes_of("\x02" + APP_CODE + "\x03") == [APP_CODE]
    assert codes_of("\x1d" + APP_CODE + "\x1d\r\n") == [APP_CODE]
    assert codes_of("500004\x1d1234") == ["500004 1234"]


def test_events_that_the_kernel_dropped_spoil_the_code_they_were_in():
    dropped = EVENT.pack(0, 0, EV_SYN, SYN_DROPPED, 0) + EVENT.pack(0, 0, EV_SYN, SYN_REPORT, 0)
    decoder = HidDecoder()
    text = decoder.feed(on_us_keyboard("00") + dropped + on_us_keyboard("8223281"))
    assert codes_of(text, 2.0, APP_CODE) == [APP_CODE]


def test_a_simulated_scanner_can_pause_in_a_code():
    async def main() -> None:
        scanner, codes = SimulatedScanner(), list[str]()
        await scanner.open(codes.append, lambda _error: None)
        scanner.pauses_after = 9
        scanner.scan(EAN)
        scanner.sends_end = True
        scanner.scan(EAN)
        assert codes == [EAN[:9], EAN[9:], EAN]

    asyncio.run(main())


@pytest.mark.parametrize("driver", [HidScanner, lambda _path: SerialScanner(ScannerSettings(driver="serial"))])
def test_no_path_is_refused_at_once(driver):
    with pytest.raises(ValueError, match="needs device"):
        driver("")
