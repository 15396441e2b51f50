"""Receipts of which nobody knows whether they came out: one copy unasked, then a question; no other receipt waits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hardware.interfaces import PrinterStatus
from hardware.printer.simulated import SimulatedPrinter
from terminal.counter.inputs import ConditionsChanged
from terminal.paper.printing import LONGEST_PAUSE_S
from terminal.sale.record import ReceiptState
from tests.unit.paper.shopfront_bench import COPY_MARK, CUSTOMER, MERCHANT, Shopfront, run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def hangs_up_unheard() -> SimulatedPrinter:
    """It knows no GS r and its connection goes when the knife falls: nobody ever hears that a receipt is on paper."""
    printer = SimulatedPrinter(columns=48)
    printer.set_mood("knows_in_order", False)
    printer.set_mood("hangs_up_at_knife", True)
    return printer


def kinds(shopfront: Shopfront) -> list[tuple[str, bool]]:
    return [
        ("customer" if "Eintak viðskiptavinar" in text else "merchant", COPY_MARK in text) for text in shopfront.texts
    ]


def test_each_comes_out_once_more_at_most_and_the_other_copy_first(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(3600)
        assert kinds(shopfront) == [("customer", False), ("merchant", False), ("customer", True), ("merchant", True)]
        assert [one.state for one in await shopfront.waiting()] == [ReceiptState.DOUBTFUL] * 2
        assert shopfront.conditions[-1]["pending_receipts"] == 2

    run(path, scenario, printer=hangs_up_unheard())


def test_staff_who_find_it_whole_end_it_and_are_asked_about_the_next(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(600)
        for kind in (CUSTOMER, MERCHANT):
            assert shopfront.doubt is not None
            assert shopfront.doubt.kind is kind
            await shopfront.answer("#")
            await asyncio.sleep(1)
        assert shopfront.doubt is None
        assert await shopfront.waiting() == []
        assert shopfront.conditions[-1]["pending_receipts"] == 0
        await asyncio.sleep(3600)
        assert len(shopfront.texts) == 4

    run(path, scenario, printer=hangs_up_unheard())


def test_staff_who_want_it_again_get_it_once_and_are_asked_again(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(600)
        for copies in (3, 4):
            await shopfront.answer("*")
            await asyncio.sleep(600)
            assert len(shopfront.texts) == copies
            assert shopfront.doubt is not None
        shopfront.printer.set_mood("hangs_up_at_knife", False)
        await shopfront.answer("*")
        await asyncio.sleep(600)
        assert len(shopfront.texts) == 5
        assert shopfront.doubt is None

    run(path, scenario, printer=hangs_up_unheard())


def test_question_and_copy_survive_power_cuts_and_no_cut_prints_a_third(path: Path) -> None:
    async def cut(shopfront: Shopfront) -> None:
        shopfront.disk.refuses = ReceiptState.PRINTED
        if not shopfront.texts:
            await shopfront.queue(CUSTOMER)
        await asyncio.sleep(5)

    async def asks(shopfront: Shopfront) -> None:
        await asyncio.sleep(600)
        assert [COPY_MARK in text for text in shopfront.texts] == [False, True]
        assert shopfront.doubt is not None
        assert shopfront.doubt.state is ReceiptState.DOUBTFUL

    run(path, cut, cut, asks, asks)


def test_the_one_that_is_being_printed_counts_as_pending_and_is_no_trouble(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(60)
        shopfront.told.clear()
        seen: list[tuple[int, int]] = []
        shopfront.printer.on_change = lambda: seen.append((len(shopfront.told), len(shopfront.printer.receipts)))
        await shopfront.again(CUSTOMER)
        await asyncio.sleep(60)
        told = [event.changes for event in shopfront.told if isinstance(event, ConditionsChanged)]
        assert told[0] == {"pending_receipts": 1, "is_printing": True}
        assert seen[0][0] == 1, "told before the first byte"
        assert told[-1] == {"is_printing": False}
        assert shopfront.conditions[-1]["pending_receipts"] == 0

    run(path, scenario)


def test_printer_that_has_answered_once_and_says_nothing_now_keeps_its_receipts(path: Path) -> None:
    printer = SimulatedPrinter(columns=48)

    async def before(shopfront: Shopfront) -> None:
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(5)
        assert len(shopfront.texts) == 1

    async def silent(shopfront: Shopfront) -> None:
        printer.set_mood("hung", True)
        await shopfront.queue(MERCHANT)
        await asyncio.sleep(600)
        assert shopfront.conditions[-1] == {"printer": PrinterStatus.OFFLINE, "pending_receipts": 1}
        printer.set_mood("hung", False)
        await asyncio.sleep(LONGEST_PAUSE_S + 5)
        assert len(shopfront.texts) == 2
        assert COPY_MARK not in shopfront.texts[1]

    run(path, before, silent, printer=printer)


def test_what_never_answers_is_told_as_unknown_and_never_as_well(path: Path) -> None:
    printer = SimulatedPrinter(columns=48)
    printer.answers = False

    async def scenario(shopfront: Shopfront) -> None:
        await shopfront.queue(CUSTOMER, MERCHANT)
        await asyncio.sleep(60)
        assert len(shopfront.texts) == 2
        assert {one["printer"] for one in shopfront.conditions if "printer" in one} == {PrinterStatus.UNKNOWN}

    run(path, scenario, printer=printer)


def test_paper_near_its_end_is_told_with_the_receipt(path: Path) -> None:
    async def scenario(shopfront: Shopfront) -> None:
        shopfront.printer.paper = "low"
        await shopfront.queue(CUSTOMER)
        await asyncio.sleep(10)
        assert {"paper_low": True}.items() <= shopfront.known.items()
        shopfront.printer.paper = "ok"
        shopfront.printing.prepare()
        await asyncio.sleep(10)
        assert shopfront.known["paper_low"] is False

    run(path, scenario)
