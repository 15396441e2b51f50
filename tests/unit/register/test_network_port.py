"""A port on the network over real sockets on loopback: one register at a time, and whoever is gone frees it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hardware.interfaces import DeviceError, PeerGone
from hardware.settings import network_address
from terminal.register import network_port
from terminal.register.network_port import NetworkPort
from tests.each import each_of

TIMEOUT_S = 10.0
LOCAL = "127.0.0.1"


class Bench:
    """A port that listens, and what it says."""

    def __init__(self, port: NetworkPort) -> None:
        self.port = port
        self.heard = bytearray()
        self.peers: list[bool] = []
        self.stirred = asyncio.Event()
        port.on_peer = self._peer

    def _peer(self, is_there: bool) -> None:
        self.peers.append(is_there)
        self.stirred.set()

    def hear(self, data: bytes) -> None:
        self.heard += data
        self.stirred.set()

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            self.stirred.clear()
            await self.stirred.wait()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(LOCAL, self.port.port)


def on_a_bench(scenario: Callable[[Bench], Awaitable[None]], **options: Any) -> Bench:
    async def run() -> Bench:
        bench = Bench(NetworkPort(LOCAL, 0, **options))
        async with asyncio.timeout(TIMEOUT_S):
            await bench.port.open(bench.hear, lambda _error: None)
            try:
                await scenario(bench)
            finally:
                await bench.port.close()
        return bench

    return asyncio.run(run())


async def write_for_ever(bench: Bench, data: bytes) -> None:
    while True:
        await bench.port.write(data)


def test_bytes_go_both_ways() -> None:
    async def scenario(bench: Bench) -> None:
        reader, writer = await bench.connect()
        writer.write(b"PING\r\n")
        await bench.until(lambda: bench.heard == b"PING\r\n")
        await bench.port.write(b"PONG\r\n")
        assert await reader.readexactly(6) == b"PONG\r\n"
        assert bench.peers == [False, True]
        writer.close()

    on_a_bench(scenario)


def test_a_second_register_is_turned_away_at_once_and_the_first_one_is_not_disturbed() -> None:
    async def scenario(bench: Bench) -> None:
        reader, writer = await bench.connect()
        await bench.until(lambda: bench.peers[-1])
        second, second_writer = await bench.connect()
        assert await second.read() == b""
        second_writer.close()
        await bench.port.write(b"x")
        assert await reader.readexactly(1) == b"x"
        writer.close()

    assert on_a_bench(scenario).peers[:2] == [False, True]


@pytest.mark.slow
def test_a_register_comes_and_goes_and_the_port_stays_open() -> None:
    async def scenario(bench: Bench) -> None:
        for number in range(3):
            _, writer = await bench.connect()
            writer.write(b"%d" % number)
            await bench.until(lambda: bench.heard.endswith(b"%d" % number))  # noqa: B023
            writer.close()
            await bench.until(lambda: not bench.peers[-1])

    bench = on_a_bench(scenario)
    assert bench.heard == b"012"
    assert bench.peers == [False, *([True, False] * 3)]


def test_a_connection_that_is_reset_frees_the_port() -> None:
    async def scenario(bench: Bench) -> None:
        first = socket.create_connection((LOCAL, bench.port.port))
        await bench.until(lambda: bench.peers[-1])
        first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        first.close()
        await bench.until(lambda: not bench.peers[-1])
        _, writer = await bench.connect()
        await bench.until(lambda: bench.peers[-1])
        writer.close()

    on_a_bench(scenario)


def test_the_kernel_is_asked_to_find_a_dead_register_within_two_seconds() -> None:
    async def scenario(bench: Bench) -> None:
        _, writer = await bench.connect()
        await bench.until(lambda: bench.peers[-1])
        peer = bench.port._peer
        assert peer is not None
        assert peer._transport is not None
        connection = peer._transport.get_extra_info("socket")
        tcp = socket.IPPROTO_TCP
        asked = [socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT]
        assert [connection.getsockopt(tcp, option) for option in asked] == [1, 1, 1, 2000]
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        writer.close()

    on_a_bench(scenario)


def test_a_register_that_says_no_more_still_hears_its_answer_and_makes_room() -> None:
    async def scenario(bench: Bench) -> None:
        reader, writer = await bench.connect()
        writer.write(b"PING\n")
        writer.write_eof()
        await bench.until(lambda: bench.heard)
        await bench.port.write(b"PONG\n")
        assert await reader.readexactly(5) == b"PONG\n"
        _, second = await bench.connect()
        await bench.until(lambda: bench.peers == [False, True, False, True])
        writer.close()
        second.close()

    on_a_bench(scenario)


def test_nothing_is_written_to_nobody() -> None:
    async def scenario(bench: Bench) -> None:
        with pytest.raises(PeerGone, match="nobody is connected"):
            await bench.port.write(b"x")

    on_a_bench(scenario)


def test_a_write_to_who_has_gone_is_not_counted_as_written() -> None:
    async def scenario(bench: Bench) -> None:
        first = socket.create_connection((LOCAL, bench.port.port))
        await bench.until(lambda: bench.peers[-1])
        first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        first.close()
        with pytest.raises(PeerGone):
            await write_for_ever(bench, b"x")

    assert on_a_bench(scenario).peers[-1] is False


def test_a_register_that_reads_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_port, "WRITE_DEADLINE_S", 0.2)

    async def scenario(bench: Bench) -> None:
        first = socket.create_connection((LOCAL, bench.port.port))
        await bench.until(lambda: bench.peers[-1])
        with pytest.raises(PeerGone, match="is gone"):
            await write_for_ever(bench, b"x" * 1_000_000)
        first.close()

    on_a_bench(scenario)


@pytest.mark.parametrize(
    ("allow", "may"), [(["127.0.0.1"], True), (["127.0.0.0/8", "10.0.0.1"], True), (["192.168.1.0/24"], False)]
)
def test_only_who_is_named_may_connect(allow: list[str], may: bool) -> None:
    async def scenario(bench: Bench) -> None:
        reader, writer = await bench.connect()
        if may:
            await bench.until(lambda: bench.peers[-1])
        else:
            assert await reader.read() == b""
        writer.close()

    assert (True in on_a_bench(scenario, allow=allow).peers) == may


def test_a_scan_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(bench: Bench) -> None:
        for _ in range(2 * network_port.MOST_REFUSALS_LOGGED):
            reader, writer = await bench.connect()
            with contextlib.suppress(ConnectionError):
                await reader.read()
            writer.close()

    on_a_bench(scenario, allow=["10.0.0.1"])
    assert len(caplog.records) == network_port.MOST_REFUSALS_LOGGED


def test_a_port_in_use_says_what_to_do() -> None:
    async def run() -> None:
        with socket.create_server((LOCAL, 0)) as taken:
            port = NetworkPort(LOCAL, taken.getsockname()[1])
            with pytest.raises(DeviceError, match=r"in use by another program: choose another in register\.port"):
                await port.open(lambda _data: None, lambda _error: None)

    asyncio.run(run())


def test_an_address_of_another_machine_says_so() -> None:
    async def run() -> None:
        with pytest.raises(DeviceError, match="no address of this machine"):
            await NetworkPort("192.0.2.1", 20007).open(lambda _data: None, lambda _error: None)

    asyncio.run(run())


@each_of(
    ("port", "address"),
    [
        ("tcp://192.168.1.20:20007", ("192.168.1.20", 20007)),
        ("tcp://[::1]:20007", ("::1", 20007)),
        ("tcp://0.0.0.0:20007", ("0.0.0.0", 20007)),
        ("/dev/serial0", None),
        ("", None),
    ],
)
def test_an_address_is_read(port: str, address: tuple[str, int] | None) -> None:
    assert network_address(port) == address


@each_of("port", ["tcp://", "tcp://:20007", "tcp://host", "tcp://host:x", "tcp://h:1/x", "tcp://h:99999"])
def test_an_address_without_host_or_port_is_refused(port: str) -> None:
    """Nothing stands for every address of this machine but what says so."""
    with pytest.raises(ValueError, match="name an address of this machine"):
        network_address(port)
