"""Every way in which a call can end: a readable answer, known not to have left, or lost."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import AsyncIterator

import httpx
import pytest

from terminal.netgiro import wire
from terminal.netgiro.client import NOTHING_THERE, SignatureCheck, SignedAnswer, SignedClient
from terminal.netgiro.https import LARGEST_ANSWER_BYTES
from terminal.sale.gateway import CallLost, CallRefused, Refusal
from tests.each import each_of
from tests.unit.netgiro.client_bench import (
    BASE_URL,
    BODY,
    SECRET,
    call,
    make_client,
    post,
    read_request,
    seconds_to_refuse_compressed,
)
from tests.virtual_time import run_virtual

URL = BASE_URL + "/Checkout/CheckCart"


def signed(body: bytes = BODY, *, url: str = URL, secret: str = SECRET) -> dict[str, str]:
    return {wire.NONCE_HEADER: "7", wire.SIGNATURE_HEADER: wire.sign(secret, "7", url, body)}


# --- what is sent -----------------------------------------------------------------------------------------------------


def test_the_very_bytes_that_are_sent_are_signed() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=BODY)

    asyncio.run(post(make_client(answering=answer)))
    request = seen[0]
    assert (request.method, str(request.url)) == ("POST", URL)
    assert request.headers["netgiro_appkey"] == "881E674F"
    assert json.loads(request.content) == {"TransactionId": "x"}
    assert wire.signature_matches(SECRET, request.headers, URL, request.content)
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["content-type"] == "application/json; charset=utf-8"


def test_a_question_without_a_body_names_no_type_for_it() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=BODY)

    asyncio.run(make_client(answering=answer).get("/Payment/Get?referenceNumberId=T1-1"))
    (request,) = seen
    assert request.method == "GET"
    assert "content-type" not in request.headers
    assert wire.signature_matches(SECRET, request.headers, str(request.url), b"")


def test_a_base_url_may_end_with_a_slash() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200, content=BODY)

    asyncio.run(post(make_client(BASE_URL + "/", answering=answer)))
    assert seen == [URL]


# --- answers ----------------------------------------------------------------------------------------------------------


def ask(response: httpx.Response) -> SignedAnswer:
    return asyncio.run(make_client(answering=lambda _request: response).get("/Payment/Get?referenceNumberId=T1-1"))


@each_of("status", NOTHING_THERE)
@each_of("body", [b'{"ResultCode": 404}', b'{"ResultCode": 999}', b"{}", b"<html>"])
def test_where_nothing_is_there_the_question_is_not_offered(status: int, body: bytes) -> None:
    with pytest.raises(CallRefused) as caught:
        ask(httpx.Response(status, content=body))
    assert caught.value.refusal is Refusal.NOT_OFFERED


@each_of("status", [404, 405, 410])
@each_of("code", [1000, 10424])
def test_an_answer_with_a_code_of_the_services_own_is_one(status: int, code: int) -> None:
    answer = ask(httpx.Response(status, content=b'{"ResultCode": %d}' % code))
    assert (answer.answer.result_code, answer.http_status) == (code, status)


def test_a_readable_answer_comes_with_its_status_and_support_reference() -> None:
    answer = call(httpx.Response(400, content=BODY, headers={"Netgiro_ReferenceId": "abc"}))
    assert (answer.answer.result_code, answer.http_status, answer.support_reference) == (10425, 400, "abc")


@each_of("status", [300, 301, 302, 307, 308, 500, 502, 503, 504, 599])
def test_a_redirect_or_a_server_error_is_no_answer(status: int) -> None:
    headers = {"location": "https://elsewhere.test/", "netgiro_referenceId": "abc"}
    with pytest.raises(CallLost, match=str(status)) as caught:
        call(httpx.Response(status, content=BODY, headers=headers))
    assert caught.value.support_reference == "abc"


@each_of("body", [b"", b"<html>", BODY[:-3], b"[1]", b'"paid"', b"\xff\xfe\x00"])
def test_a_body_that_cannot_be_read_is_no_answer(body: bytes) -> None:
    with pytest.raises(CallLost):
        call(httpx.Response(200, content=body))


def test_a_body_that_is_too_large_is_no_answer_and_is_not_read_to_its_end() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536

    with pytest.raises(CallLost, match="too large"):
        call(httpx.Response(200, content=endless()))
    assert sent <= 2 * LARGEST_ANSWER_BYTES


def test_a_body_that_claims_a_compression_it_does_not_have_is_no_answer() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"not gzip"

    with pytest.raises(CallLost):
        call(httpx.Response(200, content=body(), headers={"content-encoding": "gzip"}))


@each_of("encoding", ["gzip", "gzip, gzip", "br", "deflate", "zstd", "IDENTITY, gzip", "x"])
def test_a_compressed_answer_is_no_answer_whatever_it_holds(encoding: str) -> None:
    headers = {"content-encoding": encoding} | signed()

    async def body() -> AsyncIterator[bytes]:
        yield gzip.compress(BODY)

    with pytest.raises(CallLost, match="compressed"):
        call(httpx.Response(200, content=body(), headers=headers))


def test_a_decompression_bomb_is_not_unpacked() -> None:
    """980 bytes that hold 1.6 GB stopped the terminal for 14 seconds."""
    bomb = gzip.compress(gzip.compress(b"0" * 64_000_000, mtime=0), mtime=0)

    async def explode(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip, gzip\r\ncontent-length: %d\r\n\r\n" % len(bomb)
        writer.write(head + bomb)
        await writer.drain()

    assert seconds_to_refuse_compressed(explode) < 0.5


# --- signatures -------------------------------------------------------------------------------------------------------


RIGHT = signed()
WRONG = [
    pytest.param(signed(secret="other"), id="another secret"),
    pytest.param(signed(url=URL + "?"), id="another URL"),
    pytest.param(signed(BODY + b" "), id="another body"),
    pytest.param(RIGHT | {wire.NONCE_HEADER: "8"}, id="another nonce"),
    pytest.param({wire.SIGNATURE_HEADER: RIGHT[wire.SIGNATURE_HEADER]}, id="no nonce"),
    pytest.param(RIGHT | {wire.SIGNATURE_HEADER: ""}, id="empty"),
]


@pytest.mark.parametrize("check", SignatureCheck)
def test_a_right_signature_is_taken(check: SignatureCheck) -> None:
    assert call(httpx.Response(200, content=BODY, headers=RIGHT), check).answer.result_code == 10425


@each_of("check", [SignatureCheck.REQUIRE, SignatureCheck.WHEN_PRESENT])
@each_of("headers", WRONG)
def test_a_wrong_signature_is_no_answer(headers: dict[str, str], check: SignatureCheck) -> None:
    with pytest.raises(CallLost, match="signature"):
        call(httpx.Response(200, content=BODY, headers=headers), check)


def test_a_wrong_signature_on_a_refusal_is_no_answer_either() -> None:
    with pytest.raises(CallLost):
        call(httpx.Response(400, content=b'{"ResultCode":400}', headers=RIGHT))


def test_a_missing_signature_is_no_answer_only_where_one_is_required() -> None:
    answer = httpx.Response(200, content=BODY)
    assert call(answer, SignatureCheck.WHEN_PRESENT).answer.result_code == 10425
    with pytest.raises(CallLost):
        call(httpx.Response(200, content=BODY), SignatureCheck.REQUIRE)


def test_once_the_service_has_signed_whoever_does_not_is_not_the_service() -> None:
    answers = [httpx.Response(200, content=BODY), httpx.Response(200, content=BODY, headers=RIGHT)]

    async def scenario() -> None:
        client = make_client(answering=lambda _request: answers[0])
        unsigned = await client.post("/Checkout/CheckCart", {})
        assert not unsigned.is_vouched_for
        answers.reverse()
        assert (await client.post("/Checkout/CheckCart", {})).is_vouched_for
        answers.reverse()
        for status in (200, 400, 401):
            answers[0] = httpx.Response(status, content=BODY)
            with pytest.raises(CallLost, match="signature"):
                await client.post("/Checkout/CheckCart", {})
        await client.close()

    asyncio.run(scenario())


@each_of("headers", WRONG)
def test_signatures_are_not_looked_at_when_that_is_off(headers: dict[str, str]) -> None:
    assert call(httpx.Response(200, content=BODY, headers=headers), SignatureCheck.OFF).answer.result_code == 10425


# --- connections that fail --------------------------------------------------------------------------------------------


NOT_SENT = [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout]
LOST = [
    httpx.ReadTimeout,
    httpx.WriteTimeout,
    httpx.ReadError,
    httpx.WriteError,
    httpx.CloseError,
    httpx.RemoteProtocolError,
    httpx.LocalProtocolError,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.DecodingError,
    httpx.TooManyRedirects,
]


def failing(error: type[httpx.RequestError]) -> SignedClient:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("as asked for", request=request)

    return make_client(answering=answer)


@pytest.mark.parametrize("error", NOT_SENT)
def test_what_never_left_is_refused_as_not_sent(error: type[httpx.RequestError]) -> None:
    with pytest.raises(CallRefused) as caught:
        asyncio.run(post(failing(error)))
    assert caught.value.refusal is Refusal.NOT_SENT


@each_of("error", LOST)
def test_whatever_else_fails_may_have_happened(error: type[httpx.RequestError]) -> None:
    with pytest.raises(CallLost):
        asyncio.run(post(failing(error)))


def test_every_transport_error_of_httpx_is_known_here() -> None:
    families = {
        httpx.RequestError,
        httpx.TransportError,
        httpx.TimeoutException,
        httpx.NetworkError,
        httpx.ProtocolError,
    }
    of_httpx = {
        error for error in vars(httpx).values() if isinstance(error, type) and issubclass(error, httpx.RequestError)
    }
    assert of_httpx - families == {*NOT_SENT, *LOST}


def test_a_server_that_never_answers_is_given_up_in_bounded_time() -> None:
    async def never(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def scenario() -> float:
        started_s = asyncio.get_running_loop().time()
        with pytest.raises(CallLost):
            await post(make_client(answering=never, connect_timeout_s=5, read_timeout_s=15))
        return asyncio.get_running_loop().time() - started_s

    assert run_virtual(scenario()) == pytest.approx(35)


def test_a_server_that_drips_is_given_up_in_bounded_time() -> None:
    """Each byte comes within the read time-out; only the sum of them is too long."""

    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(10)

    async def scenario() -> float:
        started_s = asyncio.get_running_loop().time()
        with pytest.raises(CallLost):
            await post(make_client(answering=lambda _request: httpx.Response(200, content=drip())))
        return asyncio.get_running_loop().time() - started_s

    assert run_virtual(scenario()) == pytest.approx(35)


# --- is anybody there -------------------------------------------------------------------------------------------------


def is_reached(client: SignedClient) -> bool:
    async def scenario() -> bool:
        try:
            return await client.reach()
        finally:
            await client.close()

    return run_virtual(scenario())


@each_of("status", [200, 301, 401, 404, 405, 503])
def test_whoever_answers_anything_is_there(status: int) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status)

    assert is_reached(make_client(answering=answer))
    (request,) = seen
    assert (request.method, str(request.url)) == ("HEAD", BASE_URL)
    assert not any(name.lower().startswith("netgiro") for name in request.headers), "it says nothing of the shop"


@each_of("error", [*NOT_SENT, *LOST])
def test_whoever_cannot_be_asked_is_not_there(error: type[httpx.RequestError]) -> None:
    assert not is_reached(failing(error))


def test_whoever_is_silent_is_not_there_and_is_not_waited_for_long() -> None:
    async def never(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def scenario() -> float:
        started_s = asyncio.get_running_loop().time()
        assert not await make_client(answering=never, connect_timeout_s=5).reach()
        return asyncio.get_running_loop().time() - started_s

    assert run_virtual(scenario()) == pytest.approx(10)


def test_a_night_without_network_is_two_lines_of_log(caplog: pytest.LogCaptureFixture) -> None:
    up = [True, False, False, False, True, True]

    def answer(request: httpx.Request) -> httpx.Response:
        if up.pop(0):
            return httpx.Response(404)
        raise httpx.ConnectError("no route to host", request=request)

    async def scenario() -> None:
        client = make_client(answering=answer)
        for _ in range(6):
            await client.reach()

    with caplog.at_level(logging.INFO, "terminal.netgiro.https"):
        asyncio.run(scenario())
    lost, found = (record.getMessage() for record in caplog.records)
    assert "is not reached: ConnectError: no route to host" in lost
    assert "is reached" in found
