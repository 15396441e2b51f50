"""A register on the network with the real port, link and protocol: it comes and goes, and misses nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from terminal.counter.register_words import (
    LastResultRequest,
    RegisterRequest,
    ResultDelivered,
    SaleAccepted,
    SaleRequest,
    SaleResult,
)
from terminal.register.line.codec import LineProtocol
from terminal.register.link import RegisterLink
from terminal.register.network_port import NetworkPort
from terminal.register.protocol import RegisterProtocol
from terminal.register.zvt.codec import ZvtProtocol
from terminal.sale.sale import Reason
from terminal.simulation.registers.zvt_frames import payment, repeat_receipt
from tests.each import each_of
from tests.unit.register.zvt.zvt_bench import NAME, result

TIMEOUT_S = 10.0
LOCAL = "127.0.0.1"
PAID = SaleResult(register_id="42", amount_kr=1990, reason=Reason.PAID, authorization_id="abc", text="")


class Shop:
    """What the link asks of the terminal, and what it says of itself."""

    def __init__(self, protocol: RegisterProtocol) -> None:
        self.port = NetworkPort(LOCAL, 0)
        self.requests: list[RegisterRequest] = []
        self.reports: list[bool] = []
        self.stirred = asyncio.Event()
        self.up = asyncio.Event()
        self.link = RegisterLink(self.port, protocol, self._ask, on_line_changed=self._line_changed)

    def _line_changed(self, up: bool, _detail: str) -> None:
        self.reports.append(up)
        self.up.set()

    def _ask(self, request: RegisterRequest) -> None:
        self.requests.append(request)
        self.stirred.set()

    async def asked(self, kind: type) -> RegisterRequest:
        while not any(isinstance(one, kind) for one in self.requests):
            self.stirred.clear()
            await self.stirred.wait()
        return next(one for one in self.requests if isinstance(one, kind))

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        await self.up.wait()
        return await asyncio.open_connection(LOCAL, self.port.port)


def in_a_shop(protocol: RegisterProtocol, scenario: Callable[[Shop], Awaitable[None]]) -> Shop:
    async def run() -> Shop:
        shop = Shop(protocol)
        task = asyncio.create_task(shop.link.run())
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await scenario(shop)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return shop

    return asyncio.run(run())


def test_a_line_register_that_connects_again_is_told_what_it_missed() -> None:
    async def scenario(shop: Shop) -> None:
        reader, writer = await shop.connect()
        writer.write(b"PAY 1990 ID=42\n")
        pay = await shop.asked(SaleRequest)
        shop.link.send(SaleAccepted("42"), pay)  # type: ignore[arg-type]
        assert await reader.readline() == b"WAIT ID=42\n"
        writer.close()
        assert await reader.read() == b""
        await asyncio.sleep(0.05)
        shop.link.send(PAID)
        await asyncio.sleep(0.05)
        assert not any(isinstance(one, ResultDelivered) for one in shop.requests), "nobody was there"
        reader, writer = await shop.connect()
        assert (await reader.readuntil(b"abc\n")).strip() == b"OK 1990 ID=42 REF=abc"
        await shop.asked(ResultDelivered)
        writer.close()

    assert in_a_shop(LineProtocol(0), scenario).reports == [True], "for staff the line was never down"


@pytest.mark.parametrize("size", [1, 4, 1024])
def test_a_zvt_register_pays_loses_its_connection_and_asks_on_the_next(size: int) -> None:
    async def scenario(shop: Shop) -> None:
        reader, writer = await shop.connect()
        apdu = payment(1990)
        for at in range(0, len(apdu), size):
            writer.write(apdu[at : at + size])
            await writer.drain()
        pay = await shop.asked(SaleRequest)
        shop.link.send(SaleAccepted(NAME), pay)  # type: ignore[arg-type]
        assert await reader.readexactly(3) == b"\x80\x00\x00"
        await asyncio.sleep(0.15)
        writer.transport.abort()
        await asyncio.sleep(0.05)
        shop.link.send(result())
        shop.requests.clear()
        reader, writer = await shop.connect()
        writer.write(repeat_receipt())
        asked = await shop.asked(LastResultRequest)
        shop.link.send(result(), asked)  # type: ignore[arg-type]
        assert await reader.readexactly(5) == b"\x80\x00\x00\x04\x0f"
        (length,) = await reader.readexactly(1)
        await reader.readexactly(length)
        writer.write(b"\x80\x00\x00")
        await shop.asked(ResultDelivered)
        assert await reader.readexactly(3) == b"\x06\x0f\x00"
        writer.write(b"\x80\x00\x00")
        writer.close()

    in_a_shop(ZvtProtocol(0, over_network=True), scenario)


@each_of("half", ["06 01 FF 60 EA", "06 01 FF 00 0F", "06 01 FF", "06", "00 00 EA 60 06 01"])
def test_half_a_zvt_message_that_never_ends_is_forgotten_with_its_connection(half: str) -> None:
    """60,000 bytes are promised, or 3,840, and nothing comes any more."""

    async def scenario(shop: Shop) -> None:
        _reader, writer = await shop.connect()
        writer.write(bytes.fromhex(half))
        await writer.drain()
        await asyncio.sleep(0.05)
        other, refused = await shop.connect()
        assert await other.read() == b"", "one register at a time"
        refused.close()
        writer.close()
        await asyncio.sleep(0.05)
        reader, writer = await shop.connect()
        writer.write(payment(1990))
        pay = await shop.asked(SaleRequest)
        assert isinstance(pay, SaleRequest)
        assert pay.amount_kr == 1990
        shop.link.send(SaleAccepted(NAME), pay)
        assert await reader.readexactly(3) == b"\x80\x00\x00"
        writer.close()

    in_a_shop(ZvtProtocol(0, over_network=True), scenario)


@pytest.mark.parametrize(
    ("protocol", "ask"),
    [(LineProtocol(0), b"PAY 590 ID=43\n"), (ZvtProtocol(0, over_network=True), payment(590))],
    ids=["line", "zvt"],
)
def test_of_two_registers_at_once_one_is_heard(protocol: RegisterProtocol, ask: bytes) -> None:
    async def scenario(shop: Shop) -> None:
        reader, writer = await shop.connect()
        writer.write(ask[:3])
        await writer.drain()
        await asyncio.sleep(0.05)
        crowd = [await shop.connect() for _ in range(3)]
        for _other, pushing in crowd:
            pushing.write(ask)
        for other, pushing in crowd:
            with contextlib.suppress(ConnectionError):
                assert await other.read() == b""
            pushing.close()
        writer.write(ask[3:])
        await shop.asked(SaleRequest)
        assert len(shop.requests) == 1
        assert not reader.at_eof()
        writer.close()

    in_a_shop(protocol, scenario)
