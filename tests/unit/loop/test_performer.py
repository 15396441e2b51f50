"""Effects become calls and timers; whatever becomes of them comes back as an event."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from hardware.interfaces import DeviceError
from terminal.counter.decision import CheckService, ExamineTerminal, ShowResultFor
from terminal.counter.inputs import ConditionsChanged, Input, ResultSeen
from terminal.counter.register_words import RegisterReply, TerminalReady
from terminal.counter.typing import Entry
from terminal.counter.view import View
from terminal.loop.performer import TerminalPerformer
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.customer import Customer, CustomerKind
from terminal.sale.gateway import (
    AuthorizationStatus,
    CallLost,
    CallRefused,
    CaptureMode,
    OpenedAuthorization,
    Refusal,
    StatusReport,
)
from terminal.sale.sale import State
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.golden.samples import SALE
from tests.virtual_time import run_virtual

CUSTOMER = Customer(CustomerKind.PHONE, Sensitive("8223281"))
PENDING = StatusReport(status=AuthorizationStatus.PENDING)
OPENED = OpenedAuthorization(authorization_id="cart")
ASK = {"sale_number": 7, "call": 3, "authorization_id": "cart"}


class Gateway:
    """Notes what it is asked; ends every call as it is told to, after ``takes_s``."""

    def __init__(self, ending: Exception | None = None, takes_s: float = 0.0) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self._ending = ending
        self._takes_s = takes_s
        self.reachable_from_s = 0.0
        """On the loop's clock, which begins at 1000."""

    async def _end(self, *asked: Any) -> None:
        self.asked.append(asked)
        await asyncio.sleep(self._takes_s)
        if self._ending is not None:
            raise self._ending

    async def open_authorization(
        self, *, reference: str, amount_kr: int, customer: Customer, capture_mode: CaptureMode
    ) -> OpenedAuthorization:
        await self._end("open", reference, amount_kr, customer, capture_mode)
        return OPENED

    async def query_status(self, authorization_id: str) -> StatusReport:
        await self._end("query", authorization_id)
        return PENDING

    async def submit_code(self, authorization_id: str, code: Sensitive) -> StatusReport:
        await self._end("code", authorization_id, code)
        return PENDING

    async def capture(self, authorization_id: str) -> StatusReport:
        await self._end("capture", authorization_id)
        return PENDING

    async def void(self, authorization_id: str) -> StatusReport:
        await self._end("void", authorization_id)
        return PENDING

    async def reach(self) -> bool:
        self.asked.append(("reach",))
        await asyncio.sleep(self._takes_s)
        return asyncio.get_running_loop().time() >= self.reachable_from_s

    async def close(self) -> None: ...


def perform(
    gateway: Gateway, use: Callable[[TerminalPerformer], Awaitable[None]]
) -> tuple[list[Input], list[RegisterReply]]:
    """What came into the inbox, and what went to the register."""
    inbox: list[Input] = []
    register: list[RegisterReply] = []

    async def whole() -> None:
        performer = TerminalPerformer(gateway, inbox.append, lambda reply, _to: register.append(reply))
        try:
            await use(performer)
        finally:
            await performer.close()

    run_virtual(whole())
    return inbox, register


def one(gateway: Gateway, effect: fx.Effect) -> list[Input]:
    async def use(performer: TerminalPerformer) -> None:
        performer.perform(effect)
        await asyncio.sleep(100)

    return perform(gateway, use)[0]


REQUEST = fx.RequestAuthorization(
    sale_number=7, call=3, reference="T1-7", amount_kr=1990, customer=CUSTOMER, capture_mode=CaptureMode.MANUAL
)
CALLS = [
    (fx.QueryStatus(**ASK), ("query", "cart")),
    (fx.SubmitCode(**ASK, code=Sensitive("1234")), ("code", "cart", Sensitive("1234"))),
    (fx.RequestCapture(**ASK), ("capture", "cart")),
    (fx.RequestVoid(**ASK), ("void", "cart")),
]


def test_an_authorization_is_asked_for_and_its_name_comes_back() -> None:
    gateway = Gateway()
    assert one(gateway, REQUEST) == [ev.AuthorizationOpened(7, 3, OPENED)]
    assert gateway.asked == [("open", "T1-7", 1990, CUSTOMER, CaptureMode.MANUAL)]


@each_of(("effect", "asked"), CALLS)
def test_every_other_call_brings_a_status(effect: fx.Call, asked: tuple[Any, ...]) -> None:
    gateway = Gateway()
    assert one(gateway, effect) == [ev.StatusReceived(7, 3, PENDING)]
    assert gateway.asked == [asked]


@each_of("effect", [REQUEST, *(effect for effect, _ in CALLS)])
@each_of(
    ("ending", "event"),
    [
        (CallRefused(Refusal.CREDENTIALS, "no", "support"), ev.RefusalReceived(7, 3, Refusal.CREDENTIALS, "support")),
        (CallLost("reset"), ev.AnswerLost(7, 3, "reset")),
        (ZeroDivisionError("8223281"), ev.AnswerLost(7, 3, "ZeroDivisionError")),
    ],
)
def test_every_ending_of_every_call_comes_back(effect: fx.Call, ending: Exception, event: Input) -> None:
    assert one(Gateway(ending), effect) == [event]


def test_timers_bring_their_events_in_time_and_a_newer_one_replaces_one_of_its_kind() -> None:
    async def use(performer: TerminalPerformer) -> None:
        performer.perform(fx.SetDeadline(sale_number=7, state=State.ENTRY, delay_s=300))
        performer.perform(fx.SetRetry(sale_number=7, state=State.CUSTOMER, delay_s=2))
        performer.perform(ShowResultFor(6, 1))
        await asyncio.sleep(250)
        performer.perform(fx.SetDeadline(sale_number=7, state=State.CUSTOMER, delay_s=150))
        await asyncio.sleep(151)

    inbox, _ = perform(Gateway(), use)
    assert inbox == [ResultSeen(6), ev.RetryDue(7, State.CUSTOMER), ev.DeadlinePassed(7, State.CUSTOMER)]


def test_what_goes_on_beside_the_open_sale_has_timers_of_its_own() -> None:
    async def use(performer: TerminalPerformer) -> None:
        performer.perform(fx.SetTrace(sale_number=5, delay_s=4))
        performer.perform(fx.SetTrace(sale_number=6, delay_s=2))
        performer.perform(fx.SetTrace(sale_number=6, delay_s=3))
        performer.perform(fx.SetRetry(sale_number=7, state=State.CUSTOMER, delay_s=1))
        await asyncio.sleep(5)

    inbox, _ = perform(Gateway(), use)
    assert inbox == [ev.RetryDue(7, State.CUSTOMER), ev.TraceDue(6), ev.TraceDue(5)]


def test_a_timer_does_not_come_early() -> None:
    async def use(performer: TerminalPerformer) -> None:
        performer.perform(fx.SetRetry(sale_number=7, state=State.CUSTOMER, delay_s=2))
        await asyncio.sleep(1.9)

    assert perform(Gateway(), use) == ([], [])


def test_replies_go_to_the_register() -> None:
    async def use(performer: TerminalPerformer) -> None:
        performer.reply(TerminalReady())

    assert perform(Gateway(), use) == ([], [TerminalReady()])


def test_one_report_is_made_at_a_time_and_one_that_fails_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    begun = []

    async def examine(_put: Callable[[Input], None]) -> None:
        begun.append(asyncio.get_running_loop().time())
        await asyncio.sleep(30)
        raise DeviceError("out of paper")

    async def whole() -> None:
        performer = TerminalPerformer(Gateway(), lambda _event: None, lambda _reply, _to: None, examine=examine)
        for _ in range(8):
            performer.perform(ExamineTerminal())
            await asyncio.sleep(7)
        await performer.close()

    run_virtual(whole())
    assert [at_s - begun[0] for at_s in begun] == [0, 35]
    assert "out of paper" in caplog.text


def test_an_acknowledged_callback_needs_nothing_more_from_here() -> None:
    assert one(Gateway(), fx.AcknowledgeCallback(sale_number=7)) == []


REACHED, NOT_REACHED = ConditionsChanged({"network_ok": True}), ConditionsChanged({"network_ok": False})


def look(gateway: Gateway, *then: tuple[float, CheckService | fx.Call]) -> list[Input]:
    """What comes in after a look at the service, and after what else is to be done so many seconds later."""

    async def use(performer: TerminalPerformer) -> None:
        performer.perform(CheckService())
        for after_s, effect in then:
            await asyncio.sleep(after_s)
            performer.perform(effect)
        await asyncio.sleep(10_000)

    return perform(gateway, use)[0]


def test_a_service_that_is_there_is_looked_at_once() -> None:
    gateway = Gateway()
    assert look(gateway) == [REACHED]
    assert gateway.asked == [("reach",)]


def test_a_service_that_is_missing_is_looked_for_until_it_is_there_ever_less_often() -> None:
    gateway = Gateway()
    gateway.reachable_from_s = 1000 + 3600
    assert look(gateway) == [*[NOT_REACHED] * (len(gateway.asked) - 1), REACHED]
    assert 60 <= len(gateway.asked) <= 65


def test_a_sale_that_begins_wants_to_know_at_once() -> None:
    gateway = Gateway()
    gateway.reachable_from_s = 1000 + 300
    assert look(gateway, (301, CheckService()))[-1] == REACHED
    assert len(gateway.asked) == 8 + 1, "after 0, 5, 15, 35, 75, 135, 195 and 255 s, then because it was asked"


def test_a_look_after_a_lost_call_waits_so_that_the_sales_next_call_may_tell_first() -> None:
    gateway = Gateway()
    gateway.reachable_from_s = 1000 + 10

    async def use(performer: TerminalPerformer) -> None:
        performer.perform(CheckService(5.0))
        await asyncio.sleep(4.9)
        assert gateway.asked == []
        performer.perform(fx.QueryStatus(**ASK))
        await asyncio.sleep(10_000)

    inbox, _ = perform(gateway, use)
    assert inbox == [ev.StatusReceived(7, 3, PENDING), NOT_REACHED, REACHED]
    assert [asked[0] for asked in gateway.asked] == ["query", "reach", "reach"]


def test_a_look_that_is_wanted_later_takes_the_place_of_one_that_is_going_on() -> None:
    gateway = Gateway()
    gateway.reachable_from_s = 1000 + 50
    look(gateway, (40, CheckService(5.0)))
    assert len(gateway.asked) == 6, "after 0, 5, 15 and 35 s, then 5 and 10 s after the lost call"


def test_what_a_call_tells_is_not_overtaken_by_a_look_that_began_before_it() -> None:
    gateway = Gateway(takes_s=8)
    assert look(gateway, (5, fx.QueryStatus(**ASK)))[0] == ev.StatusReceived(7, 3, PENDING)


def test_a_call_that_is_lost_while_a_look_finds_the_service_there_is_followed_by_another_look() -> None:
    gateway = Gateway(CallLost("reset"), takes_s=8)
    lost = ev.AnswerLost(7, 3, "reset")
    assert look(gateway, (5, fx.QueryStatus(**ASK))) == [lost, REACHED]
    assert [asked[0] for asked in gateway.asked] == ["reach", "query", "reach"]


@pytest.mark.parametrize("after_s", [0, 1])
def test_closing_ends_timers_and_calls(after_s: float) -> None:
    async def use(performer: TerminalPerformer) -> None:
        performer.perform(fx.QueryStatus(**ASK))
        performer.perform(CheckService())
        performer.perform(fx.SetRetry(sale_number=7, state=State.CUSTOMER, delay_s=2))
        if after_s:
            await asyncio.sleep(after_s)
        await performer.close()
        await asyncio.sleep(1000)

    assert perform(Gateway(takes_s=60), use) == ([], [])


def test_before_a_call_that_is_expected_the_connection_is_used_but_not_at_every_key() -> None:
    gateway = Gateway()

    async def use(performer: TerminalPerformer) -> None:
        for digits in range(1, 11):
            performer.expect_call(View(sale=SALE, entry=Entry(Sensitive("8223281000"[:digits]))))
            await asyncio.sleep(0.3)
        performer.expect_call(View(sale=replace(SALE, state=State.CUSTOMER), entry=Entry(Sensitive("123456"))))
        performer.expect_call(View(entry=Entry(Sensitive("123456"))))

    assert perform(gateway, use)[0] == [], "it tells nothing"
    assert gateway.asked == [("reach",)] * 2
