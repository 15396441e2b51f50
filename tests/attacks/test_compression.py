"""Answers that are compressed, in whatever way a program might unpack by itself: none is unpacked or believed."""

from __future__ import annotations

import asyncio
import time
import zlib

import pytest

from terminal.sale.gateway import CallLost
from tests.unit.netgiro.client_bench import BODY, listening, make_client, post, read_request

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

    async def scenario() -> float:
        async with listening(say) as port:
            client = make_client(f"http://127.0.0.1:{port}/v1")
            started_s = time.process_time()
            with pytest.raises(CallLost, match="compressed"):
                await post(client)
            return time.process_time() - started_s

    assert asyncio.run(scenario()) < 0.5
