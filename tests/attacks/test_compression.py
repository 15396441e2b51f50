"""Answers that are compressed, in whatever way a program might unpack by itself: none is unpacked or believed."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from functools import cache, partial

import pytest

from tests.unit.netgiro.client_bench import BODY, read_request, seconds_to_refuse_compressed


@cache
def bomb(wbits: int) -> bytes:
    return zlib.compress(b"0" * 64_000_000, wbits=wbits)


ENCODINGS: dict[str, Callable[[], bytes]] = {
    "br": lambda: b"\x0b\x02\x80{}\x03",
    "deflate": partial(bomb, zlib.MAX_WBITS),
    "zstd": lambda: b"\x28\xb5\x2f\xfd\x04\x00\x11\x00\x00{}",
    "compress": lambda: b"\x1f\x9d\x90{}",
    "x-gzip": partial(bomb, 31),
    "GZIP": partial(bomb, 31),
    "identity, br": lambda: BODY,
    "identity;q=1": lambda: BODY,
    "dcb": lambda: BODY,
    "none": lambda: BODY,
}
"""Each body is made when its test runs: every worker reads this file, and one of them runs it."""


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_answer_in_any_encoding_is_no_answer(encoding: str) -> None:
    body = ENCODINGS[encoding]()

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await read_request(reader)
        assert b"accept-encoding: identity" in asked.lower()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: %s\r\n" % encoding.encode())
        writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    assert seconds_to_refuse_compressed(say) < 0.5
