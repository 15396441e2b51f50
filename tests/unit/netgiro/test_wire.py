"""Signatures against Netgíró's published examples, and answers as they may come."""

from __future__ import annotations

import pytest

from terminal.netgiro import wire
from terminal.netgiro.sandbox import PUBLIC_SECRET_KEY
from tests.each import each_of

# Netgíró docs, "API authentication": the two published examples, made with the public sandbox key.
GET_NONCE, GET_URL = "635318618538563781", "https://api.netgiro.is/v1/Sales/GetList?AllForCompany=true"
GET_SIGNATURE = "1fcfcbf71b1350cf914ebb952c71d74551416a965ee3b65c38a16b35e687f87c"
POST_NONCE, POST_URL = "39084373214935208", "https://api.test.netgiro.is/v1/Checkout/InsertCart"
POST_BODY = (
    b'{"Amount":1000,"Reference":"991100-123","CustomerId":"8223281","ConfirmationType":1,'
    b'"CallbackUrl":"www.example.com/callback-success/991100-123",'
    b'"CallbackCancelUrl":"www.example.com/callback-cancel/991100-123"}'
)
POST_SIGNATURE = "8ff35684c44ae5279f16f5b024b80a7f4de18f45b71aafc9c03a2f07ac3e9856"


def test_headers_have_the_published_names() -> None:
    names = (wire.APPKEY_HEADER, wire.SIGNATURE_HEADER, wire.NONCE_HEADER, wire.REFERENCE_HEADER)
    assert names == ("netgiro_appkey", "netgiro_signature", "netgiro_nonce", "netgiro_referenceId")


def test_the_published_example_of_a_get_is_reproduced() -> None:
    assert wire.sign(PUBLIC_SECRET_KEY, GET_NONCE, GET_URL, b"") == GET_SIGNATURE


def test_the_published_example_of_a_post_is_reproduced() -> None:
    assert wire.sign(PUBLIC_SECRET_KEY, POST_NONCE, POST_URL, POST_BODY) == POST_SIGNATURE


def signed_headers(**changed: str) -> dict[str, str]:
    return {wire.NONCE_HEADER: POST_NONCE, wire.SIGNATURE_HEADER: POST_SIGNATURE} | changed


def test_a_matching_signature_is_recognised() -> None:
    assert wire.signature_matches(PUBLIC_SECRET_KEY, signed_headers(), POST_URL, POST_BODY)


@each_of(
    ("secret", "headers", "url", "body"),
    [
        pytest.param("other", signed_headers(), POST_URL, POST_BODY, id="secret"),
        pytest.param(PUBLIC_SECRET_KEY, signed_headers(netgiro_nonce="1"), POST_URL, POST_BODY, id="nonce"),
        pytest.param(PUBLIC_SECRET_KEY, signed_headers(), POST_URL + "/", POST_BODY, id="url"),
        pytest.param(PUBLIC_SECRET_KEY, signed_headers(), POST_URL, POST_BODY + b" ", id="body"),
        pytest.param(
            PUBLIC_SECRET_KEY, signed_headers(netgiro_signature="þ" * 64), POST_URL, POST_BODY, id="not even ASCII"
        ),
        pytest.param(PUBLIC_SECRET_KEY, {}, POST_URL, POST_BODY, id="no headers"),
    ],
)
def test_a_signature_over_anything_else_does_not_match(
    secret: str, headers: dict[str, str], url: str, body: bytes
) -> None:
    assert not wire.signature_matches(secret, headers, url, body)


def test_the_poll_pace_is_read_under_netgiros_misspelt_name() -> None:
    answer = wire.parse_answer(b'{"ResultCode":200,"ProcessCartCheckIntervalMiliseconds":1500}')
    assert answer.check_interval_ms == 1500


def test_an_answer_is_read_whole_and_unknown_keys_are_ignored() -> None:
    answer = wire.parse_answer(
        b'{"Success":true,"PaymentSuccessful":true,"Message":null,"ResultCode":10200,"New":{"a":[1]},"PaymentInfo":'
        b'{"TransactionId":"x","InvoiceNumber":77,"ReferenceNumber":"T1-1","StatusId":2,"TotalAmount":1990.0,'
        b'"AccountNumber":"1"}}'
    )
    assert answer == wire.Answer(
        result_code=10200,
        payment_successful=True,
        payment_info=wire.PaymentInfo(
            transaction_id="x", invoice_number=77, reference_number="T1-1", status_id=2, total_amount=1990.0
        ),
    )


def test_nulls_are_things_not_said() -> None:
    assert wire.parse_answer(b'{"ResultCode":null,"PaymentInfo":null,"TransactionId":null}') == wire.Answer()


@each_of(
    "body",
    [
        b"",
        b"<html>Service Unavailable</html>",
        b'{"ResultCode":10200',
        b"[]",
        b"null",
        b'{"ResultCode":"10200"}',
        b'{"PaymentInfo":{"TotalAmount":1e999}}',
        b'{"TransactionId":"\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_a_body_that_is_no_answer_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a V1 answer|codec can't decode"):
        wire.parse_answer(body)


def test_the_error_does_not_repeat_what_the_body_says() -> None:
    with pytest.raises(ValueError, match="not a V1 answer") as caught:
        wire.parse_answer(b'{"ResultCode":"1111111119"}')
    assert "1111111119" not in str(caught.value)
