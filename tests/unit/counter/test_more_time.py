"""More time on request, once in each stay: for whoever reads, types or decides more slowly than others."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from terminal.counter.decide import decide
from terminal.counter.inputs import Input, KeyPressed
from terminal.counter.rules import CounterRules
from terminal.counter.typing import Entry
from terminal.counter.view import View
from terminal.loop.timers import Timers
from terminal.sale import events as ev
from terminal.sale.customer import IdentifierProblem
from terminal.sale.effects import RequestVoid, SetDeadline
from terminal.sale.sale import Sale, State
from terminal.sale.sensitive import Sensitive
from terminal.screen.screens import Countdown, screen_for
from tests.each import each_of
from tests.golden.samples import SALE
from tests.virtual_time import run_virtual

RULES = CounterRules()
LIMITED = (State.ENTRY, State.CUSTOMER, State.CODE_ENTRY)


NOTHING_TYPED = Entry()


def limited(state: State, entry: Entry = NOTHING_TYPED) -> View:
    sale = replace(SALE, state=state, authorization_id="A" if state is not State.ENTRY else "")
    return View(sale=sale, entry=entry, deadline=SetDeadline(sale_number=sale.number, state=state, delay_s=1.0))


def limit_of(sale: Sale) -> float:
    terms = sale.terms
    limits = {State.ENTRY: terms.entry_timeout_s, State.CUSTOMER: terms.customer_timeout_s}
    return limits.get(sale.state, terms.code_timeout_s)


@pytest.mark.parametrize("state", LIMITED)
def test_a_key_begins_the_time_of_this_stay_anew_and_once(state: State) -> None:
    before = limited(state)
    decision = decide(before, KeyPressed("#"), RULES)
    assert before.sale is not None
    wanted = SetDeadline(sale_number=SALE.number, state=state, delay_s=limit_of(before.sale))
    assert decision.effects == (wanted,)
    assert decision.view == replace(before, deadline=wanted, has_more_time=True)
    assert decision.record is None
    again = decide(decision.view, KeyPressed("#"), RULES)
    assert not any(isinstance(effect, SetDeadline) for effect in again.effects)


def test_while_something_is_typed_or_doubted_the_key_means_ok() -> None:
    for entry in (Entry(digits=Sensitive("8")), Entry(problem=IdentifierProblem.DOUBTFUL_KENNITALA)):
        assert not limited(State.ENTRY, entry).may_get_more_time
        assert not decide(limited(State.ENTRY, entry), KeyPressed("#"), RULES).view.has_more_time


@each_of("state", [state for state in State if state not in LIMITED])
def test_no_other_state_can_be_drawn_out(state: State) -> None:
    assert not limited(state).may_get_more_time


def test_the_next_stay_has_its_own() -> None:
    view = replace(limited(State.CUSTOMER), has_more_time=True)
    cancelled = decide(view, ev.CancelRequested(SALE.number, ev.Canceller.CASHIER), RULES)
    assert any(isinstance(effect, RequestVoid) for effect in cancelled.effects)
    assert not cancelled.view.has_more_time


def test_the_earlier_end_does_not_come_any_more() -> None:
    async def main() -> None:
        came: list[Input] = []
        timers = Timers(came.append)
        for delay_s in (150.0, 150.0):
            timers.set(SetDeadline(sale_number=1, state=State.CUSTOMER, delay_s=delay_s))
            await asyncio.sleep(140)
        assert came == []
        await asyncio.sleep(20)
        assert came == [ev.DeadlinePassed(1, State.CUSTOMER)]

    run_virtual(main())


@pytest.mark.parametrize("state", LIMITED)
def test_the_key_is_named_when_the_time_is_nearly_over_and_as_long_as_it_helps(state: State) -> None:
    view = limited(state)
    late, early = Countdown(20, 150), Countdown(40, 150)
    assert screen_for(view, "en", countdown=late).hint == "# wait   * cancel"
    assert screen_for(view, "en", countdown=early).hint == "* cancel"
    assert screen_for(replace(view, has_more_time=True), "en", countdown=late).hint == "* cancel"
