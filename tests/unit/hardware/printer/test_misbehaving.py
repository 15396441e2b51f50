"""Whole sales over printers that misbehave, each kind as its owners describe it: the real driver, queue and journal.

Everywhere the same is asked for: each receipt is on paper, once, or once more as a copy where nobody could know; none
is told as printed that is not; and none waits for another.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hardware.interfaces import PrinterStatus
from hardware.printer.status import IN_ORDER, REPORT_BY_ITSELF
from terminal.sale.record import ReceiptState
from tests.patience import at_most
from tests.unit.hardware.printer.misbehaving import SerialPrinter, TcpPrinter
from tests.unit.paper.shopfront_bench import COPY_MARK, CUSTOMER, MERCHANT, Shopfront

Printer = SerialPrinter | TcpPrinter
Scenario = Callable[[Path], Awaitable[None]]

every_way = pytest.mark.parametrize("way", [TcpPrinter, SerialPrinter], ids=["network", "serial"])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits of a printer that answers within milliseconds."""
    monkeypatch.setattr("hardware.printer.conversation.STATUS_WAITS_S", (0.1, 0.1, 0.2))
    monkeypatch.setattr("hardware.printer.driver.FIRST_WAIT_S", 0.25)
    monkeypatch.setattr("terminal.paper.printing.SHORTEST_PAUSE_S", 0.2)
    monkeypatch.setattr("terminal.paper.printing.LONGEST_PAUSE_S", 0.4)


@asynccontextmanager
async def shop(path: Path, far_end: Printer, **settings: Any) -> AsyncIterator[Shopfront]:
    """One start of the terminal; what is known of the printer is kept beside the journal."""
    printer = far_end.printer(path / "printer.json", **settings)
    shopfront = Shopfront(path / "journal.db", printer)  # type: ignore[arg-type]
    await shopfront.journal.call(shopfront.disk.open)
    task = asyncio.ensure_future(shopfront.printing.run())
    try:
        yield shopfront
        assert not task.done(), "printing never gives up"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await shopfront.journal.close()


def papers(far_end: Printer) -> list[tuple[str, bool]]:
    """Whose copy each is, and whether it says that it is one more."""
    texts = [one.text for one in far_end.machine.receipts if "T1-000007" in one.text]
    return [("customer" if "Eintak viðskiptavinar" in text else "merchant", COPY_MARK in text) for text in texts]


ONCE_EACH = [("customer", False), ("merchant", False)]


def run(path: Path, far_end: Printer, scenario: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await far_end.start()
        try:
            async with asyncio.timeout(at_most(30)):
                await scenario()
        finally:
            await far_end.stop()

    asyncio.run(main())


async def until(what: Callable[[], object], within_s: float = 15.0) -> None:
    async with asyncio.timeout(at_most(within_s)):
        while not what():  # noqa: ASYNC110  it happens at the far end
            await asyncio.sleep(0.02)


async def sell(shopfront: Shopfront) -> None:
    """A sale's two receipts are queued, and known to be on paper."""
    await shopfront.queue(CUSTOMER, MERCHANT)
    await all_printed(shopfront)


async def all_printed(shopfront: Shopfront, within_s: float = 15.0) -> None:
    async with asyncio.timeout(at_most(within_s)):
        while await shopfront.waiting():  # noqa: ASYNC110  the journal tells nobody
            await asyncio.sleep(0.02)
    await until(lambda: shopfront.known.get("pending_receipts") == 0)


@pytest.mark.slow
@every_way
def test_printer_that_is_silent_after_a_restart_keeps_the_receipts(way: type[Printer], tmp_path: Path) -> None:
    far_end = way()

    async def scenario() -> None:
        async with shop(tmp_path, far_end) as shopfront:
            await shopfront.queue(CUSTOMER)
            await all_printed(shopfront)
        if isinstance(far_end, SerialPrinter):
            far_end.is_on = False
        else:
            far_end.is_held = True  # our connection is taken, and somebody else's is served
        async with shop(tmp_path, far_end) as shopfront:
            await shopfront.queue(MERCHANT)
            await until(lambda: shopfront.known.get("printer") is PrinterStatus.OFFLINE)
            await asyncio.sleep(1)
            assert shopfront.known["pending_receipts"] == 1
            if isinstance(far_end, SerialPrinter):
                far_end.is_on = True
            else:
                far_end.is_held = False
            await all_printed(shopfront)
            assert papers(far_end) == ONCE_EACH

    run(tmp_path, far_end, scenario)


@pytest.mark.slow
@every_way
def test_engine_that_hangs_loses_nothing(way: type[Printer], tmp_path: Path) -> None:
    far_end = way()

    async def scenario() -> None:
        async with shop(tmp_path, far_end) as shopfront:
            await sell(shopfront)
            far_end.machine.moods.hung = True
            await shopfront.again(CUSTOMER)
            await until(lambda: shopfront.known.get("printer") is PrinterStatus.OFFLINE)
            far_end.machine.moods.hung = False
            await all_printed(shopfront)
            assert papers(far_end) == [*ONCE_EACH, ("customer", True)]

    run(tmp_path, far_end, scenario)


@every_way
@pytest.mark.parametrize("knows_in_order", [True, False])
def test_printer_without_surprises_prints_each_once(way: type[Printer], knows_in_order: bool, tmp_path: Path) -> None:
    far_end = way(knows_in_order=knows_in_order, knows_reports=knows_in_order)

    async def scenario() -> None:
        async with shop(tmp_path, far_end) as shopfront:
            await sell(shopfront)
            assert papers(far_end) == ONCE_EACH
            assert shopfront.known["printer"] is PrinterStatus.OK

    run(tmp_path, far_end, scenario)


def test_hang_up_at_the_knife_is_no_fault_of_a_receipt_that_was_confirmed(tmp_path: Path) -> None:
    far_end = TcpPrinter(hangs_up_at_knife=True)

    async def scenario() -> None:
        async with shop(tmp_path, far_end) as shopfront:
            await sell(shopfront)
            assert papers(far_end) == ONCE_EACH
            await shopfront.again(CUSTOMER)
            await shopfront.again(MERCHANT)
            await all_printed(shopfront)
            assert len(papers(far_end)) == 4
            assert PrinterStatus.OFFLINE not in [one.get("printer") for one in shopfront.conditions]

    run(tmp_path, far_end, scenario)


def test_hang_up_at_the_knife_that_nobody_confirms_gives_one_copy_and_a_question(tmp_path: Path) -> None:
    far_end = TcpPrinter(hangs_up_at_knife=True, knows_in_order=False)

    async def scenario() -> None:
        async with shop(tmp_path, far_end) as shopfront:
            await shopfront.queue(CUSTOMER, MERCHANT)
            await until(lambda: len(papers(far_end)) == 4 and shopfront.doubt)
            assert papers(far_end)[:2] == ONCE_EACH, "the other copy is not held up"
            assert sorted(papers(far_end)[2:]) == [("customer", True), ("merchant", True)]
            await asyncio.sleep(1)
            assert len(papers(far_end)) == 4
            states = [one.state for one in await shopfront.waiting()]
            assert states == [ReceiptState.DOUBTFUL] * 2

    run(tmp_path, far_end, scenario)


@pytest.mark.slow
def test_status_that_waits_its_turn_is_waited_for(tmp_path: Path) -> None:
    far_end = TcpPrinter(answers_in_turn=True, knows_in_order=False)
    far_end.line_s = 0.04

    async def scenario() -> None:
        async with shop(tmp_path, far_end, timeout_s=1.0) as shopfront:
            await sell(shopfront)
            assert papers(far_end) == ONCE_EACH

    run(tmp_path, far_end, scenario)


@pytest.mark.slow
@every_way
def test_one_answer_in_five_lost_makes_at_most_one_copy(way: type[Printer], tmp_path: Path) -> None:
    far_end = way(loses_every=5)

    async def scenario() -> None:
        async with shop(tmp_path, far_end) as shopfront:
            await sell(shopfront)
            for _ in range(5):
                await shopfront.again(CUSTOMER)
                await all_printed(shopfront)
            assert 7 <= len(papers(far_end)) <= 14
            assert shopfront.doubt is None

    run(tmp_path, far_end, scenario)


def test_line_that_echoes_is_no_printer_that_answers(tmp_path: Path) -> None:
    far_end = SerialPrinter(echoes=True, answers=False)

    async def scenario() -> None:
        async with shop(tmp_path, far_end) as shopfront:
            await sell(shopfront)
            await until(lambda: len(papers(far_end)) == len(ONCE_EACH))  # nothing has said that it took the last bytes
            assert papers(far_end) == ONCE_EACH
            assert shopfront.known["printer"] is PrinterStatus.UNKNOWN

    run(tmp_path, far_end, scenario)


def test_half_a_picture_swallows_no_other_receipt(tmp_path: Path) -> None:
    far_end = TcpPrinter()

    async def scenario() -> None:
        async with shop(tmp_path, far_end, codepage="raster") as shopfront:
            await sell(shopfront)
            pieces = len(far_end.machine.receipts)
            far_end.machine.moods.loses_bytes = 400
            for _ in range(3):
                await shopfront.again(CUSTOMER)
            await all_printed(shopfront)
            assert shopfront.doubt is None
            assert len(far_end.machine.receipts) - pieces in (3, 4), "the torn one and its copy may hang together"

    run(tmp_path, far_end, scenario)


def test_what_a_printer_does_not_know_is_asked_once_and_never_again(tmp_path: Path) -> None:
    far_end = SerialPrinter(knows_in_order=False, knows_reports=False, prints_unknown=True)

    async def scenario() -> None:
        async with shop(tmp_path, far_end) as shopfront:
            await sell(shopfront)
        far_end.heard = b""
        async with shop(tmp_path, far_end) as shopfront:
            await shopfront.again(CUSTOMER)
            await until(lambda: len(papers(far_end)) == 3)
        assert IN_ORDER not in far_end.heard
        assert REPORT_BY_ITSELF not in far_end.heard
        for receipt in far_end.machine.receipts:
            assert receipt.text.split("\n")[0].strip() == "Kaffihúsið", "no letter stands before the shop's name"

    run(tmp_path, far_end, scenario)


@pytest.mark.slow
@pytest.mark.parametrize("refuses_s", [0.3, 2.0])
def test_print_server_that_refuses_after_a_hang_up_prints_each_in_its_turn(refuses_s: float, tmp_path: Path) -> None:
    far_end = TcpPrinter()
    far_end.refuses_s = refuses_s

    async def scenario() -> None:
        async with shop(tmp_path, far_end) as shopfront:
            shopfront.printing.prepare()
            await until(lambda: "printer" in shopfront.known)
            await sell(shopfront)
            assert papers(far_end) == ONCE_EACH
            assert far_end.connected == 1, "one from the first look to the end of the queue"
            await shopfront.again(CUSTOMER)
            await until(lambda: len(papers(far_end)) == 3)

    run(tmp_path, far_end, scenario)


@pytest.mark.slow
@every_way
def test_deadlines_count_from_the_wire_and_grow_with_the_document(way: type[Printer], tmp_path: Path) -> None:
    far_end = way()
    far_end.byte_s = 1 / 5000

    async def scenario() -> None:
        async with shop(tmp_path, far_end, codepage="raster", baudrate=19_200) as shopfront:
            await shopfront.queue(CUSTOMER)
            await all_printed(shopfront)
            assert far_end.machine.moods.answers
            assert len(far_end.machine.receipts) == 1, "no second one because the first took its time"

    run(tmp_path, far_end, scenario)


@every_way
def test_chinese_mode_is_left_after_every_reset(way: type[Printer], tmp_path: Path) -> None:
    far_end = way(chinese=True)

    async def scenario() -> None:
        async with shop(tmp_path, far_end) as shopfront:
            await sell(shopfront)
            assert all("Netgíró" in receipt.text for receipt in far_end.machine.receipts)

    run(tmp_path, far_end, scenario)


@every_way
def test_stuck_status_keeps_receipts_until_answers_are_declared_useless(way: type[Printer], tmp_path: Path) -> None:
    far_end = way(stuck_offline=True)

    async def scenario() -> None:
        async with shop(tmp_path, far_end) as shopfront:
            await shopfront.queue(CUSTOMER, MERCHANT)
            await until(lambda: shopfront.known.get("printer") is PrinterStatus.OFFLINE)
            assert papers(far_end) == []
        far_end.heard = b""
        async with shop(tmp_path, far_end, answers="none") as shopfront:
            await until(lambda: len(papers(far_end)) == 2)
            await all_printed(shopfront)
            assert shopfront.known["printer"] is PrinterStatus.UNKNOWN
            assert b"\x10\x04" not in far_end.heard

    run(tmp_path, far_end, scenario)


@every_way
def test_paper_near_its_end_is_heard(way: type[Printer], tmp_path: Path) -> None:
    far_end = way()

    async def scenario() -> None:
        far_end.machine.paper = "low"
        async with shop(tmp_path, far_end) as shopfront:
            await sell(shopfront)
            assert shopfront.known["paper_low"] is True
            assert papers(far_end) == ONCE_EACH

    run(tmp_path, far_end, scenario)


@every_way
def test_job_that_vanishes_after_power_on_is_noticed_only_by_who_looks(way: type[Printer], tmp_path: Path) -> None:
    """It confirms what it has thrown away: no driver can know. Written down, so that nobody claims more."""
    far_end = way(loses_job=True)

    async def scenario() -> None:
        async with shop(tmp_path, far_end) as shopfront:
            await sell(shopfront)
            assert papers(far_end) == ONCE_EACH[1:]

    run(tmp_path, far_end, scenario)
