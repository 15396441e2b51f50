"""Does what was decided: the only code that calls the payment service and sets timers. Decides nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Protocol

from hardware.interfaces import DeviceError
from terminal.counter.decision import (
    CheckService,
    CounterEffect,
    ExamineTerminal,
    KeepOfferFor,
    LockMenuFor,
    OpenDrawer,
    PreparePrinter,
    ShowMenuFor,
    ShowResultFor,
)
from terminal.counter.inputs import ConditionsChanged, Input, MenuLeft, MenuUnlocked, OfferExpired, ResultSeen
from terminal.counter.register_words import RegisterQuestion, RegisterReply
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus, CallLost, CallRefused, Gateway, OpenedAuthorization, StatusReport

SHORTEST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0
"""Between two looks at a service that cannot be reached. One that can be is not looked at again."""

log = logging.getLogger(__name__)


async def call_gateway(gateway: Gateway, effect: fx.Call) -> ev.AnswerReceived:
    """Make the call and say how it ended. Never raises: what cannot be told apart counts as lost."""
    number, call, name = effect.sale_number, effect.call, type(effect).__name__
    try:
        if isinstance(effect, fx.RequestAuthorization):
            return ev.AuthorizationOpened(number, call, await _open_authorization(gateway, effect))
        report = await _ask(gateway, effect)
        if report.status is not AuthorizationStatus.PENDING:  # what a sale stands unknown for is found out from this
            log.info("sale %d: %s: %s", number, name, _said(report))
        return ev.StatusReceived(number, call, report)
    except CallRefused as refused:
        log.warning("sale %d: %s refused: %s", number, name, refused)
        return ev.RefusalReceived(number, call, refused.refusal, refused.support_reference)
    except CallLost as lost:
        log.warning("sale %d: %s lost: %s", number, name, lost)
        return ev.AnswerLost(number, call, str(lost))
    except Exception as error:
        # A fault in the gateway must not strand the sale: nobody knows whether the call happened.
        log.exception("sale %d: %s failed in an unforeseen way", number, name)
        return ev.AnswerLost(number, call, type(error).__name__)


def _said(report: StatusReport) -> str:
    amount = "no amount" if report.amount_kr is None else f"{report.amount_kr} kr."
    record = "" if report.confirmed else ", not by its own record"
    return f"{report.status}{record if report.status is AuthorizationStatus.PAID else ''}, {amount}, {report.reference}"


async def _open_authorization(gateway: Gateway, effect: fx.RequestAuthorization) -> OpenedAuthorization:
    return await gateway.open_authorization(
        reference=effect.reference,
        amount_kr=effect.amount_kr,
        customer=effect.customer,
        capture_mode=effect.capture_mode,
    )


async def _ask(gateway: Gateway, effect: fx.Call) -> StatusReport:
    match effect:
        case fx.QueryStatus(authorization_id=name):
            return await gateway.query_status(name)
        case fx.SubmitCode(authorization_id=name, code=code):
            return await gateway.submit_code(name, code)
        case fx.RequestCapture(authorization_id=name):
            return await gateway.capture(name)
        case fx.RequestVoid(authorization_id=name):
            return await gateway.void(name)
    raise TypeError(f"nobody knows how to perform {type(effect).__name__}")


def timer_event(effect: CounterEffect) -> tuple[float, Input] | None:
    """The delay and the event of an effect that sets a timer; None for any other."""
    match effect:
        case fx.SetDeadline(sale_number=number, state=state, delay_s=delay_s):
            return delay_s, ev.DeadlinePassed(number, state)
        case fx.SetRetry(sale_number=number, state=state, delay_s=delay_s):
            return delay_s, ev.RetryDue(number, state)
        case fx.SetLimit(sale_number=number, delay_s=delay_s):
            return delay_s, ev.CancelRequested(number, ev.Canceller.CLOCK)
        case KeepOfferFor(amount_kr, delay_s):
            return delay_s, OfferExpired(amount_kr)
        case ShowResultFor(number, delay_s):
            return delay_s, ResultSeen(number)
        case ShowMenuFor(turn, delay_s):
            return delay_s, MenuLeft(turn)
        case LockMenuFor(delay_s):
            return delay_s, MenuUnlocked()
    return None


class PrinterAhead(Protocol):
    """What is asked of the printer before a receipt is due. Both return at once."""

    def prepare(self) -> None: ...

    def open_drawer(self) -> None: ...


class NoPrinter:
    """A counter without a printer has no drawer, either."""

    def prepare(self) -> None:
        """There is nothing to find."""

    def open_drawer(self) -> None:
        """The drawer hangs on the printer."""


class TerminalPerformer:
    """Does effects on the event loop. What comes of them goes back into the inbox as events."""

    def __init__(
        self,
        gateway: Gateway,
        send_to_register: Callable[[RegisterReply, RegisterQuestion | None], None],
        examine: Callable[[Callable[[Input], None]], Awaitable[None]] | None = None,
    ) -> None:
        self._gateway = gateway
        self._send_to_register = send_to_register
        self._examine_terminal = examine
        self._printer: PrinterAhead = NoPrinter()
        self._doctor: asyncio.Task[None] | None = None
        self._put: Callable[[Input], None] = lambda _event: None
        self._calls: set[asyncio.Task[None]] = set()
        self._timers: dict[type[CounterEffect], asyncio.TimerHandle] = {}
        self._check: asyncio.Task[None] | None = None
        self._calls_made = 0

    def connect(self, put: Callable[[Input], None], printer: PrinterAhead | None = None) -> None:
        """Name the inbox, and the printer if there is one."""
        self._put = put
        self._printer = printer or NoPrinter()

    def reply(self, reply: RegisterReply, to: RegisterQuestion | None = None) -> None:
        self._send_to_register(reply, to)

    def perform(self, effect: CounterEffect) -> None:
        if isinstance(effect, fx.Call):
            self._calls_made += 1
            self._start(self._call(effect), type(effect).__name__)
        elif isinstance(effect, CheckService):
            self._start_check(effect.delay_s)
        elif isinstance(effect, ExamineTerminal):
            if self._doctor is None or self._doctor.done():  # one report at a time, however often it is asked for
                self._doctor = self._start(self._examine(), "ExamineTerminal")
        elif (timer := timer_event(effect)) is not None:
            self._set_timer(type(effect), *timer)
        elif isinstance(effect, PreparePrinter):
            self._printer.prepare()
        elif isinstance(effect, OpenDrawer):
            self._printer.open_drawer()
        # Nothing else is left to do: AcknowledgeCallback is answered by the listener, which waits for the decision.

    def _start(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return task

    async def _call(self, effect: fx.Call) -> None:
        self._put(await call_gateway(self._gateway, effect))

    async def _examine(self) -> None:
        """A report that does not come out on paper is in the log; it is on the screen as well."""
        if self._examine_terminal is None:
            return
        try:
            await self._examine_terminal(self._put)
        except DeviceError as error:
            log.error("the doctor's report is not printed: %s", error)

    def _start_check(self, delay_s: float) -> None:
        """Begin to look anew: whoever asks wants to know now, not after the pause of a look before."""
        if self._check is not None:
            self._check.cancel()
        self._check = self._start(self._check_service(delay_s), "CheckService")

    async def _check_service(self, delay_s: float) -> None:
        """Until it is told that the service is reached.

        A call that leaves meanwhile tells more, and later, than the look does: what that look found is not told, and
        because the call may be lost, there is another one.
        """
        await asyncio.sleep(delay_s)
        pause_s = SHORTEST_PAUSE_S
        while True:
            calls_made = self._calls_made
            reached = await self._gateway.reach()
            if calls_made == self._calls_made:
                self._put(ConditionsChanged({"network_ok": reached}))
                if reached:
                    return
            await asyncio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)

    def _set_timer(self, kind: type[CounterEffect], delay_s: float, event: Input) -> None:
        """One timer of each kind; a newer one replaces it. Events of a state that is over find nobody."""
        if kind in self._timers:
            self._timers[kind].cancel()
        self._timers[kind] = asyncio.get_running_loop().call_later(delay_s, self._put, event)

    async def close(self) -> None:
        """Stop timers and calls. A call that was on its way is asked about after the next start."""
        for timer in self._timers.values():
            timer.cancel()
        for task in self._calls:
            task.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
