"""Timers: which effect sets which, and what it brings when it is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from terminal.counter.decision import (
    CounterEffect,
    JudgeReceiptIn,
    KeepLanguageFor,
    KeepOfferFor,
    LetReadFor,
    LockMenuFor,
    ShowMenuFor,
    ShowRefundFor,
    ShowResultFor,
)
from terminal.counter.inputs import (
    Input,
    LanguageExpired,
    MenuLeft,
    MenuUnlocked,
    OfferExpired,
    QuestionRead,
    ReceiptJudged,
    RefundResultSeen,
    ResultSeen,
)
from terminal.sale import effects as fx
from terminal.sale import events as ev
from terminal.sale import refund_step as rs


def timer_event(effect: CounterEffect) -> tuple[float, Input] | None:
    """The delay and the event of an effect that sets a timer; None for any other."""
    match effect:
        case fx.SetDeadline(sale_number=number, state=state, delay_s=delay_s):
            return delay_s, ev.DeadlinePassed(number, state)
        case fx.SetRetry(sale_number=number, state=state, delay_s=delay_s):
            return delay_s, ev.RetryDue(number, state)
        case fx.SetTrace(sale_number=number, delay_s=delay_s):
            return delay_s, ev.TraceDue(number)
        case fx.SetLimit(sale_number=number, delay_s=delay_s):
            return delay_s, ev.CancelRequested(number, ev.Canceller.CLOCK)
        case rs.SetRefundRetry(refund_number=number, delay_s=delay_s):
            return delay_s, rs.RefundRetryDue(number)
        case rs.SetRefundPatience(refund_number=number, state=refund_state, delay_s=delay_s):
            return delay_s, rs.RefundPatienceOver(number, refund_state)
        case ShowRefundFor(number, delay_s):
            return delay_s, RefundResultSeen(number)
    return _timer_of_screen(effect)


def _timer_of_screen(effect: CounterEffect) -> tuple[float, Input] | None:
    """How long something is shown, kept or locked."""
    match effect:
        case KeepOfferFor(amount_kr, delay_s):
            return delay_s, OfferExpired(amount_kr)
        case KeepLanguageFor(turn, delay_s):
            return delay_s, LanguageExpired(turn)
        case ShowResultFor(number, delay_s):
            return delay_s, ResultSeen(number)
        case ShowMenuFor(turn, delay_s):
            return delay_s, MenuLeft(turn)
        case JudgeReceiptIn(receipt, delay_s):
            return delay_s, ReceiptJudged(receipt, is_whole=True)
        case LetReadFor(turn, delay_s):
            return delay_s, QuestionRead(turn)
        case LockMenuFor(delay_s):
            return delay_s, MenuUnlocked()
    return None


def timer_key(effect: CounterEffect) -> tuple[type[CounterEffect], int]:
    """Which timer it sets: there is one of each kind, but for what goes on beside the open sale."""
    match effect:
        case rs.RefundEffect(refund_number=number) | fx.SetTrace(sale_number=number):
            return type(effect), number
    return type(effect), 0


class Timers:
    """One timer of each kind of effect, and of each refund and traced sale; a newer one replaces it.

    Events of a state that is over find nobody.
    """

    def __init__(self, put: Callable[[Input], None]) -> None:
        self._put = put
        self._handles: dict[tuple[type[CounterEffect], int], asyncio.TimerHandle] = {}

    def set(self, effect: CounterEffect) -> bool:
        """False if this effect sets no timer."""
        if (timer := timer_event(effect)) is None:
            return False
        delay_s, event = timer
        key = timer_key(effect)
        if (earlier := self._handles.get(key)) is not None:
            earlier.cancel()
        self._handles[key] = asyncio.get_running_loop().call_later(delay_s, self._put, event)
        return True

    def close(self) -> None:
        for handle in self._handles.values():
            handle.cancel()
