"""What goes through the terminal in the middle of a line, over pseudo-terminals and the real serial driver."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from hardware.interfaces import DeviceError
from hardware.serial_port import TtySerialPort
from hardware.settings import SerialSettings
from terminal.register.taps.passthrough import PassthroughPort
from tests.patience import at_most

DEADLINE_S = 5.0


class Wire:
    """A pseudo-terminal: its far end is the register or the device."""

    def __init__(self) -> None:
        self._far, self._near = os.openpty()
        tty.setraw(self._near)
        os.set_blocking(self._far, False)
        self.path = os.ttyname(self._near)

    def send(self, data: bytes) -> None:
        assert os.write(self._far, data) == len(data)

    async def hear(self, count: int) -> bytes:
        """Exactly so many bytes."""
        heard = b""
        async with asyncio.timeout(at_most(DEADLINE_S)):
            while len(heard) < count:
                try:
                    heard += os.read(self._far, count - len(heard))
                except BlockingIOError:
                    await self._readable()
        return heard

    async def hear_some(self) -> bytes:
        """Whatever comes next."""
        while True:
            try:
                return os.read(self._far, 4096)
            except BlockingIOError:
                await self._readable()

    async def _readable(self) -> None:
        readable = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._far, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self._far)

    def is_silent(self) -> bool:
        try:
            return not os.read(self._far, 1)
        except BlockingIOError:
            return True

    def pull(self) -> None:
        os.close(self._near)
        os.close(self._far)


class Middle:
    """A terminal between two wires."""

    def __init__(self) -> None:
        self.register, self.device = Wire(), Wire()
        self.port = PassthroughPort(*(TtySerialPort(SerialSettings(port=w.path)) for w in (self.register, self.device)))
        self.read = bytearray()
        self.lost: list[DeviceError] = []


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(at_most(DEADLINE_S)):
        while not condition():  # noqa: ASYNC110  neither pty nor port has an event for it
            await asyncio.sleep(0)


@asynccontextmanager
async def middle() -> AsyncIterator[Middle]:
    between = Middle()
    await between.port.open(between.read.extend, between.lost.append)
    assert between.port.has_device
    yield between
    await between.port.close()


def test_every_byte_goes_through_both_ways_and_the_tap_reads_the_registers() -> None:
    data = bytes(range(256)) * 20

    async def scenario() -> None:
        async with middle() as between:
            for start in range(0, len(data), 512):
                between.register.send(data[start : start + 512])
                assert await between.device.hear(512) == data[start : start + 512]
            assert bytes(between.read) == data
            between.device.send(b"\x12\x16")
            assert await between.register.hear(2) == b"\x12\x16"
            await between.port.write(b"own")
            assert await between.register.hear(3) == b"own"
            assert bytes(between.read) == data

    asyncio.run(scenario())


def test_while_the_device_is_borrowed_the_register_waits_and_loses_nothing() -> None:
    async def scenario() -> None:
        async with middle() as between:
            answers = bytearray()
            async with between.port.borrow_device(answers.extend) as device:
                between.register.send(b"register")
                await device.write(b"ours")
                assert await between.device.hear(4) == b"ours"
                between.device.send(b"\x12")
                await until(lambda: bool(answers) and len(between.read) == 8)
                assert between.device.is_silent()
            assert await between.device.hear(8) == b"register"
            assert answers == b"\x12"
            assert between.register.is_silent()

    asyncio.run(scenario())


def test_a_tap_reads_without_its_device() -> None:
    async def scenario() -> None:
        register = Wire()
        nothing = TtySerialPort(SerialSettings(port="/dev/no-such-device"))
        port = PassthroughPort(TtySerialPort(SerialSettings(port=register.path)), nothing)
        read, arrived = bytearray(), asyncio.Event()

        def receive(data: bytes) -> None:
            read.extend(data)
            arrived.set()

        await port.open(receive, lambda _error: None)
        register.send(b"SAMTALS")
        await asyncio.wait_for(arrived.wait(), at_most(DEADLINE_S))
        assert read == b"SAMTALS"
        await port.close()

    asyncio.run(scenario())


def test_a_device_that_is_pulled_out_leaves_the_register_alone() -> None:
    async def scenario() -> None:
        async with middle() as between:
            between.device.pull()
            await until(lambda: not between.port.has_device)
            between.register.send(b"SAMTALS")
            await until(lambda: len(between.read) == 7)
            assert between.lost == []

    asyncio.run(scenario())


def test_a_register_that_is_pulled_out_is_reported() -> None:
    async def scenario() -> None:
        async with middle() as between:
            between.register.pull()
            await until(lambda: len(between.lost) == 1)

    asyncio.run(scenario())


def test_without_its_cable_the_register_is_not_there() -> None:
    async def scenario() -> None:
        port = PassthroughPort(*(TtySerialPort(SerialSettings(port=f"/dev/no-such-{n}")) for n in "ab"))
        with pytest.raises(DeviceError, match="/dev/no-such-a"):
            await port.open(lambda _data: None, lambda _error: None)
        await port.close()

    asyncio.run(scenario())
