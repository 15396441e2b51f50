"""What the client hands to its carrier, and what it makes of what comes back: no HTTP library in between."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from terminal.netgiro import wire
from terminal.netgiro.carrier import Carrier, RawAnswer, Request
from terminal.netgiro.client import LONGEST_SUPPORT_REFERENCE, Credentials, SignatureCheck, SignedAnswer, SignedClient
from terminal.netgiro.nonce import NonceSource
from terminal.sale.gateway import CallRefused, Refusal
from terminal.sale.sensitive import Sensitive

SECRET = "leyndarmál"
BASE_URL = "https://api.test/v1"
BODY = b'{"ResultCode":10425}'


class Way(Carrier):
    """Brings one answer to whatever is asked, and keeps what that was."""

    def __init__(self, http_status: int = 200, body: bytes = BODY, headers: Mapping[str, str] | None = None) -> None:
        self.answer = RawAnswer(http_status, headers or {}, body)
        self.requests: list[Request] = []
        self.reached: list[str] = []
        self.is_closed = False

    async def exchange(self, request: Request) -> RawAnswer:
        self.requests.append(request)
        return self.answer

    async def reach(self, url: str) -> bool:
        self.reached.append(url)
        return True

    async def close(self) -> None:
        self.is_closed = True


def client_on(
    way: Way, check: SignatureCheck = SignatureCheck.WHEN_PRESENT, *, base_url: str = BASE_URL
) -> SignedClient:
    async def reserve(_high_water: int, _answers_signed: bool) -> None:
        """These nonces need not outlive the test."""

    nonces = NonceSource(0, reserve, lambda: 0.0)
    return SignedClient(way, base_url, Credentials("881E674F", Sensitive(SECRET)), nonces, check)


def posted(way: Way, check: SignatureCheck = SignatureCheck.WHEN_PRESENT) -> SignedAnswer:
    return asyncio.run(client_on(way, check).post("/Checkout/CheckCart", {"TransactionId": "x"}))


def asked(way: Way) -> SignedAnswer:
    return asyncio.run(client_on(way).get("/Payment/Get?referenceNumberId=T1-1"))


def test_it_asks_for_json_that_is_not_packed() -> None:
    way = Way()
    posted(way)
    (request,) = way.requests
    assert {name: request.headers[name] for name in ("accept", "accept-encoding", "content-type")} == {
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/json; charset=utf-8",
    }


def test_a_call_may_be_repeated_unless_its_caller_says_otherwise() -> None:
    way = Way()
    client = client_on(way)

    async def scenario() -> None:
        await client.post("/Checkout/CheckCart", {})
        await client.post("/Checkout/ConfirmCart", {}, may_repeat=False)
        await client.get("/Payment/Get")

    asyncio.run(scenario())
    assert [request.may_repeat for request in way.requests] == [True, False, True]


@pytest.mark.parametrize("http_status", [404, 405, 410, 501])
def test_addresses_that_a_service_does_not_have(http_status: int) -> None:
    with pytest.raises(CallRefused) as caught:
        asked(Way(http_status, b"{}"))
    assert caught.value.refusal is Refusal.NOT_OFFERED


@pytest.mark.parametrize("http_status", [400, 401, 406, 411])
def test_any_other_status_is_an_answer(http_status: int) -> None:
    assert asked(Way(http_status)).http_status == http_status


def test_what_is_sent_to_do_something_is_never_taken_for_a_question_that_nobody_offers() -> None:
    """A capture that is answered 404 may be one that the service does not know yet."""
    assert posted(Way(404, b'{"ResultCode":404}')).http_status == 404


def test_a_support_reference_stays_short_enough_for_a_journal() -> None:
    way = Way(headers={wire.REFERENCE_HEADER.lower(): "x" * 5000})
    assert LONGEST_SUPPORT_REFERENCE == 100
    assert len(posted(way).support_reference or "") <= LONGEST_SUPPORT_REFERENCE + 1
    assert posted(Way()).support_reference is None


def test_an_answer_without_a_signature_is_vouched_for_only_where_nobody_wants_one() -> None:
    assert posted(Way(), SignatureCheck.OFF).is_vouched_for
    assert not posted(Way(), SignatureCheck.WHEN_PRESENT).is_vouched_for


def test_it_is_reached_and_closed_by_its_carrier() -> None:
    way = Way()
    client = client_on(way, base_url=BASE_URL + "/")

    async def scenario() -> None:
        assert await client.reach()
        assert not way.is_closed
        await client.close()

    asyncio.run(scenario())
    assert (way.reached, way.is_closed) == ([BASE_URL], True)


def test_a_shop_names_the_checks_by_these_words() -> None:
    assert [check.value for check in SignatureCheck] == ["require", "when_present", "off"]
