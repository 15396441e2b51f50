"""A refund from the page of a simulated counter: POST /api/refund {"sale": 3, "amount": 500}, begun as the command
begins it. Without a sale it is for the last one, without an amount for all that is left of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from terminal.app.refunding import PATIENCE_S, refund_and_wait
from terminal.counter.inputs import RefundRequested
from terminal.demo.stage import Stage
from terminal.errors import TerminalError
from terminal.panel.answers import answer_json, read_form
from terminal.sale.refund import RefundSource
from terminal.texts.words import Language

LONGEST_S = PATIENCE_S + 5.0
"""A terminal that loses its power meanwhile answers nothing at all."""

_Whole = Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class _Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sale: _Whole | None = None
    amount: _Whole | None = None
    language: Language | None = None
    """Of the answer; the terminal's own if the caller does not say."""


def refund_routes(stage: Stage) -> Sequence[BaseRoute]:
    """Begin a refund and wait a while for what becomes of it."""

    async def refund(request: Request) -> Response:
        wish = await read_form(request, _Wish)
        handles, config = stage.handles, stage.config
        if handles is None:
            raise HTTPException(503, "the terminal has no power")
        wanted = RefundRequested(number=wish.sale, amount_kr=wish.amount, source=RefundSource.COMMAND)
        language = wish.language or config.terminal.language
        try:
            async with asyncio.timeout(LONGEST_S):
                return answer_json(await refund_and_wait(handles, wanted, language, config.shop.service_phone))
        except TimeoutError as error:
            raise HTTPException(503, "the terminal did not answer; its journal says what became of it") from error
        except TerminalError as error:
            raise HTTPException(409, str(error)) from error

    return [Route("/api/refund", refund, methods=["POST"])]
