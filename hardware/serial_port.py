"""The register's serial line: pyserial opens and configures it, the event loop reads and writes the descriptor.

The kernel marks bytes that arrive damaged (PARMRK). They are counted and passed on as NUL, which no protocol reads as a
digit. Bytes count as written when they have left the machine, so a line that flow control holds back is noticed.

Why not pyserial-asyncio: it sleeps on the loop in close() and can miss an unplugged adapter. Why not a reading thread:
it cannot be interrupted in read(). How the kernel reports a lost line: read() gives EIO or end of file, write() EIO.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import logging
import os
import struct
import termios
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from hardware.interfaces import DeviceError, LineSignals
from hardware.settings import SerialSettings
from hardware.worker import Worker

if TYPE_CHECKING:
    import serial

log = logging.getLogger(__name__)

READ_CHUNK_BYTES = 4096
"""One turn of the loop reads no more, so a babbling register cannot starve the rest."""
OPEN_DEADLINE_S = 5.0
CLOSE_DEADLINE_S = 1.0
DRAIN_DEADLINE_S = 0.5
SHORTEST_LOOK_S = 0.002
SIGNALS_DEADLINE_S = 1.0
WRITE_DEADLINE_S = 5.0
"""Plus the time the bytes need on the wire; a line stuck in flow control ends here."""


class TtySerialPort:
    """A tty: USB adapter, UART or pseudo-terminal. Reopening after ``on_lost`` is for the caller to decide."""

    def __init__(self, settings: SerialSettings, *, write_deadline_s: float = WRITE_DEADLINE_S) -> None:
        self.on_peer: Callable[[bool], None] = lambda _is_there: None
        self._settings = settings
        self._write_deadline_s = write_deadline_s
        self._port: serial.Serial | None = None
        self._fd = -1
        self._on_data: Callable[[bytes], None] = lambda _data: None
        self._on_lost: Callable[[DeviceError], None] = lambda _error: None
        self._writable: asyncio.Future[None] | None = None
        self._turn = asyncio.Lock()
        self._marks = DamageMarks()
        self._breaks_before = 0
        """What the driver had counted when the port was opened."""

    @property
    def damaged_bytes(self) -> int:
        """See :class:`hardware.interfaces.SerialPort`."""
        return self._marks.count

    @property
    def description(self) -> str:
        s = self._settings
        return f"serial port {s.port}, {s.baudrate} baud, {s.bytesize}{s.parity}{s.stopbits}"

    @property
    def is_open(self) -> bool:
        return self._fd >= 0

    async def open(self, on_data: Callable[[bytes], None], on_lost: Callable[[DeviceError], None]) -> None:
        """Open exclusively and start reading; see :class:`hardware.interfaces.SerialPort`. Raises DeviceError."""
        await self.close()
        worker = Worker("serial open")
        try:
            port = await worker.call(lambda: open_tty(self._settings), deadline_s=OPEN_DEADLINE_S, dispose=close_tty)
        except TimeoutError:
            raise DeviceError(
                f"{self._settings.port} did not open within {OPEN_DEADLINE_S:g} s: pull its adapter out and plug it in"
            ) from None
        finally:
            worker.stop()
        self._port, self._fd = port, port.fileno()
        self._marks = DamageMarks(self._marks.count)
        self._breaks_before = _breaks_counted(self._fd)
        self._on_data, self._on_lost = on_data, on_lost
        asyncio.get_running_loop().add_reader(self._fd, self._read)

    async def signals(self) -> LineSignals | None:
        """See :class:`hardware.interfaces.SerialPort`. An adapter is asked over USB, which may hang."""
        fd, breaks_before = self._fd, self._breaks_before
        if fd < 0:
            return None
        worker = Worker("serial signals")
        try:
            return await worker.call(lambda: _read_signals(fd, breaks_before), deadline_s=SIGNALS_DEADLINE_S)
        except (TimeoutError, OSError):  # a pseudo-terminal has no such lines
            return None
        finally:
            worker.stop()

    async def write(self, data: bytes) -> None:
        """Hand all of ``data`` to the system; one caller after another. Raises DeviceError, see the interface."""
        async with self._turn:
            wire_s = len(data) * 12 / self._settings.baudrate
            deadline_s = self._write_deadline_s + wire_s
            try:
                async with asyncio.timeout(deadline_s):
                    await self._write_all(memoryview(data))
                    await self._until_sent(wire_s)
            except TimeoutError:
                with contextlib.suppress(OSError, termios.error):  # or it would leave when nobody waits for it
                    termios.tcflush(self._fd, termios.TCOFLUSH)
                raise DeviceError(
                    f"{self._settings.port} took no more bytes for {deadline_s:.0f} s: "
                    "check the cable and that the register's flow control matches [register]"
                ) from None

    async def close(self) -> None:
        """Stop reading and let go of the port. The last bytes written get a moment to leave, but no more."""
        port = self._detach()
        if port is None:
            return
        worker = Worker("serial close")
        with contextlib.suppress(TimeoutError, OSError):
            await worker.call(lambda: close_tty(port), deadline_s=CLOSE_DEADLINE_S)
        worker.stop()

    def _detach(self) -> serial.Serial | None:
        """Take the descriptor off the loop; whoever waits to write is told that the line is gone."""
        port, fd = self._port, self._fd
        self._port, self._fd = None, -1
        if port is None:
            return None
        loop = asyncio.get_running_loop()
        loop.remove_reader(fd)
        loop.remove_writer(fd)
        if self._writable is not None and not self._writable.done():
            self._writable.set_exception(self._gone())
        return port

    def _read(self) -> None:
        try:
            data = os.read(self._fd, READ_CHUNK_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(error)
            return
        if not data:
            self._lose(OSError(errno.EIO, "hang-up"))
            return
        before = self._marks.count
        data = self._marks.feed(data)
        if len(str(self._marks.count)) > len(str(before)) or (self._marks.count and not before):
            log.warning(
                "%s: %d bytes came damaged so far: check baud rate, parity and stop bits in [register], then the cable",
                self._settings.port,
                self._marks.count,
            )
        if data:
            self._on_data(data)

    async def _write_all(self, data: memoryview) -> None:
        while data:
            if self._fd < 0:
                raise self._gone()
            try:
                sent = os.write(self._fd, data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                raise self._lose(error) from error
            data = data[sent:]
            if data:
                await self._until_writable()

    async def _until_sent(self, wire_s: float) -> None:
        """Until the kernel has handed the last byte to the wire; a write alone only fills its buffer."""
        while self._fd >= 0:
            try:
                waiting = unsent_bytes(self._fd)
            except OSError as error:
                raise self._lose(error) from error
            if not waiting:
                return
            # The kernel tells nobody when its buffer is empty, so look again when it should be.
            await asyncio.sleep(max(SHORTEST_LOOK_S, min(wire_s, waiting * 12 / self._settings.baudrate)))
        raise self._gone()

    async def _until_writable(self) -> None:
        loop, fd = asyncio.get_running_loop(), self._fd
        self._writable = loop.create_future()
        loop.add_writer(fd, _wake, self._writable)
        try:
            await self._writable
        finally:
            self._writable = None
            if self._fd == fd:
                loop.remove_writer(fd)

    def _lose(self, cause: OSError) -> DeviceError:
        """The line is gone: close, and tell the owner once."""
        error = self._gone()
        error.__cause__ = cause
        port = self._detach()
        if port is not None:
            worker = Worker("serial close")
            worker.post(lambda: close_tty(port))
            worker.stop()
            self._on_lost(error)
        return error

    def _gone(self) -> DeviceError:
        return DeviceError(f"{self._settings.port} is closed or was unplugged: check the register's cable and adapter")


class DamageMarks:
    """Pure: takes the kernel's marks out of what was read, termios(3): FF 00 x is a damaged x, FF FF a whole FF."""

    def __init__(self, count: int = 0) -> None:
        self.count = count
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """The bytes as they were sent, NUL for each damaged one; a mark may come in parts."""
        data = self._held + data
        self._held = b""
        if 0xFF not in data:
            return data
        sent = bytearray()
        at = 0
        while at < len(data):
            if data[at] != 0xFF:
                sent.append(data[at])
                at += 1
            elif data[at + 1 : at + 2] == b"\xff":
                sent.append(0xFF)
                at += 2
            elif data[at + 1 : at + 2] == b"\0" and at + 2 < len(data):
                sent.append(0)
                self.count += 1
                at += 3
            elif at + 2 < len(data) or data[at + 1 : at + 2] not in (b"", b"\0"):
                sent.append(0xFF)  # no mark: a driver that does not make them
                at += 1
            else:
                self._held = data[at:]
                break
        return bytes(sent)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def open_tty(settings: SerialSettings) -> serial.Serial:
    """Open a serial line for this program alone, raw, configured and non-blocking. Blocks; raises DeviceError."""
    import serial  # noqa: PLC0415

    port = serial.Serial()  # not yet opened: a path given here would open at once
    port.port = settings.port
    port.baudrate = settings.baudrate
    port.bytesize = settings.bytesize
    port.parity = settings.parity
    port.stopbits = settings.stopbits
    port.rtscts, port.xonxoff = settings.rtscts, settings.xonxoff
    port.timeout = 0
    port.exclusive = True  # flock: keeps out programs that ask, such as another pyserial
    try:
        port.open()
        _prepare(port.fileno())
    except (OSError, ValueError, termios.error) as error:  # SerialException is an OSError
        port.close()
        raise _explain(error, settings) from error
    return port


def _prepare(fd: int) -> None:
    os.set_blocking(fd, False)
    if not _is_pseudo_terminal(fd):
        fcntl.ioctl(fd, termios.TIOCEXCL)  # keeps out programs that do not ask, such as cat or a login shell
    # pyserial sets VMIN 0, under which "nothing yet" and "hung up" both read as no bytes.
    attributes = termios.tcgetattr(fd)
    attributes[6][termios.VMIN] = 1
    attributes[0] = attributes[0] & ~(termios.IGNPAR | termios.ISTRIP) | termios.INPCK | termios.PARMRK
    termios.tcsetattr(fd, termios.TCSANOW, attributes)


def _is_pseudo_terminal(fd: int) -> bool:
    """One keeps the exclusive flag beyond the process that set it, and would lock out that process's next start."""
    return os.ttyname(fd).startswith("/dev/pts/")


def close_tty(port: serial.Serial) -> None:
    """Let go of it. Blocks for up to half a second, so that the last answer can leave."""
    with contextlib.suppress(OSError, termios.error):
        fd = port.fileno()
        deadline_s = time.monotonic() + DRAIN_DEADLINE_S
        while (stuck := unsent_bytes(fd)) and time.monotonic() < deadline_s:
            time.sleep(0.01)
        if stuck:  # the kernel itself would wait for 30 s if the other side holds us back by flow control
            termios.tcflush(fd, termios.TCOFLUSH)
    port.close()


def unsent_bytes(fd: int) -> int:
    """What the kernel still holds for the line."""
    count: int = struct.unpack("i", fcntl.ioctl(fd, termios.TIOCOUTQ, b"\0" * 4))[0]
    return count


def _read_signals(fd: int, breaks_before: int) -> LineSignals:
    """Blocks; raises OSError."""
    bits: int = struct.unpack("i", fcntl.ioctl(fd, termios.TIOCMGET, b"\0" * 4))[0]
    return signals_of(bits, _breaks_counted(fd) - breaks_before)


def signals_of(bits: int, breaks: int) -> LineSignals:
    """Pure: of the bits that TIOCMGET answers, ioctl_tty(2)."""
    return LineSignals(
        cts=bool(bits & termios.TIOCM_CTS),
        dsr=bool(bits & termios.TIOCM_DSR),
        dcd=bool(bits & termios.TIOCM_CAR),
        breaks=max(0, breaks),
    )


ICOUNT = struct.Struct("20i")
"""struct serial_icounter_struct, linux/serial.h: cts, dsr, rng, dcd, rx, tx, frame, overrun, parity, brk, ..."""
ICOUNT_BREAKS = 9


def _breaks_counted(fd: int) -> int:
    """Since the driver has the line; 0 if it does not count. In its memory: asks no adapter."""
    try:
        counters = ICOUNT.unpack(fcntl.ioctl(fd, termios.TIOCGICOUNT, b"\0" * ICOUNT.size))
    except OSError:
        return 0
    return int(counters[ICOUNT_BREAKS])


def _error_number(error: BaseException | None) -> int | None:
    """pyserial wraps termios.error, which is no OSError, into an OSError without a number."""
    while error is not None:
        number = getattr(error, "errno", None) or (error.args[0] if error.args else None)
        if isinstance(number, int):
            return number
        error = error.__context__
    return None


def _explain(error: Exception, settings: SerialSettings) -> DeviceError:
    path = settings.port
    match _error_number(error):
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            names = "`ls /dev/serial/by-id` shows the names that stay the same"
            text = f"there is no {path}: plug in the adapter; {names}; by-path those of adapters without serial number"
        case errno.EACCES | errno.EPERM:
            text = f"no permission to open {path}: add this user to the group dialout (sudo usermod -aG dialout USER)"
        case errno.EAGAIN | errno.EBUSY:
            text = (
                f"{path} is in use by another program: stop it (fuser {path} names it), or a login shell on that port"
            )
        case errno.ENOTTY:
            text = f"{path} is not a serial port"
        case errno.EINVAL:
            text = f"{path} cannot do {settings.baudrate} baud, {settings.bytesize}{settings.parity}{settings.stopbits}"
        case _:
            text = f"{path} cannot be opened: {error}"
    return DeviceError(text)
