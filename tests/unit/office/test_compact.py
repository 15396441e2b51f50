"""Rows in few bytes: the same rows come out, or nothing does."""

from __future__ import annotations

import itertools
import uuid
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from terminal.journal.file import JournalFile
from terminal.office import compact, wire
from terminal.office.wire import Batch, Row
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import ReceiptState, Record
from terminal.sale.sale import State
from tests.each import each_of
from tests.office_bench import chained
from tests.sales import walk_to

AT = "2026-11-30T12:00:00.000Z"


def rows_of(*bodies: str, first: int = 1, before: str = "") -> list[Row]:
    return chained([(AT, "entry", f'{{"row":"entry","at":"{AT}",{body}}}') for body in bodies], first, before)


THREE = rows_of('"a":1', '"b":"\u00fe"', '"c":null', first=7, before="f" * 64)


def packed(rows: list[Row]) -> bytes:
    content = compact.pack(Batch("T1", "e1", rows))
    assert content is not None
    return content


def test_what_comes_out_are_the_same_rows() -> None:
    unpacked = compact.unpack(packed(THREE))
    assert compact.chained(unpacked, "f" * 64) == Batch("T1", "e1", THREE)


@given(st.lists(st.dictionaries(st.text("abcxyz", min_size=1), st.text() | st.integers() | st.none()), min_size=1))
def test_whatever_they_say(contents: list[dict[str, object]]) -> None:
    bodies = [msgspec.json.encode({"row": "entry", "at": AT} | content).decode() for content in contents]
    rows = chained([(AT, "entry", body) for body in bodies])
    content = compact.pack(Batch("T1", "e1", rows))
    if content is not None:
        assert compact.chained(compact.unpack(content), "") == Batch("T1", "e1", rows)


@each_of(
    "rows",
    [
        [],
        [replace(THREE[0], kind="other")],
        [replace(THREE[0], at="2026-11-30T12:00:01.000Z")],
        [THREE[0], THREE[2]],
        [THREE[1], THREE[0]],
        [replace(THREE[0], body=msgspec.Raw(b"[]"))],
        [replace(THREE[0], body=msgspec.Raw(b'{"row":"entry"}'))],
    ],
)
def test_rows_that_say_something_that_would_not_travel_are_sent_whole(rows: list[Row]) -> None:
    assert compact.pack(Batch("T1", "e1", rows)) is None


def test_rows_that_do_not_lead_to_the_last_hash_are_none() -> None:
    unpacked = compact.unpack(packed(THREE))
    assert compact.chained(unpacked, "0" * 64) is None
    changed = msgspec.Raw(b'{"row":"entry","at":"x","b":2}')
    assert compact.chained(replace(unpacked, rows=[unpacked.rows[0], changed, unpacked.rows[2]]), "f" * 64) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_a_batch_or_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        compact.unpack(data)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_so_are_bytes_that_were_changed_on_the_way(place: int, byte: int) -> None:
    good = packed(THREE)
    bad = bytearray(good)
    bad[place % len(bad)] = byte
    try:
        unpacked = compact.unpack(bytes(bad))
        whole = compact.chained(unpacked, "f" * 64)
    except ValueError:
        return
    assert whole is None or whole.rows == THREE, "only the names of terminal and epoch are in no hash"


@pytest.mark.parametrize("content", [b" " * wire.LARGEST_BODY_BYTES * 20, b"[" * wire.LARGEST_BODY_BYTES * 20])
def test_a_kilobyte_that_holds_megabytes_is_left_packed(content: bytes) -> None:
    packer = zlib.compressobj(level=9, zdict=compact._TYPICAL)
    with pytest.raises(ValueError, match="unpacks to more than"):
        compact.unpack(packer.compress(content) + packer.flush())


def test_what_is_cut_short_or_of_another_dictionary_is_refused() -> None:
    with pytest.raises(ValueError, match="cut short"):
        compact.unpack(packed(THREE)[:-5])
    packer = zlib.compressobj(zdict=b"another")
    content = packer.compress(b"{}") + packer.flush()
    with pytest.raises(ValueError, match="cannot be unpacked"):
        compact.unpack(content)


@each_of("body", ["[]", "{}", '{"row":"","at":"x"}', '{"row":"entry","at":5}'])
def test_a_body_that_is_no_rows_is_refused(body: str) -> None:
    unpacked = replace(compact.unpack(packed(THREE)), rows=[msgspec.Raw(body.encode())])
    with pytest.raises(ValueError, match=r"."):
        compact.chained(unpacked, "")


def test_a_row_that_is_too_long_is_refused() -> None:
    (long,) = rows_of(f'"x":"{"x" * wire.LONGEST_ROW_BYTES}"')
    with pytest.raises(ValueError, match="longer than"):
        compact.chained(compact.unpack(packed([long])), "")


def test_the_dictionary_is_the_one_that_offices_have() -> None:
    """Whoever changes it makes terminals and offices of two versions strangers: that needs another encoding."""
    assert (compact.ENCODING, zlib.adler32(compact._TYPICAL)) == ("netgiro-rows-1", 4251813932)


def test_a_sale_costs_half_a_kilobyte(tmp_path: Path) -> None:
    """A paid one with two receipts as a real journal writes it: thirteen rows."""
    clock = (
        f"2026-11-23T15:{second // 60:02}:{second % 60:02}.{137 * second % 1000:03}Z" for second in itertools.count()
    )
    with JournalFile(tmp_path / "journal.db", lambda: next(clock)) as journal:
        journal.open()
        sizes, have = [], 0
        for number in (1, 2, 3):
            _sell(journal, number)
            rows = journal.rows_past(have, 100)
            have = rows[-1].seq
            sizes.append(len(packed([Row(row.seq, row.at, row.kind, row.body, row.hash) for row in rows])))
    assert len(rows) == 13
    assert max(sizes) <= 600


def _sell(journal: JournalFile, number: int) -> None:
    fields: dict[str, Any] = {
        "number": number,
        "reference": f"T1-{number:06}-4F9A1C",
        "authorization_id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"cart {number}")),
        "support_reference": str(uuid.uuid5(uuid.NAMESPACE_OID, f"support {number}")),
    }
    for state in (State.ENTRY, State.AUTHORIZATION, State.CUSTOMER, State.CAPTURE, State.REPORT, State.CLOSED):
        known = fields if state not in (State.ENTRY, State.AUTHORIZATION) else dict(list(fields.items())[:2])
        kinds = (ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT) if state is State.REPORT else ()
        journal.append(Record("StatusReceived", replace(walk_to(state).sale, **known), kinds))
    for receipt in journal.unprinted_receipts():
        for stage in (ReceiptState.PRINTING, ReceiptState.PRINTED):
            journal.note_receipt(replace(receipt, state=stage))
    journal.reserve_nonces(1_700_000_000_000_000 + number)
