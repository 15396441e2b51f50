"""Answers that are compressed, in whatever way a program might unpack by itself: none is unpacked or believed."""

from __future__ import annotations

import asyncio
import zlib

import pytest

from tests.unit.netgiro.client_bench import BODY, read_request, seconds_to_refuse_compressed

ENCODINGS = {
    "br": b"\x0b\x02\x80{}\x03",
    "deflate": zlib.compress(b"0" * 64_000_000),
    "zstd": b"\x28\xb5\x2f\xfd\x04\x00\x11\x00\x00{}",
    "compress": b"\x1f\x9d\x90{}",
    "x-gzip": zlib.compress(b"0" * 64_000_000, wbits=31),
    "GZIP": zlib.compress(b"0" * 64_000_000, wbits=31),
    "identity, br": BODY,
    "identity;q=1": BODY,
    "dcb": BODY,
    "none": BODY,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_answer_in_any_encoding_is_no_answer(encoding: str) -> None:
    body = ENCODINGS[encoding]

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await read_request(reader)
        assert b"accept-encoding: identity" in asked.lower()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: %s\r\n" % encoding.encode())
        writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    assert seconds_to_refuse_compressed(say) < 0.5
