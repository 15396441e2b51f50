"""Listens for Netgíró's callbacks.

V1's are signed, over the callback URL as it was registered, not as it arrived: a proxy may have changed it. V2's are
not: there the last part of the URL is one that nobody can guess, and what a callback says is no more than a hint.
A callback is answered 200 only after what it means is on disk, and 400 otherwise, which changes nothing at Netgíró.
Source: Netgíró docs, "Callbacks".
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from terminal.netgiro import wire_v2
from terminal.netgiro.v1 import callback_url
from terminal.netgiro.v2 import callback_token
from terminal.netgiro.wire import parse_answer, signature_matches
from terminal.sale.sensitive import Sensitive

LARGEST_CALLBACK_BYTES = 64 * 1024
KINDS = {"confirmed": True, "cancelled": False}


class Callback(NamedTuple):
    """What a genuine callback says."""

    reference: str
    approved: bool
    amount: int | float | None
    """As it stands in the body, if it does."""
    authorization_id: str | None = None

    def fits(self, amount_kr: int, authorization_id: str | None) -> bool:
        """It names no other amount and no other cart than the sale's: an acknowledgement pays what it is about."""
        own, named = (authorization_id or "").lower(), (self.authorization_id or "").lower()
        return named in ("", own) and self.amount in (None, amount_kr)


OnCallback = Callable[[Callback], Awaitable[bool]]
"""True once what the callback says is on disk and counts."""

log = logging.getLogger(__name__)


def create_unsigned_callback_listener(api_key: Sensitive, on_callback: OnCallback) -> Starlette:
    """V2's listener. Whatever the body is, its URL tells which sale it is about and what has become of it."""

    async def receive(request: Request) -> Response:
        kind, reference = request.path_params["kind"], request.path_params["reference"]
        if kind not in KINDS:
            return Response(status_code=404)
        if not hmac.compare_digest(request.path_params["token"].encode(), callback_token(reference, api_key).encode()):
            return _refuse(reference, "its address is not one that was given out")
        try:
            transaction_id = wire_v2.parse_answer(await _read(request)).transaction_id
        except ClientDisconnect:
            return _refuse(reference, "the caller hung up")
        except ValueError:
            transaction_id = None
        if not await on_callback(Callback(reference, KINDS[kind], None, transaction_id)):
            return _refuse(reference, "no sale waits for it")
        return Response(status_code=200)

    path = "/{prefix:path}netgiro/callback/{kind}/{reference}/{token:str}"
    return Starlette(routes=[Route(path, receive, methods=["POST"])])


def create_callback_listener(base_url: str, secret_key: Sensitive, on_callback: OnCallback) -> Starlette:
    """V1's listener as an ASGI application. ``base_url`` is what Netgíró was told (``callback.public_url``)."""

    async def receive(request: Request) -> Response:
        kind, reference = request.path_params["kind"], request.path_params["reference"]
        if kind not in KINDS:
            return Response(status_code=404)
        try:
            body = await _read(request)
            answer = parse_answer(body)
        except (ValueError, ClientDisconnect) as error:
            return _refuse(reference, str(error) or "the caller hung up")
        registered_url = callback_url(base_url, reference, approved=KINDS[kind])
        if not signature_matches(secret_key.reveal(), request.headers, registered_url, body):
            return _refuse(reference, "the signature does not match")
        payment = answer.payment_info
        if payment is not None and payment.reference_number not in (None, reference):
            return _refuse(reference, "it is about another sale")
        cart = (payment.transaction_id if payment else None) or answer.transaction_id
        callback = Callback(reference, KINDS[kind], payment.total_amount if payment else None, cart)
        if not await on_callback(callback):
            return _refuse(reference, "no open sale waits for it")
        return Response(status_code=200)

    return Starlette(routes=[Route("/{prefix:path}netgiro/callback/{kind}/{reference}", receive, methods=["POST"])])


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_CALLBACK_BYTES:
            raise ValueError("too large to be a callback")
    return bytes(body)


def _refuse(reference: str, why: str) -> Response:
    log.warning("callback for %.40r refused: %s", reference, why)
    return Response(status_code=400)
