"""Does what was decided: the only code that calls the payment service and sets timers. Decides nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from terminal import effects as fx
from terminal import events as ev
from terminal.clerk import Input
from terminal.counter import CounterEffect, ResultSeen, ShowResultFor
from terminal.errors import CallLost, CallRefused
from terminal.gateway import Gateway, StatusReport
from terminal.register.protocol import RegisterReply

log = logging.getLogger(__name__)


class TerminalPerformer:
    """One method per effect. What comes of it goes back into the inbox as an event."""

    def __init__(self, gateway: Gateway, send_to_register: Callable[[RegisterReply], None]) -> None:
        self._gateway = gateway
        self._send_to_register = send_to_register
        self._put: Callable[[Input], None] = lambda _event: None
        self._calls: set[asyncio.Task[None]] = set()
        self._timers: dict[type[CounterEffect], asyncio.TimerHandle] = {}

    def connect(self, put: Callable[[Input], None]) -> None:
        """Name the inbox."""
        self._put = put

    def reply(self, reply: RegisterReply) -> None:
        self._send_to_register(reply)

    def perform(self, effect: CounterEffect) -> None:
        match effect:
            case fx.RequestAuthorization():
                self._start(effect, self._request_authorization(effect))
            case fx.QueryStatus(authorization_id=name):
                self._start(effect, self._status(effect, self._gateway.query_status(name)))
            case fx.SubmitCode(authorization_id=name, code=code):
                self._start(effect, self._status(effect, self._gateway.submit_code(name, code)))
            case fx.RequestCapture(authorization_id=name):
                self._start(effect, self._status(effect, self._gateway.capture(name)))
            case fx.RequestVoid(authorization_id=name):
                self._start(effect, self._status(effect, self._gateway.void(name)))
            case fx.SetDeadline(sale_number=number, state=state, delay_s=delay_s):
                self._set_timer(effect, delay_s, ev.DeadlinePassed(number, state))
            case fx.SetRetry(sale_number=number, state=state, delay_s=delay_s):
                self._set_timer(effect, delay_s, ev.RetryDue(number, state))
            case ShowResultFor(number, delay_s):
                self._set_timer(effect, delay_s, ResultSeen(number))
            case fx.AcknowledgeCallback():
                pass  # the listener sees it in the decision that it waits for

    # --- calls --------------------------------------------------------------------------------------------------------

    def _start(self, effect: fx.Call, call: Coroutine[Any, Any, ev.AnswerReceived]) -> None:
        task = asyncio.create_task(self._call(effect, call), name=type(effect).__name__)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _call(self, effect: fx.Call, call: Coroutine[Any, Any, ev.AnswerReceived]) -> None:
        number, name = effect.sale_number, type(effect).__name__
        answer: ev.AnswerReceived
        try:
            answer = await call
        except CallRefused as refused:
            log.warning("sale %d: %s refused: %s", number, name, refused)
            answer = ev.RefusalReceived(number, effect.call, refused.refusal, refused.support_reference)
        except CallLost as lost:
            log.warning("sale %d: %s lost: %s", number, name, lost)
            answer = ev.AnswerLost(number, effect.call, str(lost))
        except Exception as error:
            # A fault in the gateway must not strand the sale: nobody knows whether the call happened.
            log.exception("sale %d: %s failed in an unforeseen way", number, name)
            answer = ev.AnswerLost(number, effect.call, type(error).__name__)
        self._put(answer)

    async def _request_authorization(self, effect: fx.RequestAuthorization) -> ev.AnswerReceived:
        opened = await self._gateway.open_authorization(
            reference=effect.reference,
            amount_kr=effect.amount_kr,
            customer=effect.customer,
            capture_mode=effect.capture_mode,
        )
        return ev.AuthorizationOpened(effect.sale_number, effect.call, opened)

    @staticmethod
    async def _status(effect: fx.Call, call: Coroutine[Any, Any, StatusReport]) -> ev.AnswerReceived:
        return ev.StatusReceived(effect.sale_number, effect.call, await call)

    # --- timers -------------------------------------------------------------------------------------------------------

    def _set_timer(self, effect: CounterEffect, delay_s: float, event: Input) -> None:
        """One timer of each kind; a newer one replaces it. Events of a state that is over find nobody."""
        kind = type(effect)
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
