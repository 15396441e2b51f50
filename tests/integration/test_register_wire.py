"""What a register may send, and what it is answered, on the terminal's real serial port."""

from __future__ import annotations

import re
from functools import reduce
from operator import xor

import pytest

from tests.each import each_of
from tests.integration.counter import DemoCounter
from tests.integration.netgiro import QUICK_PHONE


def with_checksum(line: str) -> str:
    return f"{line}*{reduce(xor, line.encode(), 0):02X}"


def test_ping(counter: DemoCounter) -> None:
    counter.register.ask("PING", "PONG")
    counter.register.ask("ping", "PONG")


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_every_line_end_is_understood(counter: DemoCounter, end: str) -> None:
    counter.register.send("PING", end)
    counter.register.expect("PONG")
    counter.register.ask("PING", "PONG")


def test_bytes_may_come_one_by_one_and_lines_all_at_once(counter: DemoCounter) -> None:
    for byte in b"PING\r\n":
        counter.register.send_bytes(bytes([byte]))
    counter.register.expect("PONG")
    counter.register.send_bytes(b"PING\nSTATUS\r\n\r\nPING\r")
    assert sorted(counter.register.line() for _ in range(3)) == ["PONG", "PONG", "READY"]


def test_a_checksum_is_checked_and_answered_in_kind(counter: DemoCounter, sale_id: str) -> None:
    register = counter.register
    register.ask("PING*10", r"PONG\*16")
    register.ask("PING*11", r"ERR SYNTAX .*")
    register.send(with_checksum(f"PAY 1990 ID={sale_id}"))
    assert register.line() == with_checksum(f"WAIT ID={sale_id}")
    counter.press(QUICK_PHONE + "#")
    ok, _, digits = register.line().rpartition("*")
    assert ok.startswith(f"OK 1990 ID={sale_id} REF=")
    assert with_checksum(ok).endswith(digits)


def test_status_tells_ready_busy_the_result_and_unknown(counter: DemoCounter, sale_id: str) -> None:
    register = counter.register
    register.ask("STATUS", "READY")
    register.ask(f"STATUS ID={sale_id}", "ERR UNKNOWN .*")
    counter.pay(sale_id)
    register.ask("STATUS", f"BUSY ID={sale_id}")
    register.ask(f"STATUS ID={sale_id}", f"BUSY ID={sale_id}")
    counter.press(QUICK_PHONE + "#")
    ok = counter.result(sale_id)
    register.ask("STATUS", "READY")
    register.ask(f"STATUS ID={sale_id}", re.escape(ok))


def test_one_sale_at_a_time(counter: DemoCounter, sale_id: str) -> None:
    register = counter.register
    counter.pay(sale_id)
    register.ask(f"PAY 500 ID={sale_id}-other", "ERR BUSY .*")
    register.ask(f"PAY 500 ID={sale_id}", "ERR DUPLICATE .*")
    register.ask(f"CANCEL ID={sale_id}-other", "ERR UNKNOWN .*")
    register.ask(f"PAY 1990 ID={sale_id}", f"WAIT ID={sale_id}")
    counter.wait_for_screen("1.990 kr.")
    counter.press(QUICK_PHONE + "#")
    assert counter.result(sale_id).startswith("OK 1990 ")


def test_the_same_id_again_is_the_same_sale(counter: DemoCounter, sale_id: str) -> None:
    counter.pay(sale_id)
    counter.press(QUICK_PHONE + "#")
    ok = counter.result(sale_id)
    paid = counter.netgiro.ledger()
    counter.register.ask(f"PAY 1990 ID={sale_id}", re.escape(ok))
    counter.register.ask(f"PAY 500 ID={sale_id}", "ERR DUPLICATE .*")
    counter.register.ask(f"CANCEL ID={sale_id}", re.escape(ok))
    assert counter.netgiro.ledger() == paid
    assert counter.state()["state"] == "idle"


def test_the_same_id_again_after_a_refusal_is_refused_again(counter: DemoCounter, sale_id: str) -> None:
    counter.pay(sale_id)
    counter.register.ask("CANCEL", f"WAIT ID={sale_id}")
    no = counter.result(sale_id)
    counter.register.ask(f"PAY 1990 ID={sale_id}", re.escape(no))


def test_a_sale_without_an_id_is_given_one(counter: DemoCounter) -> None:
    name = counter.register.ask("PAY 1990", r"WAIT ID=(\S+)")[1]
    counter.press(QUICK_PHONE + "#")
    assert counter.result(name).startswith(f"OK 1990 ID={name} REF=")


@each_of(
    ("line", "answer"),
    [
        ("PAY 0 ID=bad", "ERR AMOUNT .*"),
        ("PAY 500001 ID=bad", "ERR AMOUNT .*500.000.*"),
        ("PAY 99999999999999999999 ID=bad", "ERR AMOUNT .*"),
        ("PAY 19.90 ID=bad", "ERR AMOUNT .*"),
        ("PAY -5 ID=bad", "ERR AMOUNT .*"),
        ("PAY +5 ID=bad", "ERR AMOUNT .*"),
        ("PAY 1e3 ID=bad", "ERR AMOUNT .*"),
        ("PAY ID=bad", "ERR SYNTAX .*"),
        ("PAY 5 5 ID=bad", "ERR SYNTAX .*"),
        ("PAY 5 ID=", "ERR SYNTAX .*"),
        (f"PAY 5 ID={'x' * 65}", "ERR SYNTAX .*"),
        ("CANCEL ID=never", "ERR UNKNOWN .*"),
        ("CANCEL", "ERR UNKNOWN .*"),
        ("HELLO", "ERR SYNTAX .*"),
        ("PING " + "x" * 200, "ERR SYNTAX .*"),
        ("PAY 1990 ID=b\xe6\xf0", "ERR SYNTAX .*"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(counter: DemoCounter, line: str, answer: str) -> None:
    counter.register.ask(line, answer)
    assert counter.state()["state"] == "idle"


def test_unknown_keys_are_ignored(counter: DemoCounter, sale_id: str) -> None:
    counter.register.ask(f"PAY 1990 CASHIER=7 ID={sale_id} X=", f"WAIT ID={sale_id}")
    counter.register.ask("CANCEL", f"WAIT ID={sale_id}")
    assert counter.result(sale_id).startswith("NO CANCELLED ")


def test_the_limits_themselves_are_allowed(counter: DemoCounter, sale_id: str) -> None:
    for amount_kr in (1, 500_000):
        name = f"{sale_id}-{amount_kr}"
        counter.pay(name, amount_kr)
        counter.press(QUICK_PHONE + "#")
        assert counter.result(name).startswith(f"OK {amount_kr} ID={name} REF=")


def test_garbage_on_the_line_stops_nothing(counter: DemoCounter, sale_id: str) -> None:
    register = counter.register
    garbage = bytes(range(256)) * 40 + b"\xff" * 5000
    register.send_bytes(garbage + b"\n")
    register.send("PING")
    while register.line() != "PONG":
        assert register.heard[-1].startswith("ERR SYNTAX "), register.heard[-1]
    counter.pay(sale_id)
    counter.press(QUICK_PHONE + "#")
    register.send_bytes(b"\x00\x80garbage\r\n")
    while not register.line().startswith(f"OK 1990 ID={sale_id} "):
        assert register.heard[-1].startswith("ERR SYNTAX "), register.heard[-1]
