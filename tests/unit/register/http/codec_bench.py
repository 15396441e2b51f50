"""Calls to the codec alone, and the answers in its bytes."""

from __future__ import annotations

import json
from typing import Any

from terminal.counter.register_words import RegisterQuestion
from terminal.register.http.codec import HttpProtocol
from terminal.register.http.frames import Call, line_of
from tests.unit.register.http.http_bench import TILL


def ask(protocol: HttpProtocol, *, number: int = 1, path: str = "/v1/status", now_s: float = 0.0) -> list[object]:
    """What the terminal is asked then."""
    asked = protocol.receive_data(line_of(Call(number=number, program=TILL, method="GET", path=path)), now_s)
    return [one for one in asked if isinstance(one, RegisterQuestion)]


def answers_in(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]
