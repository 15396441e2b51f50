"""What goes between the web server and the codec: one JSON object a line. Pure.

The server knows connections, tokens and TLS; the codec knows what is asked and answered. Whose request it is travels by
name, and no token ever does.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="call"):
    """One request, whole. ``number`` names it until it is answered."""

    number: int
    program: str
    method: str
    path: str
    query: dict[str, str] = {}
    key: str | None = None
    body: str = ""


class Gone(msgspec.Struct, frozen=True, kw_only=True, tag="gone"):
    """Whoever called under this number waits no more."""

    number: int


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag="answer"):
    """To the call of this number."""

    number: int
    status: int
    body: msgspec.Raw


class Event(msgspec.Struct, frozen=True, kw_only=True, tag="event"):
    """To everybody who listens."""

    name: str
    body: msgspec.Raw


_heard = msgspec.json.Decoder(Call | Gone)
_said = msgspec.json.Decoder(Answer | Event)


def line_of(frame: Call | Gone | Answer | Event) -> bytes:
    return msgspec.json.encode(frame) + b"\n"


def read_call(line: bytes) -> Call | Gone:
    """Raises msgspec.DecodeError."""
    return _heard.decode(line)


def said_in(data: bytes) -> Iterator[Answer | Event]:
    """What the codec has said; whole lines. Raises msgspec.DecodeError."""
    for line in data.splitlines():
        yield _said.decode(line)
