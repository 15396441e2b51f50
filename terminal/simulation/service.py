"""Netgíró and the network to it, in virtual time: the sandbox's own book of carts behind everything a network can do.

A request can be lost, arrive late (also after the terminal has given up on it) or arrive twice; an answer can be lost,
late, cut off, unreadable, badly signed or about the wrong amount. Only then does the book decide what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple, cast

import msgspec

from terminal.netgiro.carrier import Carrier, RawAnswer, Request
from terminal.netgiro.client import Credentials, SignedClient
from terminal.netgiro.nonce import NonceSource
from terminal.netgiro.sandbox import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY
from terminal.netgiro.sandbox.answers import cart_answer, insert_answer, read_cart_name, read_insert, refusal
from terminal.netgiro.sandbox.book import CartBook
from terminal.netgiro.sandbox.carts import Cart, CartState, OutOfTurn, Reply, UnknownCart
from terminal.netgiro.sandbox.customers import Customers
from terminal.netgiro.sandbox.settings import Settings
from terminal.netgiro.sandbox.signing import CredentialsRefused, Gatekeeper, sign
from terminal.sale.gateway import CallLost, CallRefused, Refusal
from terminal.sale.sensitive import Sensitive
from terminal.simulation.world import World

BASE_URL = "https://api.test.netgiro.is/v1"
TIMEOUT_S = 15.0
"""The terminal's own: after this it takes a call for lost."""
PATIENCE_S = 240.0
UNCONFIRMED, CONFIRMED = 1, 2
"""PaymentInfo.StatusId"""
SPOILED = (
    *("5xx", "garbage", "cut", "signature", "redirect"),
    *("amount", "no amount", "reference", "unknown code", "early", "paid by its record"),
)
REFUSED_CARTS = (10302, 10304, 10306, 10427)
"""Answers to InsertCart that leave no cart behind."""
GARBAGE = (b"", b"<html>", b"[]", b'{"ResultCode":"x"}', b"\xff\0")
CREDENTIALS = Credentials(PUBLIC_APPLICATION_ID, Sensitive(PUBLIC_SECRET_KEY))


class Exchange(NamedTuple):
    """One request on its way, awaited by the carrier; the network resumes it with an answer or an error."""

    request: Request

    def __await__(self) -> Generator[Exchange, RawAnswer, RawAnswer]:
        return (yield self)


class SimulatedCarrier(Carrier):
    """The simulated network, in place of HTTPS."""

    async def exchange(self, request: Request) -> RawAnswer:
        return await Exchange(request)

    async def reach(self, _url: str) -> bool:
        """The world's own looks do not come this way, see looks.py."""
        return True

    async def close(self) -> None:
        """There is nothing to let go of."""


def build_client(nonces: NonceSource) -> SignedClient:
    """The real client's signing and reading, over the simulated network."""
    return SignedClient(SimulatedCarrier(), BASE_URL, CREDENTIALS, nonces)


Resume = Callable[[RawAnswer | Exception], None]


class SimulatedNetgiro:
    """The service. ``on_callback`` delivers a signed callback to the terminal (reference, whether it is an approval,
    whether its amount is the sale's) and tells whether it said 200."""

    def __init__(self, world: World, on_callback: Callable[[str, bool, bool], bool]) -> None:
        rng = world.rng
        self._world = world
        self._on_callback = on_callback
        settings = Settings(
            check_interval_ms=rng.choice((None, 1000, 3000)),
            min_amount_kr=100,
            unknown_cart_code=rng.choice((10201, 10424)),
            refuse_cancel_of_reservation=rng.random() < 0.25,
        )
        self.customers = Customers(world.wall_clock, rng)
        self.settings = settings
        self.book = CartBook(settings, self.customers, world.wall_clock, rng, self._moved)
        self._gate = Gatekeeper(PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY)
        self.insert_carts: dict[str, int] = {}
        """How many InsertCarts arrived under each Reference."""
        self.refunded: set[str] = set()
        """References of what staff have paid back in Netgíró's portal."""
        self.secrets: set[str] = set()
        """Everything personal that went through here."""

    # --- the network --------------------------------------------------------------------------------------------------

    def carry(self, exchange: Request, resume: Resume) -> None:
        """Take a request to the service and, perhaps, an answer back."""
        world, rng = self._world, self._world.rng
        there_s, back_s = rng.uniform(0.02, 0.3), rng.uniform(0.02, 0.3)
        trouble = ""
        if world.happens(world.rates.call_trouble, "call trouble"):
            trouble = rng.choice(
                ("not sent", "lost before", "lost after", "late request", "late answer", "twice", "spoiled", "refused")
            )
            world.count(trouble)
            world.tell("network", f"{trouble}: {exchange.url.rsplit('/', 1)[-1]}")
        match trouble:
            case "not sent":
                world.at(there_s, lambda: resume(CallRefused(Refusal.NOT_SENT, "no route")))
            case "lost before":
                world.at(self._until_given_up(), lambda: resume(CallLost("no answer")))
            case "lost after":
                world.at(there_s, lambda: self._serve(exchange))
                world.at(self._until_given_up(), lambda: resume(CallLost("no answer")))
            case "late request":
                world.at(rng.uniform(1, 90), lambda: self._serve(exchange))
                world.at(self._until_given_up(), lambda: resume(CallLost("no answer")))
            case "late answer":
                self._answer_later(exchange, there_s, rng.uniform(1, 14), resume)
            case "twice":
                again_s = rng.uniform(0, 5)
                first_s, second_s = rng.choice(((there_s, there_s + again_s), (there_s + again_s, there_s)))
                self._answer_later(exchange, first_s, back_s, resume)
                world.at(second_s, lambda: self._serve(exchange))
            case "spoiled":
                world.at(there_s, lambda: self._spoil(exchange, back_s, resume))
            case "refused":
                self._refuse(exchange, there_s, resume)
            case _:
                self._answer_later(exchange, there_s, back_s, resume)

    def answers_a_look(self) -> bool:
        """Whether a request for nothing brings an answer now; as often not as calls get into trouble."""
        return self._world.rng_aside.random() >= self._world.rates.call_trouble

    def _until_given_up(self) -> float:
        return TIMEOUT_S if self._world.rng.random() < 0.5 else self._world.rng.uniform(0.1, 2)

    def _answer_later(self, exchange: Request, there_s: float, back_s: float, resume: Resume) -> None:
        def serve() -> None:
            answer = self._serve(exchange)
            self._world.at(back_s, lambda: resume(answer))

        self._world.at(there_s, serve)

    def _refuse(self, exchange: Request, there_s: float, resume: Resume) -> None:
        """Something in front of the service answers for it; the request does not get through."""
        status = self._world.rng.choice((400, 401, 403, 404, 408, 429, 500, 502, 503))
        body = msgspec.json.encode(refusal(400 if status == 400 else status, "refused"))
        self._world.at(there_s, lambda: resume(self._signed(exchange, status, body)))

    def _spoil(self, exchange: Request, back_s: float, resume: Resume) -> None:
        """The work is done; the answer is not worth anything."""
        answer, rng = self._serve(exchange), self._world.rng
        spoiled: RawAnswer
        match rng.choice(SPOILED):
            case "5xx":
                spoiled = answer._replace(http_status=rng.choice((500, 502, 503, 504)))
            case "garbage":
                spoiled = self._signed(
                    exchange, 200, rng.choice((b"", b"<html>", b"[]", b'{"ResultCode":"x"}', b"\xff\0"))
                )
            case "cut":
                spoiled = answer._replace(content=answer.content[: rng.randrange(len(answer.content))])
            case "signature":
                spoiled = answer._replace(headers={**answer.headers, "netgiro_signature": "0" * 64})
            case "amount":
                spoiled = self._signed(
                    exchange, 200, _with_payment(answer.content, TotalAmount=rng.randrange(1, 10**6))
                )
            case "reference":
                changed = _with_payment(answer.content, ReferenceNumber="T9-000001-ABCDEF")
                spoiled = self._signed(exchange, 200, changed)
            case "no amount":
                spoiled = self._signed(exchange, 200, _with_payment(answer.content, TotalAmount=None))
            case "unknown code":
                spoiled = self._signed(exchange, 200, _with(answer.content, ResultCode=19_999))
            case "early":
                spoiled = self._signed(exchange, 200, _claiming_payment(answer.content))
            case "paid by its record":
                spoiled = self._signed(exchange, 200, _with_payment(answer.content, StatusId=CONFIRMED))
            case _:
                spoiled = answer._replace(http_status=rng.choice((301, 302, 307)))
        self._world.at(back_s, lambda: resume(spoiled))

    # --- the service --------------------------------------------------------------------------------------------------

    def _serve(self, exchange: Request) -> RawAnswer:
        try:
            self._gate.check(exchange.headers, exchange.url, exchange.body)
        except CredentialsRefused as refused:
            return self._signed(exchange, refused.status, msgspec.json.encode(refusal(refused.status, str(refused))))
        call = exchange.url.rsplit("/", 1)[-1]
        answer = self._insert(exchange.body) if call == "InsertCart" else self._about_cart(call, exchange.body)
        self._world.tell("netgíró", f"{call}: {answer['ResultCode']}")
        return self._signed(exchange, 200, msgspec.json.encode(answer))

    def _insert(self, body: bytes) -> dict[str, Any]:
        order = read_insert(body)
        self.insert_carts[order.reference] = self.insert_carts.get(order.reference, 0) + 1
        self.secrets.add(order.customer_id)
        if self._world.happens(self._world.rates.customer_mood / 20, "cart refused"):
            reply = Reply(self._world.rng.choice(REFUSED_CARTS), "refused", success=False)
        else:
            reply = self.book.insert(order)
        return insert_answer(reply, self.settings.check_interval_ms)

    def _about_cart(self, call: str, body: bytes) -> dict[str, Any]:
        request = read_cart_name(body)
        name = request.TransactionId
        self._maybe_forget(name)
        if call == "CheckCart":
            return cart_answer(self.book.check(name))
        if call == "CancelCart":
            return cart_answer(self.book.cancel(name))
        return cart_answer(self.book.confirm(name, request.Identifier))

    def _maybe_forget(self, name: str) -> None:
        """Netgíró may lose a cart that is not paid."""
        cart = self.book.find(name)
        if (
            cart is not None
            and cart.state is not CartState.PAID
            and self._world.happens(self._world.rates.customer_mood / 100, "cart forgotten")
        ):
            self.book.forget(name)

    def _signed(self, exchange: Request, status: int, body: bytes) -> RawAnswer:
        signed = sign(PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY, exchange.url, body, self._world.rng)
        return RawAnswer(status, signed.headers, body)

    # --- customers and callbacks --------------------------------------------------------------------------------------

    def _moved(self, cart: Cart) -> None:
        self._world.tell("netgíró", f"cart {cart.order.reference}: {cart.state}")
        if cart.sms_code:
            self.secrets.add(cart.sms_code)
        if cart.state is CartState.AWAITING_CUSTOMER:
            self._expect_customer(cart.transaction_id)
        elif cart.state is CartState.AWAITING_CALLBACK:
            self._call_back(cart, tries=2)

    def _expect_customer(self, name: str) -> None:
        """Most accept within seconds; some are slow, some say no, some never answer."""
        world, rng = self._world, self._world.rng
        delay_s = rng.uniform(1, 20)
        if world.happens(world.rates.customer_mood, "customer mood"):
            match rng.choice(("slow", "rejects", "never")):
                case "slow":
                    delay_s = rng.uniform(20, PATIENCE_S)
                case "rejects":
                    world.at(delay_s, lambda: self._customer(name, accepts=False))
                    return
                case _:
                    return
        world.at(delay_s, lambda: self._customer(name, accepts=True))

    def _customer(self, name: str, *, accepts: bool) -> None:
        try:
            if accepts:
                self.book.accept(name)
            else:
                self.book.reject(name, self._world.rng.choice((10201, 10302, 10307, 10422, 10423)))
        except (OutOfTurn, UnknownCart):
            return  # too late, or the cart is gone
        self._world.tell("customer", "accepts" if accepts else "rejects")

    def _call_back(self, cart: Cart, tries: int) -> None:
        """Ask the provider; without a 200 once more, then cancel (Netgíró docs, Callbacks)."""
        world, rng, name = self._world, self._world.rng, cart.transaction_id

        def deliver() -> None:
            found = self.book.find(name)
            if found is None or found.state is not CartState.AWAITING_CALLBACK:
                return
            arrived = not world.happens(world.rates.call_trouble, "callback lost")
            if world.happens(world.rates.call_trouble / 4, "callback of another amount"):
                assert not self._on_callback(cart.order.reference, True, False), "another amount was acknowledged"
            acknowledged = arrived and self._on_callback(cart.order.reference, True, True)
            answer_lost = acknowledged and world.happens(world.rates.call_trouble, "callback's answer lost")
            world.at(rng.uniform(0.02, 0.3), lambda: answered(acknowledged and not answer_lost))

        def answered(acknowledged: bool) -> None:
            if acknowledged:
                self.book.callback_acknowledged(name)
            elif tries > 1:
                self._call_back(cart, tries - 1)
            else:
                self.book.callback_unanswered(name)

        world.at(rng.uniform(0.05, 1), deliver)

    # --- looking in ---------------------------------------------------------------------------------------------------

    def cart_for(self, reference: str) -> Cart | None:
        """The newest cart under this Reference."""
        return next((cart for cart in self.book.newest(50) if cart.order.reference == reference), None)

    def captured(self) -> dict[str, list[int]]:
        """The amounts captured under each Reference."""
        ledger: dict[str, list[int]] = {}
        for capture in self.book.captures:
            ledger.setdefault(capture.reference, []).append(capture.amount_kr)
        return ledger


def _claiming_payment(content: bytes) -> bytes:
    """ "Paid" by its code, and by its own record not: an answer that contradicts itself."""
    answer = cast("dict[str, Any]", msgspec.json.decode(content))
    if isinstance(answer.get("PaymentInfo"), dict) and answer["PaymentInfo"]["StatusId"] == UNCONFIRMED:
        answer["ResultCode"] = 10200
    return msgspec.json.encode(answer)


def _with(content: bytes, **changes: object) -> bytes:
    return msgspec.json.encode(cast("dict[str, Any]", msgspec.json.decode(content)) | changes)


def _with_payment(content: bytes, **changes: object) -> bytes:
    answer = cast("dict[str, Any]", msgspec.json.decode(content))
    if isinstance(answer.get("PaymentInfo"), dict):
        answer["PaymentInfo"].update(changes)
    return msgspec.json.encode(answer)
