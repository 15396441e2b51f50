"""Where every cart stands, and the moves that a cart can make. book.py decides which it makes when."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import msgspec

from terminal.netgiro.sandbox.carts import (
    Capture,
    Cart,
    CartState,
    ConfirmationType,
)
from terminal.netgiro.sandbox.customers import Customers
from terminal.netgiro.sandbox.settings import Settings


class Carts:
    """All carts and captures of one sandbox. ``on_move`` hears of every new state, with the cart as it now is."""

    def __init__(
        self,
        settings: Settings,
        customers: Customers,
        clock: Callable[[], float],
        rng: random.Random,
        on_move: Callable[[Cart], None] = lambda cart: None,
    ) -> None:
        self.settings = settings
        self.captures: list[Capture] = []
        """Payments that stand."""
        self.lags = False
        """Answers are about how things stood before the last change; a new cart is not known yet."""
        self._customers = customers
        self._clock = clock
        self._rng = rng
        self._on_move = on_move
        self._carts: dict[str, Cart] = {}
        self._before: dict[str, Cart] = {}
        self._captures_of: Counter[str] = Counter()
        self._references: Counter[str] = Counter()
        self._accepting: list[tuple[float, str]] = []
        self._last_invoice = 1000

    def find(self, transaction_id: str) -> Cart | None:
        return self._carts.get(transaction_id)

    def captures_of(self, transaction_id: str) -> int:
        """How often money moved for this cart; anything above one is a fault of the sandbox."""
        return self._captures_of[transaction_id]

    def newest(self, limit: int) -> list[Cart]:
        """At most ``limit`` carts, newest first."""
        carts = reversed(self._carts.values())
        return [cart for cart, _ in zip(carts, range(limit), strict=False)]

    def forget(self, transaction_id: str) -> None:
        """Lose a cart, as if it had never been; what was captured stays captured."""
        self._carts.pop(transaction_id, None)
        self._before.pop(transaction_id, None)

    def clear(self) -> None:
        """Forget all carts and captures; app codes stay."""
        self._carts.clear()
        self._references.clear()
        self._accepting.clear()
        self.captures.clear()
        self._captures_of.clear()
        self._before.clear()

    # Moves

    def _as_told(self, transaction_id: str) -> Cart | None:
        """How it stands, or stood before the last change where the service lags behind itself."""
        if not self.lags:
            return self._carts.get(transaction_id)
        return self._before.get(transaction_id)

    def _approve(self, cart: Cart) -> Cart:
        if cart.person.decline_code is not None:
            return self._decline(cart, cart.person.decline_code)
        self._last_invoice += 1
        cart = msgspec.structs.replace(cart, invoice_number=str(self._last_invoice))
        if cart.confirmation is ConfirmationType.MANUAL:
            return self._move(cart, CartState.RESERVED)
        if cart.confirmation is ConfirmationType.SERVER_CALLBACK:
            return self._move(cart, CartState.AWAITING_CALLBACK)
        return self._capture(cart)

    def _decline(self, cart: Cart, code: int) -> Cart:
        return self._move(msgspec.structs.replace(cart, decline_code=code), CartState.DECLINED)

    def _capture(self, cart: Cart) -> Cart:
        order = cart.order
        capture = Capture(cart.transaction_id, order.reference, order.amount_kr, cart.invoice_number, self._clock())
        self.captures.append(capture)
        self._captures_of[cart.transaction_id] += 1
        return self._move(cart, CartState.PAID)

    def _move(self, cart: Cart, state: CartState) -> Cart:
        moved = msgspec.structs.replace(cart, state=state, changed_s=self._clock())
        if cart.transaction_id in self._carts:
            self._before[cart.transaction_id] = self._carts[cart.transaction_id]
        self._carts[cart.transaction_id] = moved
        self._on_move(moved)
        return moved
