"""Netgíró in virtual time: the sandbox's own book of carts behind the calls of V1 or V2, and customers who decide.

The service itself is not always well: see ailments.py.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec

from terminal.netgiro.carrier import RawAnswer, Request
from terminal.netgiro.client import Credentials, SignedClient
from terminal.netgiro.keyed import KeyedClient
from terminal.netgiro.nonce import NonceSource
from terminal.netgiro.refunds import PartnerApi
from terminal.netgiro.sandbox import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY, v2, v2_answers
from terminal.netgiro.sandbox.answers import (
    cart_answer,
    coded_answer,
    found_answer,
    insert_answer,
    read_cart_name,
    read_insert,
    refusal,
)
from terminal.netgiro.sandbox.carts import Cart, CartState, Order, OutOfTurn, Reply, UnknownCart
from terminal.netgiro.sandbox.customers import Customers
from terminal.netgiro.sandbox.settings import ResultCode, Settings
from terminal.netgiro.sandbox.signing import CredentialsRefused, Gatekeeper, sign
from terminal.netgiro.sandbox.transactions import TransactionBook
from terminal.netgiro.v1 import NetgiroV1
from terminal.netgiro.v2 import NetgiroV2
from terminal.netgiro.wire_v2 import API_KEY_HEADER, TOKEN_HEADER
from terminal.sale.gateway import Gateway
from terminal.sale.sensitive import Sensitive
from terminal.simulation.ailments import Ailments
from terminal.simulation.network import Network, Resume, SimulatedCarrier, call_of
from terminal.simulation.people import CODE_LIKE_A_KENNITALA
from terminal.simulation.world import World

BASE_URLS = {"v1": "https://api.test.netgiro.is/v1", "v2": "https://api.test.netgiro.is/v2"}
PARTNER_URL = "https://partner-api.test.netgiro.is"
CALLBACK_URL = "http://127.0.0.1:8024"
PATIENCE_S = 240.0
LONGEST_USUAL_S = 15.0
"""Even the least patient terminal, which waits 20 s, hears of a customer without a mood in time."""
NOTHING_LEFT = "Refund amount is greater than what is left of the payment"
NOT_PAID_OUT = "Transaction is not settled"
REFUSED_CARTS = (10302, 10304, 10306, 10427)
"""Answers to InsertCart that leave no cart behind."""
OnCallback = Callable[[str, bool, bool], bool]
"""Delivers a signed callback to the terminal (reference, whether it is an approval, whether its amount is the sale's);
True if that said 200."""
CREDENTIALS = Credentials(PUBLIC_APPLICATION_ID, Sensitive(PUBLIC_SECRET_KEY))


def build_gateway(api: str, nonces: NonceSource) -> Gateway:
    """The real gateway, over the simulated network."""
    if api == "v2":
        keyed = KeyedClient(SimulatedCarrier(), BASE_URLS[api], API_KEY_HEADER, Sensitive(PUBLIC_APPLICATION_ID))
        return NetgiroV2(keyed, callback_base_url=CALLBACK_URL)
    client = SignedClient(SimulatedCarrier(), BASE_URLS[api], CREDENTIALS, nonces)
    partner = KeyedClient(SimulatedCarrier(), PARTNER_URL, TOKEN_HEADER, Sensitive(PUBLIC_SECRET_KEY))
    return NetgiroV1(client, callback_base_url=CALLBACK_URL, partner=PartnerApi(partner))


class SimulatedNetgiro:
    """The service."""

    def __init__(self, world: World, api: str = "v1") -> None:
        rng = world.rng
        self.api = api
        self.network = Network(world, self)
        self._world = world
        self.on_callback: OnCallback = lambda _reference, _approved, _fits: False
        self.settings = settings = Settings(
            check_interval_ms=rng.choice((None, 1000, 3000)),
            min_amount_kr=100,
            permanent_access_code=CODE_LIKE_A_KENNITALA,
            unknown_cart_code=rng.choice((10201, 10424)),
            refuse_cancel_of_reservation=rng.random() < 0.25,
            finds_by_reference=random.Random(f"finds {world.seed}").random() < 0.5,
        )
        self.customers = Customers(world.wall_clock, rng)
        self.book = TransactionBook(settings, self.customers, world.wall_clock, rng, self._moved)
        self.ailments = Ailments(world, self.book)
        self._gate = Gatekeeper(PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY)
        self.insert_carts: dict[str, int] = {}
        """How many InsertCarts arrived under each Reference."""
        self.application_id, self.secret_key = PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY
        self.refunded: set[str] = set()
        """References of what staff have paid back in Netgíró's portal."""
        self.secrets: set[str] = set()
        """Everything personal that went through here."""

    # --- the service --------------------------------------------------------------------------------------------------

    def carry(self, request: Request, resume: Resume) -> None:
        """Take a request here and, perhaps, an answer back."""
        self.network.carry(request, resume)

    def serve(self, request: Request) -> RawAnswer:
        call = call_of(request)
        try:
            if request.url.startswith(PARTNER_URL):
                v2.check_token(self, request.headers.get(v2.TOKEN_HEADER, ""))
                status, answer = self._serve_partner(call, request)
                told = answer.get("status") or answer.get("success", answer.get("Message"))
            elif self.api == "v2":
                v2.check_key(self, request.headers.get(v2.KEY_HEADER, ""))
                status, answer = self._serve_v2(call, request)
                told = answer.get("Status") or answer["Message"]
            else:
                self._gate.check(request.headers, request.url, request.body)
                is_look_up = call == "Payment"
                status, answer = self._look_up(request.url) if is_look_up else (200, self._serve_v1(call, request.body))
                told = answer["ResultCode"]
        except CredentialsRefused as refused:
            return self.refuse(request, refused.status, str(refused))
        self._world.tell("netgíró", f"{call}: {told}")
        return self.answer(request, status, msgspec.json.encode(answer))

    def answer(self, request: Request, http_status: int, body: bytes) -> RawAnswer:
        if self.api == "v2" or request.url.startswith(PARTNER_URL):
            return RawAnswer(http_status, {}, body)
        signed = sign(PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY, request.url, body, self._world.rng)
        return RawAnswer(http_status, signed.headers, body)

    def refuse(self, request: Request, http_status: int, message: str) -> RawAnswer:
        is_keyed = self.api == "v2" or request.url.startswith(PARTNER_URL)
        said = v2_answers.refused(message) if is_keyed else refusal(http_status, message)
        return self.answer(request, http_status, msgspec.json.encode(said))

    def _serve_v1(self, call: str, body: bytes) -> dict[str, Any]:
        if call == "InsertCart":
            order = read_insert(body)
            reply = self._expected(order) or self.book.insert(order)
            return insert_answer(reply, self.settings.check_interval_ms)
        request = read_cart_name(body)
        name = request.TransactionId
        self.ailments.strike(name)
        if call == "CheckCart":
            with self.ailments.lagging(name):
                return cart_answer(self.book.check(name))
        if call == "CancelCart":
            return cart_answer(self.book.cancel(name))
        if self.ailments.forgets_capture(name):
            return coded_answer(call, ResultCode.PAID)
        return cart_answer(self.book.confirm(name, request.Identifier))

    def _look_up(self, url: str) -> tuple[int, dict[str, Any]]:
        if not self.settings.finds_by_reference:
            return 404, refusal(404, "There is nothing here.")
        return 200, found_answer(self.ailments.look_up(url.rsplit("=", 1)[-1]))

    def _serve_v2(self, call: str, request: Request) -> tuple[int, dict[str, Any]]:
        name = request.url.rsplit("/", 1)[-1] if request.method == "GET" else ""
        if call == "payment":
            order = v2_answers.read_payment(request.body)
            if (refused := self._expected(order)) is not None:
                return 200, v2_answers.payment_answer(refused, None)
            return v2.perform(self, call, name, request.body)
        if call == "refund":
            asked = msgspec.json.decode(request.body, type=v2_answers.RefundRequest)
            if self.ailments.forgets_refund(asked.IdempotencyKey, asked.TransactionId, asked.RefundAmount):
                return 400, v2_answers.refused(NOTHING_LEFT)
            if self.ailments.refunds_nothing_yet:
                self._world.count("refund before the payment is paid out")
                return 400, v2_answers.refused(NOT_PAID_OUT)
            return v2.perform(self, call, name, request.body)
        about = name or v2_answers.read_transaction(request.body).TransactionId
        self.ailments.strike(about)
        if call == "capture" and self.ailments.forgets_capture(about):
            return 200, v2_answers.refused("") | {"Success": True, "Message": None, "Status": "Confirmed"}
        with self.ailments.lagging(about, applies=call in ("status", "details")):
            return v2.perform(self, call, name, request.body)

    def _serve_partner(self, call: str, request: Request) -> tuple[int, dict[str, Any]]:
        name = request.url.rsplit("/", 1)[-1]
        if call == "refund":
            asked = msgspec.json.decode(request.body, type=v2_answers.PartnerRefundRequest)
            if self.ailments.forgets_refund(asked.idempotency_key, asked.transaction_id, asked.refund_amount):
                return 400, v2_answers.camel(v2_answers.refused(NOTHING_LEFT))
        return v2.perform_for_partner(self, "refund" if call == "refund" else "details", name, request.body)

    def _expected(self, order: Order) -> Reply | None:
        """Note what is asked for; a refusal that leaves no cart, if there is one."""
        self.insert_carts[order.reference] = self.insert_carts.get(order.reference, 0) + 1
        self.secrets.add(order.customer_id)
        if not self._world.happens(self._world.rates.customer_mood / 20, "cart refused"):
            return None
        return Reply(self._world.rng.choice(REFUSED_CARTS), "refused", success=False)

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
        delay_s = rng.uniform(1, LONGEST_USUAL_S)
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
                assert not self.on_callback(cart.order.reference, True, False), "another amount was acknowledged"
            acknowledged = arrived and self.on_callback(cart.order.reference, True, True)
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
        return self.book.find_reference(reference)

    def captured(self) -> dict[str, list[int]]:
        """The amounts captured under each Reference, but for what was taken back."""
        ledger: dict[str, list[int]] = {}
        for capture in self.book.captures:
            ledger.setdefault(capture.reference, []).append(capture.amount_kr)
        return ledger
