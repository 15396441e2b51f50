"""``python -m tests.bench.beside_office``: what the way to a head office costs a sale, whatever becomes of the office.

Terminals sell in turns, in one run: two that have no office, and one each with an office that is well, is dead, answers
byte by byte, or answers 500. The offices are a process of their own. A terminal asks an office that fails each second,
where in life it pauses for minutes: so there is a call for every sale. Judged are the calls that begin while a sale is
open, and the p95 of all that a sale waits for, as a ratio to the two that have none. Where the machine has other work,
that says no more than these two differ from each other; the calls and what they take of the processor are the same
whoever else is at work.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

from terminal.office.uplink.core import SLOW_CALL_S
from tests.bench.footprint import KEYS
from tests.bench.latency import Bench
from tests.bench.results import NoAnswer, Result, percentile, table
from tests.fleet.office import cpu_s_of
from tests.integration.counter import free_port
from tests.integration.process import environment

ALONE, SAME = "no office", "no office, once more"
OFFICES = ("well", "dead", "slow", "500")
STEPS = ("amount on the display", "# to InsertCart", "paid to OK")
RATIO_LIMIT = 1.05
WELL = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


# --- the offices ------------------------------------------------------------------------------------------------------


async def answer(kind: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts whatever comes: the next row that it wants is the last one that it was sent."""
    have = 0
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")), 0)
            await reader.readexactly(length)
            have += 1000 if head.startswith(b"post /v1/journal") else 0
            content = b"{}" if head.startswith(b"post /v1/status") else b'{"have":%d}' % have
            said = BROKEN if kind == "500" else WELL % (len(content), content)
            pieces = [bytes([byte]) for byte in said] if kind == "slow" else [said]
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(2 * SLOW_CALL_S / len(pieces) if kind == "slow" else 0)
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def be_offices(ports: Mapping[str, int]) -> None:
    """Until this process is ended."""
    for kind, port in ports.items():
        await asyncio.start_server(lambda *ends, kind=kind: answer(kind, *ends), "127.0.0.1", port)
    print("ready", flush=True)
    await asyncio.Event().wait()


@asynccontextmanager
async def offices() -> AsyncIterator[Mapping[str, str]]:
    """The address of each kind."""
    ports = {kind: free_port() for kind in OFFICES}
    words = [f"{kind}={port}" for kind, port in ports.items() if kind != "dead"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.beside_office", "--be", *words),
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert (await process.stdout.readline()).strip() == b"ready"
        yield {kind: f"http://127.0.0.1:{port}" for kind, port in ports.items()}
    finally:
        process.kill()
        await process.wait()


# --- the terminals ----------------------------------------------------------------------------------------------------


class Sales:
    """Of one terminal: what each waited for, and what all of them took of the processor."""

    def __init__(self) -> None:
        self.waits_s: list[tuple[float, ...]] = []
        self.cpu_s = 0.0
        self.took_s = 0.0
        """By the clock, with all that the others did meanwhile."""
        self.in_sales_s: list[float] = []
        """What each took of the terminal's processor, from the request to the result."""
        self.calls = self.calls_in_sales = 0
        """To the office, by whether a sale was open when they began."""

    def p95_ms(self, step: int | None = None) -> float:
        """Of one step, or of all of them together."""
        return p95_ms(self.waits_s, step)


def p95_ms(waits_s: Sequence[Sequence[float]], step: int | None = None) -> float:
    return 1000 * percentile([sum(each) if step is None else each[step] for each in waits_s], 95)


async def sell(folder: Path, rounds: int, kinds: Sequence[str] = OFFICES) -> dict[str, Sales]:
    """After one sale of each that does not count, which loads what only a sale needs."""
    sales = {name: Sales() for name in (ALONE, SAME, *kinds)}
    token = folder / "token"
    token.write_text(KEYS["NETGIRO_OFFICE_TOKEN"])
    token.chmod(0o600)
    chance = random.Random(1)
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(offices())
        benches = {}
        for name in sales:
            own = folder / name.replace(" ", "-")
            own.mkdir()
            more: dict[str, dict[str, Any]] = {}
            if name in urls:
                more = {"office": {"url": urls[name], "token_file": str(token)}}
            benches[name] = await stack.enter_async_context(Bench(own, more))
            await benches[name].sell(1)
        used_s = {name: cpu_s_of(bench.pid) for name, bench in benches.items()}
        began_s = asyncio.get_running_loop().time()
        for number in range(2, rounds + 2):
            for name in chance.sample(list(benches), len(benches)):
                sales[name].waits_s.append(await benches[name].sell(number))
        for name, bench in benches.items():
            sales[name].cpu_s = cpu_s_of(bench.pid) - used_s[name]
            sales[name].took_s = asyncio.get_running_loop().time() - began_s
            sales[name].in_sales_s = bench.cpu_s[1:]
            sales[name].calls, sales[name].calls_in_sales = bench.office_calls
    return sales


def results(sales: Mapping[str, Sales]) -> list[Result]:
    alone = Sales()
    alone.waits_s = sales[ALONE].waits_s + sales[SAME].waits_s
    alone.in_sales_s = sales[ALONE].in_sales_s + sales[SAME].in_sales_s
    alone.cpu_s = (sales[ALONE].cpu_s + sales[SAME].cpu_s) / 2
    apart = sales[SAME].p95_ms() / sales[ALONE].p95_ms()
    cpu_apart = median(sales[SAME].in_sales_s) / median(sales[ALONE].in_sales_s)
    found = [
        Result("alone_p95_ms", "no office: what a sale waits for, p95", alone.p95_ms(), "ms"),
        Result("apart_ratio", "  the second of these to the first", apart, "x"),
        Result("alone_cpu_p50_ms", "  the terminal's processor in a sale, p50", 1000 * median(alone.in_sales_s), "ms"),
        Result("apart_cpu_ratio", "  the second of these to the first", cpu_apart, "x"),
    ]
    for name, of in sales.items():
        if name in (ALONE, SAME):
            continue
        ratio, cpu_ratio = of.p95_ms() / alone.p95_ms(), median(of.in_sales_s) / median(alone.in_sales_s)
        found.append(Result(f"{name}_ratio", f"office: {name}, as a ratio to that", ratio, "x", RATIO_LIMIT))
        for step, what in enumerate(STEPS):
            found.append(Result(f"{name}_{step}", f"  {what}", of.p95_ms(step) / alone.p95_ms(step), "x"))
        found += [
            Result(f"{name}_cpu_ratio", "  processor in a sale, p50", cpu_ratio, "x"),
            Result(f"{name}_calls_in_sales", "  calls that began in a sale", of.calls_in_sales, "", 0.0),
            Result(f"{name}_calls", "  others", of.calls, ""),
            Result(f"{name}_cpu", "  processor of the terminal", of.cpu_s / alone.cpu_s, "x"),
            Result(f"{name}_more", "  that is, more each second", 1000 * (of.cpu_s - alone.cpu_s) / of.took_s, "ms"),
        ]
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.beside_office", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="sales of each terminal (default 200)")
    parser.add_argument("--offices", nargs="+", choices=OFFICES, default=OFFICES, metavar="KIND", help="only these")
    parser.add_argument("--be", nargs="+", metavar="KIND=PORT", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.be:
        asyncio.run(be_offices({kind: int(port) for kind, _, port in (word.partition("=") for word in options.be)}))
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            found = results(asyncio.run(sell(Path(folder), options.rounds, options.offices)))
    except NoAnswer as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    print(table(found))
    return int(any(result.is_missed for result in found))


if __name__ == "__main__":
    sys.exit(main())
