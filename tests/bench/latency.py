"""How long the terminal takes from what comes in to what goes out, over loopback and a pseudo-terminal.

This process is the register and the simulated Netgíró, the terminal is another (timed_counter.py); both read the same
monotonic clock. Every sale is paid by phone, captured by the terminal and written to a real journal on the way.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from terminal.netgiro.sandbox import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY, Person, Settings, build_sandbox
from terminal.netgiro.sandbox.web import create_app
from terminal.sale.money import format_kr
from terminal.system.web import WebServer
from tests.bench.footprint import all_threads_cpu_s
from tests.bench.results import NoAnswer, Result, last_words, percentile
from tests.integration.counter import SIMULATED, merged, write_config
from tests.integration.process import environment
from tests.integration.register import PluggableRegister

PHONE = "8223281"
STEP_LIMIT_S = 10.0
TERMINAL = "tests.bench.timed_counter"
P50_LIMIT_MS, P95_LIMIT_MS = 10.0, 50.0


class Stopwatch:
    """Who waits for what, and when it happened."""

    def __init__(self) -> None:
        self._happened: dict[str, asyncio.Queue[float]] = defaultdict(asyncio.Queue)
        self.words: dict[str, str] = {}
        """What the terminal said of itself."""

    def note(self, what: str, at_s: float) -> None:
        self._happened[what].put_nowait(at_s)

    def forget(self, what: str) -> None:
        self._happened[what] = asyncio.Queue()

    def count(self, what: str) -> int:
        """How often it has happened, without what somebody has waited for."""
        return self._happened[what].qsize()

    async def next(self, what: str) -> float:
        """When it happened, the first time that nobody has asked for yet."""
        try:
            async with asyncio.timeout(STEP_LIMIT_S):
                return await self._happened[what].get()
        except TimeoutError:
            raise NoAnswer(f"waited {STEP_LIMIT_S:g} s in vain for {what!r}") from None


def timed(app: ASGIApp, stopwatch: Stopwatch) -> ASGIApp:
    """Netgíró with a stopwatch at its door: when a call was there in full, when "paid" went out."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        async def noting_receive() -> Message:
            message = await receive()
            if scope["path"].endswith("/InsertCart") and message["type"] == "http.request" and message.get("body"):
                stopwatch.note("InsertCart", time.monotonic())
            return message

        async def noting_send(message: Message) -> None:
            if message["type"] == "http.response.body" and b'"ResultCode":10200' in message["body"]:
                stopwatch.note("paid", time.monotonic())
            await send(message)

        await app(scope, noting_receive, noting_send)

    return call


@asynccontextmanager
async def timed_terminal(
    config_path: Path, settings: Mapping[str, dict[str, Any]], stopwatch: Stopwatch
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that notes at ``stopwatch`` what it does; its log stands beside its configuration."""
    write_config(config_path, merged(SIMULATED, dict(settings)))
    with config_path.with_suffix(".log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", TERMINAL, str(config_path)),
            env=environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    reader = asyncio.create_task(_read_notes(process, stopwatch))
    try:
        yield process
    finally:
        reader.cancel()
        await _end_process(process)


async def _end_process(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(STEP_LIMIT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _read_notes(process: asyncio.subprocess.Process, stopwatch: Stopwatch) -> None:
    """What timed_counter.py says."""
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode():
        match line.split(maxsplit=2):
            case ["key", key, at_s]:
                stopwatch.note(key, float(at_s))
            case ["screen", at_s, *headline]:
                stopwatch.note("any screen", float(at_s))
                stopwatch.note(f"screen {''.join(headline).strip()}", float(at_s))
            case ["paper" | "call" | "call-in-sale" as what, at_s]:
                stopwatch.note(what, float(at_s))
            case ["token", token]:
                stopwatch.words["token"] = token
            case ["ready"]:
                stopwatch.note("ready", time.monotonic())


class Bench:
    """One terminal, one register, one Netgíró, and sales."""

    def __init__(self, folder: Path, more: Mapping[str, dict[str, Any]] | None = None) -> None:
        """``more`` of the terminal's configuration."""
        self._folder = folder
        self._more = more or {}
        self._log_path = folder / "latency.log"
        self._stopwatch = Stopwatch()
        self._stack = AsyncExitStack()
        self._told = b""
        self.cpu_s: list[float] = []
        """What the terminal took of the processor in each sale, from the request to the result."""

    async def __aenter__(self) -> Bench:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def _start(self) -> None:
        settings = Settings(people=(Person("1111111119", PHONE, auto_accept_after_s=0),))
        sandbox = build_sandbox(settings=settings)
        server = WebServer(timed(create_app(sandbox), self._stopwatch), "127.0.0.1", 0)  # type: ignore[arg-type]
        await server.start()
        self._stack.push_async_callback(server.stop)
        self._cable = PluggableRegister(self._folder / "register")
        self._stack.callback(self._cable.close)
        asyncio.get_running_loop().add_reader(self._cable.fileno(), self._read_register)
        self._stack.callback(asyncio.get_running_loop().remove_reader, self._cable.fileno())
        await self._start_terminal(server.base_url)

    async def __aexit__(self, *_error: object) -> None:
        await self._stack.aclose()

    async def _start_terminal(self, base_url: str) -> None:
        config: dict[str, dict[str, Any]] = {
            "netgiro": {
                "base_url": f"{base_url}/v1",
                "application_id": PUBLIC_APPLICATION_ID,
                "secret_key": PUBLIC_SECRET_KEY,
            },
            "register": {"port": str(self._cable.port)},
            "journal": {"path": str(self._folder / "journal.db")},
        }
        settings = merged(config, dict(self._more))
        started = timed_terminal(self._folder / "latency.toml", settings, self._stopwatch)
        self._terminal = await self._stack.enter_async_context(started)
        await self._next("ready")

    @property
    def pid(self) -> int:
        """The terminal's."""
        return self._terminal.pid

    @property
    def office_calls(self) -> tuple[int, int]:
        """How many have begun, without and with a sale open."""
        return self._stopwatch.count("call"), self._stopwatch.count("call-in-sale")

    async def _next(self, what: str) -> float:
        """When it happened. Raises NoAnswer with what the terminal said last."""
        try:
            return await self._stopwatch.next(what)
        except NoAnswer as error:
            raise NoAnswer(f"the terminal does not answer: {error}. {last_words(self._log_path)}") from None

    def _read_register(self) -> None:
        self._told += os.read(self._cable.fileno(), 4096)
        at_s = time.monotonic()
        *lines, self._told = self._told.split(b"\r\n")
        for line in lines:
            self._stopwatch.note(line.split()[0].decode(), at_s)

    async def sell(self, number: int) -> tuple[float, float, float]:
        """One sale: seconds from the register to the screen, from ``#`` to Netgíró, from "paid" to the register."""
        assert self._terminal.stdin is not None
        amount_kr = 1000 + number
        used_s = all_threads_cpu_s(self.pid)
        rung_s = time.monotonic()
        self._cable.send(f"PAY {amount_kr} ID={number}")
        shown_s = await self._next(f"screen {format_kr(amount_kr)}")
        self._terminal.stdin.write(f"{PHONE}#\n".encode())
        ok_s = await self._next("OK")
        self.cpu_s.append(all_threads_cpu_s(self.pid) - used_s)
        pressed_s, inserted_s = await self._next("#"), await self._next("InsertCart")
        for _copy in range(2):  # nobody rings up the next sale while this one is still being printed
            await self._next("paper")
        return shown_s - rung_s, inserted_s - pressed_s, ok_s - await self._next("paid")


def measure_latencies(folder: Path, *, sales: int) -> list[Result]:
    """Every sale counts, the first one too, which loads what only a sale needs."""

    async def sell() -> list[tuple[float, float, float]]:
        async with Bench(folder) as bench:
            return [await bench.sell(number) for number in range(1, sales + 1)]

    by_sale = asyncio.run(sell())
    steps = {
        "amount_shown": "register's last byte to amount on display",
        "insert_cart": "# to InsertCart at Netgíró",
        "paid_to_ok": 'Netgíró\'s "paid" to OK on the wire',
    }
    results = [Result("fsync_p50_ms", "one fsync on this disk, p50", _fsync_p50_ms(folder), "ms")]
    for (key, what), seconds in zip(steps.items(), zip(*by_sale, strict=True), strict=True):
        ms = [1000 * each for each in seconds]
        results += [
            Result(f"{key}_p50_ms", f"{what}, p50", percentile(ms, 50), "ms", P50_LIMIT_MS),
            Result(f"{key}_p95_ms", f"{what}, p95", percentile(ms, 95), "ms", P95_LIMIT_MS),
            Result(f"{key}_first_ms", "  the first", ms[0], "ms"),
        ]
    return results


def _fsync_p50_ms(folder: Path) -> float:
    """Every step waits for a few of these, so on a busy or slow disk they are what is measured; TMPDIR chooses it."""
    took_ms = []
    fd = os.open(folder / "fsync", os.O_CREAT | os.O_WRONLY)
    for _ in range(50):
        os.write(fd, bytes(4096))
        started_s = time.perf_counter()
        os.fsync(fd)
        took_ms.append(1000 * (time.perf_counter() - started_s))
    os.close(fd)
    return percentile(took_ms, 50)
