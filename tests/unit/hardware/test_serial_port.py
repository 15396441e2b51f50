"""The real serial driver on real pseudo-terminals."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import termios
import tty
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware import serial_port
from hardware.interfaces import DeviceError
from hardware.serial_port import READ_CHUNK_BYTES, DamageMarks, TtySerialPort
from hardware.settings import SerialSettings
from tests.patience import at_most


class Line:
    """A port in use, the far end of its cable, and what arrived."""

    def __init__(self, **settings: object) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)
        self.settings = SerialSettings(port=self.path, **settings)  # type: ignore[arg-type]
        self.port = TtySerialPort(self.settings, write_deadline_s=0.2)
        self.chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self.lost: asyncio.Queue[DeviceError] = asyncio.Queue()

    async def open(self) -> None:
        await self.port.open(self.chunks.put_nowait, self.lost.put_nowait)

    def unplug(self) -> None:
        if self.master >= 0:
            os.close(self.slave)
            os.close(self.master)
            self.master = -1


@contextlib.asynccontextmanager
async def line(**settings: object) -> AsyncIterator[Line]:
    made = Line(**settings)
    async with asyncio.timeout(at_most(10)):
        await made.open()
        try:
            yield made
        finally:
            await made.port.close()
            made.unplug()


def test_a_flood_arrives_whole_in_bounded_pieces():
    async def main() -> None:
        async with line() as a:
            flood, received = os.urandom(200_000), b""
            sender = asyncio.create_task(asyncio.to_thread(send_all, a.master, flood))
            while len(received) < len(flood):
                chunk = await a.chunks.get()
                assert len(chunk) <= READ_CHUNK_BYTES
                received += chunk
            await sender
            assert received == flood

    asyncio.run(main())


def send_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def test_the_line_is_framed_as_the_settings_say():
    async def main() -> None:
        async with line(baudrate=19_200, bytesize=7, parity="E", stopbits=2, rtscts=True, xonxoff=True) as a:
            iflag, oflag, cflag, lflag, ispeed, _ospeed, cc = termios.tcgetattr(a.slave)
            assert ispeed == termios.B19200
            assert cflag & termios.CSTOPB
            assert cflag & termios.CRTSCTS
            assert iflag & termios.IXON
            assert not oflag & termios.OPOST
            assert not lflag & (termios.ECHO | termios.ICANON | termios.ISIG)
            assert cc[termios.VMIN] == 1
            assert a.port.description == f"serial port {a.path}, 19200 baud, 7E2"

    asyncio.run(main())


def test_unplugging_wakes_a_writer_that_waits():
    async def main() -> None:
        async with line() as a:
            writer = asyncio.create_task(a.port.write(b"x" * 1_000_000))
            await asyncio.sleep(0)  # it writes what the pty takes, and waits
            a.unplug()
            with pytest.raises(DeviceError, match="unplugged"):
                await writer

    asyncio.run(main())


def test_a_line_that_takes_nothing_ends_the_write_in_time():
    async def main() -> None:
        async with line(baudrate=921_600) as a:
            with pytest.raises(DeviceError, match="flow control"):
                await a.port.write(b"x" * 20_000)
            await a.port.write(b"") if os.read(a.master, 65536) else None

    asyncio.run(main())


def test_writers_take_turns():
    async def main() -> None:
        async with line() as a:
            first, second = b"a" * 30_000, b"b" * 30_000
            reader = asyncio.create_task(asyncio.to_thread(read_all, a.master, 60_000))
            await asyncio.gather(a.port.write(first), a.port.write(second))
            assert await reader == first + second

    asyncio.run(main())


def read_all(fd: int, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += os.read(fd, 4096)
    return data


def test_close_does_not_block_and_leaves_the_port_free_for_others():
    async def main() -> None:
        async with line() as a:
            await a.port.close()
            await a.port.close()
            os.close(os.open(a.path, os.O_RDWR | os.O_NOCTTY))
            await a.open()
            os.write(a.master, b"again")
            assert await a.chunks.get() == b"again"

    asyncio.run(main())


def test_a_missing_port_names_the_folder_to_look_in(tmp_path):
    async def main() -> None:
        with pytest.raises(DeviceError, match="ls /dev/serial/by-id"):
            await TtySerialPort(SerialSettings(port=str(tmp_path / "ttyUSB0"))).open(print, print)

    asyncio.run(main())


def test_something_that_is_no_serial_port_is_named(tmp_path):
    path = tmp_path / "file"
    path.touch()

    async def main() -> None:
        with pytest.raises(DeviceError, match="not a serial port"):
            await TtySerialPort(SerialSettings(port=str(path))).open(print, print)

    asyncio.run(main())


def test_a_forbidden_port_names_the_group():
    from hardware.serial_port import _explain  # noqa: PLC0415

    error = _explain(PermissionError(13, "Permission denied"), SerialSettings(port="/dev/ttyUSB0"))
    assert "group dialout" in str(error)


WHOLE, DAMAGED = True, False


def marked(sent: list[tuple[int, bool]]) -> bytes:
    """What the kernel makes of bytes, whole and damaged: termios(3), PARMRK."""
    whole = (bytes([byte]) if byte != 0xFF else b"\xff\xff" for byte, _ in sent)
    return b"".join(
        plain if is_whole else b"\xff\x00" + bytes([byte]) for (byte, is_whole), plain in zip(sent, whole, strict=True)
    )


@given(
    st.lists(st.tuples(st.integers(0, 255) | st.sampled_from([0, 0xFF]), st.booleans())),
    st.lists(st.integers(1, 3)),
)
def test_damage_is_counted_and_nothing_else_is_touched(sent, sizes):
    data, marks, got = marked(sent), DamageMarks(), b""
    for size in [*sizes, len(data)]:
        got, data = got + marks.feed(data[:size]), data[size:]
    assert got == bytes(byte if is_whole else 0 for byte, is_whole in sent)
    assert marks.count == sum(not is_whole for _, is_whole in sent)


@given(st.lists(st.binary(max_size=20)))
def test_bytes_without_any_sense_are_survived_and_held_back_by_no_more_than_a_mark(chunks):
    marks = DamageMarks()
    for chunk in chunks:
        marks.feed(chunk)
    assert len(marks._held) <= 2


def test_marks_are_asked_of_the_kernel_and_a_real_line_delivers_255_once():
    async def main() -> None:
        async with line() as a:
            assert termios.tcgetattr(a.slave)[0] & termios.PARMRK
            os.write(a.master, b"\xff\x00A\xff")
            assert await a.chunks.get() == b"\xff\x00A\xff"
            assert a.port.damaged_bytes == 0

    asyncio.run(main())


def test_written_means_that_the_bytes_have_left(monkeypatch):
    waiting = [3, 2, 0]
    monkeypatch.setattr(serial_port, "unsent_bytes", lambda _fd: waiting.pop(0) if len(waiting) > 1 else waiting[0])

    async def main() -> None:
        async with line() as a:
            await a.port.write(b"OK")
            assert waiting == [0]

    asyncio.run(main())


def test_line_that_holds_the_answer_back_is_noticed(monkeypatch):
    async def main() -> None:
        async with line() as a:
            with monkeypatch.context() as patch:
                patch.setattr(serial_port, "unsent_bytes", lambda _fd: 2)  # CTS stays off: nothing leaves
                with pytest.raises(DeviceError, match="flow control"):
                    await a.port.write(b"OK")

    asyncio.run(main())
