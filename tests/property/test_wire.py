"""Signing and parsing hold for any text and any bytes."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from terminal.netgiro import wire

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
nearly_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(texts, texts, texts, st.binary(max_size=100))
def test_what_is_signed_matches_and_what_is_changed_does_not(secret: str, nonce: str, url: str, body: bytes) -> None:
    headers = {wire.NONCE_HEADER: nonce, wire.SIGNATURE_HEADER: wire.sign(secret, nonce, url, body)}
    assert wire.signature_matches(secret, headers, url, body)
    assert not wire.signature_matches(secret, headers, url, body + b"\0")
    assert not wire.signature_matches(secret + "x", headers, url, body)


@given(texts, texts, texts, st.binary(max_size=100))
def test_a_signature_is_the_plain_sha_256_of_its_parts_joined(secret: str, nonce: str, url: str, body: bytes) -> None:
    joined = secret.encode() + nonce.encode() + url.encode() + body
    assert wire.sign(secret, nonce, url, body) == hashlib.sha256(joined).hexdigest()


@given(st.dictionaries(st.sampled_from([wire.NONCE_HEADER, wire.SIGNATURE_HEADER]), texts), texts, st.binary())
def test_checking_a_signature_never_raises(headers: dict[str, str], url: str, body: bytes) -> None:
    assert not wire.signature_matches("secret", headers, url, body)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_a_value_error(body: bytes) -> None:
    try:
        answer = wire.parse_answer(body)
    except ValueError:
        return
    assert isinstance(answer, wire.Answer)
