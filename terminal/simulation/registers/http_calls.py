"""The calls of simulated register programs: each is answered once, or lost with the connection."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from terminal.simulation.registers.driver import RegisterDriver

LONGEST_UNREAD = 1 << 20
FIRST = "Kassi 1"

Json = dict[str, Any]
OnAnswer = Callable[[int, Json], None]


class HttpCalls(RegisterDriver):
    """What goes over the line is a call a line, and an answer a line."""

    is_reliable = True

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self._unread = b""
        self._calls = 0
        self._waiting: dict[int, OnAnswer] = {}
        self._polls: dict[str, int] = {}
        """The call that waits for the end of a payment or a refund, by its path."""

    def _ask(
        self,
        method: str,
        path: str,
        on_answer: OnAnswer,
        *,
        key: str | None = None,
        body: Json | None = None,
        raw: str = "",
        query: Mapping[str, str] | None = None,
        program: str = FIRST,
    ) -> int:
        if path == "/v1/payments" and body is not None:
            self.amounts_asked.add(body["amount"])
        self._calls += 1
        self._waiting[self._calls] = on_answer
        text = raw if body is None else json.dumps(body)
        call = {"type": "call", "number": self._calls, "program": program, "method": method, "path": path, "body": text}
        self._say({**call, "query": dict(query or {}), **({"key": key} if key is not None else {})})
        return self._calls

    def _wait_for(self, path: str, on_answer: OnAnswer) -> None:
        """A long poll, one at a time for each path."""

        def answered(status: int, body: Json) -> None:
            self._polls.pop(path, None)
            on_answer(status, body)

        if path not in self._polls:
            self._polls[path] = self._ask("GET", path, answered, query={"wait": "25"})

    def _ring_up_another(self) -> None:
        self._ask("POST", "/v1/payments", pass_over, key="stranger", body={"amount": 777})

    def _look_at(self, path: str) -> None:
        self._ask("GET", path, pass_over)

    def _babble(self) -> None:
        for method, path, body in (
            ("POST", "/v1/payments", '{"amount": -1}'),
            ("POST", "/v1/payments", '{"amount": "1,50"}'),
            ("POST", "/v1/payments", "not JSON"),
            ("GET", "/v1/payments/nobody", ""),
            ("BREW", "/coffee", ""),
        ):
            self._ask(method, path, pass_over, key="x", raw=body)
        self.wire += b"\xff{\n[]\n"

    def _say(self, frame: Json) -> None:
        self.wire += json.dumps(frame).encode() + b"\n"

    def hear(self, data: bytes) -> None:
        *lines, rest = (self._unread + data).split(b"\n")
        self._unread = rest[-LONGEST_UNREAD:]
        for line in lines:
            said = json.loads(line)
            on_answer = self._waiting.pop(said.get("number"), None)
            if on_answer is not None and not self.is_silent:
                on_answer(said["status"], said["body"])

    def line_was_cut(self) -> None:
        """Every call is gone; it will ask again."""
        self._unread = b""
        self._waiting.clear()
        self._polls.clear()
        self.wire.clear()


def pass_over(_status: int, _body: Json) -> None:
    """It was only curious."""
