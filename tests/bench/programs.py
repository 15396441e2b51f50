"""What other programs on the network cost a sale: 100 requests a second for the status and 20 open event streams.

Sales without and with that company take turns, in the same terminal, so that both see the same machine. The company is
a process of its own. Both are judged: the milliseconds as those of any sale, and their ratio to a sale alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx

from terminal.sale.money import format_kr
from tests.bench.latency import P95_LIMIT_MS, Stopwatch, timed_terminal
from tests.bench.results import Result, percentile
from tests.integration.counter import free_port
from tests.integration.process import environment

STREAMS, REQUESTS_A_SECOND = 20, 100
RATIO_LIMIT = 1.1
"""Company leaves a sale where it is, but for what one run differs from the next."""
PHONE = "8223281"


async def keep_company(port: int, token: str) -> None:
    """Until it is ended: by hand, because a client library would cost more than what it asks for."""
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(STREAMS)]
    readers = []
    for reader, writer in streams:
        writer.write(f"GET /v1/events HTTP/1.1\r\n{head}".encode())
        await reader.readuntil(b"\r\n\r\n")
        readers.append(asyncio.create_task(reader.read(-1)))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    print("ready", flush=True)
    due_s = asyncio.get_running_loop().time()
    while True:
        writer.write(f"GET /v1/status HTTP/1.1\r\n{head}".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200"), answer
        length = next(int(line[15:]) for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(length)
        due_s += 1 / REQUESTS_A_SECOND
        await asyncio.sleep(due_s - asyncio.get_running_loop().time())


class ProgramBench:
    """One terminal, one program that sells, and company when it is wanted."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self._stopwatch, self._stack = Stopwatch(), AsyncExitStack()

    async def __aenter__(self) -> ProgramBench:
        config: dict[str, dict[str, Any]] = {
            "netgiro": {"base_url": "http://127.0.0.1:9/v1", "application_id": "x", "secret_key": "x"},
            "register": {"protocol": "http"},
            "http": {"listen": f"127.0.0.1:{self._port}"},
            "journal": {"path": str(self._folder / "programs.db")},
        }
        started = timed_terminal(self._folder / "programs.toml", config, self._stopwatch)
        self._terminal = await self._stack.enter_async_context(started)
        await self._stopwatch.next("ready")
        self._token = self._stopwatch.words["token"]
        headers = {"Authorization": f"Bearer {self._token}"}
        self._till = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self._port}", headers=headers, trust_env=False)
        await self._stack.enter_async_context(self._till)
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._stack.aclose()

    @contextlib.asynccontextmanager
    async def company(self) -> AsyncIterator[None]:
        words = (sys.executable, "-m", "tests.bench.programs", str(self._port), self._token)
        process = await asyncio.create_subprocess_exec(*words, env=environment(), stdout=asyncio.subprocess.PIPE)
        try:
            assert process.stdout is not None
            assert (await process.stdout.readline()).strip() == b"ready"
            yield
            assert process.returncode is None, "the company is gone"
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def sell(self, number: int) -> tuple[float, list[float]]:
        """Seconds from the program's request to the amount on the display, and from each key to its picture."""
        assert self._terminal.stdin is not None
        amount_kr, now = 1000 + number, asyncio.get_running_loop().time
        asked_s = now()
        headers = {"Idempotency-Key": str(number)}
        answer = await self._till.post("/v1/payments", json={"amount": amount_kr}, headers=headers)
        shown_s = await self._stopwatch.next(f"screen {format_kr(amount_kr)}")
        echoes = []
        for key in PHONE[:4]:
            self._stopwatch.forget("any screen")
            self._terminal.stdin.write(f"{key}\n".encode())
            pressed_s = await self._stopwatch.next(key)
            echoes.append(await self._stopwatch.next("any screen") - pressed_s)
        await self._till.delete(f"/v1/payments/{answer.json()['id']}")
        await self._till.get(f"/v1/payments/{answer.json()['id']}", params={"wait": 5})
        return shown_s - asked_s, echoes


def measure_company(folder: Path, *, turns: int, sales_a_turn: int) -> list[Result]:
    """``turns`` of sales without company, and as many with it, one after the other."""

    async def sell() -> tuple[list[list[float]], list[list[float]]]:
        shown: list[list[float]] = [[], []]
        echoed: list[list[float]] = [[], []]
        async with ProgramBench(folder) as bench:
            await bench.sell(0)
            number = 0
            for turn in range(2 * turns):
                with_company = turn % 2
                async with bench.company() if with_company else contextlib.nullcontext():
                    for _ in range(sales_a_turn):
                        number += 1
                        shown_s, echoes = await bench.sell(number)
                        shown[with_company].append(shown_s)
                        echoed[with_company] += echoes
        return shown, echoed

    shown, echoed = asyncio.run(sell())
    steps = {"shown": "a program's request to amount on display", "key": "key to its picture"}
    results = []
    for (key, what), (alone, accompanied) in zip(steps.items(), (shown, echoed), strict=True):
        p95_ms, p95_alone_ms = (1000 * percentile(seconds, 95) for seconds in (accompanied, alone))
        results += [
            Result(f"company_{key}_p95_ms", f"{what}, in company, p95", p95_ms, "ms", P95_LIMIT_MS),
            Result(f"company_{key}_ratio", "  as a ratio to alone", p95_ms / p95_alone_ms, "x", RATIO_LIMIT),
        ]
    return results


if __name__ == "__main__":
    asyncio.run(keep_company(int(sys.argv[1]), sys.argv[2]))
