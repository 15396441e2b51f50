"""A disk with a volatile write cache, served to qemu over NBD on a Unix socket.

What was written and not flushed is kept, lost or torn by chance when the power is cut (:meth:`VolatileDisk.cut`). The
protocol's facts are from the NBD project's ``proto.md``: fixed newstyle negotiation, simple replies.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import struct
import threading
from pathlib import Path

SECTOR = 512
MOST_UNFLUSHED = 20_000
"""Writes. A disk's cache has an end, too: then it writes by itself."""

_INIT, _OPTION, _REPLY = b"NBDMAGIC", b"IHAVEOPT", 0x3E889045565A9
_REQUEST, _SIMPLE_REPLY = 0x25609513, 0x67446698
_EXPORT_NAME, _ABORT, _INFO, _GO = 1, 2, 6, 7
_ACK, _INFO_REPLY, _UNSUPPORTED = 1, 3, 0x80000001
_FLAGS = 1 | 4 | 8  # has flags, takes FLUSH and FUA
_READ, _WRITE, _DISCONNECT, _FLUSH = 0, 1, 2, 3
_EINVAL = 22


class VolatileDisk:
    """Its own thread and loop; the image file always holds what a disk would hold after the worst allowed loss."""

    def __init__(self, image: Path, address: Path, seed: int) -> None:
        self.kept = self.lost = self.torn = 0
        """Of the writes that were not flushed at the last cut."""
        self._rng = random.Random(seed)
        self._fd = os.open(image, os.O_RDWR)
        self._size = os.fstat(self._fd).st_size
        self._unflushed: list[tuple[int, bytes]] = []
        self._sectors: dict[int, bytes] = {}
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            asyncio.start_unix_server(self._serve, str(address), limit=64 << 20)
        )
        self._thread = threading.Thread(target=self._loop.run_forever, name="volatile-disk", daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """The power goes: qemu is to be dead already."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._flush()
        os.close(self._fd)

    async def _shut(self) -> None:
        self._server.close()
        clients = asyncio.all_tasks() - {asyncio.current_task()}
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        await asyncio.sleep(0)  # their sockets close in the loop's next turn

    async def _cut(self) -> None:
        self.kept = self.lost = self.torn = 0
        for offset, data in self._unflushed:
            dice = self._rng.random()
            if dice < 0.45:
                self.lost += 1
            elif dice < 0.55 and len(data) > SECTOR:
                os.pwrite(self._fd, data[: self._rng.randrange(1, len(data) // SECTOR) * SECTOR], offset)
                self.torn += 1
            else:
                os.pwrite(self._fd, data, offset)
                self.kept += 1
        self._unflushed.clear()
        self._sectors.clear()

    def _flush(self) -> None:
        for offset, data in self._unflushed:
            os.pwrite(self._fd, data, offset)
        self._unflushed.clear()
        self._sectors.clear()

    def _read(self, offset: int, size: int) -> bytes:
        data = bytearray(os.pread(self._fd, size, offset))
        if self._sectors:
            for sector in range(offset // SECTOR, (offset + size - 1) // SECTOR + 1):
                if sector in self._sectors:
                    data[sector * SECTOR - offset : (sector + 1) * SECTOR - offset] = self._sectors[sector]
        return bytes(data)

    def _write(self, offset: int, data: bytes) -> None:
        self._unflushed.append((offset, data))
        for start in range(0, len(data), SECTOR):
            self._sectors[(offset + start) // SECTOR] = data[start : start + SECTOR]
        if len(self._unflushed) > MOST_UNFLUSHED:
            self._flush()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                if await self._negotiate(reader, writer):
                    await self._answer(reader, writer)
        finally:
            writer.close()

    async def _negotiate(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(_INIT + _OPTION + struct.pack(">H", 3))
        await reader.readexactly(4)
        while True:
            _, option, length = struct.unpack(">8sII", await reader.readexactly(16))
            await reader.readexactly(length)

            def reply(kind: int, body: bytes = b"", option: int = option) -> None:
                writer.write(struct.pack(">QIII", _REPLY, option, kind, len(body)) + body)

            if option == _EXPORT_NAME:
                writer.write(struct.pack(">QH", self._size, _FLAGS))
                return True
            if option in (_INFO, _GO):
                reply(_INFO_REPLY, struct.pack(">HQH", 0, self._size, _FLAGS))
                reply(_INFO_REPLY, struct.pack(">HIII", 3, SECTOR, 4096, 32 << 20))  # block sizes
                reply(_ACK)
                if option == _GO:
                    return True
            elif option == _ABORT:
                reply(_ACK)
                return False
            else:
                reply(_UNSUPPORTED)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            magic, flags, kind, handle, offset, size = struct.unpack(">IHHQQI", await reader.readexactly(28))
            if magic != _REQUEST or kind == _DISCONNECT:
                return
            body, error = b"", 0
            if kind == _READ:
                body = self._read(offset, size)
            elif kind == _WRITE:
                self._write(offset, await reader.readexactly(size))
                if flags & 1:  # FUA
                    self._flush()
            elif kind == _FLUSH:
                self._flush()
            else:
                error = _EINVAL
            writer.write(struct.pack(">IIQ", _SIMPLE_REPLY, error, handle) + body)
            await writer.drain()
