"""What every answer of the four verbs means, and that no single word of it is believed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from itertools import product
from typing import Any

import httpx
import pytest

from terminal.netgiro.client import Credentials, SignatureCheck, SignedClient
from terminal.netgiro.https import HttpsCarrier
from terminal.netgiro.nonce import NonceSource
from terminal.netgiro.v1 import NetgiroV1, ResultCode, callback_url
from terminal.sale.customer import Customer, CustomerKind
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import CallLost, CallRefused, CaptureMode, OpenedAuthorization, Refusal, StatusReport
from terminal.sale.sensitive import Sensitive
from tests.each import each, each_of

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER_GUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
PHONE = Customer(CustomerKind.PHONE, Sensitive("8223281"))
PAYMENT = {
    "TransactionId": GUID,
    "InvoiceNumber": "1001",
    "ReferenceNumber": "T1-1",
    "StatusId": 1,
    "TotalAmount": 1990,
}
CONFIRMED = {**PAYMENT, "StatusId": 2}


class Netgiro:
    """Answers every call with the same body, unsigned, and keeps what was asked."""

    def __init__(self, body: Mapping[str, Any], http_status: int = 200, support_reference: str = "support-1") -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.check = SignatureCheck.OFF
        self._response = (http_status, json.dumps(body).encode(), {"netgiro_referenceId": support_reference})

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append((request.url.path, json.loads(request.content or b"null")))
        status, content, headers = self._response
        return httpx.Response(status, content=content, headers=headers)

    def gateway(self) -> NetgiroV1:
        async def reserve(_high_water: int, _answers_signed: bool) -> None:
            """These nonces need not outlive the test."""

        nonces = NonceSource(0, reserve, lambda: 0.0)
        credentials = Credentials("app", Sensitive("secret"))
        transport = httpx.MockTransport(self.handle)
        carrier = HttpsCarrier("http://netgiro.test/v1", transport=transport)
        client = SignedClient(carrier, "http://netgiro.test/v1", credentials, nonces, self.check)
        return NetgiroV1(client, callback_base_url="https://shop.test/")


def open_with(netgiro: Netgiro, mode: CaptureMode = CaptureMode.MANUAL) -> OpenedAuthorization:
    gateway = netgiro.gateway()
    return asyncio.run(gateway.open_authorization(reference="T1-1", amount_kr=1990, customer=PHONE, capture_mode=mode))


def query(body: Mapping[str, Any], http_status: int = 200) -> StatusReport:
    return asyncio.run(Netgiro(body, http_status).gateway().query_status(GUID))


# --- requests ---------------------------------------------------------------------------------------------------------


def test_insert_cart_says_who_pays_how_much_and_who_captures() -> None:
    netgiro = Netgiro({"ResultCode": 200, "TransactionId": GUID})
    open_with(netgiro)
    assert netgiro.requests == [
        (
            "/v1/Checkout/InsertCart",
            {"Amount": 1990, "Reference": "T1-1", "CustomerId": "8223281", "ConfirmationType": 2},
        )
    ]


def test_automatic_is_confirmation_type_0() -> None:
    netgiro = Netgiro({"ResultCode": 200, "TransactionId": GUID})
    open_with(netgiro, CaptureMode.AUTOMATIC)
    assert netgiro.requests[0][1]["ConfirmationType"] == 0


def test_a_server_callback_sale_names_both_callback_urls() -> None:
    netgiro = Netgiro({"ResultCode": 200, "TransactionId": GUID})
    open_with(netgiro, CaptureMode.SERVER_CALLBACK)
    request = netgiro.requests[0][1]
    assert request["ConfirmationType"] == 1
    assert request["CallbackUrl"] == "https://shop.test/netgiro/callback/confirmed/T1-1"
    assert request["CallbackCancelUrl"] == callback_url("https://shop.test", "T1-1", approved=False)


def test_each_verb_is_posted_with_the_name_of_the_cart() -> None:
    netgiro = Netgiro({"ResultCode": 10425})

    async def scenario() -> None:
        gateway = netgiro.gateway()
        await gateway.query_status(GUID)
        await gateway.capture(GUID)
        await gateway.submit_code(GUID, Sensitive("1234"))
        await gateway.void(GUID)
        await gateway.close()

    asyncio.run(scenario())
    assert netgiro.requests == [
        ("/v1/Checkout/CheckCart", {"TransactionId": GUID}),
        ("/v1/Checkout/ConfirmCart", {"TransactionId": GUID}),
        ("/v1/Checkout/ConfirmCart", {"TransactionId": GUID, "Identifier": "1234"}),
        ("/v1/Checkout/CancelCart", {"TransactionId": GUID}),
    ]


# --- InsertCart -------------------------------------------------------------------------------------------------------


def test_an_opened_cart_carries_its_name_its_pace_and_the_support_reference() -> None:
    opened = open_with(Netgiro({"ResultCode": 200, "TransactionId": GUID, "ProcessCartCheckIntervalMiliseconds": 1500}))
    assert opened == OpenedAuthorization(authorization_id=GUID, poll_interval_s=1.5, support_reference="support-1")


@pytest.mark.parametrize("interval", [None, 0])
def test_a_service_that_names_no_pace_leaves_it_to_us(interval: int | None) -> None:
    body = {"ResultCode": 200, "TransactionId": GUID, "ProcessCartCheckIntervalMiliseconds": interval}
    assert open_with(Netgiro(body)).poll_interval_s is None


def test_an_absurd_pace_does_not_lose_the_cart() -> None:
    body = {"ResultCode": 200, "TransactionId": GUID, "ProcessCartCheckIntervalMiliseconds": 10**400}
    opened = open_with(Netgiro(body))
    assert (opened.authorization_id, opened.poll_interval_s) == (GUID, 3600)


INSERT_OPENS = {200, 10200, 10203, 10425, 10426, 10428, 10429}
INSERT_REFUSALS = {
    400: Refusal.REQUEST_NOT_VALID,
    10302: Refusal.CUSTOMER_DECLINED,
    10304: Refusal.REQUEST_NOT_VALID,
    10305: Refusal.BELOW_MINIMUM,
    10306: Refusal.CUSTOMER_UNKNOWN,
    10307: Refusal.CUSTOMER_DECLINED,
    10422: Refusal.CUSTOMER_DECLINED,
    10423: Refusal.CUSTOMER_DECLINED,
    10424: Refusal.NOT_FOUND,
    10427: Refusal.REQUEST_NOT_VALID,
}
INSERT_UNCLEAR = {500, 10201, 10202, 99999}


def test_every_result_code_has_a_meaning_for_insert_cart() -> None:
    assert set(ResultCode) <= INSERT_OPENS | set(INSERT_REFUSALS) | INSERT_UNCLEAR


@each_of("success", [True, False])
@each_of("code", sorted(INSERT_OPENS))
def test_a_code_after_which_there_is_a_cart_opens_it_whatever_success_says(code: int, success: bool) -> None:
    body = {"ResultCode": code, "TransactionId": GUID, "Success": success}
    assert open_with(Netgiro(body)).authorization_id == GUID


@each_of("success", [True, False])
@each_of(("code", "refusal"), INSERT_REFUSALS.items())
def test_a_refusing_code_refuses_whatever_success_says(code: int, refusal: Refusal, success: bool) -> None:
    with pytest.raises(CallRefused) as caught:
        open_with(Netgiro({"ResultCode": code, "TransactionId": GUID, "Success": success}))
    assert caught.value.refusal is refusal
    assert caught.value.support_reference == "support-1"


@each_of("code", [*sorted(INSERT_UNCLEAR), None])
def test_an_unclear_insert_cart_may_have_happened(code: int | None) -> None:
    with pytest.raises(CallLost):
        open_with(Netgiro({"ResultCode": code, "TransactionId": GUID, "Success": True}))


@each_of(
    "name", [None, "", "42", GUID + "\n", " " + GUID[1:], GUID.replace("-", ""), "{" + GUID + "}", GUID[:-1] + "g"]
)
def test_a_cart_without_a_proper_name_may_exist_unseen(name: str | None) -> None:
    with pytest.raises(CallLost):
        open_with(Netgiro({"ResultCode": 200, "TransactionId": name, "Success": True}))


# --- CheckCart, ConfirmCart, CancelCart -------------------------------------------------------------------------------

STATUSES = {
    200: (Status.UNCLEAR, None),
    400: (Status.REFUSED, Refusal.REQUEST_NOT_VALID),
    500: (Status.UNCLEAR, None),
    10200: (Status.PAID, None),
    10201: (Status.CANCELLED, None),
    10202: (Status.CANCELLED, None),
    10203: (Status.PAID, None),
    10302: (Status.DECLINED, None),
    10304: (Status.REFUSED, Refusal.REQUEST_NOT_VALID),
    10305: (Status.REFUSED, Refusal.BELOW_MINIMUM),
    10306: (Status.REFUSED, Refusal.CUSTOMER_UNKNOWN),
    10307: (Status.DECLINED, None),
    10422: (Status.DECLINED, None),
    10423: (Status.DECLINED, None),
    10424: (Status.REFUSED, Refusal.NOT_FOUND),
    10425: (Status.PENDING, None),
    10426: (Status.RESERVED, None),
    10427: (Status.REFUSED, Refusal.REQUEST_NOT_VALID),
    10428: (Status.CODE_REQUIRED, None),
    10429: (Status.AWAITING_CALLBACK, None),
    99999: (Status.UNCLEAR, None),
    None: (Status.UNCLEAR, None),
}


def test_every_result_code_has_a_meaning_for_a_cart() -> None:
    assert set(ResultCode) <= set(STATUSES)


def test_the_result_code_tells_the_status_for_every_verb_whatever_success_says() -> None:
    with each() as case:
        for code, success, verb in product(STATUSES, (True, False), ("query_status", "capture", "void", "submit_code")):
            with case(code, success, verb):
                gateway = Netgiro({"ResultCode": code, "Success": success}).gateway()
                arguments = (GUID, Sensitive("1234")) if verb == "submit_code" else (GUID,)
                report: StatusReport = asyncio.run(getattr(gateway, verb)(*arguments))
                assert (report.status, report.refusal) == STATUSES[code]
                assert not report.confirmed


def test_a_paid_cart_is_reported_with_all_that_proves_it() -> None:
    report = query({"Success": False, "ResultCode": 10200, "PaymentSuccessful": True, "PaymentInfo": CONFIRMED})
    assert report == StatusReport(
        status=Status.PAID,
        amount_kr=1990,
        reference="T1-1",
        confirmed=True,
        invoice_number="1001",
        support_reference="support-1",
    )


@each_of("status_id", [None, 0, 1, 5, 99])
def test_paid_is_not_confirmed_unless_netgiros_own_record_says_so(status_id: int | None) -> None:
    report = query({"ResultCode": 10200, "PaymentInfo": {**PAYMENT, "StatusId": status_id}})
    assert report.status is Status.PAID
    assert not report.confirmed


def test_an_answer_that_says_paid_and_not_paid_proves_nothing_and_declines_nothing() -> None:
    claims: tuple[dict[str, Any], ...] = ({"PaymentSuccessful": True}, {"PaymentInfo": CONFIRMED})
    not_paid = [code for code, (status, _) in STATUSES.items() if status is not Status.PAID]
    with each() as case:
        for code, claim in product(not_paid, claims):
            with case(code, *claim):
                report = query({"ResultCode": code, **claim})
                assert (report.status, report.confirmed, report.refusal) == (Status.PAID, False, None)


def test_a_failed_payment_with_success_is_not_a_payment() -> None:
    """ConfirmCart says so for a customer without credit."""
    report = query({"Success": True, "PaymentSuccessful": False, "ResultCode": 10302})
    assert report.status is Status.DECLINED


def test_an_answer_about_another_cart_is_no_answer() -> None:
    with pytest.raises(CallLost, match="another cart"):
        query({"ResultCode": 10200, "PaymentInfo": {**CONFIRMED, "TransactionId": OTHER_GUID}})


def test_the_name_of_the_cart_may_come_back_in_capitals() -> None:
    report = query({"ResultCode": 10200, "PaymentInfo": {**CONFIRMED, "TransactionId": GUID.upper()}})
    assert report.confirmed


@each_of(("amount", "amount_kr"), [(1990, 1990), (1990.0, 1990), (None, None), (0, 0)])
def test_whole_kronur_are_taken_however_they_are_written(amount: float | None, amount_kr: int | None) -> None:
    assert query({"ResultCode": 10426, "PaymentInfo": {**PAYMENT, "TotalAmount": amount}}).amount_kr == amount_kr


def test_a_fraction_of_a_krona_is_no_answer() -> None:
    with pytest.raises(CallLost, match="fraction"):
        query({"ResultCode": 10200, "PaymentInfo": {**CONFIRMED, "TotalAmount": 1990.5}})


def test_an_invoice_number_may_be_a_number_and_stays_short() -> None:
    assert query({"ResultCode": 10426, "PaymentInfo": {**PAYMENT, "InvoiceNumber": 77}}).invoice_number == "77"
    long = query({"ResultCode": 10426, "PaymentInfo": {**PAYMENT, "InvoiceNumber": "9" * 500}}).invoice_number
    assert long == "9" * 40


# --- HTTP -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("http_status", [401, 403])
def test_refused_credentials_are_told_apart(http_status: int) -> None:
    netgiro = Netgiro({"ResultCode": 400, "Message": "API key is required"}, http_status)
    with pytest.raises(CallRefused) as caught:
        open_with(netgiro)
    assert caught.value.refusal is Refusal.CREDENTIALS
    with pytest.raises(CallRefused):
        query({"ResultCode": 400}, http_status)


@pytest.mark.parametrize("http_status", [408, 429])
def test_a_server_that_asks_for_patience_said_nothing_about_the_cart(http_status: int) -> None:
    with pytest.raises(CallLost):
        query({"ResultCode": 400}, http_status)


def test_a_readable_refusal_with_http_400_is_a_refusal() -> None:
    with pytest.raises(CallRefused) as caught:
        open_with(Netgiro({"Success": False, "ResultCode": 10305}, 400))
    assert caught.value.refusal is Refusal.BELOW_MINIMUM


@each_of("http_status", [400, 404])
@each_of("code", [None, 200, 10200, 10425, 99999])
def test_an_http_error_without_a_refusing_code_is_no_answer(code: int | None, http_status: int) -> None:
    with pytest.raises(CallLost):
        query({"ResultCode": code, "Success": True}, http_status)


def test_what_netgiro_writes_about_a_customer_is_not_repeated_in_errors() -> None:
    with pytest.raises(CallRefused) as caught:
        open_with(Netgiro({"ResultCode": 10306, "Message": "Customer 8223281 does not exist"}))
    assert "8223281" not in str(caught.value)


# --- what nobody vouches for ------------------------------------------------------------------------------------------


@each_of(
    ("body", "status"),
    [
        ({"ResultCode": 10426, "PaymentInfo": PAYMENT}, Status.UNCLEAR),
        ({"ResultCode": 10429, "PaymentInfo": PAYMENT}, Status.UNCLEAR),
        ({"ResultCode": 10200, "PaymentSuccessful": True, "PaymentInfo": CONFIRMED}, Status.PAID),
        ({"ResultCode": 10425}, Status.PENDING),
        ({"ResultCode": 10302}, Status.DECLINED),
    ],
)
def test_an_unsigned_answer_reserves_and_pays_nothing(body: Mapping[str, Any], status: Status) -> None:
    netgiro = Netgiro(body)
    netgiro.check = SignatureCheck.WHEN_PRESENT
    report = asyncio.run(netgiro.gateway().query_status(GUID))
    assert (report.status, report.confirmed) == (status, False)


@each_of("code", [10201, 10202, 10302, 10425, 10426])
@each_of("status_id", [1, 2, 5, None])
def test_only_a_cancelled_cart_whose_own_record_is_cancelled_has_ended_for_good(
    code: int, status_id: int | None
) -> None:
    """10201 alone also means that the service does not know the cart, perhaps not yet."""
    report = query({"ResultCode": code, "PaymentInfo": {**PAYMENT, "StatusId": status_id}})
    assert report.is_final is (code in (10201, 10202) and status_id == 5)
    assert query({"ResultCode": code}).is_final is False


@pytest.mark.parametrize(("status_id", "says"), [(1, (False, False)), (2, (True, False)), (5, (False, True))])
def test_what_is_found_by_its_reference_says_how_its_record_stands(status_id: int, says: tuple[bool, bool]) -> None:
    body = {"ResultCode": 200, "Result": {**PAYMENT, "StatusId": status_id}}
    found = asyncio.run(Netgiro(body).gateway().find("T1-1"))
    assert (found.confirmed, found.is_final) == says
    assert (found.authorization_id, found.support_reference) == (GUID, "support-1")
