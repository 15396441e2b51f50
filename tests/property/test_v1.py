"""Whatever Netgíró answers, a call ends in one of three ways, and paid is never read out of anything else."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
from hypothesis import given
from hypothesis import strategies as st

from terminal.netgiro.client import Credentials, SignedClient
from terminal.netgiro.https import HttpsCarrier
from terminal.netgiro.nonce import NonceSource
from terminal.netgiro.v1 import NetgiroV1, ResultCode
from terminal.sale.customer import Customer, CustomerKind
from terminal.sale.gateway import (
    AuthorizationStatus,
    CallLost,
    CallRefused,
    CaptureMode,
    OpenedAuthorization,
    StatusReport,
)
from terminal.sale.sensitive import Sensitive

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
PAID = {ResultCode.PAYMENT_COMPLETED, ResultCode.ALREADY_CONFIRMED}

codes = st.sampled_from([*map(int, ResultCode), 500, 0, -1, 99999]) | st.integers() | st.none()
scraps = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
payments = st.fixed_dictionaries(
    {},
    optional={
        "TransactionId": st.sampled_from([GUID, GUID.upper(), "other"]) | scraps,
        "InvoiceNumber": scraps,
        "ReferenceNumber": st.text(max_size=8) | scraps,
        "StatusId": st.sampled_from([1, 2, 5]) | scraps,
        "TotalAmount": st.sampled_from([1990, 1990.0, 1990.5]) | scraps,
    },
)
answers = st.fixed_dictionaries(
    {},
    optional={
        "Success": scraps,
        "PaymentSuccessful": st.booleans() | scraps,
        "ResultCode": codes | scraps,
        "TransactionId": st.just(GUID) | scraps,
        "ProcessCartCheckIntervalMiliseconds": st.integers() | scraps,
        "Message": scraps,
        "PaymentInfo": payments | scraps,
    },
)
bodies = answers.map(lambda answer: json.dumps(answer).encode()) | st.binary(max_size=60)
http_statuses = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 408, 429, 500, 503])


def call(verb: str, http_status: int, body: bytes) -> OpenedAuthorization | StatusReport | CallRefused | CallLost:
    async def reserve(_high_water: int, _answers_signed: bool) -> None:
        """These nonces need not outlive the test."""

    async def whole() -> Any:
        transport = httpx.MockTransport(lambda _request: httpx.Response(http_status, content=body))
        nonces = NonceSource(0, reserve, lambda: 0.0)
        carrier = HttpsCarrier("http://n.test/v1", transport=transport)
        client = SignedClient(carrier, "http://n.test/v1", Credentials("a", Sensitive("s")), nonces)
        gateway = NetgiroV1(client)
        try:
            if verb == "InsertCart":
                customer = Customer(CustomerKind.PHONE, Sensitive("8223281"))
                return await gateway.open_authorization(
                    reference="T1-1", amount_kr=1990, customer=customer, capture_mode=CaptureMode.MANUAL
                )
            return await gateway.query_status(GUID)
        except (CallRefused, CallLost) as error:
            return error
        finally:
            await gateway.close()

    ended: OpenedAuthorization | StatusReport | CallRefused | CallLost = asyncio.run(whole())
    return ended


@given(http_statuses, bodies)
def test_an_opened_cart_has_a_proper_name_and_a_usable_pace(http_status: int, body: bytes) -> None:
    opened = call("InsertCart", http_status, body)
    if isinstance(opened, OpenedAuthorization):
        assert opened.authorization_id == GUID
        assert opened.poll_interval_s is None or opened.poll_interval_s <= 3600


@given(http_statuses, bodies)
def test_paid_needs_its_result_code_and_confirmed_needs_netgiros_record(http_status: int, body: bytes) -> None:
    report = call("CheckCart", http_status, body)
    if not isinstance(report, StatusReport):
        return
    answer = json.loads(body)
    payment = answer.get("PaymentInfo") or {}
    if report.confirmed:
        assert report.status is not AuthorizationStatus.PAID or answer["ResultCode"] in PAID
        assert payment["StatusId"] == 2
        assert report.amount_kr == payment.get("TotalAmount")
    if payment.get("StatusId") == 2 or answer.get("PaymentSuccessful"):
        assert report.status is AuthorizationStatus.PAID, "proof or not, it cannot be declined any more"
