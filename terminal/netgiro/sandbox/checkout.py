"""V1, "Offline Checkout (POS)": four signed calls, and the look-up that may be there."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from terminal.netgiro.sandbox.answers import coded_answer, found_answer, refusal
from terminal.netgiro.sandbox.dialect import Answer
from terminal.netgiro.sandbox.faults import V1_CALLS, V1_LOOK_UP, Fault
from terminal.netgiro.sandbox.service import Sandbox
from terminal.netgiro.sandbox.settings import ResultCode
from terminal.netgiro.sandbox.signing import NONCE_WAS_USED, SignedBody


class SignedDialect:
    """A signature over secret, nonce, URL and body vouches for both sides."""

    def check_caller(self, sandbox: Sandbox, request: Request, body: bytes) -> None:
        sandbox.gatekeeper.check(request.headers, _called_url(sandbox, request), body)

    def perform(self, sandbox: Sandbox, call: str, request: Request, body: bytes) -> Answer:
        if call == V1_LOOK_UP:
            return _look_up(sandbox, {name.lower(): text for name, text in request.query_params.items()})
        return sandbox.perform(call, body)

    def refuse(self, status: int, message: str) -> Answer:
        return status, refusal(ResultCode.BAD_REQUEST, message)

    def fault_answer(self, call: str, fault: Fault) -> Answer | None:
        match fault.fault:
            case "nonce_refused":
                return self.refuse(400, NONCE_WAS_USED)
            case "result_code":
                return 200, coded_answer(call, fault.code)
            case "forgets":
                return 200, coded_answer(call, ResultCode.PAID)
        return None

    def sign(self, sandbox: Sandbox, request: Request, body: bytes) -> SignedBody:
        return sandbox.sign(_called_url(sandbox, request), body)


def _look_up(sandbox: Sandbox, asked: dict[str, str]) -> Answer:
    """By our reference, or by the cart's name, which that client misspells."""
    if not sandbox.settings.finds_by_reference:
        return 404, refusal(404, "There is nothing here.")
    sandbox.settle_due()
    reference, name = asked.get("referencenumberid", ""), asked.get("transacionid", "")
    return 200, found_answer(sandbox.book.find_reference(reference) if reference else sandbox.book.find(name.lower()))


V1 = SignedDialect()


async def no_such_call(_request: Request) -> Response:
    """Anything else under /v1: say what there is."""
    there_is = ", ".join(f"/v1/Checkout/{call}" for call in V1_CALLS)
    return JSONResponse(refusal(ResultCode.BAD_REQUEST, f"There is nothing here. POST to one of {there_is}."), 404)


def _called_url(sandbox: Sandbox, request: Request) -> str:
    """The URL as the client wrote it: the signature is made over exactly that string."""
    scope = request.scope
    path: bytes = scope.get("raw_path") or request.url.path.encode()
    target = path + b"?" + scope["query_string"] if scope["query_string"] else path
    base = sandbox.public_base_url or f"{scope['scheme']}://{request.headers.get('host', '')}"
    return base + target.decode("latin-1")
