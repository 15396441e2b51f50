"""Register programs at a terminal in virtual time: the real codec and bookkeeper, one call after the other.

    shop = HttpShop()
    answer = shop.call("POST", "/v1/payments", key="a", body={"amount": 1990})
    answer.status, answer.body["id"]

The line is the simulation's, without its register: what is said here is said in JSON, line by line.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from tests.unit.register.register_shop import Shop

TILL, OTHER_TILL = "Kassi 1", "Kassi 2"


class Answered(NamedTuple):
    status: int
    body: dict[str, Any]


class HttpShop(Shop):
    """Each call is made whole; what is not answered at once may be answered later: see ``answers``."""

    def __init__(self) -> None:
        super().__init__("http")
        self.answers: dict[int, Answered] = {}
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._number = 0

    def receive(self, data: bytes) -> None:
        for line in data.splitlines():
            said = json.loads(line)
            if said["type"] == "event":
                self.events.append((said["name"], said["body"]))
            else:
                self.answers[said["number"]] = Answered(said["status"], said["body"])

    def begin(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: Any = None,
        query: dict[str, str] | None = None,
        program: str = TILL,
        wait_s: float = 0.5,
    ) -> int:
        """Make a call, and return its number."""
        self._number += 1
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        call = {"type": "call", "number": self._number, "program": program, "method": method, "path": path}
        self.say({**call, "body": text, "query": query or {}, **({"key": key} if key is not None else {})})
        self.wait(wait_s)
        return self._number

    def call(self, method: str, path: str, **more: Any) -> Answered:
        """Make a call that is answered at once."""
        return self.answers[self.begin(method, path, **more)]

    def say(self, frame: dict[str, Any]) -> None:
        self.terminal.receive_from_register(json.dumps(frame).encode() + b"\n")

    def pay(self, amount_kr: int = 1990, key: str = "a", program: str = TILL) -> Answered:
        """Ask to be paid."""
        return self.call("POST", "/v1/payments", key=key, body={"amount": amount_kr}, program=program)

    def paid(self, key: str = "a", amount_kr: int = 1990) -> str:
        """A payment that is carried out, and told; its id."""
        payment = self.pay(amount_kr, key).body["id"]
        self.identify()
        self.accept()
        self.wait(5)
        assert self.look(payment).body["outcome"] == "approved"
        return str(payment)

    def look(self, payment: str, wait: str | None = None, **more: Any) -> Answered:
        return self.call("GET", f"/v1/payments/{payment}", query={"wait": wait} if wait else None, **more)
