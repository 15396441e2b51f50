"""What the provider is told of a cart: asked to take a payment, or notified of its end; each by a task of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from terminal.netgiro.sandbox.answers import cart_answer
from terminal.netgiro.sandbox.callbacks import CallbackSender
from terminal.netgiro.sandbox.carts import Cart, CartState, ConfirmationType, Reply
from terminal.netgiro.sandbox.transactions import TransactionBook
from terminal.netgiro.sandbox.v2_answers import status_answer

log = logging.getLogger(__name__)


class Notices:
    """Calls of the sandbox that are under way. Use on one event loop only."""

    def __init__(
        self, book: TransactionBook, sender: CallbackSender, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._book = book
        self._sender = sender
        self._sleep = sleep
        self._tasks: set[asyncio.Task[None]] = set()

    def cart_moved(self, cart: Cart) -> None:
        """Begin whatever call this state asks for."""
        order, state = cart.order, cart.state
        if state is CartState.AWAITING_CALLBACK:
            self._start(self._ask_provider(cart))
        elif state is CartState.PAID and cart.confirmation is not ConfirmationType.SERVER_CALLBACK:
            self._start_notice(order.callback_url, cart)
        elif state in (CartState.CANCELLED, CartState.DECLINED):
            self._start_notice(order.callback_cancel_url, cart)

    async def settled(self) -> None:
        """Wait until no call is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def aclose(self) -> None:
        """Stop all calls; may be called twice."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._sender.aclose()

    async def _ask_provider(self, cart: Cart) -> None:
        """ServerCallback: HTTP 200 makes the reservation a payment; twice anything else cancels the sale."""
        if await self._delivered(cart.order.callback_url, cart):
            self._book.callback_acknowledged(cart.transaction_id)
        else:
            self._book.callback_unanswered(cart.transaction_id)

    async def _notify(self, url: str, cart: Cart) -> None:
        if not await self._delivered(url, cart):
            log.warning("Cart %s: the provider did not acknowledge the callback", cart.transaction_id)

    async def _delivered(self, url: str, cart: Cart) -> bool:
        """Post the cart to the provider, at most twice; a cart that moved on meanwhile is not posted again."""
        is_signed = cart.order.api == "v1"
        answer = cart_answer(Reply(cart.result_code, cart=cart)) if is_signed else status_answer(cart, None)
        if await self._sender.post(url, answer, self._book.settings.callback_timeout_s, is_signed=is_signed):
            return True
        await self._sleep(self._book.settings.callback_retry_delay_s)
        if self._book.find(cart.transaction_id) is not cart:
            return False
        return await self._sender.post(url, answer, self._book.settings.callback_timeout_s, is_signed=is_signed)

    def _start_notice(self, url: str, cart: Cart) -> None:
        if url:
            self._start(self._notify(url, cart))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("A callback task of the sandbox failed", exc_info=task.exception())
