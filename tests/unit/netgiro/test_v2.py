"""What every answer of V2 means, that its status is believed only with the record, and what is never sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from terminal.netgiro.https import HttpsCarrier
from terminal.netgiro.keyed import KeyedClient
from terminal.netgiro.v2 import NetgiroV2, callback_token, callback_url
from terminal.netgiro.wire_v2 import API_KEY_HEADER
from terminal.sale.customer import Customer, CustomerKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import (
    CallLost,
    CallRefused,
    CaptureMode,
    GatewayError,
    OpenedAuthorization,
    Refusal,
    StatusReport,
)
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.sales import new_sale

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER_GUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
PHONE = Customer(CustomerKind.PHONE, Sensitive("8223281"))
KEY = Sensitive("the-key")
OPENED = {"Success": True, "Message": None, "Status": "Pending", "TransactionId": GUID, "PollIntervalMs": 1500}
DETAILS = {"IsRefundable": True, "Status": "paid", "TotalAmount": 1990.0, "TransactionId": GUID, "InvoiceNumber": 77}

Answer = tuple[int, Mapping[str, Any] | bytes]


class Netgiro:
    """Answers by the last part of the path that names a call, and keeps what was asked."""

    def __init__(self, **answers: Answer | Mapping[str, Any]) -> None:
        self.requests: list[httpx.Request] = []
        self.headers: dict[str, str] = {}
        self._answers = answers

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        call = request.url.path.split("/")[3]
        answer = self._answers[call]
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.Response(status, content=content, headers=self.headers)

    def asked(self) -> list[tuple[str, str, Any]]:
        return [(one.method, one.url.path, json.loads(one.content or b"null")) for one in self.requests]

    def gateway(self) -> NetgiroV2:
        carrier = HttpsCarrier("http://n.test/v2", transport=httpx.MockTransport(self.handle))
        client = KeyedClient(carrier, "http://n.test/v2/", API_KEY_HEADER, KEY)
        return NetgiroV2(client, callback_base_url="https://shop.test/", callback_key=KEY)


def open_with(
    netgiro: Netgiro, mode: CaptureMode = CaptureMode.MANUAL, customer: Customer = PHONE
) -> OpenedAuthorization:
    opening = netgiro.gateway().open_authorization(
        reference="T1-1", amount_kr=1990, customer=customer, capture_mode=mode
    )
    return asyncio.run(opening)


def query(
    status: Mapping[str, Any], details: Answer | Mapping[str, Any] = DETAILS, http_status: int = 200
) -> StatusReport:
    return asyncio.run(Netgiro(status=(http_status, status), details=details).gateway().query_status(GUID))


def said(status: str | None, **more: Any) -> dict[str, Any]:
    return {"Success": True, "Message": None, "Status": status, "TransactionId": GUID} | more


# --- what is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [CustomerKind.PHONE, CustomerKind.APP_CODE])
def test_manual_capture_is_asked_for_whoever_pays(kind: CustomerKind) -> None:
    netgiro = Netgiro(payment=OPENED)
    assert open_with(netgiro, customer=Customer(kind, Sensitive("8223281"))) == OpenedAuthorization(
        authorization_id=GUID, poll_interval_s=1.5
    )
    request = {"Amount": 1990, "Reference": "T1-1", "CustomerIdentifier": "8223281", "ManualCapture": True}
    assert netgiro.asked() == [("POST", "/v2/checkout/payment", request)]


def test_the_key_is_in_its_header_alone_and_nothing_is_signed() -> None:
    netgiro = Netgiro(payment=OPENED)
    open_with(netgiro)
    (request,) = netgiro.requests
    assert request.headers["X-Netgiro-Api-Key"] == "the-key"
    assert "the-key" not in str(request.url) + request.content.decode()
    assert not [name for name in request.headers if name.lower() in ("netgiro_signature", "netgiro_nonce", "token")]


def test_automatic_leaves_the_capture_to_the_customer() -> None:
    netgiro = Netgiro(payment=OPENED)
    open_with(netgiro, CaptureMode.AUTOMATIC)
    assert netgiro.asked()[0][2]["ManualCapture"] is False
    assert "CallbackUrl" not in netgiro.asked()[0][2]


def test_a_server_callback_sale_names_urls_that_nobody_can_guess() -> None:
    netgiro = Netgiro(payment=OPENED)
    open_with(netgiro, CaptureMode.SERVER_CALLBACK)
    request = netgiro.asked()[0][2]
    assert request["ManualCapture"] is False
    token = callback_token("T1-1", KEY)
    assert token == "85ac41b0c33354af8ef2c00e4469c194", "what is on its way during an upgrade still finds its sale"
    assert request["CallbackUrl"] == f"https://shop.test/netgiro/callback/confirmed/T1-1/{token}"
    assert request["CallbackCancelUrl"] == f"https://shop.test/netgiro/callback/cancelled/T1-1/{token}"
    assert len(token) == 32
    assert token != callback_token("T1-2", KEY)
    assert callback_url("https://shop.test", "T1-1", Sensitive("other"), approved=True) != request["CallbackUrl"]


def test_a_kennitala_is_refused_before_anything_is_sent() -> None:
    netgiro = Netgiro()
    with pytest.raises(CallRefused) as caught:
        open_with(netgiro, customer=Customer(CustomerKind.KENNITALA, Sensitive("1111111119")))
    assert (caught.value.refusal, netgiro.requests) == (Refusal.CUSTOMER_UNKNOWN, [])
    assert "1111111119" not in str(caught.value)


def test_there_is_no_look_up_by_reference() -> None:
    gateway = Netgiro().gateway()
    assert gateway.finds is False
    assert gateway.can_refund is True
    with pytest.raises(CallRefused) as caught:
        asyncio.run(gateway.find("T1-1"))
    assert caught.value.refusal is Refusal.NOT_OFFERED


def test_there_are_no_codes() -> None:
    with pytest.raises(CallRefused):
        asyncio.run(Netgiro().gateway().submit_code(GUID, Sensitive("1234")))


def test_each_verb_names_the_transaction_and_no_part_of_the_amount() -> None:
    netgiro = Netgiro(
        status=said("Pending"), capture=said("Confirmed"), cancel=said("Cancelled"), details=DETAILS, payment=OPENED
    )

    async def scenario() -> None:
        gateway = netgiro.gateway()
        await gateway.query_status(GUID)
        await gateway.capture(GUID)
        await gateway.void(GUID)
        await gateway.close()

    asyncio.run(scenario())
    named = {"TransactionId": GUID}
    assert netgiro.asked() == [
        ("GET", f"/v2/checkout/status/{GUID}", None),
        ("POST", "/v2/transaction/capture", named),
        ("GET", f"/v2/transaction/details/{GUID}", None),
        ("POST", "/v2/transaction/cancel", named),
        ("GET", f"/v2/transaction/details/{GUID}", None),
    ]


# --- what an opened authorization is ----------------------------------------------------------------------------------


@each_of("status", ["Pending", "Authorized", "Confirmed", "pending"])
def test_an_instant_identifier_opens_it_as_well_and_is_then_asked_about(status: str) -> None:
    assert open_with(Netgiro(payment=OPENED | {"Status": status})).authorization_id == GUID


def test_names_may_be_written_in_either_case() -> None:
    camel = {"success": True, "status": "Pending", "transactionId": GUID, "pollIntervalMs": 2000}
    assert open_with(Netgiro(payment=camel)).poll_interval_s == 2.0


@pytest.mark.parametrize(("interval_ms", "pace_s"), [(None, None), (0, None), (3_600_001, 3600), (10**400, 3600)])
def test_a_pace_that_is_absurd_or_missing_does_not_lose_the_payment(
    interval_ms: int | None, pace_s: float | None
) -> None:
    opened = open_with(Netgiro(payment=OPENED | {"PollIntervalMs": interval_ms}))
    assert (opened.authorization_id, opened.poll_interval_s) == (GUID, pace_s)


@each_of(
    ("message", "refusal"),
    [
        ("Customer is blacklisted", Refusal.DECLINED_BY_SERVICE),
        ("Customer not verified.", Refusal.CUSTOMER_UNKNOWN),
        ("'Amount' must be greater than '0'.", Refusal.BELOW_MINIMUM),
        ("'Reference' must not be empty.", Refusal.REQUEST_NOT_VALID),
        ("'CustomerIdentifier' must not be empty.", Refusal.REQUEST_NOT_VALID),
        ("Transaction not found", Refusal.NOT_FOUND),
        ("something that nobody has written down", Refusal.DECLINED_BY_SERVICE),
        ("", Refusal.DECLINED_BY_SERVICE),
        (None, Refusal.DECLINED_BY_SERVICE),
    ],
)
@each_of("http_status", [200, 400])
def test_a_refusal_remains_one_whatever_its_sentence(message: str | None, refusal: Refusal, http_status: int) -> None:
    refused = {"Success": False, "Message": message, "Status": None, "TransactionId": GUID}
    with pytest.raises(CallRefused) as caught:
        open_with(Netgiro(payment=(http_status, refused)))
    assert caught.value.refusal is refusal


def test_an_unknown_sentence_is_kept_out_of_the_log() -> None:
    for sentence, in_log in (
        ("no 8223281 here", "payment refused: HTTP 400, a sentence that is not known here"),
        ("Customer not verified.", "payment refused: HTTP 400, Customer not verified."),
    ):
        with pytest.raises(CallRefused) as caught:
            open_with(Netgiro(payment=(400, {"Success": False, "Message": sentence, "Status": None})))
        assert str(caught.value).endswith(in_log)


@pytest.mark.parametrize("http_status", [401, 403])
def test_a_key_that_is_not_accepted_is_refused_for_that(http_status: int) -> None:
    with pytest.raises(CallRefused) as caught:
        open_with(Netgiro(payment=(http_status, b"API key is required")))
    assert caught.value.refusal is Refusal.CREDENTIALS


@each_of(
    "answer",
    [
        *((status, {"Success": False, "Message": "x", "Status": None}) for status in (302, 408, 429, 500, 503)),
        *((200, body) for body in (b"", b"<html>", b"[]", b'"x"', b"\xff", b'{"Status": 1}', b"{}")),
        (200, OPENED | {"TransactionId": None}),
        (200, OPENED | {"TransactionId": "../x"}),
        (200, OPENED | {"TransactionId": GUID + "\n"}),
        (200, OPENED | {"Status": "Cancelled"}),
        (200, OPENED | {"Status": "Later"}),
        (200, OPENED | {"Success": False}),
        (400, OPENED),
    ],
)
def test_whatever_else_may_have_happened(answer: Answer) -> None:
    with pytest.raises(CallLost):
        open_with(Netgiro(payment=answer))


# --- status and record ------------------------------------------------------------------------------------------------


def test_pending_is_believed_without_the_record() -> None:
    report = query(said("Pending"), details=(500, b""))
    assert (report.status, report.amount_kr) == (Status.PENDING, None)


def test_a_payment_is_proved_by_status_and_record_together() -> None:
    report = query(said("Confirmed"))
    assert (report.status, report.confirmed, report.amount_kr) == (Status.PAID, True, 1990)
    assert (report.authorization_id, report.invoice_number) == (GUID, "77")
    assert replace(new_sale(), authorization_id=GUID).is_paid_by(report)


@each_of(
    "details",
    [
        *(DETAILS | {"Status": status} for status in ("unpaid", "canceled", "reservation", "", None, "refunded")),
        DETAILS | {"TotalAmount": 1991},
        DETAILS | {"TotalAmount": 1990.5},
        DETAILS | {"TotalAmount": None},
        DETAILS | {"TransactionId": OTHER_GUID},
        DETAILS | {"TransactionId": None},
        {"Success": False, "Message": "Transaction not found"},
        (500, DETAILS),
        (401, DETAILS),
        (404, DETAILS),
        (200, b"<html>"),
    ],
)
def test_a_payment_that_the_record_does_not_bear_out_is_none_and_is_not_forgotten(details: Any) -> None:
    report = query(said("Confirmed"), details)
    assert report.status is Status.PAID, "money may have moved"
    assert not replace(new_sale(), authorization_id=GUID).is_paid_by(report)


def test_a_reservation_comes_with_the_amount_of_the_record() -> None:
    report = query(said("Authorized"), DETAILS | {"Status": "reservation"})
    assert (report.status, report.amount_kr, report.confirmed) == (Status.RESERVED, 1990, False)


@each_of(("record", "is_final"), [("canceled", True), ("cancelled", True), ("paid", False), ("unpaid", False)])
def test_cancelled_is_final_by_the_records_own_word_alone(record: str, is_final: bool) -> None:
    for spelling in ("Cancelled", "Canceled"):
        report = query(said(spelling), DETAILS | {"Status": record})
        assert (report.status, report.is_final) == (Status.CANCELLED, is_final)


def test_a_transaction_that_nobody_knows_is_refused() -> None:
    for http_status in (200, 400, 404):
        report = query({"Success": False, "Message": "Transaction not found", "Status": None}, http_status=http_status)
        assert (report.status, report.refusal) == (Status.REFUSED, Refusal.NOT_FOUND)


def test_an_answer_about_another_transaction_is_none() -> None:
    with pytest.raises(CallLost):
        query(said("Confirmed", TransactionId=OTHER_GUID))


def test_an_unknown_status_proves_nothing() -> None:
    assert query(said("Refunded")).status is Status.UNCLEAR
    assert query(said("Authorized"), http_status=400).status is Status.UNCLEAR
    assert query(said("Confirmed"), http_status=400).status is Status.PAID, "money may have moved all the same"


@pytest.mark.parametrize("verb", ["capture", "cancel"])
def test_a_refused_capture_or_cancel_did_not_happen(verb: str) -> None:
    netgiro = Netgiro(**{verb: (400, {"Success": False, "Message": "Transaction not found", "Status": None})})
    gateway = netgiro.gateway()
    call = gateway.capture(GUID) if verb == "capture" else gateway.void(GUID)
    with pytest.raises(CallRefused) as caught:
        asyncio.run(call)
    assert caught.value.refusal is Refusal.NOT_FOUND


# --- what the service's support asks for ------------------------------------------------------------------------------

REFUSED = {"Success": False, "Message": "Customer is blacklisted", "Status": None}
OF_ANOTHER = said("Confirmed", TransactionId=OTHER_GUID)


def named(**answers: Answer | Mapping[str, Any]) -> Netgiro:
    netgiro = Netgiro(**({"details": DETAILS} | answers))
    netgiro.headers["netgiro_referenceId"] = "support-1"
    return netgiro


def test_each_answer_comes_with_the_services_own_name_for_it() -> None:
    assert open_with(named(payment=OPENED)).support_reference == "support-1"
    for status in (said("Pending"), said("Confirmed"), said("Refunded"), REFUSED):
        report = asyncio.run(named(status=status).gateway().query_status(GUID))
        assert report.support_reference == "support-1"


@each_of(
    ("call", "body"),
    [
        *(("payment", body) for body in (REFUSED, OPENED | {"Status": "Later"}, b"<html>")),
        *(("capture", body) for body in (REFUSED, OF_ANOTHER, b"<html>")),
    ],
)
def test_each_refusal_and_each_loss_does(call: str, body: Any) -> None:
    netgiro = named(**{call: (200, body)})
    with pytest.raises(GatewayError) as caught:
        open_with(netgiro) if call == "payment" else asyncio.run(netgiro.gateway().capture(GUID))
    assert caught.value.support_reference == "support-1"


def test_a_record_of_this_transaction_in_other_letters_is_its_own() -> None:
    report = query(said("Confirmed", TransactionId=GUID.upper()), DETAILS | {"TransactionId": GUID.upper()})
    assert (report.status, report.confirmed, report.authorization_id) == (Status.PAID, True, GUID)
