"""A tap in the middle of a line: the register's bytes go on to the real device, and the device's bytes come back.

    register ===[ register port ]=== terminal ===[ device port ]=== customer display or printer

Bytes are carried unchanged and in order, each chunk as soon as it has been read. So a chunk is late by no more than its
own time on the second wire. The device may be missing: the tap still reads, and looks for the device in the background.
Bytes for a missing device are lost, as on a cable that is unplugged.

While :meth:`PassthroughPort.borrow_device` is in force, the device belongs to the borrower: the register's bytes wait,
in order, and the device's bytes go to the borrower.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from hardware.interfaces import DeviceError, LineSignals, SerialPort
from terminal.system.retrying import Pauses

log = logging.getLogger(__name__)

MOST_WAITING_BYTES = 256 * 1024
"""For a device that is stuck or borrowed: far more than a receipt. Beyond it the cable counts as off."""
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0


class _Pump:
    """Writes whatever it is given, in order, one write at a time."""

    def __init__(self, name: str, write: Callable[[bytes], Awaitable[None]]) -> None:
        self._name = name
        self._write = write
        self._waiting = bytearray()
        self._stirred = asyncio.Event()
        self.turn = asyncio.Lock()
        """Held during a write; whoever else holds it keeps the bytes waiting."""

    def put(self, data: bytes) -> None:
        if len(self._waiting) + len(data) > MOST_WAITING_BYTES:
            log.error("%s takes nothing: %d bytes were lost", self._name, len(data))
            return
        self._waiting += data
        self._stirred.set()

    def clear(self) -> None:
        self._waiting.clear()

    async def run(self) -> None:
        """Until a write fails; raises DeviceError."""
        while True:
            await self._stirred.wait()
            async with self.turn:
                self._stirred.clear()
                data = bytes(self._waiting)
                self._waiting.clear()
                if data:
                    await self._write(data)


class PassthroughPort:
    """Implements :class:`hardware.interfaces.SerialPort` towards the register."""

    def __init__(self, register: SerialPort, device: SerialPort) -> None:
        self.on_peer: Callable[[bool], None] = lambda _is_there: None
        self.on_register_data: Callable[[bytes], object] = lambda _data: None
        """For one more that wants to know what the register sends."""
        self._register = register
        self._device = device
        self._to_device = _Pump(device.description, device.write)
        self._to_register = _Pump(register.description, register.write)
        self._borrower: Callable[[bytes], None] | None = None
        self.has_device = False
        """The device is there; what comes from the register reaches it."""
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def description(self) -> str:
        return f"{self._register.description}, passed on to {self._device.description}"

    @property
    def damaged_bytes(self) -> int:
        """Of what the register says."""
        return self._register.damaged_bytes

    async def signals(self) -> LineSignals | None:
        """Of the register's side."""
        return await self._register.signals()

    async def open(self, on_data: Callable[[bytes], None], on_lost: Callable[[DeviceError], None]) -> None:
        """The device, if it is there, and then the register's side, which raises DeviceError if it is not."""
        await self.close()

        def receive(data: bytes) -> None:
            if self.has_device:
                self._to_device.put(data)
            self.on_register_data(data)
            on_data(data)

        tried = asyncio.Event()  # the device first, or it would miss the register's first bytes
        self._tasks = [
            asyncio.create_task(self._keep_device(tried), name="passthrough device"),
            asyncio.create_task(self._answer_register(), name="passthrough answers"),
        ]
        await tried.wait()
        await self._register.open(receive, on_lost)

    async def write(self, data: bytes) -> None:
        """The terminal's own words to the register."""
        await self._register.write(data)

    async def close(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._to_register.clear()
        await self._register.close()

    @asynccontextmanager
    async def borrow_device(self, on_data: Callable[[bytes], None]) -> AsyncIterator[SerialPort]:
        """The open device, between two writes of the register; one borrower at a time. Raises DeviceError."""
        async with self._to_device.turn:
            if not self.has_device:
                raise DeviceError(f"{self._device.description} is not there: check its cable and that it is on")
            self._borrower = on_data
            try:
                yield self._device
            finally:
                self._borrower = None

    def _hear_device(self, data: bytes) -> None:
        if self._borrower is not None:
            self._borrower(data)
        else:
            self._to_register.put(data)

    async def _answer_register(self) -> None:
        try:
            await self._to_register.run()
        except DeviceError as error:
            log.warning("the register does not hear the device: %s", error)  # its port tells the link itself

    async def _keep_device(self, tried: asyncio.Event) -> None:
        """Look for it, pass on to it, and look for it again when it is lost."""
        pauses = Pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        while True:
            lost: asyncio.Future[DeviceError] = asyncio.get_running_loop().create_future()
            try:
                await self._device.open(self._hear_device, partial(_lose, lost))
                self.has_device = True
                pauses.reset()
                tried.set()
                await self._pass_on_until(lost)
            except DeviceError as error:
                log.warning("nothing is passed on: %s", error)
            finally:
                self.has_device = False
                self._to_device.clear()
                await self._device.close()
            tried.set()
            await pauses.wait()

    async def _pass_on_until(self, lost: asyncio.Future[DeviceError]) -> None:
        """Raises DeviceError once the device is lost."""
        writing = asyncio.create_task(self._to_device.run())
        try:
            waited_for: set[asyncio.Future[Any]] = {writing, lost}
            await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
            if lost.done():
                raise lost.result()
            await writing
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)


def _lose(lost: asyncio.Future[DeviceError], error: DeviceError) -> None:
    if not lost.done():
        lost.set_result(error)
