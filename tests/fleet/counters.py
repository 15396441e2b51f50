"""Simulated counters: the real uplink over real HTTP, on a journal in memory and a network that can be cut."""

from __future__ import annotations

import asyncio
import hashlib
import random
import selectors
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import msgspec

from terminal.office import wire
from terminal.office.uplink.client import OfficeClient
from terminal.office.uplink.task import JournalEnd, OfficeTask
from terminal.sale.sale import Reason, Sale, State
from terminal.sale.sensitive import Sensitive

LIFE = (
    (State.ENTRY, None),
    (State.AUTHORIZATION, None),
    (State.CUSTOMER, None),
    (State.CAPTURE, None),
    (State.REPORT, Reason.PAID),
    (State.CLOSED, Reason.PAID),
)
ENDINGS = (Reason.PAID, Reason.PAID, Reason.PAID, Reason.CUSTOMER_DECLINED, Reason.TIMED_OUT, Reason.NOT_TRACEABLE)


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop on which a minute takes a second or so: every wait of the uplink is as long as it says, only the
    clock runs faster than the wall's. The network and the database are real and stay as fast as they are."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        super().__init__(_FastSelector(speed))

    def time(self) -> float:
        return super().time() * self._speed


class _FastSelector(selectors.DefaultSelector):
    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(self, timeout: float | None = None) -> list[Any]:
        return super().select(timeout and timeout / self._speed)


class Journal:
    """Chained rows in memory, of every epoch that there was."""

    def __init__(self, terminal: str) -> None:
        self.terminal = terminal
        self.epochs: dict[str, list[wire.Row]] = {}
        self._begin([])

    @property
    def rows(self) -> list[wire.Row]:
        return self.epochs[self.epoch]

    def _begin(self, rows: Sequence[wire.Row]) -> None:
        self.epoch = hashlib.sha256(f"{self.terminal} {len(self.epochs)}".encode()).hexdigest()[:32]
        self.epochs[self.epoch] = list(rows)

    def append(self, at: str, sale: Sale) -> None:
        before = self.rows[-1].hash if self.rows else ""
        content = {"row": "entry", "seq": len(self.rows) + 1, "at": at, "event": "StatusReceived", "sale": sale}
        row = wire.Row(len(self.rows) + 1, at, "entry", msgspec.Raw(msgspec.json.encode(content)), "")
        self.rows.append(msgspec.structs.replace(row, hash=wire.link(before, row)))

    def restore(self, length: int) -> None:
        """From a backup with so many rows: the same rows under another epoch."""
        self._begin(self.rows[:length])

    def tamper(self, seq: int) -> wire.Row:
        """Somebody makes a sale cheaper and every hash after it fit. Returns the row as it reads now."""
        rows = self.rows[: seq - 1]
        for row in self.rows[seq - 1 :]:
            body = bytes(row.body)
            if row.seq == seq:
                body = body.replace(b'"amount_kr":', b'"amount_kr":1')
            changed = msgspec.structs.replace(row, body=msgspec.Raw(body))
            its_hash = wire.link(rows[-1].hash if rows else "", changed)
            rows.append(msgspec.structs.replace(changed, hash=its_hash))
        self.epochs[self.epoch] = rows
        return rows[seq - 1]

    # --- as the uplink reads it ---------------------------------------------------------------------------------------

    async def end(self) -> JournalEnd:
        return JournalEnd(self.epoch, len(self.rows))

    async def rows_after(self, seq: int, most_rows: int, most_bytes: int) -> tuple[JournalEnd, Sequence[wire.Row]]:
        return await self.end(), self.rows[seq : seq + most_rows]


class Network:
    """The way to whichever collector the load balancer chooses. ``cut``: nothing gets through."""

    def __init__(self, collectors: Sequence[str], chance: random.Random) -> None:
        self.collectors = [httpx.URL(url) for url in collectors]
        self.chance = chance
        self.cut = False
        self.loses_answers = 0.0
        """How many of the answers never arrive."""
        self.lost_answers = 0


class _Way(httpx.AsyncHTTPTransport):
    """A terminal's connection over that network."""

    def __init__(self, network: Network) -> None:
        super().__init__(verify=False, limits=httpx.Limits(max_connections=1, keepalive_expiry=20))
        self._network = network

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        network = self._network
        if network.cut:
            raise httpx.ConnectError("the network is cut")
        to = network.chance.choice(network.collectors)
        request.url = request.url.copy_with(host=to.host, port=to.port)
        response = await super().handle_async_request(request)
        if network.chance.random() < network.loses_answers:
            await response.aread()
            await response.aclose()
            network.lost_answers += 1
            raise httpx.ReadError("the answer is lost")
        return response


class Counter:
    """One terminal that sells, and its uplink. ``restart`` is a power cut of the terminal."""

    def __init__(self, number: int, seed: int, collectors: Sequence[str], token: str, now: Callable[[], str]) -> None:
        self.terminal = f"T{number}"
        self.journal = Journal(self.terminal)
        self._chance = random.Random(f"{seed} {number}")
        self.network = Network(collectors, self._chance)
        self._token = token
        self._now = now
        self._number = 0
        self._uplink: OfficeTask | None = None
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        client = OfficeClient("http://127.0.0.1", Sensitive(self._token), transport=lambda: _Way(self.network))
        self._uplink = OfficeTask(self.terminal, self.journal, client, self._status, self._chance.random)
        self._running = asyncio.create_task(self._uplink.run())

    async def stop(self) -> None:
        assert self._running is not None
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    async def restart(self) -> None:
        await self.stop()
        self.start()

    async def sell(self, pause_s: float, wait_s: Callable[[float], Any]) -> None:
        """Sales until it is cancelled, one every ``pause_s`` or so; a cancelled one stays as it is."""
        while True:
            await wait_s(self._chance.expovariate(1 / pause_s))
            self._number += 1
            ending = self._chance.choice(ENDINGS)
            sale = Sale(
                number=self._number,
                reference=f"{self.terminal}-{self._number:06}",
                register_id=str(self._number % 100),
                amount_kr=self._chance.randrange(100, 50_000),
                created=self._now(),
            )
            for state, reason in LIFE:
                reason = ending if reason else None  # noqa: PLW2901
                sale = msgspec.structs.replace(sale, state=state, reason=reason)
                self.journal.append(self._now(), sale)
                self.moved(sale_open=state is not State.CLOSED)
                await wait_s(self._chance.uniform(0, 4))

    def moved(self, *, sale_open: bool) -> None:
        assert self._uplink is not None
        self._uplink.moved(sale_open=sale_open)

    async def _status(self) -> dict[str, Any]:
        return {"state": "idle", "network_ok": not self.network.cut}
