"""Which pattern is played for what staff should notice."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from msgspec.structs import replace

from hardware.interfaces import Flash, Pattern
from hardware.signals import SimulatedSignals
from terminal.counter.inputs import ConditionsChanged, KeyPressed
from terminal.counter.typing import Entry
from terminal.counter.view import Conditions, View
from terminal.sale.customer import IdentifierProblem
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, Outcome, Reason, State
from terminal.screen.lamp import APPROVED, ATTENTION, DECLINED, KEY_S, MISTYPED, Signaller, pattern_for
from tests.each import each_of
from tests.golden.samples import SALE
from tests.virtual_time import run_virtual

OPEN = View(sale=replace(SALE, state=State.CUSTOMER))
EXPECTED = {
    Outcome.APPROVED: APPROVED,
    Outcome.REFUNDED: APPROVED,
    Outcome.DECLINED: DECLINED,
    Outcome.CANCELLED: DECLINED,
    Outcome.FAILED: DECLINED,
    Outcome.UNKNOWN: ATTENTION,
    Outcome.REFUND_DUE: ATTENTION,
}
SILENT = {Reason.CASHIER_CANCELLED, Reason.REGISTER_CANCELLED}


@each_of("reason", Reason)
def test_every_end_of_a_sale_has_its_pattern_once(reason: Reason) -> None:
    reported = View(sale=replace(SALE, state=State.REPORT, reason=reason))
    closed = View(result=replace(SALE, state=State.CLOSED, reason=reason))
    pattern = pattern_for(OPEN, reported)
    if reason in SILENT:
        assert pattern is None
    else:
        assert pattern is not None
        assert pattern.flashes == EXPECTED[reason.outcome]
    assert pattern_for(reported, closed) is None


def test_patterns_are_told_apart_by_ear_and_by_eye() -> None:
    for sense in ("buzzer", "lamp"):
        heard = {
            tuple((flash.duration_s, getattr(flash, sense)) for flash in p) for p in (APPROVED, DECLINED, ATTENTION)
        }
        assert len(heard) == 3


def test_no_light_flickers() -> None:
    for pattern in (APPROVED, DECLINED, ATTENTION, MISTYPED):
        lit = [flash.lamp for flash in pattern]
        assert sum(before and not after for before, after in zip(lit, [*lit[1:], False], strict=True)) <= 1


def test_a_key_is_heard_but_for_the_moment_in_which_something_else_is() -> None:
    async def main() -> None:
        signals = SimulatedSignals()
        played: list[Pattern] = []
        signaller, silent = Signaller(signals, key_beep=True), Signaller(signals)
        signaller.hear(KeyPressed("1"))
        task = asyncio.create_task(signaller.run())
        await asyncio.sleep(1)
        signals.play = played.append  # type: ignore[method-assign]
        for event in (KeyPressed("1", is_long=True), ConditionsChanged({"network_ok": True})):
            signaller.hear(event)
        silent.hear(KeyPressed("1"))
        assert played == []
        signaller.hear(KeyPressed("1"))
        assert played == [Pattern((Flash(KEY_S, lamp=False, buzzer=True),))]
        signaller.show(View(sale=SALE))
        signaller.show(View(result=replace(SALE, state=State.CLOSED, reason=Reason.PAID)))
        signaller.hear(KeyPressed("1"))
        assert len(played) == 2
        await asyncio.sleep(3)
        signaller.hear(KeyPressed("1"))
        assert len(played) == 3
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    run_virtual(main())


def test_payment_that_becomes_unknown_calls_somebody_and_the_lamp_stays_lit() -> None:
    capture = replace(SALE, state=State.CAPTURE, committed=True)
    unknown = View(sale=replace(capture, settling=True, misses=MISSES_UNTIL_UNKNOWN))
    assert pattern_for(View(sale=capture), unknown) == Pattern(ATTENTION, stays_lit=True)
    paid = View(sale=replace(capture, state=State.REPORT, reason=Reason.PAID))
    assert pattern_for(unknown, paid) == Pattern(APPROVED, stays_lit=False)


def test_lamp_stays_lit_while_a_sale_waits_for_staff_and_goes_out_when_settled() -> None:
    waiting = replace(SALE, state=State.ATTENTION, reason=Reason.REFUND_DUE)
    before = View(sale=replace(waiting, state=State.REPORT))
    after = View(result=waiting, attention=(waiting,))
    assert pattern_for(before, after) == Pattern(ATTENTION, stays_lit=True)
    assert pattern_for(after, replace(after, result=None)) is None
    next_sale = View(sale=replace(SALE, number=2), attention=(waiting,))
    done = replace(next_sale, sale=replace(SALE, number=2, state=State.REPORT, reason=Reason.PAID))
    assert pattern_for(next_sale, done) == Pattern(APPROVED, stays_lit=True)
    assert pattern_for(done, replace(done, attention=())) == Pattern((), stays_lit=False)


def test_trouble_that_hinders_sales_calls_somebody_and_other_trouble_does_not() -> None:
    assert pattern_for(View(), View(conditions=Conditions(keypad_ok=False))) == Pattern(ATTENTION, stays_lit=True)
    assert pattern_for(View(), View(conditions=Conditions(pending_receipts=1))) is None


def test_refused_entry_is_heard() -> None:
    before = View(sale=SALE)
    after = replace(before, entry=Entry(problem=IdentifierProblem.BAD_PHONE))
    assert pattern_for(before, after) == Pattern(MISTYPED)
    assert pattern_for(after, after) is None


def test_views_reach_the_signals_once_they_are_open() -> None:
    async def main() -> None:
        signals = SimulatedSignals()
        signaller = Signaller(signals)
        signaller.show(View(conditions=Conditions(keypad_ok=False)))
        task = asyncio.create_task(signaller.run())
        await asyncio.sleep(10)
        assert signals.lamp
        assert not signals.buzzer
        signaller.show(View())
        assert not signals.lamp
        signaller.show(OPEN)
        signaller.show(View(sale=replace(SALE, state=State.REPORT, reason=Reason.PAID)))
        assert signals.buzzer
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert not signals.lamp
        assert not signals.buzzer

    run_virtual(main())


def test_no_pattern_goes_on_for_ever() -> None:
    for flashes in (APPROVED, DECLINED, ATTENTION, MISTYPED):
        assert all(isinstance(flash, Flash) for flash in flashes)
        assert sum(flash.duration_s for flash in flashes) < 3
