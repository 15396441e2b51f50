"""A batch of rows in few bytes, for counters on a slow or expensive line: about half a kilobyte a sale. Pure.

What follows from the rest is not sent: a row's number follows from the first one's, its time and kind from its body,
its hash from the body and the hash before. The last hash is sent, and proves the others. The rest is deflated with a
dictionary of typical rows of a sale.

No office has to understand it. An office that does says so (``Accept-Encoding`` in an answer, RFC 7694). An office that
cannot read such a batch gets the same rows whole.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec
from msgspec.structs import replace

from terminal.office import wire
from terminal.office.wire import Batch, Epoch, Hash, Row, Seq, TerminalId, Word

ENCODING = "netgiro-rows-1"
"""Of the content, as HTTP names it. Another dictionary is another encoding."""

_TYPICAL = (
    b'{"row":"nonces","high_water":1000,"at":"2026-01-01T12:00:00.000Z"}'
    b'{"row":"receipt","seq":1,"at":"2026-01-01T12:00:00.000Z","receipt":{"receipt_id":"1-merchant-0","sale_number":1,'
    b'"kind":"merchant","copy":0,"state":"printing","period":0}}'
    b'{"row":"receipt","seq":1,"at":"2026-01-01T12:00:00.000Z","receipt":{"receipt_id":"1-customer-0","sale_number":1,'
    b'"kind":"customer","copy":0,"state":"queued","period":0}},"state":"printed","period":0}}'
    b'"event":"CustomerIdentified""event":"AuthorizationOpened""event":"ResultAcknowledged""event":"SaleRequested"'
    b'"state":"authorization""state":"customer""state":"capture""state":"report""state":"closed","reason":"paid",'
    b'"customer_kind":"phone","customer_label":"\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2 \xe2\x80\xa2\xe2\x80\xa2'
    b'{"row":"entry","seq":1,"at":"2026-01-01T12:00:00.000Z","event":"StatusReceived","sale":{"number":1,'
    b'"reference":"T1-000001-","register_id":"1","amount_kr":1990,"created":"2026-01-01T12:00:00.000Z",'
    b'"register_echo":"","terms":{"capture_mode":"manual","capture_mode_by_kind":{},"entry_timeout_s":300.0,'
    b'"customer_timeout_s":150.0,"code_timeout_s":150.0,"capture_patience_s":45.0,"void_patience_s":20.0,'
    b'"report_timeout_s":30.0,"longest_sale_s":null,"final_when_taken":false,"code_tries":3,"takes_kennitala":true,'
    b'"void_undoes_payment":false,"refusal_is_proof":false,"finds_by_reference":true,"customer_copy":true,'
    b'"merchant_copy":true,"staff_slip":true,"refunds_itself":true},"state":"entry","reason":null,'
    b'"customer_kind":null,"customer_label":"","capture_mode":"manual","authorization_id":null,"invoice_number":null,'
    b'"support_reference":null,"settled_by":"","settled_from":null,"corrected_from":null,"committed":false,'
    b'"may_stay_reserved":false,"settling":false,"calls":0,"asking":null,"misses":0,"captures":0,"denials":0,'
    b'"void_lost":false,"void_refused":false,"void_call":0,"said_by_staff":null,"code_tries_left":3,'
    b'"poll_interval_s":1.0,"tracing":false,"traces":0,"acknowledged":false,"refused_by_register":false}}'
)
"""Never to be changed: both ends must have the same."""


class CompactBatch(msgspec.Struct, frozen=True):
    """What travels."""

    terminal: TerminalId
    epoch: Epoch
    first: Seq
    """The number of the first row."""
    last: Hash
    """The hash of the last one."""
    rows: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=wire.MOST_ROWS)]
    """Their bodies."""


class _Place(msgspec.Struct):
    """What a row's own body says of it."""

    row: Word
    at: Word


_decoder = msgspec.json.Decoder(CompactBatch)
_place_decoder = msgspec.json.Decoder(_Place)


def pack(batch: Batch) -> bytes | None:
    """None if these rows say something that would not travel."""
    if not batch.rows or not all(_follows(place, row, batch.rows[0]) for place, row in enumerate(batch.rows)):
        return None
    bodies = [row.body for row in batch.rows]
    content = CompactBatch(batch.terminal, str(batch.epoch), batch.rows[0].seq, batch.rows[-1].hash, bodies)
    packer = zlib.compressobj(level=9, wbits=wire.WINDOW_BITS, memLevel=wire.MEMORY_LEVEL, zdict=_TYPICAL)
    return wire.pack_rows(content, bodies, packer)


def _follows(place: int, row: Row, first: Row) -> bool:
    try:
        said = _place_decoder.decode(row.body)
    except msgspec.DecodeError:
        return False
    return (row.seq, row.kind, row.at) == (first.seq + place, said.row, said.at)


def unpack(data: bytes) -> CompactBatch:
    """Raises ValueError if it is none, or unpacks to more than may be."""
    return _decoder.decode(wire.inflate(data, zlib.decompressobj(zdict=_TYPICAL)))


def chained(batch: CompactBatch, before: str) -> Batch | None:
    """The whole rows, where ``before`` is the hash that leads to the first; None if they do not lead to the last hash.

    Raises ValueError if one cannot be a row.
    """
    rows = list(_chain(batch.rows, batch.first, before))
    wire.check_rows(rows)
    return Batch(batch.terminal, batch.epoch, rows) if rows[-1].hash == batch.last else None


def _chain(bodies: Sequence[msgspec.Raw], first: int, before: str) -> Iterator[Row]:
    for seq, body in enumerate(bodies, first):
        said = _place_decoder.decode(body)
        row = Row(seq, said.at, said.row, body, "")
        before = wire.link(before, row)
        yield replace(row, hash=before)
