"""What ``status`` tells: everything an operator needs, nothing about a customer."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace

from hardware.interfaces import Jam, LineSignals, PrinterStatus
from terminal.counter.view import Conditions, View
from terminal.doctor.status import RegisterLine, TerminalStatus, Wear, read_status, status_lines, status_of
from terminal.sale.customer import CustomerKind
from terminal.sale.sale import Reason, Sale, State

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
NO_WEAR = Wear()


def sale(number: int, state: State, **more: object) -> Sale:
    return Sale(
        number=number,
        reference=f"T1-{number:06d}-ABCDEF",
        register_id=str(number),
        amount_kr=1990,
        created="2026-11-23T15:29:00.000Z",
        state=state,
        customer_kind=CustomerKind.PHONE,
        customer_label="***-**81",
        **more,  # type: ignore[arg-type]
    )


def status(view: View, wear: Wear = NO_WEAR) -> TerminalStatus:
    return status_of(
        view,
        version="1.2.3",
        terminal_id="T1",
        service="api.test.netgiro.is",
        pid=77,
        started="2026-11-21T13:20:00.000Z",
        journal_bytes=4096,
        wear=wear,
    )


def test_it_is_the_same_after_its_way_over_the_socket() -> None:
    told = status(
        View(sale=sale(7, State.CUSTOMER), attention=(sale(5, State.ATTENTION, reason=Reason.NOT_TRACEABLE),))
    )

    assert read_status(msgspec.json.decode(msgspec.json.encode(told))) == told


def test_nothing_of_the_customer_is_told_not_even_masked() -> None:
    told = msgspec.json.encode(status(View(sale=sale(7, State.CUSTOMER)))).decode()

    assert "***" not in told
    assert "phone" not in told


def test_an_idle_terminal_in_words() -> None:
    assert list(status_lines(status(View()), NOW)) == [
        "terminal   T1, version 1.2.3, process 77, up 2 d 2 h",
        "service    api.test.netgiro.is",
        "sale       none open",
        "devices    ok",
        "register   no byte for 0 min 0 s, since the start; if it was used: netgiro-terminal doctor",
        "display    lit for 0.0 h, lost 0 times since the start",
        "printer    unknown, receipts waiting: 0",
        "journal    4 KiB",
    ]


def test_troubles_and_what_waits_for_staff_in_words() -> None:
    view = View(
        sale=sale(7, State.CUSTOMER),
        attention=(sale(5, State.ATTENTION, reason=Reason.NOT_TRACEABLE),),
        conditions=Conditions(network_ok=False, register_ok=False, printer=PrinterStatus.PAPER_OUT, pending_receipts=2),
    )

    text = "\n".join(status_lines(status(view), NOW))

    assert "the last call got no answer" in text
    assert "sale       7 (T1-000007-ABCDEF): 1.990 kr., customer" in text
    assert "netgiro-terminal settle 5" in text
    assert "register in trouble" in text
    assert "paper_out, receipts waiting: 2" in text


def test_what_devices_have_been_through_is_told() -> None:
    told = status(View(), Wear(display_lit_h=311.62, display_lost=3))

    lines = list(status_lines(told, NOW))
    assert "display    lit for 311.6 h, lost 3 times since the start" in lines


def test_what_was_heard_of_the_register_is_told_and_that_nothing_was() -> None:
    heard = RegisterLine(heard_bytes=4200, silent_s=185)
    lines = list(status_lines(status(View(), Wear(damaged_bytes=17, register=heard)), NOW))
    assert "register   4200 bytes since the start, 17 of them damaged, the last 3 min 5 s ago" in lines
    silent = status_lines(status(View(), Wear(register=RegisterLine(silent_s=7300))), NOW)
    assert "register   no byte for 2 h 1 min, since the start; if it was used: netgiro-terminal doctor" in silent


def test_the_lines_beside_the_registers_bytes_get_over_the_socket() -> None:
    signals = LineSignals(cts=True, dsr=False, dcd=True, breaks=2)
    told = status(View(), Wear(register=RegisterLine(heard_bytes=1, signals=signals)))
    assert read_status(msgspec.json.decode(msgspec.json.encode(told))) == told


def test_a_stuck_key_is_named() -> None:
    told = status(View(conditions=Conditions(jam=Jam(stuck="5", together="12"))))

    assert "keypad     stuck: 5" in status_lines(told, NOW)


def test_keys_that_are_held_together_are_nobodys_business() -> None:
    held = View(conditions=Conditions(jam=Jam(together="12")))

    assert list(status_lines(status(held), NOW)) == list(status_lines(status(View()), NOW))


def test_threads_that_read_a_status_first_at_the_same_moment_crash_nothing() -> None:
    """A process of its own: the class must never have been converted to before."""
    program = """
import sys, threading
from terminal.doctor.status import read_status
sale = dict(number=1, reference="T1-1", amount_kr=1, state="entry", created="", outcome=None, reason=None)
told = dict(version="1", terminal_id="T1", service="", pid=1, started="", state="idle", sale=sale, attention=[sale])
sys.setswitchinterval(0.000_01)
at_once, read = threading.Barrier(8), []
threads = [threading.Thread(target=lambda: (at_once.wait(), read.append(read_status(told)))) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(read))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["8"]), done.stderr


@pytest.mark.parametrize(("finds", "words"), [(None, []), (True, ["offered by"]), (False, ["not offered by"])])
def test_whether_netgiro_finds_by_reference_is_told_once_it_is_known(finds: bool | None, words: list[str]) -> None:
    lines = list(status_lines(replace(status(View()), finds_by_reference=finds), NOW))
    told = [line for line in lines if line.startswith("look-up")]
    assert [word in line for line, word in zip(told, words, strict=True)] == [True] * len(words)
