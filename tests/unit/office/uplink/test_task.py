"""The uplink beside a terminal, against an office that behaves, fails and forgets; in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from typing import Any

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from terminal.journal.rows import ReceiptRow
from terminal.office import wire
from terminal.office.uplink.client import OfficeClient
from terminal.office.uplink.core import FIRST_PAUSE_S, HOLD_S, LONGEST_PAUSE_S, SLOW_CALL_S, SLOW_HOLD_S, START_SPREAD_S
from terminal.office.uplink.task import BATCH_ROWS, STATUS_EVERY_S, STATUS_SHORTEST_S, JournalEnd, OfficeTask
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import original
from terminal.sale.sale import Sale, State
from terminal.sale.sensitive import Sensitive
from tests.office_bench import chained
from tests.virtual_time import run_virtual

ROWS = chained([("2026-11-30T12:00:00.000Z", "entry", f'{{"n":{n}}}') for n in range(1000)])


class Journal:
    """Rows in memory; ``length`` of them are written."""

    def __init__(self, length: int = 0) -> None:
        self.length = length
        self.epoch = "e1"
        self.takes_s = 0.0

    async def end(self) -> JournalEnd:
        await asyncio.sleep(self.takes_s)
        return JournalEnd(self.epoch, self.length)

    async def rows_after(self, seq: int, most_rows: int, most_bytes: int) -> tuple[JournalEnd, Sequence[wire.Row]]:
        return await self.end(), ROWS[seq : min(self.length, seq + most_rows)]


class FakeOffice:
    """Takes rows as the contract says. ``down``: nobody answers; ``deaf``: it takes them and its answer is lost."""

    def __init__(self) -> None:
        self.journals: dict[str, list[wire.Row]] = {"e1": []}
        self.calls: list[tuple[float, str]] = []
        self.statuses: list[dict[str, Any]] = []
        self.down = self.deaf = False
        self.takes_s = 0.0
        self.in_sale = False
        """While a sale is open; calls that begin then are noted."""
        self.calls_in_sale: list[tuple[float, str]] = []

    async def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer token"
        self.calls.append((asyncio.get_running_loop().time(), request.url.path))
        if self.in_sale:
            self.calls_in_sale.append(self.calls[-1])
        await asyncio.sleep(self.takes_s)
        if self.down:
            raise httpx.ConnectError("no route")
        if request.url.path == "/v1/status":
            report = msgspec.json.decode(wire.unpack(await request.aread()))
            self.statuses.append(report["status"])
            return httpx.Response(200, json={})
        epoch = request.url.path.rpartition("/")[2]
        if request.method == "POST":
            batch = wire.read_batch(wire.unpack(await request.aread()))
            epoch = str(batch.epoch)
            rows = self.journals.setdefault(epoch, [])
            rows += [row for row in batch.rows if row.seq > len(rows)]
        if self.deaf:
            raise httpx.ReadError("cut")
        return httpx.Response(200, json={"have": len(self.journals.get(epoch, ()))})

    @property
    def rows(self) -> list[wire.Row]:
        return self.journals["e1"]

    @property
    def journal_calls(self) -> list[tuple[float, str]]:
        return [call for call in self.calls if call[1] != "/v1/status"]


async def well() -> dict[str, Any]:
    return {"state": "idle", "network_ok": True}


async def slowly_well() -> dict[str, Any]:
    await asyncio.sleep(0.5)
    return await well()


def beside(
    journal: Journal,
    office: FakeOffice,
    work: Callable[[OfficeTask], Awaitable[None]],
    status: Callable[[], Awaitable[dict[str, Any]]] = well,
) -> None:
    async def scenario() -> None:
        way = httpx.MockTransport(office.answer)
        client = OfficeClient("http://127.0.0.1", Sensitive("token"), transport=lambda: way)
        task = OfficeTask("T1", journal, client, status, random.Random(1).random)
        running = asyncio.create_task(task.run())
        await work(task)
        assert not running.done(), running
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run_virtual(scenario())


def test_a_backlog_goes_over_in_batches_and_in_order() -> None:
    journal, office = Journal(700), FakeOffice()

    async def work(_task: OfficeTask) -> None:
        await asyncio.sleep(START_SPREAD_S + 1)
        assert office.rows == ROWS[:700]
        assert len(office.journal_calls) == 1 + -(-700 // BATCH_ROWS)

    beside(journal, office, work)


def test_a_sale_is_at_the_office_at_once_when_it_ends_and_nothing_is_asked_in_between() -> None:
    journal, office = Journal(0), FakeOffice()

    async def work(task: OfficeTask) -> None:
        await asyncio.sleep(3600)
        calls = len(office.journal_calls)
        for _ in range(3):
            journal.length += 1
            task.moved(sale_open=True)
            await asyncio.sleep(1)
        assert len(office.journal_calls) == calls
        journal.length += 1
        task.moved(sale_open=False)
        await asyncio.sleep(0.1)
        assert office.rows == ROWS[:4]
        assert len(office.journal_calls) == calls + 1
        await asyncio.sleep(24 * 3600)
        assert len(office.journal_calls) == calls + 1, "an idle counter asks nothing"

    beside(journal, office, work)


def test_a_sale_that_takes_long_is_seen_while_it_goes_on() -> None:
    journal, office = Journal(0), FakeOffice()

    async def work(task: OfficeTask) -> None:
        await asyncio.sleep(60)
        journal.length += 1
        task.moved(sale_open=True)
        await asyncio.sleep(HOLD_S + 0.1)
        assert office.rows == ROWS[:1]

    beside(journal, office, work)


async def sell(task: OfficeTask, journal: Journal, office: FakeOffice, takes_s: float) -> None:
    """One sale of four rows; it ends, and nobody waits for anything."""
    office.in_sale = True
    for _ in range(3):
        journal.length += 1
        task.moved(sale_open=True)
        await asyncio.sleep(takes_s / 3)
    journal.length += 1
    office.in_sale = False
    task.moved(sale_open=False)


@pytest.mark.parametrize("kind", ["well", "slow", "down", "deaf", "comes and goes"])
@pytest.mark.parametrize("seed", range(2))
def test_no_call_begins_while_a_sale_is_open(kind: str, seed: int) -> None:
    """What is on its way ends; looking into the journal and at the devices takes time, in which a sale can begin."""
    journal, office, chance = Journal(300), FakeOffice(), random.Random(seed)
    journal.takes_s = 0.5
    office.takes_s = 5.0 if kind == "slow" else 0.1
    office.down, office.deaf = kind == "down", kind == "deaf"

    async def work(task: OfficeTask) -> None:
        for _ in range(150):
            await asyncio.sleep(chance.choice((1.0, 1.2, 5.0, 200.0)))
            if kind == "comes and goes":
                office.down = chance.random() < 0.5
            if chance.random() < 0.2:
                task.changed()
            await sell(task, journal, office, chance.uniform(1.0, 0.9 * HOLD_S))
        assert office.calls_in_sale == []
        office.down = office.deaf = False
        await asyncio.sleep(LONGEST_PAUSE_S + STATUS_EVERY_S + 300.0)
        assert office.rows == ROWS[: journal.length]
        assert office.statuses

    beside(journal, office, work, status=slowly_well)


@pytest.mark.parametrize(("takes_s", "patience_s"), [(0.1, HOLD_S), (SLOW_CALL_S * 2, SLOW_HOLD_S)])
def test_a_counter_that_sells_without_a_pause_reports_all_the_same(takes_s: float, patience_s: float) -> None:
    journal, office = Journal(0), FakeOffice()
    office.takes_s = takes_s

    async def work(task: OfficeTask) -> None:
        await asyncio.sleep(60.0)
        journal.length += 1
        task.moved(sale_open=True)
        calls, began_s = len(office.calls), asyncio.get_running_loop().time()
        for _ in range(4 * int(patience_s) // 40):
            journal.length += 2
            task.moved(sale_open=False)
            task.moved(sale_open=True)  # the next customer's, in the same moment
            await asyncio.sleep(40.0)
        waits_s = [at_s - before_s for (before_s, _), (at_s, _) in pairwise(office.calls[calls:])]
        assert office.calls[calls][0] - began_s <= patience_s + STATUS_EVERY_S + takes_s
        assert max(waits_s) <= patience_s + STATUS_EVERY_S + takes_s
        assert {path for _, path in office.calls[calls:]} == {"/v1/journal", "/v1/status"}
        assert len(office.rows) >= min(3 * BATCH_ROWS, journal.length - 2 * (patience_s / 40 + 1))

    beside(journal, office, work)


def test_a_lost_answer_doubles_nothing() -> None:
    journal, office = Journal(5), FakeOffice()

    async def work(task: OfficeTask) -> None:
        await asyncio.sleep(60)
        office.deaf = True
        journal.length = 8
        task.moved(sale_open=False)
        await asyncio.sleep(1)
        office.deaf = False
        await asyncio.sleep(FIRST_PAUSE_S)
        assert office.rows == ROWS[:8]

    beside(journal, office, work)


def test_an_outage_of_days_costs_few_calls_and_loses_nothing() -> None:
    journal, office = Journal(5), FakeOffice()

    async def work(task: OfficeTask) -> None:
        office.down = True
        for _ in range(48):
            journal.length += 10
            task.moved(sale_open=False)
            await asyncio.sleep(3600)
        assert len(office.calls) < 48 * 3600 / LONGEST_PAUSE_S * 4
        office.down = False
        await asyncio.sleep(LONGEST_PAUSE_S + 1)
        assert office.rows == ROWS[:485]

    beside(journal, office, work)


def test_a_journal_that_was_made_anew_is_told_from_its_beginning() -> None:
    journal, office = Journal(500), FakeOffice()

    async def work(task: OfficeTask) -> None:
        await asyncio.sleep(60)
        journal.epoch, journal.length = "e2", 300
        task.moved(sale_open=False)
        await asyncio.sleep(1)
        assert office.journals == {"e1": ROWS[:500], "e2": ROWS[:300]}

    beside(journal, office, work)


def test_a_slow_link_belongs_to_the_open_sale() -> None:
    journal, office = Journal(4 * BATCH_ROWS), FakeOffice()
    office.takes_s = 10.0

    async def work(task: OfficeTask) -> None:
        await asyncio.sleep(START_SPREAD_S + 25)
        task.moved(sale_open=True)
        await asyncio.sleep(30)
        calls = len(office.calls)
        await asyncio.sleep(600)
        assert len(office.calls) == calls
        task.moved(sale_open=False)
        await asyncio.sleep(60)
        assert office.rows == ROWS[: 4 * BATCH_ROWS]

    beside(journal, office, work)


def test_the_office_hears_every_minute_how_the_terminal_is_and_sooner_of_a_change() -> None:
    journal, office = Journal(), FakeOffice()

    async def work(task: OfficeTask) -> None:
        await asyncio.sleep(600 + STATUS_SHORTEST_S)
        assert len(office.statuses) == 600 // STATUS_EVERY_S + 1
        assert office.statuses[-1] == await well()
        count = len(office.statuses)
        for _ in range(100):
            task.changed()
            await asyncio.sleep(0.1)
        assert count + 1 <= len(office.statuses) <= count + 3, "a device that flickers is no flood"

    beside(journal, office, work)


def test_an_office_that_talks_nonsense_is_an_outage() -> None:
    journal = Journal(5)
    answers = iter([b"", b"[" * 10_000, b'{"have": "x"}', b"x" * 100_000, b"{}"])

    async def nonsense(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=next(answers, b'{"have": 0}'))

    office = FakeOffice()
    office.answer = nonsense  # type: ignore[method-assign]

    async def work(_task: OfficeTask) -> None:
        await asyncio.sleep(10 * LONGEST_PAUSE_S)

    beside(journal, office, work)


def test_a_sale_costs_the_link_less_than_two_kilobytes() -> None:
    """The rows of a paid sale with two receipts, which are more than seven; half of what travels is their hashes."""
    sale = Sale(
        number=7,
        reference="T1-000007-4F9A1C",
        register_id="42",
        amount_kr=1990,
        created="2026-11-30T12:00:00.000Z",
        customer_label="app code ****",
        authorization_id="3f1b9c1e-6b0c-4a3e-9f53-5d2a2f1c8e01",
        invoice_number="1234567890",
        support_reference="0d0c8c6f-6a1e-4f0e-8d7c-0c2d3f4b5a69",
    )
    entries = [
        ("2026-11-30T12:00:00.000Z", "entry", msgspec.json.encode({"row": "entry", "sale": replace(sale, state=state)}))
        for state in (State.ENTRY, State.AUTHORIZATION, State.CUSTOMER, State.CAPTURE, State.REPORT, State.CLOSED)
    ]
    receipts = [
        ("2026-11-30T12:00:00.000Z", "receipt", msgspec.json.encode(ReceiptRow(n, "t", original(7, kind))))
        for n in range(3)
        for kind in (ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT)
    ]
    rows = chained([(at, kind, body.decode()) for at, kind, body in [*entries, *receipts]])
    assert sum(len(bytes(row.body)) for row in rows) > 7000
    assert len(wire.pack(wire.Batch("T1", "0" * 32, rows))) <= 2048
