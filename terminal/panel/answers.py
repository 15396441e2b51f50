"""What the panel's endpoints have in common: JSON bodies in, JSON answers out, refusals with their reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

MAX_BODY_BYTES = 40 * 1024
FRESH = {"Cache-Control": "no-store"}

Form = TypeVar("Form")


@contextmanager
def refusals() -> Iterator[None]:
    """What the backend says no to, with its reason. Around calls that may refuse only: elsewhere the same is a bug."""
    try:
        yield
    except ValueError as error:
        raise HTTPException(400, str(error)) from error
    except LookupError as error:
        raise HTTPException(404, str(error.args[0]) if error.args else "There is no such thing.") from error


async def read_form(request: Request, form: type[Form]) -> Form:
    """The body as this form. Raises HTTPException that names what is wrong with it.

    It must call itself JSON, because a foreign web page may not send that without asking first.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "the body must be JSON, sent with the header Content-Type: application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, f"the body is longer than {MAX_BODY_BYTES} bytes")
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.ValidationError as error:
        raise HTTPException(400, str(error)) from error
    except ValueError as error:
        raise HTTPException(400, f"the body is not JSON: {error}") from error


def answer_json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json", headers=FRESH)
