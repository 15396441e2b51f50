"""The book as V2 and the partner API see it: carts are transactions that can be undone, refunded and paid out."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec

from terminal.netgiro.sandbox.book import CartBook
from terminal.netgiro.sandbox.carts import (
    RESERVATIONS,
    Capture,
    Cart,
    CartState,
    OutOfTurn,
    Refund,
    RefundRefused,
    UnknownCart,
)
from terminal.netgiro.sandbox.customers import Customers
from terminal.netgiro.sandbox.settings import Settings


class TransactionBook(CartBook):
    """All of one sandbox: what V1 does with it stands in the base."""

    def __init__(
        self,
        settings: Settings,
        customers: Customers,
        clock: Callable[[], float],
        rng: random.Random,
        on_move: Callable[[Cart], None] = lambda cart: None,
    ) -> None:
        super().__init__(settings, customers, clock, rng, on_move)
        self._refunds: dict[str, Refund] = {}
        self.taken_back: list[Capture] = []
        """Payments that V2's cancel has undone."""

    def clear(self) -> None:
        super().clear()
        self._refunds.clear()
        self.taken_back.clear()

    def capture(self, transaction_id: str, amount_kr: int | float | None = None) -> Cart:
        """V2's capture, of all or a part of a reservation. Raises UnknownCart or OutOfTurn."""
        cart = self._known(transaction_id)
        if cart.state is not CartState.RESERVED:
            raise OutOfTurn(f"Transaction cannot be captured: it is {cart.state.value}")
        if amount_kr is not None:
            if not 0 < amount_kr <= cart.order.amount_kr or amount_kr != int(amount_kr):
                raise OutOfTurn("'Amount' must not be greater than what is authorized.")
            cart = msgspec.structs.replace(cart, order=msgspec.structs.replace(cart.order, amount_kr=int(amount_kr)))
        return self._capture(cart)

    def undo(self, transaction_id: str) -> Cart:
        """V2's cancel: at any stage, also of a payment that is not paid out yet. Raises UnknownCart or OutOfTurn."""
        cart = self._known(transaction_id)
        if cart.state in (CartState.CANCELLED, CartState.DECLINED):
            return cart
        if cart.state in RESERVATIONS and self.settings.refuse_cancel_of_reservation:
            raise OutOfTurn("A reservation cannot be cancelled.")
        if cart.state is CartState.PAID:
            if cart.settled_s is not None or self.refunded_kr(transaction_id):
                raise OutOfTurn("Transaction is settled or refunded and cannot be cancelled")
            self.taken_back += [one for one in self.captures if one.transaction_id == transaction_id]
            self.captures = [one for one in self.captures if one.transaction_id != transaction_id]
        return self._move(cart, CartState.CANCELLED)

    def refund(self, transaction_id: str, amount_kr: int, key: str) -> Refund:
        """Pay back, once under a key. Raises UnknownCart or RefundRefused."""
        if key in self._refunds:
            return self._refunds[key]
        cart = self._known(transaction_id)
        if cart.state is not CartState.PAID:
            raise RefundRefused("Transaction is not paid")
        if not 0 < amount_kr <= cart.order.amount_kr - self.refunded_kr(transaction_id):
            raise RefundRefused("Refund amount is greater than what is left of the payment")
        refund = Refund(transaction_id, cart.order.reference, amount_kr, key, self._clock())
        self._refunds[key] = refund
        return refund

    @property
    def refunds(self) -> list[Refund]:
        """Oldest first."""
        return list(self._refunds.values())

    def refunded_kr(self, transaction_id: str) -> int:
        return sum(one.amount_kr for one in self._refunds.values() if one.transaction_id == transaction_id)

    def record(self, transaction_id: str) -> Cart:
        """What details are about. Raises UnknownCart."""
        cart = self._as_told(transaction_id)
        if cart is None:
            raise UnknownCart("Transaction not found")
        return cart

    # Netgíró's side

    def settle(self, transaction_id: str) -> Cart:
        """Pay it out to the shop. Raises UnknownCart or OutOfTurn."""
        cart = self._known(transaction_id)
        if cart.state is not CartState.PAID:
            raise OutOfTurn(f"Only what is paid can be paid out, and the cart is {cart.state.value}.")
        settled = msgspec.structs.replace(cart, settled_s=self._clock())
        self._carts[transaction_id] = settled
        return settled

    @property
    def payouts(self) -> list[Cart]:
        """What was paid out, in that order."""
        return sorted((cart for cart in self._carts.values() if cart.settled_s is not None), key=_settled_s)

    def end_reservations(self) -> None:
        """Netgíró lets go of every reservation by itself."""
        for name in list(self._carts):
            self.end_reservation(name)

    def end_reservation(self, transaction_id: str) -> None:
        """And of this one."""
        cart = self._carts[transaction_id]
        if cart.state in RESERVATIONS:
            self._move(cart, CartState.CANCELLED)

    def _known(self, transaction_id: str) -> Cart:
        cart = self._carts.get(transaction_id)
        if cart is None:
            raise UnknownCart("Transaction not found")
        return cart


def _settled_s(cart: Cart) -> float:
    return cart.settled_s or 0.0
