"""V2 and the partner API against answers that no service should give: nothing raises but what the gateway promises, and
nothing is believed that the record does not bear out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import product

import httpx
import pytest

from terminal.netgiro.https import HttpsCarrier
from terminal.netgiro.keyed import KeyedClient
from terminal.netgiro.refunds import PartnerApi
from terminal.netgiro.v2 import NetgiroV2
from terminal.netgiro.wire_v2 import API_KEY_HEADER, MOST_KR, TOKEN_HEADER
from terminal.sale.customer import Customer, CustomerKind
from terminal.sale.gateway import CallLost, CaptureMode, GatewayError, PaymentRecord, SettledItem, StatusReport
from terminal.sale.sensitive import Sensitive
from tests.each import each, each_of

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
DAY = date(2026, 11, 23)
GOOD = {
    "Success": "true",
    "Message": "null",
    "Status": '"Confirmed"',
    "TransactionId": f'"{GUID}"',
    "PollIntervalMs": "1500",
    "TotalAmount": "1990",
    "InvoiceNumber": "77",
    "IsRefundable": "true",
    "SettlementDate": "null",
    "Created": '"2026-11-23T12:00:00"',
    "Number": '"1-1"',
    "Amount": "1950",
    "CostAmount": "40",
    "BankTransferTransactionDate": '"2026-11-24"',
}
"""Every field of every answer, as JSON writes it."""
VALUES = (
    *("null", "true", "false", "0", "-1", "-0.0", "1e308", "1e999", "NaN", "Infinity", "1" * 30, "9" * 5000),
    *('""', '"x"', '"1990"', '"\\u0000\\u001b[2J\\n"', '"\\ud800"', f'"{"a" * 100_000}"', "[]", "{}", "[[1]]"),
)
PAGES = (
    b"",
    b"null",
    b'"x"',
    b"<html>ok</html>",
    b"\xff\xfe",
    b"[" * 100_000,
    b"{" * 1000,
    b'{"Success":true',
    b"{}\0",
)

Call = Callable[[NetgiroV2, PartnerApi], Awaitable[object]]
CALLS: Mapping[str, Call] = {
    "payment": lambda v2, _: v2.open_authorization(
        reference="T1-1",
        amount_kr=1990,
        customer=Customer(CustomerKind.PHONE, Sensitive("8223281")),
        capture_mode=CaptureMode.MANUAL,
    ),
    "status": lambda v2, _: v2.query_status(GUID),
    "capture": lambda v2, _: v2.capture(GUID),
    "cancel": lambda v2, _: v2.void(GUID),
    "details": lambda v2, _: v2.look_up(GUID),
    "refund": lambda v2, _: v2.refund(GUID, amount_kr=1990, is_whole=True, idempotency_key="0" * 40),
    "settlements": lambda v2, _: v2.payouts.settlements(DAY, DAY),
    "items": lambda v2, _: v2.payouts.items("1-1"),
    "partner refund": lambda _, partner: partner.refund(GUID, 1990, "0" * 40, ""),
    "partner transaction": lambda _, partner: partner.look_up(GUID),
}


def answers_to(call: str, bodies: Iterable[bytes]) -> list[object]:
    """What comes of a call to which everything is answered with this and HTTP 200; None: there was no usable answer."""
    said = b""

    async def ask() -> object:
        try:
            return await CALLS[call](gateway, partner)
        except GatewayError:
            return None
        except Exception as error:
            return error

    async def ask_each() -> list[object]:
        nonlocal said
        answers = []
        for body in bodies:
            said = body
            answers.append(await ask())
        await carrier.close()
        return answers

    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=said))
    carrier = HttpsCarrier("http://n.test", transport=transport)
    gateway = NetgiroV2(KeyedClient(carrier, "http://n.test/v2", API_KEY_HEADER, Sensitive("k")))
    partner = PartnerApi(KeyedClient(carrier, "http://n.test/partner", TOKEN_HEADER, Sensitive("k")))
    return asyncio.run(ask_each())


def answered(call: str, body: bytes) -> object:
    (answer,) = answers_to(call, [body])
    return answer


def with_one_field(name: str, value: str, status: str) -> Iterator[bytes]:
    """An answer that is right but for this, alone and in a list."""
    fields = {**GOOD, "Status": f'"{status}"', name: value}
    row = "{" + ",".join(f'"{key}":{text}' for key, text in fields.items()) + "}"
    yield from (row.encode("utf-8", "surrogatepass"), f"[{row}]".encode("utf-8", "surrogatepass"))


ONE_OF_EACH_API = ("payment", "details", "items", "partner refund")


@pytest.mark.parametrize(
    "calls",
    [pytest.param(ONE_OF_EACH_API, id="one of each"), pytest.param(sorted(CALLS), id="all", marks=pytest.mark.slow)],
)
def test_any_value_in_any_field_is_an_answer_or_none(calls: Iterable[str]) -> None:
    with each() as case:
        for call in calls:
            with case(call):
                assert_harmless_whatever_the_field(call)


def assert_harmless_whatever_the_field(call: str) -> None:
    status = "paid" if call.startswith(("details", "partner")) else "Confirmed"
    cases = [
        (name, value, body) for name, value in product(GOOD, VALUES) for body in with_one_field(name, value, status)
    ]
    answers = answers_to(call, [body for _, _, body in cases])
    with each() as case:
        for (name, value, body), answer in zip(cases, answers, strict=True):
            with case(name, value[:20], body[:1]):
                assert is_harmless(answer), answer


def is_harmless(answer: object) -> bool:
    """One body answers both status and record here, so no payment can be proved; a record has a sensible amount."""
    if isinstance(answer, Exception):
        return False
    if isinstance(answer, StatusReport):
        return not answer.confirmed
    if isinstance(answer, PaymentRecord):
        texts = (answer.settled or "", answer.created or "", answer.invoice_number or "")
        is_sensible = answer.amount_kr is None or abs(answer.amount_kr) <= MOST_KR
        return is_sensible and all(text.isprintable() and len(text) <= 40 for text in texts)
    return True


@each_of("call", sorted(CALLS))
def test_http_200_with_something_else_is_no_answer(call: str) -> None:
    with each() as case:
        for page in PAGES:
            with case(page[:20]):
                answer = answered(call, page)
                assert answer is None or answer == []


def test_a_page_in_place_of_the_partner_apis_answer_returns_no_money() -> None:
    """Its body is not needed, but a page is none: the refund is asked for again, under the same key."""

    async def refund(body: bytes) -> None:
        carrier = HttpsCarrier(
            "http://n.test", transport=httpx.MockTransport(lambda _request: httpx.Response(200, content=body))
        )
        await PartnerApi(KeyedClient(carrier, "http://n.test", TOKEN_HEADER, Sensitive("k"))).refund(GUID, 1, "0", "")

    for page in (b"<html><body>We are back soon</body></html>", b"\r\n <!DOCTYPE html>"):
        with pytest.raises(CallLost):
            asyncio.run(refund(page))
    for body in (b"", b"OK", b'{"success": true}', b'"done"'):
        asyncio.run(refund(body))


def test_one_name_in_two_spellings_is_no_answer() -> None:
    row = json.dumps({"Success": True, "Status": "Pending", "TransactionId": GUID})
    assert answered("payment", row.encode()) is not None
    assert answered("payment", (row[:-1] + ', "status": "Cancelled"}').encode()) is None


@each_of("amount", ["1e300", "1" * 25, str(MOST_KR + 1), str(-MOST_KR - 1), "0.5"])
def test_an_amount_beyond_all_sense_is_no_settlement_and_no_record_that_agrees(amount: str) -> None:
    (_, rows) = with_one_field("CostAmount", amount, "paid")
    assert answered("settlements", rows) is None
    assert answered("items", rows) is None
    (record, _) = with_one_field("TotalAmount", amount, "paid")
    answer = answered("details", record)
    assert isinstance(answer, PaymentRecord)
    assert answer.amount_kr == -1


def test_a_fee_may_be_negative_and_is_told_as_it_is() -> None:
    (_, rows) = with_one_field("CostAmount", "-40", "paid")
    assert answered("items", rows) == [SettledItem(created=json.loads(GOOD["Created"]), total_kr=1990, fee_kr=-40)]
