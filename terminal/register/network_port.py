"""A register that speaks over the network: the terminal listens, one program at a time connects.

Programs come and go between two commands, so a connection that ends is no lost line: the port stays open, and says by
``on_peer`` whether somebody is there. A second program is turned away at once. One whose machine or cable died without
a word frees the port within two seconds: the kernel asks after it every second, without waking this program.

Bytes count as written when the other side's system has them, as on a serial line when they have left the wire.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import ipaddress
import logging
import socket
import struct
import termios
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import cast

from hardware.interfaces import DeviceError, LineSignals, PeerGone
from terminal.system.accept import Acceptor, Limits

log = logging.getLogger(__name__)

WRITE_DEADLINE_S = 5.0
FIRST_LOOK_S, LONGEST_LOOK_S = 0.001, 0.02
DEAD_AFTER_S = 2
LISTENS_ON_S = 1.0
"""A program that has closed its own end, as ``printf ... | nc`` does."""
MOST_REFUSALS_LOGGED = 20
"""Until the port is opened again: whoever scans a network must not fill the log."""
KNOCKING = Limits(connections=4, per_address=4, backlog=4)
"""The register's program, the one that takes its place, and those that are being turned away."""


class NetworkPort:
    """Implements :class:`hardware.interfaces.SerialPort` for one connection at a time."""

    damaged_bytes = 0

    def __init__(self, host: str, port: int, allow: Sequence[str] = ()) -> None:
        """``allow``: addresses and networks that may connect; none: all. Raises ValueError if one is neither."""
        self.on_peer: Callable[[bool], None] = lambda _is_there: None
        self._host = host
        self._port = port
        self._listening_port = 0
        self._allow = [ipaddress.ip_network(one, strict=False) for one in allow]
        self._acceptor: Acceptor | None = None
        self._peer: _Peer | None = None
        self._on_data: Callable[[bytes], None] = lambda _data: None
        self._turn = asyncio.Lock()
        self._refusals = 0

    @property
    def description(self) -> str:
        return f"tcp://{self._shown_host}:{self.port}"

    @property
    def port(self) -> int:
        """The one that it listens on, also where 0 was asked for."""
        return self._listening_port or self._port

    @property
    def _shown_host(self) -> str:
        return f"[{self._host}]" if ":" in self._host else self._host

    async def open(self, on_data: Callable[[bytes], None], on_lost: Callable[[DeviceError], None]) -> None:
        """Listen. ``on_lost`` is never called: there is no line to lose. Raises DeviceError."""
        await self.close()
        self._on_data, self._refusals = on_data, 0
        self.on_peer(False)
        try:
            listener = _listen(self._host, self._port)
        except (OSError, OverflowError) as error:
            raise self._explain(error) from error
        self._listening_port = listener.getsockname()[1]
        self._acceptor = Acceptor(listener, self.description, self._serve, KNOCKING)
        self._acceptor.start()

    async def signals(self) -> LineSignals | None:
        """A network has none."""
        return None

    async def write(self, data: bytes) -> None:
        """Hand all of ``data`` to the register. Raises PeerGone if nobody is there (any more) or nothing is taken."""
        async with self._turn:
            peer = self._peer
            if peer is None:
                raise PeerGone(f"nobody is connected to {self.description}")
            try:
                async with asyncio.timeout(WRITE_DEADLINE_S):
                    await peer.send(data)
            except TimeoutError:
                peer.abort(f"took nothing for {WRITE_DEADLINE_S:g} s")
            if peer.is_gone:
                self.lose(peer, "")
            if peer is not self._peer:
                raise PeerGone(f"the register on {self.description} is gone")

    async def close(self) -> None:
        """Listen no more, and let go of whoever is connected."""
        acceptor, self._acceptor = self._acceptor, None
        self._listening_port = 0
        if acceptor is not None:
            acceptor.close()
        if self._peer is not None:
            self._peer.abort("")
            self._peer = None
        if acceptor is not None:
            await acceptor.hang_up()

    async def _serve(self, connection: socket.socket) -> None:
        peer = _Peer(self)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: peer, connection)
            await peer.gone.wait()
        finally:
            peer.abort("")

    # --- for the connections ------------------------------------------------------------------------------------------

    def admit(self, peer: _Peer) -> bool:
        """Whether it may stay."""
        refused = ""
        if self._acceptor is None:
            return False
        if self._allow and not any(peer.address in network for network in self._allow):
            refused = "it is not in register.allow"
        elif self._peer is not None and not self._peer.has_said_all:
            refused = f"{self._peer.address} is connected"
        if refused:
            self._refusals += 1
            if self._refusals <= MOST_REFUSALS_LOGGED:
                log.warning("%s: turned away %s: %s", self.description, peer.address, refused)
            return False
        if self._peer is not None:
            self._peer.abort("another one takes its place")
        self._peer = peer
        log.info("%s: %s is connected", self.description, peer.address)
        self.on_peer(True)
        return True

    def hear(self, peer: _Peer, data: bytes) -> None:
        if peer is self._peer:
            self._on_data(data)

    def lose(self, peer: _Peer, why: str) -> None:
        if peer is self._peer:
            self._peer = None
            log.info("%s: %s is gone%s", self.description, peer.address, f": {why}" if why else "")
            self.on_peer(False)

    def _explain(self, error: Exception) -> DeviceError:
        match getattr(error, "errno", None):
            case errno.EADDRINUSE:
                text = f"port {self._port} is in use by another program: choose another in register.port"
            case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT:
                text = f"{self._host} is no address of this machine: see `ip address`, and set register.port"
            case errno.EACCES | errno.EPERM:
                text = f"port {self._port} needs root: choose one above 1023 in register.port"
            case _:
                text = f"{error}"
        return DeviceError(f"cannot listen on {self.description}: {text}")


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except BaseException:
        listener.close()
        raise
    return listener


class _Peer(asyncio.Protocol):
    """One connection."""

    def __init__(self, port: NetworkPort) -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None
        self.gone = asyncio.Event()
        self.has_said_all = False
        self.address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.IPv4Address(0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        address = ipaddress.ip_address(transport.get_extra_info("peername")[0].partition("%")[0])
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        self.address = mapped or address
        _find_out_soon(transport.get_extra_info("socket"))
        if not self._port.admit(self):
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._port.hear(self, data)

    def eof_received(self) -> bool:
        """It says no more, and may still listen to the answer, for a moment."""
        self.has_said_all = True
        asyncio.get_running_loop().call_later(LISTENS_ON_S, self.abort, "it said no more")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()
        self._port.lose(self, str(exc) if exc else "")

    def abort(self, why: str) -> None:
        if self._transport is not None:
            self._transport.abort()
        self._port.lose(self, why)

    @property
    def is_gone(self) -> bool:
        return self.gone.is_set() or self._transport is None or self._transport.is_closing()

    async def send(self, data: bytes) -> None:
        """Returns once the other side's system has it, or the connection is gone."""
        assert self._transport is not None
        self._transport.write(data)
        await asyncio.sleep(0)  # a connection that was reset shows only now
        look_s = FIRST_LOOK_S
        while not self.is_gone and self._unacknowledged():
            # The kernel tells nobody when the other side has taken the last byte, so look again.
            with suppress(TimeoutError):
                await asyncio.wait_for(self.gone.wait(), look_s)
            look_s = min(2 * look_s, LONGEST_LOOK_S)

    def _unacknowledged(self) -> int:
        assert self._transport is not None
        if (waiting := self._transport.get_write_buffer_size()) > 0:
            return waiting
        connection = self._transport.get_extra_info("socket")
        try:
            count: int = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]
        except OSError:
            return 0
        return count


def _find_out_soon(connection: socket.socket) -> None:
    """That the other side is gone; and do not gather small pieces."""
    with suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_AFTER_S * 1000)
