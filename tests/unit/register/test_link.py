"""The link keeps the line open and loses nothing between protocol and wire, whatever the port does."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

import pytest

from hardware.interfaces import DeviceError
from hardware.register_cable import RegisterCable
from hardware.serial_port import TtySerialPort
from hardware.settings import SerialSettings
from terminal.counter.register_words import (
    RegisterRequest,
    ResultDelivered,
    ResultRequest,
    SaleAccepted,
    SaleRequest,
    SaleResult,
    TerminalReady,
    TotalSeen,
)
from terminal.register import link as link_module
from terminal.register.line.codec import LineProtocol
from terminal.register.link import RegisterLink
from terminal.register.settings import TotalRules
from terminal.register.taps.receipt import ReceiptTap
from terminal.sale.sale import Reason
from terminal.system import retrying
from tests.patience import at_most
from tests.unit.register.scripted_port import ScriptedPort
from tests.virtual_time import run_virtual

RESULT = SaleResult(register_id="42", amount_kr=1990, reason=Reason.PAID, authorization_id="A1", text="")
RESULT_LINE = b"OK 1990 ID=42 REF=A1\r\n"


class Bench:
    """A running link on a scripted port, and what it reported."""

    def __init__(self) -> None:
        self.port = ScriptedPort()
        self.requests: list[RegisterRequest] = []
        self.reports: list[tuple[bool, str]] = []
        self.link = RegisterLink(
            self.port,
            LineProtocol(0),
            self.requests.append,
            on_line_changed=lambda up, detail: self.reports.append((up, detail)),
            clock=asyncio.get_running_loop().time,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.link.run())
        try:
            await asyncio.sleep(0.001)
            yield
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert not self.port.is_open


def on_a_bench(scenario: Callable[[Bench], Awaitable[None]]) -> Bench:
    """Run ``scenario`` in virtual time beside a link that is already up, or trying."""

    async def run() -> Bench:
        bench = Bench()
        async with bench.running():
            await scenario(bench)
        return bench

    return run_virtual(run())


def test_whoever_looks_sees_what_comes_in() -> None:
    async def scenario() -> None:
        port, seen, requests = ScriptedPort(), list[bytes](), list[RegisterRequest]()
        link = RegisterLink(port, LineProtocol(0), requests.append, look=seen.append)
        task = asyncio.create_task(link.run())
        await asyncio.sleep(0.001)
        port.receive(b"PAY 1990 ID=42\r\n")
        assert seen == [b"PAY 1990 ID=42\r\n"]
        assert len(requests) == 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run_virtual(scenario())


def pauses_s(opened_s: Sequence[float]) -> list[float]:
    return [round(later - earlier, 3) for earlier, later in pairwise(opened_s)]


def test_requests_come_in_and_answers_go_out() -> None:
    async def scenario(bench: Bench) -> None:
        bench.port.receive(b"PAY 1990 ID=42\nPI")
        bench.port.receive(b"NG\n")
        (pay,) = bench.requests
        assert pay == SaleRequest(1990, "42")
        bench.link.send(SaleAccepted("42"), pay)
        await bench.port.until(lambda: bench.port.wire == b"WAIT ID=42\nPONG\n")
        assert bench.link.is_up

    bench = on_a_bench(scenario)
    assert bench.reports == [(True, "a port in memory")]


def test_why_a_slip_is_not_offered_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """What is paid by card all day is said once; a picture takes no offer away."""
    cut, picture = b"\x1dV\x00", b"\x1dv0\x00\x01\x00\x01\x00X"

    async def scenario() -> None:
        port = ScriptedPort()
        link = RegisterLink(port, ReceiptTap(TotalRules()), requests.append)
        task = asyncio.create_task(link.run())
        await asyncio.sleep(0.001)
        port.receive(b"SAMTALS 1.990\n?\nSAMTALS 382\n" + cut + picture + cut)
        for _ in range(2):
            port.receive(b"SAMTALS 590\nKORT 590\n" + cut)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    requests: list[RegisterRequest] = []
    run_virtual(scenario())
    paid = TotalSeen(None, paid_kr=590)
    assert requests == [TotalSeen(None, differing_kr=(1990, 382)), paid, paid]
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == [
        "a slip has two totals, 1990 kr. and 382 kr.: none is offered",
        link_module.UNREADABLE,
        link_module.PAID_OTHERWISE % 590,
    ]
    assert "register.tender_labels" in warnings[-1]


def test_bytes_that_come_while_the_port_is_still_opening_are_not_lost() -> None:
    async def run() -> None:
        bench = Bench()
        bench.port.first_bytes = b"PING\nSTATUS\n"
        async with bench.running():
            await bench.port.until(lambda: bench.port.wire == b"PONG\n")
            assert bench.requests == [ResultRequest(None)]

    run_virtual(run())


def test_what_was_heard_is_counted_and_how_long_it_is_silent_is_known_from_the_start_on() -> None:
    async def scenario(bench: Bench) -> None:
        await asyncio.sleep(100)
        assert bench.link.heard_bytes == 0
        assert bench.link.silent_s == pytest.approx(100, abs=0.1)
        bench.port.receive(b"PING\n")
        assert (bench.link.heard_bytes, bench.link.silent_s) == (5, 0)
        await asyncio.sleep(7)
        bench.port.unplug()
        await asyncio.sleep(3)
        assert bench.link.silent_s == pytest.approx(10, abs=0.1)

    on_a_bench(scenario)


def test_the_protocols_timer_runs_until_the_result() -> None:
    async def scenario(bench: Bench) -> None:
        bench.link.send(SaleAccepted("42"))
        await asyncio.sleep(35)
        bench.link.send(RESULT)
        await asyncio.sleep(1000)
        assert bench.port.wire == b"WAIT ID=42\r\n" * 4 + RESULT_LINE

    assert on_a_bench(scenario).requests == [ResultDelivered("42")]


def test_an_idle_link_sets_no_timer() -> None:
    async def scenario(bench: Bench) -> None:
        bench.port.receive(b"PING\n")
        await bench.port.until(lambda: bench.port.wire)
        timers = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
        assert [timer for timer in timers if not timer.cancelled()] == []
        bench.link.send(SaleAccepted("42"))
        assert len([timer for timer in timers if not timer.cancelled()]) == 1

    on_a_bench(scenario)


def test_a_result_is_delivered_only_when_its_bytes_have_left() -> None:
    async def scenario(bench: Bench) -> None:
        bench.port.write_takes_s = 3.0
        bench.link.send(RESULT)
        await asyncio.sleep(2.9)
        assert bench.requests == []
        await bench.port.until(lambda: bench.port.wire)
        await asyncio.sleep(0)
        assert bench.requests == [ResultDelivered("42")]

    on_a_bench(scenario)


def test_what_is_said_during_a_slow_write_follows_in_order() -> None:
    async def scenario(bench: Bench) -> None:
        bench.port.write_takes_s = 1.0
        bench.port.receive(b"STATUS\n")
        bench.link.send(SaleAccepted("42"))
        await asyncio.sleep(0.5)
        bench.port.receive(b"PING\n")
        bench.link.send(TerminalReady(), bench.requests[0])
        await asyncio.sleep(5)
        assert bench.port.wire == b"WAIT ID=42\nREADY\nPONG\n"

    on_a_bench(scenario)


def test_a_result_whose_write_failed_is_sent_again_whole_and_delivered_once() -> None:
    async def scenario(bench: Bench) -> None:
        bench.port.write_errors = [DeviceError("stuck"), DeviceError("stuck again")]
        bench.link.send(RESULT)
        await asyncio.sleep(30)
        *cut_off, whole, end = bench.port.wire.split(b"\r\n")
        assert whole + b"\r\n" + end == RESULT_LINE
        assert all(RESULT_LINE.startswith(part) for part in cut_off)
        assert bench.requests == [ResultDelivered("42")]

    bench = on_a_bench(scenario)
    assert [up for up, _ in bench.reports] == [True, False, True, False, True]


def test_a_result_decided_while_the_line_is_down_waits_for_it() -> None:
    async def scenario(bench: Bench) -> None:
        bench.port.open_errors = [DeviceError("gone")] * 5
        bench.port.unplug()
        await asyncio.sleep(1)
        assert not bench.link.is_up
        bench.link.send(SaleAccepted("42"))
        bench.link.send(RESULT)
        await asyncio.sleep(60)
        assert bench.port.wire == RESULT_LINE
        assert bench.requests == [ResultDelivered("42")]

    on_a_bench(scenario)


def test_the_port_is_tried_at_once_and_then_with_growing_pauses() -> None:
    async def run() -> None:
        bench = Bench()
        bench.port.open_errors = [DeviceError("not there")] * 8
        async with bench.running():
            await bench.port.until(lambda: bench.port.is_open)
            assert bench.port.opened_s[0] == 1000.0
            assert pauses_s(bench.port.opened_s) == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0]
            await asyncio.sleep(0)
            assert bench.reports == [(False, "not there"), (True, "a port in memory")]

    run_virtual(run())


def test_a_line_that_had_held_is_reopened_at_once_and_one_that_flaps_is_not() -> None:
    async def scenario(bench: Bench) -> None:
        await asyncio.sleep(20)
        gaps_s = []
        for _ in range(3):
            lost_s = asyncio.get_running_loop().time()
            bench.port.unplug()
            await bench.port.until(lambda: bench.port.is_open)
            gaps_s.append(round(bench.port.opened_s[-1] - lost_s, 3))
            await asyncio.sleep(0.1)
        assert gaps_s == [0.0, 0.5, 1.0]

    on_a_bench(scenario)


def test_a_cable_that_was_out_for_minutes_is_found_as_soon_as_it_is_plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(bench: Bench) -> None:
        plugged_in = asyncio.Event()

        async def kernel_says(timeout_s: float) -> bool:
            with suppress(TimeoutError):
                await asyncio.wait_for(plugged_in.wait(), timeout_s)
            return plugged_in.is_set()

        monkeypatch.setattr(retrying, "plugged_in", kernel_says)
        bench.port.open_errors = [DeviceError("not there")] * 40
        bench.port.unplug()
        await asyncio.sleep(185)
        bench.port.open_errors = [DeviceError("its name is not there yet")]
        back_s = asyncio.get_running_loop().time()
        plugged_in.set()
        await bench.port.until(lambda: bench.port.is_open)
        assert bench.port.opened_s[-1] - back_s < 1

    on_a_bench(scenario)


@pytest.mark.parametrize(
    "error", [DeviceError("gone"), OSError(5, "EIO"), ValueError("a driver's bug"), TimeoutError()]
)
def test_whatever_a_port_raises_it_is_opened_again(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(bench: Bench) -> None:
        bench.port.open_errors = [error]
        bench.port.write_errors = [error]
        bench.port.receive(b"PING\n")
        await asyncio.sleep(5)
        bench.port.receive(b"STATUS\n")
        bench.link.send(TerminalReady())
        await asyncio.sleep(5)
        assert bench.port.wire.endswith(b"READY\n")
        assert bench.link.is_up

    bench = on_a_bench(scenario)
    assert [up for up, _ in bench.reports] == [True, False, True]
    assert bench.reports[1][1]
    assert ("unexpected" in caplog.text) == (not isinstance(error, DeviceError))


def test_half_a_line_from_before_the_loss_is_not_joined_with_what_follows() -> None:
    async def scenario(bench: Bench) -> None:
        bench.port.receive(b"PAY 19")
        bench.port.unplug()
        await bench.port.until(lambda: bench.port.is_open)
        bench.port.receive(b"90 ID=42\n")
        await bench.port.until(lambda: bench.port.wire)
        assert bench.port.wire.startswith(b"ERR SYNTAX ")

    assert on_a_bench(scenario).requests == []


# --- on a real pseudo-terminal ----------------------------------------------------------------------------------------


class Register:
    """A register program at the other end of the cable."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self._lines: asyncio.Queue[bytes] = asyncio.Queue()
        self._half = b""
        asyncio.get_running_loop().add_reader(self._fd, self._read)

    def _read(self) -> None:
        *lines, self._half = (self._half + os.read(self._fd, 4096)).split(b"\n")
        for line in lines:
            self._lines.put_nowait(line)

    def say(self, data: bytes) -> None:
        assert os.write(self._fd, data) == len(data)

    async def line(self) -> bytes:
        async with asyncio.timeout(at_most(10)):
            return await self._lines.get()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)


def test_over_a_real_pty_a_sale_survives_the_pulling_of_the_cable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "FIRST_PAUSE_S", 0.01)

    async def scenario() -> None:
        cable = RegisterCable()
        await cable.open()
        register = Register(cable.register_path)
        requests: asyncio.Queue[RegisterRequest] = asyncio.Queue()
        reports: asyncio.Queue[bool] = asyncio.Queue()
        link = RegisterLink(
            TtySerialPort(SerialSettings(port=cable.terminal_path)),
            LineProtocol(0),
            requests.put_nowait,
            on_line_changed=lambda up, _detail: reports.put_nowait(up),
        )
        task = asyncio.create_task(link.run())
        try:
            async with asyncio.timeout(at_most(20)):
                assert await reports.get()
                register.say(b"PING\nPAY 1990 ID=42\n")
                assert await register.line() == b"PONG"
                assert await requests.get() == SaleRequest(1990, "42")
                link.send(SaleAccepted("42"))
                assert await register.line() == b"WAIT ID=42"

                cable.unplug()
                assert not await reports.get()
                link.send(RESULT)
                cable.plug_in()
                assert await reports.get()
                assert await register.line() == b"OK 1990 ID=42 REF=A1"
                assert await requests.get() == ResultDelivered("42")
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            register.close()
            await cable.close()

    asyncio.run(scenario())
