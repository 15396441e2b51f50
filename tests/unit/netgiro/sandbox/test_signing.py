"""The sandbox's signature: Netgíró's published examples, and what integrators get told."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from terminal.netgiro.sandbox import signing
from terminal.netgiro.sandbox.service import PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY
from terminal.netgiro.sandbox.signing import CredentialsRefused, Gatekeeper, signature
from tests.each import each_of

URL = "https://api.test.netgiro.is/v1/Checkout/InsertCart"
BODY = (
    b'{"Amount":1000,"Reference":"991100-123","CustomerId":"8223281","ConfirmationType":1,'
    b'"CallbackUrl":"www.example.com/callback-success/991100-123",'
    b'"CallbackCancelUrl":"www.example.com/callback-cancel/991100-123"}'
)


@pytest.mark.parametrize(
    ("nonce", "url", "body", "expected"),
    [
        (
            "635318618538563781",
            "https://api.netgiro.is/v1/Sales/GetList?AllForCompany=true",
            b"",
            "1fcfcbf71b1350cf914ebb952c71d74551416a965ee3b65c38a16b35e687f87c",
        ),
        ("39084373214935208", URL, BODY, "8ff35684c44ae5279f16f5b024b80a7f4de18f45b71aafc9c03a2f07ac3e9856"),
    ],
    ids=["GET", "POST"],
)
def test_published_examples(nonce, url, body, expected):
    assert signature(PUBLIC_SECRET_KEY, nonce, url, body) == expected


def refusal(**changed: str) -> CredentialsRefused:
    headers = {
        "netgiro_appkey": PUBLIC_APPLICATION_ID,
        "netgiro_nonce": "7",
        "netgiro_signature": signature(PUBLIC_SECRET_KEY, "7", URL, BODY),
    } | changed
    with pytest.raises(CredentialsRefused) as caught:
        Gatekeeper(PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY).check(headers, URL, BODY)
    return caught.value


def test_genuine_call_passes_with_the_application_id_in_any_case():
    gatekeeper = Gatekeeper(PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY)
    for nonce, appkey in (("1", PUBLIC_APPLICATION_ID), ("QXZJKWMNPRSTVBCD", PUBLIC_APPLICATION_ID.lower())):
        signed = signature(PUBLIC_SECRET_KEY, nonce, URL, BODY)
        headers = {"netgiro_appkey": appkey, "netgiro_nonce": nonce, "netgiro_signature": signed}
        gatekeeper.check(headers, URL, BODY)


@each_of(
    ("header", "value", "status", "words"),
    [
        ("netgiro_appkey", "", 401, "netgiro_appkey is missing"),
        ("netgiro_appkey", "other", 401, "not the application id"),
        ("netgiro_appkey", "þ" * 300, 401, "not the application id"),
        ("netgiro_nonce", "", 400, "netgiro_nonce must have 1 to 64"),
        ("netgiro_nonce", "1" * 65, 400, "netgiro_nonce must have 1 to 64"),
        ("netgiro_signature", "", 400, "netgiro_signature is missing"),
        ("netgiro_signature", "0" * 64, 400, "lowercase hex SHA-256 of secret key + nonce + URL + body"),
    ],
)
def test_each_bad_header_is_named(header, value, status, words):
    refused = refusal(**{header: value})
    assert refused.status == status
    assert words in str(refused)


def hmac_hex(key: bytes, message: bytes) -> str:
    return hmac.new(key, message, hashlib.sha256).hexdigest()


SIGNED_TEXT = b"7" + URL.encode() + BODY


@each_of(
    ("given", "words"),
    [
        (signature(PUBLIC_SECRET_KEY, "7", URL, BODY).upper(), "upper case"),
        (base64.b64encode(bytes.fromhex(signature(PUBLIC_SECRET_KEY, "7", URL, BODY))).decode(), "base64: send"),
        (hmac_hex(PUBLIC_SECRET_KEY.encode(), SIGNED_TEXT), "HMAC"),
        (hmac_hex(PUBLIC_SECRET_KEY.encode(), PUBLIC_SECRET_KEY.encode() + SIGNED_TEXT), "HMAC"),
        (hashlib.sha256(base64.b64decode(PUBLIC_SECRET_KEY) + SIGNED_TEXT).hexdigest(), "base64-decoded"),
        (signature(PUBLIC_SECRET_KEY, "7", URL, b""), "body was left out"),
        (signature(PUBLIC_SECRET_KEY, "7", URL.replace("https", "http"), BODY), "over the URL http://api"),
        (signature(PUBLIC_SECRET_KEY, "7", "/v1/Checkout/InsertCart", BODY), "over the URL /v1/Checkout/InsertCart."),
    ],
)
def test_usual_mistakes_are_recognised(given, words):
    message = str(refusal(netgiro_signature=given))
    assert words in message
    assert URL in message
    assert PUBLIC_SECRET_KEY not in message


def test_a_secret_that_is_not_base64_is_just_text():
    with pytest.raises(CredentialsRefused, match="lowercase hex SHA-256"):
        Gatekeeper("app", "not base64!").check(
            {"netgiro_appkey": "app", "netgiro_nonce": "1", "netgiro_signature": "f"}, URL, b""
        )


def signed_headers(nonce: str) -> dict[str, str]:
    return {
        "netgiro_appkey": PUBLIC_APPLICATION_ID,
        "netgiro_nonce": nonce,
        "netgiro_signature": signature(PUBLIC_SECRET_KEY, nonce, URL, BODY),
    }


def test_nonce_is_refused_the_second_time():
    gatekeeper = Gatekeeper(PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY)
    gatekeeper.check(signed_headers("7"), URL, BODY)
    with pytest.raises(CredentialsRefused, match="used before"):
        gatekeeper.check(signed_headers("7"), URL, BODY)


def test_nonce_of_a_badly_signed_call_stays_free():
    gatekeeper = Gatekeeper(PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY)
    with pytest.raises(CredentialsRefused):
        gatekeeper.check(signed_headers("7") | {"netgiro_signature": "0" * 64}, URL, BODY)
    gatekeeper.check(signed_headers("7"), URL, BODY)


def test_nonces_are_remembered_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(signing, "MAX_NONCES", 3)
    gatekeeper = Gatekeeper(PUBLIC_APPLICATION_ID, PUBLIC_SECRET_KEY)
    for nonce in "1234":
        gatekeeper.check(signed_headers(nonce), URL, BODY)
    with pytest.raises(CredentialsRefused, match="used before"):
        gatekeeper.check(signed_headers("2"), URL, BODY)
    gatekeeper.check(signed_headers("1"), URL, BODY)  # the oldest of four is forgotten
