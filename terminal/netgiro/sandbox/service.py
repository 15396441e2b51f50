"""One running sandbox: the book of carts, the faults, the gate, and the calls it makes to the provider."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import msgspec

from terminal.netgiro.sandbox.answers import (
    BadRequest,
    CartNotValid,
    cart_answer,
    cart_row,
    insert_answer,
    ledger_row,
    read_cart_name,
    read_insert,
    refund_row,
    refusal,
)
from terminal.netgiro.sandbox.broken import Connections
from terminal.netgiro.sandbox.callbacks import CallbackSender
from terminal.netgiro.sandbox.carts import Cart, Reply
from terminal.netgiro.sandbox.customers import Customers
from terminal.netgiro.sandbox.faults import Faults
from terminal.netgiro.sandbox.magic import MAGIC_AMOUNTS, in_words_of
from terminal.netgiro.sandbox.notices import Notices
from terminal.netgiro.sandbox.settings import ResultCode, Settings
from terminal.netgiro.sandbox.signing import Gatekeeper, SignedBody, sign
from terminal.netgiro.sandbox.transactions import TransactionBook
from terminal.netgiro.sandbox.v2_answers import read_payment

log = logging.getLogger(__name__)

# The provider that Netgíró's documentation had for everybody until 2026. It works nowhere any more but here.
PUBLIC_APPLICATION_ID = "881E674F-7891-4C20-AFD8-56FE2624C4B5"
PUBLIC_SECRET_KEY = (
    "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZzmIAGe"
    "Of/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A="
)


class Sandbox:
    """A simulated Netgíró without its HTTP face. Use on one event loop only; end it with :meth:`aclose`.

    ``on_change`` is called after every change of carts, faults or settings; replace it at any time.
    """

    def __init__(
        self,
        application_id: str,
        secret_key: str,
        settings: Settings,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        rng: random.Random,
        on_change: Callable[[], None],
        callback_transport: httpx.AsyncBaseTransport | None,
        public_base_url: str,
    ) -> None:
        self.application_id = application_id
        self.public_base_url = public_base_url.rstrip("/")
        self.on_change = on_change
        self.sleep = sleep
        self.faults = Faults(self.changed)
        self.connections = Connections(clock)
        self.gatekeeper = Gatekeeper(application_id, secret_key)
        self.customers = Customers(clock, rng)
        self.book = TransactionBook(settings, self.customers, clock, rng, self._cart_moved)
        self.secret_key = secret_key
        self._clock = clock
        self._rng = rng
        sender = CallbackSender(self.faults, self.sign, sleep, callback_transport)
        self._notices = Notices(self.book, sender, sleep)
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def clock(self) -> Callable[[], float]:
        """Gives Unix seconds."""
        return self._clock

    @property
    def settings(self) -> Settings:
        return self.book.settings

    def change_settings(self, changes: Mapping[str, Any]) -> None:
        """Change these fields only. Raises ValueError that names a field which is unknown or out of range."""
        merged = msgspec.to_builtins(self.settings) | dict(changes)
        self.book.settings = msgspec.convert(merged, Settings)
        self.changed()

    def sign(self, url: str, body: bytes) -> SignedBody:
        """The body with the headers that Netgíró puts on everything it sends."""
        return sign(self.application_id, self.secret_key, url, body, self._rng)

    def perform(self, call: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Carry out one of the four calls: the HTTP status and the answer."""
        self.settle_due()
        try:
            if call == "InsertCart":
                answer = insert_answer(self.book.insert(read_insert(body)), self.settings.check_interval_ms)
            else:
                answer = cart_answer(self._cart_call(call, body))
        except BadRequest as error:
            return 400, refusal(ResultCode.BAD_REQUEST, str(error))
        except CartNotValid as error:
            return 200, refusal(ResultCode.CART_NOT_VALID, str(error))
        self.set_alarm()
        return 200, answer

    def foresee(self, call: str, body: bytes) -> None:
        """Before a call is looked at: a magic amount brings its faults along."""
        if call not in ("InsertCart", "payment") or not self.settings.magic_amounts:
            return
        try:
            order = read_insert(body) if call == "InsertCart" else read_payment(body)
        except ValueError:
            return
        magic = MAGIC_AMOUNTS.get(order.amount_kr)
        if magic is not None and magic.faults:
            self.faults.add(*(in_words_of(order.api, fault) for fault in magic.faults))

    def _cart_call(self, call: str, body: bytes) -> Reply:
        request = read_cart_name(body)
        if call == "CheckCart":
            return self.book.check(request.TransactionId)
        if call == "ConfirmCart":
            return self.book.confirm(request.TransactionId, request.Identifier)
        return self.book.cancel(request.TransactionId)

    def settle_due(self) -> None:
        """Customers who accept by themselves do so now, if their time has come."""
        self.book.settle_due()

    def changed(self) -> None:
        """Tell ``on_change``; its own troubles are its own."""
        try:
            self.on_change()
        except Exception:
            log.exception("The sandbox's on_change hook failed")

    async def settled(self) -> None:
        """Wait until no callback is under way (for tests; each is bounded by time-outs)."""
        await self._notices.settled()

    async def aclose(self) -> None:
        """Stop all callbacks and timers; may be called twice."""
        if self._alarm is not None:
            self._alarm.cancel()
        await self._notices.aclose()

    # The customer's side, as the front panel and /sandbox show it

    def accept(self, transaction_id: str) -> Cart:
        """The customer presses "accept". Raises UnknownCart or OutOfTurn, whose message says why."""
        self.settle_due()
        return self.book.accept(transaction_id.lower())

    def reject(self, transaction_id: str, code: int | None = None) -> Cart:
        """The customer presses "reject"; CheckCart then says ``code``. Raises UnknownCart or OutOfTurn."""
        self.settle_due()
        return self.book.reject(transaction_id.lower(), code)

    def issue_app_code(self, kennitala: str | None = None) -> tuple[str, float]:
        """A fresh app code (default: of the first person) and its expiry, Unix seconds. Raises LookupError."""
        return self.customers.issue_app_code(self.settings, kennitala)

    def carts(self, limit: int) -> list[dict[str, Any]]:
        """At most ``limit`` carts as JSON objects, newest first; the customer is masked."""
        return [self.cart_row(cart) for cart in self.book.newest(limit)]

    def cart_row(self, cart: Cart) -> dict[str, Any]:
        name = cart.transaction_id
        return cart_row(cart, self.book.captures_of(name), self.book.refunded_kr(name))

    def refunds(self) -> list[dict[str, Any]]:
        """Every refund as a JSON object, oldest first."""
        return [refund_row(refund) for refund in self.book.refunds]

    def ledger(self) -> list[dict[str, Any]]:
        """Every captured payment as a JSON object, oldest first."""
        return [ledger_row(capture) for capture in self.book.captures]

    def clear(self) -> None:
        """Forget all carts and captures."""
        self.book.clear()
        self.changed()

    # Callbacks

    def _cart_moved(self, cart: Cart) -> None:
        self._notices.cart_moved(cart)
        self.changed()

    # Customers who accept by themselves

    def set_alarm(self) -> None:
        """Wake up when the next customer accepts by themselves."""
        due_s = self.book.next_due_s()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if due_s is not None:
            delay_s = max(0.0, due_s - self._clock())
            self._alarm = asyncio.get_running_loop().call_later(delay_s, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self.settle_due()
        self.set_alarm()


def build_sandbox(
    application_id: str = PUBLIC_APPLICATION_ID,
    secret_key: str = PUBLIC_SECRET_KEY,
    settings: Settings | None = None,
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    rng: random.Random | None = None,
    on_change: Callable[[], None] = lambda: None,
    callback_transport: httpx.AsyncBaseTransport | None = None,
    public_base_url: str = "",
) -> Sandbox:
    """A sandbox with Netgíró's public sandbox credentials unless others are given.

    ``public_base_url`` is what clients see before ``/v1/...`` when a proxy stands in front (the signature is checked
    over it); empty: taken from each request. ``clock`` gives Unix seconds; ``sleep`` and ``rng`` are for tests that
    need virtual time or the same run again; ``callback_transport`` replaces the network under callbacks.
    """
    return Sandbox(
        application_id,
        secret_key,
        settings or Settings(),
        clock=clock,
        sleep=sleep,
        rng=rng or random.SystemRandom(),
        on_change=on_change,
        callback_transport=callback_transport,
        public_base_url=public_base_url,
    )
