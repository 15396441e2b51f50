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
    OpenDrawer,
    PreparePrinter,
    SwitchTraining,
)
from terminal.counter.inputs import (
    AboutFound,
    ConditionsChanged,
    Input,
    PairingCodeMade,
    ReportEnded,
    TrainingNotSwitched,
)
from terminal.counter.menu import CodeKind, ReportKind
from terminal.counter.menu_codes import ChangeCode, CheckCode, CodeJudged, CodeVerdict
from terminal.counter.menu_wishes import FindAbout, MakePairingCode, PrintReport
from terminal.counter.register_words import RegisterQuestion, RegisterReply
from terminal.counter.view import View
from terminal.errors import JournalError
from terminal.loop.calls import call_gateway, call_refund
from terminal.loop.timers import Timers
from terminal.sale import effects as fx
from terminal.sale import refund_step as rs
from terminal.sale.gateway import Gateway
from terminal.sale.sale import State
from terminal.sale.sensitive import Sensitive
from terminal.system.retrying import Pauses

SHORTEST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0
NEARLY_TYPED_DIGITS = 5
"""Phones have seven, the rest more."""
USED_FOR_S = 1.0
"""A connection that was used so long ago is still trusted with any call."""
"""Between two looks at a service that cannot be reached. One that can be is not looked at again."""

log = logging.getLogger(__name__)


class PrinterAhead(Protocol):
    """What is asked of the printer before a receipt is due. Both return at once."""

    def prepare(self) -> None: ...

    def open_drawer(self) -> None: ...


class Codes(Protocol):
    """Who keeps the shop's codes. Both block, and never raise."""

    def check(self, kind: CodeKind, typed: Sensitive) -> CodeJudged: ...

    def change(self, kind: CodeKind, new: Sensitive) -> CodeJudged: ...


class NoPrinter:
    """A counter without a printer has no drawer, either."""

    def prepare(self) -> None:
        """There is nothing to find."""

    def open_drawer(self) -> None:
        """The drawer hangs on the printer."""


class TerminalPerformer:
    """Does effects on the event loop. What comes of them is put into the inbox."""

    def __init__(
        self,
        gateway: Gateway,
        put: Callable[[Input], None],
        send_to_register: Callable[[RegisterReply, RegisterQuestion | None], None],
        *,
        printer: PrinterAhead | None = None,
        examine: Callable[[Callable[[Input], None]], Awaitable[None]] | None = None,
        report: Callable[[ReportKind], Awaitable[None]] | None = None,
        switch_training: Callable[[bool], Awaitable[None]] | None = None,
        codes: Codes | None = None,
        about: Callable[[], tuple[str, ...]] = tuple,
        pairing: Callable[[], PairingCodeMade | None] = lambda: None,
    ) -> None:
        self._gateway = gateway
        self._put = put
        self._send_to_register = send_to_register
        self._printer = printer or NoPrinter()
        self._examine_terminal = examine
        self._report = report
        self._switch_training = switch_training
        self._codes = codes
        self._about = about
        self._pairing = pairing
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers = Timers(put)
        self._doctor: asyncio.Task[None] | None = None
        self._check: asyncio.Task[None] | None = None
        self._calls_made = 0
        self._used_until_s = 0.0

    def reply(self, reply: RegisterReply, to: RegisterQuestion | None = None) -> None:
        self._send_to_register(reply, to)

    def perform(self, effect: CounterEffect) -> None:
        """Begin what the effect asks for, and return at once. What comes of it is a later input."""
        match effect:
            case fx.Call():
                self._calls_made += 1
                self._start(self._call(effect), type(effect).__name__)
            case rs.RequestRefund():
                self._calls_made += 1
                self._start(self._refund(effect), type(effect).__name__)
            case CheckService(delay_s):
                self._start_check(delay_s)
            case ExamineTerminal():
                if self._doctor is None or self._doctor.done():  # one report at a time, however often it is asked for
                    self._doctor = self._start(self._examine(), "ExamineTerminal")
            case PrintReport(kind):
                self._start(self._print_report(kind), type(effect).__name__)
            case CheckCode() | ChangeCode():
                self._start(self._judge(effect), type(effect).__name__)
            case SwitchTraining(on):
                self._start(self._switch(on), type(effect).__name__)
            case FindAbout() | MakePairingCode():
                self._find(effect)
            case PreparePrinter():
                self._printer.prepare()
            case OpenDrawer():
                self._printer.open_drawer()
            case _:
                self._timers.set(effect)
        # Nothing else is left to do: AcknowledgeCallback is answered by the listener, which waits for the decision.

    def _find(self, wanted: FindAbout | MakePairingCode) -> None:
        if isinstance(wanted, FindAbout):
            self._put(AboutFound(self._about()))
        elif (made := self._pairing()) is not None:
            self._put(made)

    def expect_call(self, view: View) -> None:
        """Once a customer's number is nearly typed: its call trusts no connection that was idle, so use it now.

        Else the customer waits for a new one. Nothing else comes of it: others find out whether the service is reached.
        """
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._used_until_s and _is_nearly_typed(view):
            self._used_until_s = now_s + USED_FOR_S
            self._start(self._use_connection(), "expect_call")

    async def _use_connection(self) -> None:
        await self._gateway.reach()

    def _start(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _call(self, effect: fx.Call) -> None:
        self._put(await call_gateway(self._gateway, effect))

    async def _refund(self, effect: rs.RequestRefund) -> None:
        self._put(await call_refund(self._gateway, effect))

    async def _examine(self) -> None:
        """A report that does not come out on paper is in the log; it is on the screen as well."""
        if self._examine_terminal is None:
            return
        try:
            await self._examine_terminal(self._put)
        except DeviceError as error:
            log.error("the doctor's report is not printed: %s", error)

    async def _judge(self, effect: CheckCode | ChangeCode) -> None:
        codes = self._codes
        if codes is None:
            self._put(CodeJudged(CodeVerdict.FAILED))
        elif isinstance(effect, CheckCode):
            self._put(await asyncio.to_thread(codes.check, effect.kind, effect.typed))
        else:
            self._put(await asyncio.to_thread(codes.change, effect.kind, effect.new))

    async def _switch(self, on: bool) -> None:
        try:
            if self._switch_training is None:
                raise OSError("this terminal has no training")
            await self._switch_training(on)
        except OSError as error:
            log.error("training is not switched: %s", error)
            self._put(TrainingNotSwitched())

    async def _print_report(self, kind: ReportKind) -> None:
        """Staff stand there and wait: what does not come out now is not kept for later."""
        try:
            if self._report is None:
                raise DeviceError("there is no printer")
            await self._report(kind)
        except (DeviceError, JournalError) as error:
            log.error("%s is not printed: %s", kind, error)
            self._put(ReportEnded(is_printed=False))
        else:
            self._put(ReportEnded(is_printed=True))

    def _start_check(self, delay_s: float) -> None:
        """Begin to look anew: whoever asks wants to know now, not after the pause of a look before."""
        if self._check is not None:
            self._check.cancel()
        self._check = self._start(self._check_service(delay_s), "CheckService")

    async def _check_service(self, delay_s: float) -> None:
        """Until a look finds that the service is reached.

        A call that leaves meanwhile says more, and later, than the look does: what that look found is not reported,
        and because the call may be lost, there is another one.
        """
        await asyncio.sleep(delay_s)
        pauses = Pauses(SHORTEST_PAUSE_S, LONGEST_PAUSE_S)
        while True:
            calls_made = self._calls_made
            reached = await self._gateway.reach()
            if calls_made == self._calls_made:
                self._put(ConditionsChanged({"network_ok": reached}))
                if reached:
                    return
            await asyncio.sleep(pauses.next_s())

    async def close(self) -> None:
        """Stop timers and calls. A call that was on its way is asked about after the next start."""
        self._timers.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _is_nearly_typed(view: View) -> bool:
    is_asked_for = view.sale is not None and view.sale.state is State.ENTRY
    return is_asked_for and len(view.entry.digits.reveal()) >= NEARLY_TYPED_DIGITS
