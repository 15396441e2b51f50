"""Whatever programs send, and however the line chops it: the same requests, and answers as the reference has them."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.counter import register_words as reg
from terminal.register.http import forms
from terminal.register.http.codec import LONGEST_CALL, HttpProtocol
from terminal.register.http.frames import Call, Gone, line_of
from terminal.register.http.openapi import document
from terminal.register.http.operations import BY_SERVER, OPERATIONS, Operation
from terminal.register.http.requests import Unreadable, read_key, read_wait_s
from tests.unit.register.http.http_bench import OTHER_TILL, TILL, HttpShop

REFERENCE: dict[str, Any] = document("0")
ASKED = [operation for operation in OPERATIONS if operation.name not in BY_SERVER]
ANSWERS: dict[str, Any] = {
    f"#/components/schemas/{one.__name__}": one for one in vars(forms).values() if isinstance(one, type)
}

scalars = st.none() | st.booleans() | st.integers(-5, 10**9) | st.floats(allow_nan=False) | st.text(max_size=8)
bodies = st.one_of(
    st.sampled_from([{"amount": 1990}, {"amount": 500}, {"amount": 1}, {}]),
    st.dictionaries(st.sampled_from(["amount", "code", "x"]), scalars, max_size=2),
    st.lists(scalars, max_size=2),
    st.text(max_size=20),
)
keys = st.none() | st.sampled_from(["a", "b", "c", '"a"']) | st.text(max_size=70)
queries = st.dictionaries(
    st.sampled_from(["wait", "key", "x"]), st.sampled_from(["1", "0", "a", "-1", "x", ""]), max_size=2
)
ids = st.sampled_from(["known", "known", "refund", "nobody", "T1-000001-000000"])
calls = st.builds(
    lambda number, method, path, query, key, body: line_of(
        Call(number=number, program=TILL, method=method, path=path, query=query, key=key, body=body)
    ),
    st.integers(-(2**60), 2**60),
    st.sampled_from(["GET", "POST", "DELETE", "PUT", "x"]),
    st.sampled_from([operation.path for operation in OPERATIONS]) | st.text(max_size=30),
    queries,
    keys,
    st.text(max_size=40),
)
lines = st.one_of(
    calls,
    st.binary(max_size=60).map(lambda data: data + b"\n"),
    st.builds(lambda n: line_of(Gone(number=n)), st.integers()),
)


def fed(chunks: list[bytes]) -> tuple[list[reg.RegisterRequest], bytes]:
    protocol = HttpProtocol()
    requests = [request for chunk in chunks for request in protocol.receive_data(chunk, 0.0)]
    return requests, protocol.data_to_send()


@given(st.lists(lines, max_size=8), st.lists(st.integers(1, 40), max_size=40))
def test_however_the_line_chops_it_the_same_is_asked_and_answered(said: list[bytes], sizes: list[int]) -> None:
    whole = b"".join(said)
    chunks, at = [], 0
    for size in sizes:
        chunks.append(whole[at : at + size])
        at += size
    assert fed([*chunks, whole[at:]]) == fed([whole])


@given(st.binary(max_size=300), st.integers(1, 3 * LONGEST_CALL))
def test_any_bytes_are_survived_and_what_is_kept_is_bounded(data: bytes, more: int) -> None:
    protocol = HttpProtocol()
    protocol.receive_data(data + b"x" * more, 0.0)
    assert len(protocol._unread) <= LONGEST_CALL
    protocol.receive_data(b"\n" + data, 0.0)
    protocol.wake(1e9)
    protocol.data_to_send()
    protocol.connection_lost()


@given(st.text(max_size=80))
def test_a_key_is_read_or_refused(key: str) -> None:
    try:
        read = read_key(key)
    except Unreadable:
        return
    assert re.fullmatch("[!-~]{1,64}", read)
    assert read in key


@given(st.text(max_size=8) | st.integers(-10, 100).map(str))
def test_a_wait_is_read_or_refused(wait: str) -> None:
    with contextlib.suppress(Unreadable):
        assert 0 <= read_wait_s(wait, 60) <= 60


asked = st.lists(
    st.tuples(st.sampled_from(ASKED), ids, queries, keys, bodies, st.sampled_from([TILL, OTHER_TILL])),
    min_size=1,
    max_size=6,
)


@given(asked)
@settings(max_examples=60, deadline=None)
def test_every_answer_is_one_that_the_reference_describes(
    said: list[tuple[Operation, str, dict[str, str], str | None, Any, str]],
) -> None:
    shop = HttpShop()
    names = {"known": "nobody", "refund": "nobody"}
    for operation, name, query, key, body, program in said:
        path = operation.path.replace("{id}", names.get(name, name))
        text = body if isinstance(body, str) else json.dumps(body)
        number = shop.begin(operation.method, path, key=key, body=text, query=query, program=program, wait_s=2.0)
        answer = shop.answers[number]
        described = REFERENCE["paths"][operation.path][operation.method.lower()]["responses"][str(answer.status)]
        ((_, content),) = described["content"].items()
        msgspec.convert(answer.body, ANSWERS[content["schema"]["$ref"]])
        if answer.status == 201:
            names["refund" if "refund" in operation.name else "known"] = answer.body["id"]
            shop.press("*")
