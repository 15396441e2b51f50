"""What travels is what the journal wrote, byte by byte, and any bytes are survived."""

from __future__ import annotations

import contextlib

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from terminal.journal import chain
from terminal.office import wire


@given(st.binary(max_size=300))
def test_any_bytes_are_a_batch_or_a_value_error(data: bytes) -> None:
    for read in (wire.read_batch, wire.unpack):
        with contextlib.suppress(ValueError):
            read(data)


@given(st.text(max_size=50), st.integers(1, 10**9), st.text(max_size=200))
def test_the_office_follows_the_chain_as_the_journal_makes_it(before: str, seq: int, text: str) -> None:
    body = msgspec.json.encode(text)
    row = wire.Row(seq, "2026-11-30T12:00:00.000Z", "entry", msgspec.Raw(body), "")
    assert wire.link(before, row) == chain.link(before, seq, row.at, row.kind, body)


def test_packing_and_unpacking_change_nothing() -> None:
    row = wire.Row(1, "t", "k", msgspec.Raw(b'{"b" : 1,\t"a":"\\u00fe\xc3\xbe"}'), "a" * 64)
    for rows in ([], [row], [row, wire.Row(2, "t", "k", msgspec.Raw(b'"]}"'), "b" * 64)]):
        batch = wire.Batch("T1", "e", rows)
        packed = wire.unpack(wire.pack(batch))
        assert packed == msgspec.json.encode(batch), "packed row by row it is the same text"
        assert wire.read_batch(packed) == batch
