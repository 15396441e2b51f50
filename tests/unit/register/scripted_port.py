"""A serial port in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hardware.interfaces import DeviceError, LineSignals


class ScriptedPort:
    """A serial port in memory that keeps the promises of the interface and can be told to break them off."""

    description = "a port in memory"
    damaged_bytes = 0
    line_signals: LineSignals | None = None

    def __init__(self) -> None:
        self.on_peer: Callable[[bool], None] = lambda _is_there: None
        self.wire = b""
        self.opened_s: list[float] = []
        self.open_errors: list[Exception] = []
        self.write_errors: list[Exception] = []
        self.first_bytes = b""
        self.write_takes_s = 0.0
        self.is_open = False
        self.writing = False
        self._on_data: Callable[[bytes], None] = lambda _data: None
        self._on_lost: Callable[[DeviceError], None] = lambda _error: None
        self._changed = asyncio.Event()

    async def open(self, on_data: Callable[[bytes], None], on_lost: Callable[[DeviceError], None]) -> None:
        assert not self.is_open, "opened twice"
        self.opened_s.append(asyncio.get_running_loop().time())
        self._changed.set()
        if self.open_errors:
            raise self.open_errors.pop(0)
        self.is_open, self._on_data, self._on_lost = True, on_data, on_lost
        if self.first_bytes:
            on_data(self.first_bytes)

    async def signals(self) -> LineSignals | None:
        return self.line_signals

    async def write(self, data: bytes) -> None:
        assert self.is_open, "written to while closed"
        assert not self.writing, "two writes at once"
        self.writing = True
        try:
            await asyncio.sleep(self.write_takes_s)
            if self.write_errors:
                self.wire += data[: len(data) // 2]
                raise self.write_errors.pop(0)
            self.wire += data
        finally:
            self.writing = False
            self._changed.set()

    async def close(self) -> None:
        self.is_open = False

    def receive(self, data: bytes) -> None:
        self._on_data(data)

    def unplug(self, reason: str = "unplugged") -> None:
        self.is_open = False
        self._on_lost(DeviceError(reason))

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until ``condition`` holds; looked at after every open and write."""
        async with asyncio.timeout(600):
            while not condition():
                self._changed.clear()
                await self._changed.wait()
