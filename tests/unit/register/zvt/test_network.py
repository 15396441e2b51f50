"""ZVT over TCP: APDUs found in any stream, ours kept apart, and a session that ends with its connection."""

from __future__ import annotations

import random

import pytest

from terminal.counter.register_words import (
    CancelRequest,
    LastResultRequest,
    RefusalCode,
    RequestRefused,
    ResultDelivered,
    ResultRefusal,
    SaleAccepted,
    SaleRequest,
    TerminalBusy,
)
from terminal.register.zvt.codec import ZvtProtocol
from terminal.register.zvt.network import BETWEEN_APDUS_S, HALF_APDU_S, LONGEST_APDU, NetworkLink
from terminal.register.zvt.transport import Fate, FrameReceived
from terminal.simulation.registers.zvt_frames import payment, registration, repeat_receipt
from tests.each import each_of
from tests.unit.register.zvt.zvt_bench import NAME, result

GOOD = bytes.fromhex("800000")
STATUS = bytes.fromhex("05010312345603")[:6]
LONG_DATA = bytes(range(256)) + b"\x00" * 44
LONG = b"\x06\xe0\xff" + len(LONG_DATA).to_bytes(2, "little") + LONG_DATA
SWAPPED = b"\x06\xe0\xff" + len(LONG_DATA).to_bytes(2, "big") + LONG_DATA


def heard(data: bytes, sizes: list[int]) -> list[bytes]:
    link, found, at = NetworkLink(), [], 0
    for size in sizes:
        found += link.receive(data[at : at + size], 0.0)
        at += size
    found += link.receive(data[at:], 0.0)
    assert all(isinstance(event, FrameReceived) for event in found)
    return [event.apdu for event in found if isinstance(event, FrameReceived)]


# --- the stream -------------------------------------------------------------------------------------------------------


@each_of("apdu", [payment(1990), payment(1000), STATUS, GOOD, LONG, SWAPPED, b"\x06\xe0\x00"])
@each_of("size", [1, 2, 3, 5, 1024])
def test_an_apdu_is_found_however_it_is_cut(apdu: bytes, size: int) -> None:
    assert heard(apdu * 3, [size] * (3 * len(apdu) // size)) == [apdu] * 3


@pytest.mark.parametrize("width", [2, 4])
def test_a_length_before_each_apdu_is_seen_and_answered_in_kind(width: int) -> None:
    apdu = payment(1990)
    link = NetworkLink()
    assert link.receive(len(apdu).to_bytes(width, "big") + apdu, 0.0) == [FrameReceived(apdu)]
    link.send(GOOD, 0.0)
    assert link.data_to_send() == len(GOOD).to_bytes(width, "big") + GOOD


def test_noise_costs_no_more_than_what_came_with_it() -> None:
    link = NetworkLink()
    assert link.receive(b"GET / HTTP/1.1\r\n\r\n", 0.0) == []
    assert link.receive(payment(1990), 1.0) == [FrameReceived(payment(1990))]


def test_half_an_apdu_is_forgotten() -> None:
    link = NetworkLink()
    link.receive(payment(1990)[:5], 0.0)
    assert link.next_wakeup_s == HALF_APDU_S
    link.wake(HALF_APDU_S)
    assert link.next_wakeup_s is None
    assert link.receive(GOOD, HALF_APDU_S) == [FrameReceived(GOOD)]


def test_any_bytes_in_any_pieces_never_raise_and_never_grow() -> None:
    chance = random.Random(1)
    link = NetworkLink()
    for number in range(3000):
        link.receive(chance.randbytes(chance.randrange(300)), number * 0.01)
        link.wake(number * 0.01)
        assert len(link._received) <= 2 * LONGEST_APDU


def test_an_endless_apdu_is_bounded() -> None:
    link = NetworkLink()
    for _ in range(100):
        link.receive(b"\x06\x01\xff\xff\xff" + b"x" * 60_000, 0.0)
    assert len(link._received) <= LONGEST_APDU


def test_two_apdus_of_ours_are_never_glued() -> None:
    link = NetworkLink()
    link.send(GOOD, 0.0)
    assert link.data_to_send() == GOOD
    assert link.wake(0.0) == [Fate.TAKEN]
    link.send(b"\x06\x0f\x00", 0.0)
    assert link.data_to_send() == b""
    assert link.next_wakeup_s == BETWEEN_APDUS_S
    link.wake(BETWEEN_APDUS_S)
    assert link.data_to_send() == b"\x06\x0f\x00"


# --- the session ------------------------------------------------------------------------------------------------------


class Line:
    """A protocol over the network and the bytes that leave; what comes in is whole APDUs."""

    def __init__(self) -> None:
        self.protocol = ZvtProtocol(0, terminal_id="T12", over_network=True)
        self.now_s = 100.0
        self.requests: list[object] = []

    def say(self, apdu: bytes) -> bytes:
        self.requests += self.protocol.receive_data(apdu, self.now_s)
        return self.hear()

    def hear(self) -> bytes:
        """What leaves within a second."""
        said, end_s = self.protocol.data_to_send(), self.now_s + 1
        while (due_s := self.protocol.next_wakeup_s) is not None and due_s <= end_s:
            self.now_s = max(self.now_s, due_s)
            self.requests += self.protocol.wake(self.now_s)
            said += self.protocol.data_to_send()
        self.now_s = end_s
        return said

    def tell(self, reply: object, to: object = None) -> bytes:
        self.protocol.send(reply, self.now_s, to)  # type: ignore[arg-type]
        return self.hear()

    def reconnect(self) -> None:
        self.requests += self.protocol.connection_lost()
        self.now_s += 1

    def pay(self) -> None:
        self.say(payment(1990))
        assert self.tell(SaleAccepted(NAME), self.requests[-1]) == GOOD
        self.requests.clear()


def test_a_payment_from_the_first_byte_to_the_last() -> None:
    line = Line()
    line.pay()
    told = line.tell(result())
    assert told[:2] == b"\x04\x0f"
    assert line.say(GOOD) == b"\x06\x0f\x00"
    assert line.requests == [ResultDelivered(NAME)]
    assert line.say(GOOD) == b""


def test_a_lost_connection_does_not_end_the_sale_and_repeat_receipt_tells_it() -> None:
    line = Line()
    line.pay()
    line.reconnect()
    assert line.requests == []
    assert line.say(repeat_receipt()) == b""
    assert line.tell(TerminalBusy(NAME), line.requests[-1]) == bytes.fromhex("849c00")
    assert line.tell(result()) == b"", "nothing is pushed into a session that is none"
    line.requests.clear()
    line.say(repeat_receipt())
    assert line.requests == [LastResultRequest()]
    told = line.tell(result(), line.requests[-1])
    assert told[:5] == GOOD + b"\x04\x0f"
    line.say(GOOD)
    assert ResultDelivered(NAME) in line.requests


def test_a_result_whose_answer_the_connection_swallowed_is_told_to_who_asks_again() -> None:
    line = Line()
    line.pay()
    line.tell(result())
    line.reconnect()
    line.say(repeat_receipt())
    line.tell(result(), line.requests[-1])
    line.say(GOOD)
    line.say(GOOD)
    assert line.requests == [LastResultRequest(), ResultDelivered(NAME)]


def test_registering_on_every_connection_cancels_nothing() -> None:
    line = Line()
    line.pay()
    line.reconnect()
    assert line.say(registration(0x80))[:3] == GOOD
    assert line.requests == []


def test_an_abort_on_the_next_connection_calls_the_sale_off() -> None:
    line = Line()
    line.pay()
    line.reconnect()
    assert line.say(bytes.fromhex("06b000")) == GOOD
    assert line.requests == [CancelRequest(NAME)]


@pytest.mark.parametrize(("name", "requests"), [(NAME, []), ("T1-000008-FFFFFF", [CancelRequest(NAME)])])
def test_an_abort_calls_nothing_off_that_has_ended_meanwhile(name: str, requests: list[CancelRequest]) -> None:
    line = Line()
    line.pay()
    line.reconnect()
    line.tell(result(name=name))
    assert line.say(bytes.fromhex("06b000")) == GOOD
    assert line.requests == requests


def test_another_payment_meanwhile_must_wait() -> None:
    line = Line()
    line.pay()
    line.reconnect()
    line.say(payment(1990))
    assert line.tell(RequestRefused(None, RefusalCode.BUSY), line.requests[-1]) == bytes.fromhex("849c00")
    assert line.tell(result()) == b""


def test_a_payment_that_was_never_said_to_be_accepted_is_called_off() -> None:
    """Its register does not know that there is one."""
    line = Line()
    line.say(payment(1990))
    (asked,) = line.requests
    assert isinstance(asked, SaleRequest)
    line.reconnect()
    line.tell(SaleAccepted(NAME), asked)
    assert line.requests[1:] == [CancelRequest(NAME)]


def test_what_nobody_asks_for_is_rejected_in_the_end() -> None:
    line = Line()
    line.pay()
    line.reconnect()
    line.tell(result())
    line.now_s += 200
    line.hear()
    assert line.requests == [ResultRefusal(NAME)]


# --- answers that come late -------------------------------------------------------------------------------------------

REFUSES = bytes.fromhex("846600")


def paying_on_a_slow_network(meanwhile: bytes = b"") -> Line:
    """The answer to a progress is still on its way when the result is told. ``meanwhile`` comes before that."""
    line = Line()
    line.say(registration(0x08))
    line.say(GOOD)
    line.say(payment(1990))
    assert line.tell(SaleAccepted(NAME), line.requests[-1])[3:5] == b"\x04\xff"
    for _ in range(8):
        line.hear()
    line.say(meanwhile)
    line.hear()
    assert line.tell(result())[:2] == b"\x04\x0f"
    line.requests.clear()
    return line


def test_a_late_answer_to_a_progress_is_not_the_registers_yes_to_the_result() -> None:
    line = paying_on_a_slow_network()
    assert line.say(GOOD) == b""
    assert line.requests == [], "nothing is taken yet"
    assert line.say(REFUSES)[:5].hex() == "040f0c276c"
    assert line.requests == [ResultRefusal(NAME, said_so=True)]


def test_the_answer_to_the_result_comes_after_the_one_that_was_late() -> None:
    line = paying_on_a_slow_network()
    assert line.say(GOOD + GOOD) == b"\x06\x0f\x00"
    assert line.requests == [ResultDelivered(NAME)]


def test_a_late_yes_to_a_result_is_not_taken_for_the_answer_to_what_followed_it() -> None:
    line = Line()
    line.pay()
    line.tell(result())
    while not (told := line.hear()):
        pass
    assert told[:5].hex() == "040f0c276c"
    assert line.say(GOOD) == b"", "that was to the payment, which is taken back by now"
    assert line.say(GOOD)[:2] == b"\x06\x1e"
    assert line.requests == [ResultRefusal(NAME)]


def test_a_command_of_the_register_ends_what_it_owes() -> None:
    line = paying_on_a_slow_network(meanwhile=STATUS)
    assert line.say(GOOD)[:2] == b"\x06\x0f"
    assert line.requests == [ResultDelivered(NAME)]


def test_a_command_that_crosses_a_result_can_have_left_before_what_is_owed() -> None:
    line = paying_on_a_slow_network()
    line.say(STATUS)
    assert line.say(GOOD) == b"", "that was to the progress"
    assert line.requests == []
    assert line.say(GOOD)[:2] == b"\x06\x0f"
    assert line.requests == [ResultDelivered(NAME)]


def test_a_new_connection_owes_nothing() -> None:
    line = paying_on_a_slow_network()
    line.reconnect()
    line.say(repeat_receipt())
    line.tell(result(), line.requests[-1])
    line.say(GOOD)
    assert line.requests[-1] == ResultDelivered(NAME)
