"""A service that is not well: it lags behind itself, forgets what it has answered, loses a cart, ends a reservation."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager

from terminal.netgiro.sandbox.carts import Cart, CartState
from terminal.netgiro.sandbox.transactions import TransactionBook
from terminal.simulation.world import World

LONGEST_LAG_S = 10.0
"""After a change; by then the service has caught up with itself."""


class Ailments:
    """What befalls the service's book between two calls, and which of its own answers it forgets."""

    def __init__(self, world: World, book: TransactionBook) -> None:
        self._world = world
        self._book = book
        self.lagged: set[str] = set()
        """References about which it has told how things stood before."""
        self._forgets_keys = world.rng_aside.random() < 0.3
        """It holds a repeated refund against what is left, before it looks at the key."""
        self._is_paid_out_late = world.rates.call_trouble > 0 and world.rng_aside.random() < 0.3
        chance = random.Random(f"paid out {world.seed}")
        self._paid_out_s = chance.uniform(60, 600) if chance.random() < 0.5 else math.inf

    @property
    def refunds_nothing_yet(self) -> bool:
        """V2: until payments are paid out they can only be undone, whole. From then on a refund is accepted that was
        refused before, and a cancel that is still on its way comes too late."""
        return self._is_paid_out_late and self._world.now_s < self._paid_out_s

    def strike(self, name: str) -> None:
        """Netgíró may lose a cart that is not paid, or end its reservation."""
        cart, rates = self._book.find(name), self._world.rates
        if cart is None or cart.state is CartState.PAID:
            return
        if self._world.happens(rates.customer_mood / 100, "cart forgotten"):
            self._book.forget(name)
        elif cart.state is CartState.RESERVED and self._world.happens(rates.customer_mood / 20, "reservation ended"):
            self._book.end_reservation(name)

    def look_up(self, reference: str) -> Cart | None:
        """What is under this reference; it may not be known yet, and another one may be found instead."""
        world, rate = self._world, self._world.rates.call_trouble / 4
        cart = self._book.find_reference(reference)
        if cart is not None and world.happens(rate, "look-up lags"):
            cart = None
        if world.happens(rate, "look-up finds another"):
            cart = next((one for one in self._book.newest(50) if one.order.reference != reference), None)
        if cart is not None and cart.invoice_number:
            world.count("found by reference")
        return cart

    def forgets_capture(self, name: str) -> bool:
        """A capture is answered as done, without its record, and is not done."""
        cart = self._book.find(name)
        is_ready = cart is not None and cart.state is CartState.RESERVED
        return is_ready and self._world.happens(self._world.rates.call_trouble / 8, "capture forgotten")

    def forgets_refund(self, key: str, name: str, amount_kr: int) -> bool:
        """A refund that was carried out is refused when it is repeated, because nothing is left."""
        cart = self._book.find(name)
        is_known = any(one.key == key for one in self._book.refunds)
        if not (self._forgets_keys and is_known and cart is not None):
            return False
        return amount_kr > cart.order.amount_kr - self._book.refunded_kr(name)

    @contextmanager
    def lagging(self, name: str, *, applies: bool = True) -> Iterator[None]:
        """The answer may be about how things stood before the last change."""
        cart, world = self._book.find(name), self._world
        is_fresh = cart is not None and world.wall_clock() - cart.changed_s <= LONGEST_LAG_S
        if cart is not None and applies and is_fresh and world.happens(world.rates.call_trouble / 4, "service lags"):
            self.lagged.add(cart.order.reference)
            self._book.lags = True
        try:
            yield
        finally:
            self._book.lags = False
