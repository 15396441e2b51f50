"""The reference, OpenAPI 3.1: made of the table that is served and of the types that read and write bodies. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec

from terminal.register.http.forms import LONGEST_WAIT_S, Key, Payment, Problem, Refund, Status
from terminal.register.http.operations import OPERATIONS, Operation
from terminal.register.http.problems import MEDIA_TYPE, STATUS_OF, Code

JSON = "application/json"
_REF = "#/components/schemas/{name}"
_DESCRIPTION = """\
A payment terminal for a register program on the same network. Amounts are whole kronur.

Send every payment and refund with an `Idempotency-Key` of its own, a new UUID each, and keep it until you have the
outcome. After a time-out send the same request with the same key: it is answered with the same payment, also after a
power cut. A payment is paid if its `outcome` is `approved`, and only then; `null` means that nobody knows yet, and
`unknown` that staff must look it up.
"""


def document(version: str) -> dict[str, Any]:
    """The whole of it."""
    bodies = [one for operation in OPERATIONS for one in (operation.form, operation.answer) if one is not None]
    types = dict.fromkeys((*bodies, Problem, Payment, Refund, Status))
    _, schemas = msgspec.json.schema_components(types, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "netgiro-terminal", "version": version, "description": _DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": list(_parameters(operation)),
        "responses": dict(_responses(operation)),
    }
    if operation.is_open:
        described["security"] = []
    if operation.form is not None:
        content = {JSON: {"schema": _schema(operation.form)}}
        described["requestBody"] = {"required": operation.body_needed, "content": content}
    return described


def _parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    key = msgspec.json.schema(Key)
    if "{id}" in operation.path:
        schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}
        yield {"name": "id", "in": "path", "required": True, "schema": schema}
    if operation.takes_key:
        yield {"name": "Idempotency-Key", "in": "header", "required": True, "schema": key}
    if operation.finds_key:
        yield {"name": "key", "in": "query", "required": True, "schema": key}
    if operation.takes_wait:
        wait = {"type": "number", "minimum": 0, "maximum": LONGEST_WAIT_S}
        text = "Seconds to wait for a change, with at most three decimals."
        yield {"name": "wait", "in": "query", "required": False, "description": text, "schema": wait}


def _responses(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    if operation.name == "events":
        content = {"text/event-stream": {"schema": {"type": "string"}}}
        yield "200", {"description": "event: payment, refund or status; data: that as JSON", "content": content}
    elif operation.answer is None:
        yield "200", {"description": operation.summary, "content": {JSON: {"schema": {"type": "object"}}}}
    else:
        yield str(operation.status), _response(JSON, operation.answer, operation.summary)
    codes = set(operation.problems)
    if not operation.is_open:
        codes |= {Code.TOKEN, Code.UNAVAILABLE, Code.TOO_MANY}
    if operation.name != "reference":
        codes |= {Code.SYNTAX, Code.ORIGIN}
    if operation.form is not None:
        codes |= {Code.TOO_LONG}
    for status in sorted({STATUS_OF[code] for code in codes}):
        known = ", ".join(sorted(code for code in codes if STATUS_OF[code] == status))
        yield str(status), _response(MEDIA_TYPE, Problem, f"{HTTPStatus(status).phrase}: {known}")


def _response(media_type: str, form: type[msgspec.Struct], text: str) -> dict[str, Any]:
    return {"description": text, "content": {media_type: {"schema": _schema(form)}}}


def _schema(form: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _REF.format(name=form.__name__)}
