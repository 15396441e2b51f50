"""V2, and the partner API beside V1: calls that are known by one secret in a header. Nothing is signed."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from terminal.netgiro.sandbox import v2_answers as v2
from terminal.netgiro.sandbox.answers import BadRequest, decode
from terminal.netgiro.sandbox.carts import Cart, OutOfTurn, RefundRefused, UnknownCart
from terminal.netgiro.sandbox.dialect import Answer
from terminal.netgiro.sandbox.faults import Fault
from terminal.netgiro.sandbox.service import Sandbox
from terminal.netgiro.sandbox.settings import ResultCode, Settings
from terminal.netgiro.sandbox.settlements import item_rows, settlement_rows
from terminal.netgiro.sandbox.signing import CredentialsRefused, SignedBody
from terminal.netgiro.sandbox.transactions import TransactionBook

KEY_HEADER = "X-Netgiro-Api-Key"
TOKEN_HEADER = "token"


class KeyedDialect:
    """One header knows the caller; carts are shown as transactions."""

    def check_caller(self, sandbox: Sandbox, request: Request, _body: bytes) -> None:
        check_key(sandbox, request.headers.get(KEY_HEADER, ""))

    def perform(self, sandbox: Sandbox, call: str, request: Request, body: bytes) -> Answer:
        sandbox.settle_due()
        name = request.path_params.get("transaction_id", "") or request.url.query
        try:
            return self.carry_out(sandbox, call, name, body)
        finally:
            sandbox.set_alarm()
            sandbox.changed()

    def carry_out(self, sandbox: Sandbox, call: str, name: str, body: bytes) -> Answer:
        return perform(sandbox, call, name, body)

    def refuse(self, status: int, message: str) -> Answer:
        return status, v2.refused(message)

    def fault_answer(self, call: str, fault: Fault) -> Answer | None:
        match fault.fault:
            case "refused":
                return 400 if call == "refund" else 200, v2.refused(fault.message)
            case "result_code":
                return 200, v2.refused(f"refused with code {fault.code}")
            case "forgets" if call not in ("details", "refund"):
                return 200, v2.refused("") | {"Success": True, "Message": None, "Status": "Confirmed"}
        return None

    def sign(self, _sandbox: Sandbox, _request: Request, body: bytes) -> SignedBody:
        return SignedBody(body, {})


class PartnerDialect(KeyedDialect):
    """The secret itself is the header, and names are in camelCase, but for those of a refusal."""

    def check_caller(self, sandbox: Sandbox, request: Request, _body: bytes) -> None:
        check_token(sandbox, request.headers.get(TOKEN_HEADER, ""))

    def carry_out(self, sandbox: Sandbox, call: str, name: str, body: bytes) -> Answer:
        return perform_for_partner(sandbox, call, name, body)


V2 = KeyedDialect()
PARTNER = PartnerDialect()


class Provider(Protocol):
    """Whom V2 serves: a running sandbox, or whatever else keeps a book."""

    application_id: str
    secret_key: str
    book: TransactionBook

    @property
    def settings(self) -> Settings: ...


def check_key(sandbox: Provider, given: str) -> None:
    """Raises CredentialsRefused."""
    if not hmac.compare_digest(given.encode(), sandbox.application_id.encode()):
        raise CredentialsRefused(401, "API key is required")


def check_token(sandbox: Provider, given: str) -> None:
    """Raises CredentialsRefused."""
    if not hmac.compare_digest(given.encode(), sandbox.secret_key.encode()):
        raise CredentialsRefused(401, "Header token is missing or not the secret key of this sandbox.")


def perform_for_partner(sandbox: Provider, call: str, name: str, body: bytes) -> Answer:
    """Carry out one of the partner API's calls: V2's, in another spelling."""
    if call == "refund":
        try:
            asked = decode(body, v2.PartnerRefundRequest)
        except BadRequest as error:
            return 400, v2.refused(str(error))
        body = msgspec.json.encode(
            v2.RefundRequest(asked.transaction_id, asked.refund_amount, asked.idempotency_key, asked.reason)
        )
    status, answer = perform(sandbox, call, name, body)
    return status, v2.camel(answer) if answer["Success"] else answer


def perform(sandbox: Provider, call: str, name: str, body: bytes) -> Answer:
    """Carry out one of V2's calls; ``name`` is what the address asks for: a transaction, a settlement, a query."""
    try:
        return 200, _CALLS[call](sandbox, name, body)
    except BadRequest as error:
        return 400, v2.refused(str(error))
    except UnknownCart:
        return 400 if call == "refund" else 200, v2.refused(v2.NOT_FOUND)
    except (OutOfTurn, RefundRefused) as error:
        return 400 if call == "refund" else 200, v2.refused(str(error))


def _payment(sandbox: Provider, _name: str, body: bytes) -> dict[str, Any]:
    return v2.payment_answer(sandbox.book.insert(v2.read_payment(body)), sandbox.settings.check_interval_ms)


def _status(sandbox: Provider, name: str, _body: bytes) -> dict[str, Any]:
    return _told(sandbox, sandbox.book.record(v2.transaction_id(name)))


def _details(sandbox: Provider, name: str, _body: bytes) -> dict[str, Any]:
    cart = sandbox.book.record(v2.transaction_id(name))
    return v2.details_answer(cart, sandbox.book.refunded_kr(cart.transaction_id))


def _capture(sandbox: Provider, _name: str, body: bytes) -> dict[str, Any]:
    request = v2.read_transaction(body)
    return _told(sandbox, sandbox.book.capture(request.TransactionId, request.Amount))


def _cancel(sandbox: Provider, _name: str, body: bytes) -> dict[str, Any]:
    return _told(sandbox, sandbox.book.undo(v2.read_transaction(body).TransactionId))


def _refund(sandbox: Provider, _name: str, body: bytes) -> dict[str, Any]:
    request = decode(body, v2.RefundRequest)
    sandbox.book.refund(v2.transaction_id(request.TransactionId), request.RefundAmount, request.IdempotencyKey)
    return {"Success": True, "Message": None}


def _told(sandbox: Provider, cart: Cart) -> dict[str, Any]:
    return v2.status_answer(cart, sandbox.settings.check_interval_ms)


def _settlements(sandbox: Provider, name: str, _body: bytes) -> list[dict[str, Any]]:
    return settlement_rows(sandbox.book.payouts, name)


def _settlement_items(sandbox: Provider, name: str, _body: bytes) -> list[dict[str, Any]]:
    return item_rows(sandbox.book.payouts, name)


_CALLS: dict[str, Callable[[Provider, str, bytes], Any]] = {
    "payment": _payment,
    "status": _status,
    "details": _details,
    "capture": _capture,
    "cancel": _cancel,
    "refund": _refund,
    "settlements": _settlements,
    "settlement_items": _settlement_items,
}


async def no_such_call(_request: Request) -> Response:
    """Anything else under /v2 or /partner: say what there is."""
    there_is = (
        "POST /v2/checkout/payment, GET /v2/checkout/status/{id}, POST /v2/transaction/capture, cancel or refund,"
        " GET /v2/transaction/details/{id}, GET /v2/settlement/list, GET /v2/settlement/items/{number},"
        " POST /partner/refund, GET /partner/transaction/{id}"
    )
    return JSONResponse(v2.refused(f"There is nothing here. {there_is}.") | {"ResultCode": ResultCode.BAD_REQUEST}, 404)
