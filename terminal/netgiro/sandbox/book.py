"""What happens to a cart, and nothing else: no network, no JSON; time and chance are passed in.

    InsertCart ──┬─ app code ───────────────────────────────┐
                 ├─ phone ────── AWAITING_CUSTOMER ─ accept ─┤ approved
                 └─ kennitala ── AWAITING_CODE ─ ConfirmCart ┘
                                                             │
         Automatic ──────────────────────────────────────────┼──→ PAID
         Manual ───────── RESERVED ── ConfirmCart ───────────┼──→ PAID
         ServerCallback ─ AWAITING_CALLBACK ─ HTTP 200 ──────┴──→ PAID

Until it is PAID, a cart can be CANCELLED (CancelCart, or a callback that nobody answered) or DECLINED (by the customer,
or by Netgíró when they approve). PAID, CANCELLED and DECLINED are final: a call that comes too late gets this answer.

Two ConfirmCarts with the right code on a Manual cart mean reservation and payment, as in Netgíró's own diagram. A
client that repeats a lost ConfirmCart without asking CheckCart first is not protected here either.
"""

from __future__ import annotations

import heapq
import uuid

from terminal.netgiro.sandbox.carts import (
    FINAL,
    RESERVATIONS,
    Cart,
    CartState,
    ConfirmationType,
    IdentifiedBy,
    Order,
    OutOfTurn,
    Reply,
    UnknownCart,
)
from terminal.netgiro.sandbox.customers import UnknownCustomer, identified
from terminal.netgiro.sandbox.magic import MAGIC_AMOUNTS
from terminal.netgiro.sandbox.settings import Person, ResultCode
from terminal.netgiro.sandbox.standing import Carts


class CartBook(Carts):
    """What the customer, the provider and Netgíró itself may do with a cart."""

    # The customer's side

    def accept(self, transaction_id: str) -> Cart:
        """The customer presses "accept". Raises UnknownCart or OutOfTurn."""
        return self._approve(self._awaiting_customer(transaction_id))

    def reject(self, transaction_id: str, code: int | None = None) -> Cart:
        """The customer presses "reject"; CheckCart then says ``code`` (default: the setting)."""
        cart = self._awaiting_customer(transaction_id)
        return self._decline(cart, self.settings.rejection_code if code is None else code)

    def next_due_s(self) -> float | None:
        """When the next customer accepts by themselves; None if none will."""
        return self._accepting[0][0] if self._accepting else None

    def settle_due(self) -> None:
        """Let those customers accept whose time has come."""
        while self._accepting and self._accepting[0][0] <= self._clock():
            _, transaction_id = heapq.heappop(self._accepting)
            cart = self._carts.get(transaction_id)
            answers = self.settings.customers_answer
            if answers and cart is not None and cart.state is CartState.AWAITING_CUSTOMER:
                self._approve(cart)

    # The provider's side: the four calls

    def insert(self, order: Order) -> Reply:
        """InsertCart. Success carries the new cart; a refusal leaves no cart behind."""
        refusal = self._refusal(order)
        if refusal is not None:
            return refusal
        magic = MAGIC_AMOUNTS.get(order.amount_kr) if self.settings.magic_amounts else None
        if magic is not None and magic.refusal_code is not None:
            return Reply(magic.refusal_code, f"{order.amount_kr} kr. is {magic.says}.", success=False)
        takes_kennitala = order.api == "v1"
        identified_by = identified(order.customer_id, takes_kennitala=takes_kennitala)
        try:
            person = self._customers.find(order.customer_id, self.settings, takes_kennitala=takes_kennitala)
        except UnknownCustomer as error:
            return Reply(ResultCode.UNKNOWN_CUSTOMER, str(error), success=False)
        confirmation = ConfirmationType(order.confirmation_type)
        if confirmation is ConfirmationType.SERVER_CALLBACK and identified_by is not IdentifiedBy.PHONE:
            message = f"ServerCallback goes with a phone number, not with a customer's {identified_by}."
            return Reply(ResultCode.CONFIRMATION_TYPE_NOT_VALID, message, success=False)
        if person.decline_code is not None and person.declined_at == "insert":
            return Reply(person.decline_code, "The customer was declined.", success=False)
        if magic is not None:
            person = magic.changed(person)
        return Reply(ResultCode.OK, cart=self._open(order, confirmation, identified_by, person))

    def check(self, transaction_id: str) -> Reply:
        """CheckCart."""
        cart = self._as_told(transaction_id)
        if cart is None:
            return Reply(self.settings.unknown_cart_code, "There is no cart with this TransactionId.", success=False)
        return Reply(cart.result_code, cart=cart)

    def find_reference(self, reference: str) -> Cart | None:
        """The newest cart under this Reference."""
        return next((cart for cart in reversed(self._carts.values()) if cart.order.reference == reference), None)

    def confirm(self, transaction_id: str, code: str | None = None) -> Reply:
        """ConfirmCart: with the SMS code it approves, without one it turns the reservation into a payment."""
        cart = self._carts.get(transaction_id)
        if cart is None:
            return _unknown_cart()
        if cart.state is CartState.AWAITING_CODE:
            if code != cart.sms_code:
                said = "The code is wrong." if code else "Identifier must carry the code from the customer's SMS."
                return Reply(cart.result_code, said, cart=cart)
            cart = self._approve(cart)
        elif cart.state is CartState.RESERVED:
            cart = self._capture(cart)
        elif cart.state is CartState.PAID:
            return Reply(ResultCode.ALREADY_CONFIRMED, "The cart was confirmed before.", success=False, cart=cart)
        elif cart.state is CartState.AWAITING_CUSTOMER and cart.confirmation is not ConfirmationType.MANUAL:
            message = "This cart's ConfirmationType takes no ConfirmCart."
            return Reply(ResultCode.CONFIRMATION_TYPE_NOT_VALID, message, cart=cart)
        return Reply(cart.result_code, cart=cart)

    def cancel(self, transaction_id: str) -> Reply:
        """CancelCart. A paid cart stays paid and says so; Success is false then."""
        cart = self._carts.get(transaction_id)
        if cart is None:
            return _unknown_cart()
        if cart.state is CartState.PAID:
            return Reply(ResultCode.PAID, "Too late: the cart is paid.", success=False, cart=cart)
        if cart.state in FINAL:
            return Reply(ResultCode.ALREADY_CANCELLED, "The cart was cancelled before.", success=False, cart=cart)
        if cart.state in RESERVATIONS and self.settings.refuse_cancel_of_reservation:
            return Reply(cart.result_code, "A reservation cannot be cancelled.", success=False, cart=cart)
        return Reply(ResultCode.CANCELLED, cart=self._move(cart, CartState.CANCELLED))

    # Netgíró's side

    def callback_acknowledged(self, transaction_id: str) -> Cart | None:
        """The provider answered the callback with HTTP 200; None if the cart had meanwhile moved on."""
        cart = self._carts.get(transaction_id)
        return self._capture(cart) if cart is not None and cart.state is CartState.AWAITING_CALLBACK else None

    def callback_unanswered(self, transaction_id: str) -> Cart | None:
        """Nobody acknowledged the callback: Netgíró cancels the sale."""
        cart = self._carts.get(transaction_id)
        if cart is None or cart.state is not CartState.AWAITING_CALLBACK:
            return None
        return self._move(cart, CartState.CANCELLED)

    # Within

    def _refusal(self, order: Order) -> Reply | None:
        if order.confirmation_type not in list(ConfirmationType):
            known = ", ".join(f"{kind.value} {kind.name.title()}" for kind in ConfirmationType)
            return Reply(ResultCode.CONFIRMATION_TYPE_NOT_VALID, f"ConfirmationType is one of {known}.", success=False)
        if order.amount_kr < self.settings.min_amount_kr:
            message = f"Amount must be at least {self.settings.min_amount_kr} kr."
            return Reply(ResultCode.BELOW_MINIMUM, message, success=False)
        if len(self._carts) >= self.settings.max_carts:
            message = f"This sandbox holds {self.settings.max_carts} carts: DELETE /sandbox/carts empties it."
            return Reply(ResultCode.SERVER_ERROR, message, success=False)
        return None

    def _open(self, order: Order, confirmation: ConfirmationType, by: IdentifiedBy, person: Person) -> Cart:
        now_s = self._clock()
        awaiting_code = by is IdentifiedBy.KENNITALA
        cart = Cart(
            transaction_id=str(uuid.UUID(int=self._rng.getrandbits(128), version=4)),
            order=order,
            confirmation=confirmation,
            identified_by=by,
            person=person,
            state=CartState.AWAITING_CODE if awaiting_code else CartState.AWAITING_CUSTOMER,
            created_s=now_s,
            changed_s=now_s,
            sms_code=(self.settings.sms_code or f"{self._rng.randrange(10_000):04}") if awaiting_code else "",
            earlier_with_reference=self._references[order.reference],
        )
        self._references[order.reference] += 1
        self._carts[cart.transaction_id] = cart
        if by is IdentifiedBy.APP_CODE:  # showing the code at the counter is the approval
            return self._approve(cart)
        if by is IdentifiedBy.PHONE and person.auto_accept_after_s is not None:
            heapq.heappush(self._accepting, (now_s + person.auto_accept_after_s, cart.transaction_id))
        self._on_move(cart)
        return cart

    def _awaiting_customer(self, transaction_id: str) -> Cart:
        cart = self._carts.get(transaction_id)
        if cart is None:
            raise UnknownCart("There is no cart with this TransactionId.")
        if cart.state is CartState.AWAITING_CODE:
            raise OutOfTurn("This customer got an SMS code: it is typed at the counter, not accepted on the phone.")
        if cart.state is not CartState.AWAITING_CUSTOMER:
            raise OutOfTurn(f"Too late: the cart is {cart.state.value}.")
        if not self.settings.customers_answer:
            raise OutOfTurn("This customer never answers: the setting customers_answer is off.")
        return cart


def _unknown_cart() -> Reply:
    return Reply(ResultCode.UNKNOWN_CART, "There is no cart with this TransactionId.", success=False)
