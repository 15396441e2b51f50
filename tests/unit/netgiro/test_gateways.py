"""What every gateway does with its client, and what its errors say for the log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from terminal.netgiro.carrier import Carrier, RawAnswer, Request
from terminal.netgiro.client import Credentials, SignatureCheck, SignedClient
from terminal.netgiro.https import HttpsCarrier
from terminal.netgiro.keyed import KeyedClient
from terminal.netgiro.nonce import NonceSource
from terminal.netgiro.refunds import PartnerApi
from terminal.netgiro.v1 import NetgiroV1
from terminal.netgiro.v1 import callback_url as v1_callback_url
from terminal.netgiro.v2 import NetgiroV2
from terminal.netgiro.v2 import callback_url as v2_callback_url
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CallLost, CallRefused, CaptureMode, GatewayError, Refusal
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.sales import CUSTOMERS, GUID

SECRET = Sensitive("secret")
CUSTOMER = next(iter(CUSTOMERS.values()))
PAYMENT = {"TransactionId": GUID, "ReferenceNumber": "T1-1", "StatusId": 2, "TotalAmount": 1990}
DETAILS = {"IsRefundable": True, "Status": "paid", "TotalAmount": 1990, "TransactionId": GUID}


class Line(Carrier):
    """Answers by the last part of a path that is told, and notes what happens to it."""

    def __init__(self, *, is_up: bool = True, **answers: Mapping[str, Any]) -> None:
        self.is_up = is_up
        self.reached: list[str] = []
        self.sent: list[Request] = []
        self.is_closed = False
        self._answers = answers

    async def exchange(self, request: Request) -> RawAnswer:
        self.sent.append(request)
        found = next((body for name, body in self._answers.items() if f"/{name}" in request.url), {})
        http_status = int(found.get("http", 200))
        return RawAnswer(http_status, {}, json.dumps({k: v for k, v in found.items() if k != "http"}).encode())

    async def reach(self, url: str) -> bool:
        self.reached.append(url)
        return self.is_up

    async def close(self) -> None:
        self.is_closed = True


def v1(line: Line, partner: Line | None = None) -> NetgiroV1:
    async def reserve(_high_water: int, _answers_signed: bool) -> None:
        """These nonces need not outlive the test."""

    nonces = NonceSource(0, reserve, lambda: 0.0)
    client = SignedClient(line, "http://n.test/v1/", Credentials("app", SECRET), nonces, SignatureCheck.OFF)
    beside = PartnerApi(KeyedClient(partner, "http://p.test", "token", SECRET)) if partner is not None else None
    return NetgiroV1(client, callback_base_url="https://shop.test/", partner=beside)


def v2(line: Line, **more: Any) -> NetgiroV2:
    return NetgiroV2(KeyedClient(line, "http://n.test/v2", "key", SECRET), callback_base_url="https://s.test", **more)


async def opened(gateway: NetgiroV1 | NetgiroV2, mode: CaptureMode = CaptureMode.MANUAL) -> str:
    opening = gateway.open_authorization(reference="T1-1", amount_kr=1990, customer=CUSTOMER, capture_mode=mode)
    return (await opening).authorization_id


@each_of("is_up", [True, False])
@each_of(("build", "url"), [(v1, "http://n.test/v1"), (v2, "http://n.test/v2")], ids=["v1", "v2"])
def test_whether_it_is_reached_is_asked_at_its_address(build: Any, url: str, is_up: bool) -> None:
    line = Line(is_up=is_up)
    assert asyncio.run(build(line).reach()) is is_up
    assert line.reached[0].rstrip("/") == url


def test_every_connection_is_closed_with_it() -> None:
    lines = [Line(), Line(), Line()]
    asyncio.run(v1(lines[0], lines[1]).close())
    asyncio.run(v2(lines[2]).close())
    assert [line.is_closed for line in lines] == [True, True, True]


@each_of("base_url", ["https://shop.test", "https://shop.test/", "https://shop.test/~"])
def test_an_address_to_call_back_has_one_slash_after_the_shops(base_url: str) -> None:
    shop = base_url.removesuffix("/")
    for approved, kind in ((True, "confirmed"), (False, "cancelled")):
        assert v1_callback_url(base_url, "T1-1", approved=approved) == f"{shop}/netgiro/callback/{kind}/T1-1"
        url = v2_callback_url(base_url, "T1-1", SECRET, approved=approved)
        assert url.startswith(f"{shop}/netgiro/callback/{kind}/T1-1/")


# --- V1 ---------------------------------------------------------------------------------------------------------------


def test_a_reference_is_quoted_whole() -> None:
    line = Line(Payment={"ResultCode": 200, "Result": PAYMENT})
    asyncio.run(v1(line).find("T1/../x?y&z"))
    assert line.sent[0].url == "http://n.test/v1/Payment/Get?referenceNumberId=T1%2F..%2Fx%3Fy%26z"


@each_of("name", [None, "", "42", GUID + "\n"])
def test_what_is_found_without_a_proper_name_is_not_found(name: str | None) -> None:
    line = Line(Payment={"ResultCode": 10424, "Result": {**PAYMENT, "TransactionId": name}})
    with pytest.raises(CallRefused, match=r"^Payment/Get has found nothing: HTTP 200, ResultCode 10424$") as caught:
        asyncio.run(v1(line).find("T1-1"))
    assert caught.value.refusal is Refusal.NOT_FOUND


def test_what_is_found_is_named_in_lower_case() -> None:
    line = Line(Payment={"ResultCode": 200, "Result": {**PAYMENT, "TransactionId": GUID.upper()}})
    assert asyncio.run(v1(line).find("T1-1")).authorization_id == GUID


@each_of(
    ("answer", "words"),
    [
        ({"http": 401, "ResultCode": 400}, "credentials: HTTP 401, ResultCode 400"),
        ({"http": 400, "ResultCode": 10305}, "refused: HTTP 400, ResultCode 10305"),
        ({"http": 400, "ResultCode": 1}, "refused without a known code: HTTP 400, ResultCode 1"),
        ({"ResultCode": 10306}, "InsertCart: HTTP 200, ResultCode 10306"),
        ({"ResultCode": 99999}, "InsertCart: unclear answer, ResultCode 99999"),
        ({"http": 429}, "HTTP 429"),
    ],
)
def test_an_error_says_by_numbers_what_v1_answered(answer: Mapping[str, Any], words: str) -> None:
    with pytest.raises(GatewayError) as caught:
        asyncio.run(opened(v1(Line(InsertCart=answer))))
    assert str(caught.value) == words


# --- V2 ---------------------------------------------------------------------------------------------------------------


@each_of(
    ("answer", "refusal", "words"),
    [
        ({"Message": "Customer is blacklisted."}, Refusal.DECLINED_BY_SERVICE, "Customer is blacklisted."),
        ({"Message": "Customer not verified"}, Refusal.CUSTOMER_UNKNOWN, "Customer not verified"),
        ({"Message": " customer NOT verified. "}, Refusal.CUSTOMER_UNKNOWN, "customer NOT verified."),
        ({"Message": "Customer not verified~"}, Refusal.DECLINED_BY_SERVICE, "a sentence that is not known here"),
        ({"Message": "8223281 is no customer"}, Refusal.DECLINED_BY_SERVICE, "a sentence that is not known here"),
        ({}, Refusal.DECLINED_BY_SERVICE, "a sentence that is not known here"),
    ],
)
def test_a_refusal_of_v2_is_told_by_its_sentence_where_that_is_known(
    answer: Mapping[str, Any], refusal: Refusal, words: str
) -> None:
    with pytest.raises(CallRefused) as caught:
        asyncio.run(opened(v2(Line(payment={"Success": False, **answer}))))
    assert caught.value.refusal is refusal
    assert str(caught.value) == f"payment refused: HTTP 200, {words}"


def test_an_answer_of_v2_that_cannot_be_read_is_named_by_its_call() -> None:
    line = Line(payment={"http": 400, "Status": 7})
    with pytest.raises(CallLost, match=r"^payment: HTTP 400, "):
        asyncio.run(opened(v2(line)))


def test_without_a_key_of_its_own_v2_still_names_an_address_to_call_back() -> None:
    line = Line(payment={"Success": True, "Status": "Pending", "TransactionId": GUID})
    assert asyncio.run(opened(v2(line), CaptureMode.SERVER_CALLBACK)) == GUID
    assert "/netgiro/callback/confirmed/T1-1/" in json.loads(line.sent[0].body)["CallbackUrl"]


@each_of("verb", ["query_status", "capture", "void"])
@each_of(
    ("answer", "status"),
    [
        ({"Success": False, "Status": "Pending"}, Status.PENDING),
        ({"Success": True}, Status.UNCLEAR),
        ({}, Status.UNCLEAR),
        ({"Success": True, "Status": "Someday"}, Status.UNCLEAR),
    ],
)
def test_v2_refuses_only_by_success_false_without_a_status(
    verb: str, answer: Mapping[str, Any], status: Status
) -> None:
    line = Line(status=answer, capture=answer, cancel=answer)
    report = asyncio.run(getattr(v2(line), verb)(GUID))
    assert (report.status, report.refusal) == (status, None)


@each_of(
    ("record", "is_asked"),
    [
        ({}, True),
        ({"IsRefundable": None}, True),
        ({"IsRefundable": False}, False),
        ({"SettlementDate": "2026-11-23T12:00:00Z"}, False),
        ({"Status": "reservation"}, False),
        ({"Status": "unpaid"}, False),
    ],
)
def test_v2_takes_back_only_what_is_paid_and_neither_refunded_nor_paid_out(
    record: Mapping[str, Any], is_asked: bool
) -> None:
    line = Line(
        refund={"Success": False, "Message": "No."},
        details={**DETAILS, **record},
        cancel={"Success": True, "Status": "Cancelled"},
    )
    refund = v2(line).refund(GUID, amount_kr=1990, is_whole=True, idempotency_key="0" * 40)
    with pytest.raises(CallLost if is_asked else CallRefused):
        asyncio.run(refund)
    assert any("/cancel" in request.url for request in line.sent) is is_asked


# --- a look-up that is not there --------------------------------------------------------------------------------------


@each_of(("http_status", "code"), [(404, None), (404, 400), (405, None), (501, None)])
def test_where_v1_has_no_look_up_it_is_not_offered(http_status: int, code: int | None) -> None:
    line = Line(Payment={"http": http_status, "ResultCode": code})
    with pytest.raises(CallRefused) as caught:
        asyncio.run(v1(line).find("T1-1"))
    assert caught.value.refusal is Refusal.NOT_OFFERED


@each_of("http_status", [200, 400, 500])
def test_any_other_answer_does_not_say_that_there_is_none(http_status: int) -> None:
    """Without a known code: who believed "not offered" would never ask again."""
    line = Line(Payment={"http": http_status})
    with pytest.raises(GatewayError) as caught:
        asyncio.run(v1(line).find("T1-1"))
    assert getattr(caught.value, "refusal", None) is not Refusal.NOT_OFFERED


@each_of("path", ["/v1", "/v1/", "/v1~"])
def test_a_signed_call_has_one_slash_after_the_address(path: str) -> None:
    urls: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        urls.append(str(request.url))
        return httpx.Response(200, json={"ResultCode": 10425})

    async def scenario() -> None:
        async def reserve(_high_water: int, _answers_signed: bool) -> None:
            """These nonces need not outlive the test."""

        carrier = HttpsCarrier("http://n.test", transport=httpx.MockTransport(handle))
        nonces = NonceSource(0, reserve, lambda: 0.0)
        client = SignedClient(carrier, f"http://n.test{path}", Credentials("app", SECRET), nonces)
        await client.post("/Checkout/CheckCart", {})
        await client.close()

    asyncio.run(scenario())
    assert urls == [f"http://n.test{path.removesuffix('/')}/Checkout/CheckCart"]
