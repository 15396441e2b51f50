"""What a customer types, and the secret key, are nowhere on this machine after the sale: not in any byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.counter import ShopCounter
from tests.integration.netgiro import (
    PATIENT_KENNITALA,
    PATIENT_PHONE,
    POOR_PHONE,
    SECRET_KEY,
    UNKNOWN_PHONE,
    NetgiroProcess,
)
from tests.integration.process import run_command


def found(needle: str, data: bytes) -> bool:
    """Whether it is there as a word of its own; four digits inside a longer number or a GUID are somebody else's."""
    return re.search(rb"(?<![0-9a-fA-F.-])" + re.escape(needle.encode()) + rb"(?![0-9a-fA-F-])", data) is not None


class Traces:
    """Everything a day leaves behind, and what must not be in it."""

    def __init__(self, counter: ShopCounter) -> None:
        self.counter = counter
        self.typed: dict[str, str] = {}
        self.left: dict[str, bytes] = {}

    def sell(self, name: str, what: str, identifier: str) -> None:
        self.typed[what] = identifier
        self.counter.pay(name, 77_123)
        self.counter.press(identifier + "#")

    def collect(self) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of every file, and what the commands say."""
        for path in sorted(self.counter.folder.rglob("*")):
            if path.is_file() and path != self.counter.cable.port:
                yield path.name, path.read_bytes()
        for words in (["journal", "list", "--json"], ["journal", "show", "1"], ["show-config"]):
            done = run_command(*words, "--config", str(self.counter.config_path), env=self.counter.env)
            assert done.returncode == 0, done.stderr
            yield " ".join(words), (done.stdout + done.stderr).encode()


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory, netgiro: NetgiroProcess) -> Traces:
    """A day with every kind of identifier, paid, declined, lost and interrupted, logged in every detail."""
    folder: Path = tmp_path_factory.mktemp("privacy")
    netgiro.spoil()
    with ShopCounter(folder, netgiro, {"log": {"level": "debug"}}) as counter:
        traces = Traces(counter)
        traces.sell("p1", "phone", PATIENT_PHONE)
        counter.accept()
        counter.result("p1")

        traces.sell("p2", "kennitala", PATIENT_KENNITALA)
        counter.wait_for("code_entry")
        traces.typed["SMS code"] = counter.cart()["SmsCode"]
        counter.press(traces.typed["SMS code"] + "#")
        counter.result("p2")

        traces.sell("p3", "app code", netgiro.app_code())
        counter.result("p3")
        traces.sell("p4", "phone without credit", POOR_PHONE)
        counter.result("p4")
        traces.sell("p5", "unknown phone", UNKNOWN_PHONE)
        counter.result("p5")

        for number, fault in enumerate(["lost_after", "http_500_after", "garbage", "truncated", "nonce_refused"]):
            netgiro.spoil({"fault": fault, "call": "InsertCart"})
            traces.sell(f"f{number}", "phone", PATIENT_PHONE)
            counter.result(f"f{number}")

        netgiro.spoil({"fault": "slow", "call": "InsertCart", "seconds": 60})
        traces.sell("cut", "phone", PATIENT_PHONE)
        counter.wait_for("authorization")
        counter.kill()
        netgiro.spoil()
        counter.start()
        counter.result("cut")
        counter.wait_for("idle")
        counter.stop()
        traces.left.update(traces.collect())
    return traces


def test_nothing_that_was_typed_is_left_anywhere(traces: Traces) -> None:
    for name, data in traces.left.items():
        for what, secret in traces.typed.items():
            assert not found(secret, data), f"the {what} is in {name}"
            if len(secret) > 4:
                assert secret.encode() not in data, f"the {what} is in {name}"


def test_the_secret_key_is_left_nowhere(traces: Traces) -> None:
    for name, data in traces.left.items():
        for part in (SECRET_KEY[:24], SECRET_KEY[-24:]):
            assert part.encode() not in data, f"the secret key is in {name}"


def test_the_search_itself_finds_what_is_there(traces: Traces) -> None:
    everything = traces.left
    assert found("77123", everything["journal.db"] + everything.get("journal.db-wal", b""))
    assert found("p1", everything["journal list --json"])
    assert b"77.123 kr." in everything["paper.bin"]
    assert b"sale 1" in everything["terminal.log"]
