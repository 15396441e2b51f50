"""Codes from a scanner on their way from the device to the sale."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from msgspec.structs import replace

from hardware.scanner import SimulatedScanner
from terminal.counter.decide import decide
from terminal.counter.inputs import CodeScanned, Input, KeyPressed
from terminal.counter.rules import CounterRules
from terminal.counter.typing import Entry
from terminal.counter.view import View
from terminal.loop.watchers import watch_scanner
from terminal.sale.customer import CustomerKind, IdentifierProblem
from terminal.sale.effects import RequestAuthorization
from terminal.sale.sale import State
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.golden.samples import SALE
from tests.virtual_time import run_virtual

RULES = CounterRules()
OPEN = View(sale=SALE)


def scanned(view: View, code: str):
    return decide(view, CodeScanned(Sensitive(code)), RULES)


def test_code_identifies_the_customer_without_a_key() -> None:
    decision = scanned(OPEN, "5000041234")
    assert decision.view.sale is not None
    assert decision.view.sale.state is State.AUTHORIZATION
    (request,) = (effect for effect in decision.effects if isinstance(effect, RequestAuthorization))
    assert request.customer.kind is CustomerKind.APP_CODE


def test_code_takes_the_place_of_what_was_typed() -> None:
    typed = decide(OPEN, KeyPressed("8"), RULES).view
    assert scanned(typed, "5000041234").view.sale.customer_kind is CustomerKind.APP_CODE


@each_of("code", ["4006381333931", "ABC", "12345", "8223281", "x" * 128])
def test_code_that_names_nobody_says_so_and_typing_begins_anew(code: str) -> None:
    view = scanned(OPEN, code).view
    assert view.sale == SALE
    assert view.entry.problem is IdentifierProblem.NOT_SCANNED
    assert isinstance(decide(view, KeyPressed("#"), RULES).view.entry.problem, IdentifierProblem), (
        "OK sends nothing of it"
    )
    assert decide(view, KeyPressed("7"), RULES).view.entry == Entry(digits=Sensitive("7"))


@each_of("state", [state for state in State if state is not State.ENTRY])
def test_code_means_nothing_where_no_customer_is_asked_for(state: State) -> None:
    view = View(sale=replace(SALE, state=state))
    assert scanned(view, "5000041234").view == view
    assert scanned(View(), "5000041234").view == View()


def test_codes_reach_the_inbox_through_unplugging_and_are_never_shown() -> None:
    async def main() -> None:
        scanner, inbox, noted = SimulatedScanner(), list[Input](), list[Sensitive]()
        task = asyncio.create_task(watch_scanner(scanner, inbox.append, noted.append))
        await asyncio.sleep(0.1)
        scanner.scan("5000041234")
        scanner.unplug()
        await asyncio.sleep(5)
        scanner.plug_in()
        await asyncio.sleep(60)
        scanner.scan("5000045678")
        assert [event.code.reveal() for event in inbox if isinstance(event, CodeScanned)] == [
            "5000041234",
            "5000045678",
        ]
        assert [code.reveal() for code in noted] == ["5000041234", "5000045678"]
        assert "5000" not in repr(inbox)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    run_virtual(main())
