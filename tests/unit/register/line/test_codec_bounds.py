"""The line protocol's bounds to the number, and which line is answered in which style."""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter.register_words import RegisterReply, SaleAccepted, TerminalBusy, TerminalReady
from terminal.register.line import codec as line_module
from terminal.register.line.codec import LineProtocol
from tests.each import each_of
from tests.unit.register.line.line_bench import result, with_checksum


def has_checksum(protocol: LineProtocol, reply: RegisterReply, now_s: float = 0.0) -> bool:
    protocol.send(reply, now_s)
    return b"*" in protocol.data_to_send()


def test_the_bounds_are_these() -> None:
    """64 ids are more than a day's open ones; 48 complaints are a second of wire at 9600 baud, and 4 a tenth of it."""
    bounds = (line_module.MOST_REMEMBERED_IDS, line_module.COMPLAINTS_AT_ONCE, line_module.COMPLAINTS_PER_S)
    assert bounds == (64, 48, 4.0)


@each_of(("others", "is_known"), [(63, True), (64, False)])
def test_how_an_id_was_written_is_remembered_for_so_many_ids(others: int, is_known: bool) -> None:
    protocol = LineProtocol(0)
    protocol.receive_data(with_checksum("STATUS ID=R"), 0.0)
    for number in range(others):
        protocol.receive_data(f"STATUS ID={number}\n".encode(), 0.0)
    assert has_checksum(protocol, result(register_id="R")) is is_known


def test_an_id_that_is_asked_for_again_is_remembered_anew() -> None:
    protocol = LineProtocol(0)
    for line in ("STATUS ID=R", *(f"STATUS ID={number}" for number in range(63)), "STATUS ID=R", "STATUS ID=63"):
        protocol.receive_data(with_checksum(line), 0.0)
    assert has_checksum(protocol, result(register_id="R"))
    assert not has_checksum(protocol, result(register_id="0"))


@each_of("line", ["STATUS ID=42", "CANCEL ID=42", "PAY 1990 ID=42"])
def test_an_id_keeps_its_style_while_another_sale_is_open(line: str) -> None:
    protocol = LineProtocol(0)
    protocol.receive_data(b"PAY 500 ID=7\n", 0.0)
    protocol.send(SaleAccepted("7"), 0.0)
    protocol.receive_data(with_checksum(line), 1.0)
    protocol.data_to_send()
    assert has_checksum(protocol, result(register_id="42"))
    assert not has_checksum(protocol, result(register_id="7"))


@each_of("line", ["TOTALS", "TOTALS ID=9"])
def test_a_question_about_no_sale_leaves_its_style_for_the_next_answer(line: str) -> None:
    protocol = LineProtocol(0)
    protocol.receive_data(b"STATUS\n", 0.0)
    protocol.receive_data(with_checksum(line), 0.0)
    assert has_checksum(protocol, TerminalReady())


@each_of("reply", [SaleAccepted("42"), TerminalBusy("42")])
def test_a_known_id_is_answered_in_its_own_style_whatever_came_last(reply: RegisterReply) -> None:
    protocol = LineProtocol(0)
    protocol.receive_data(with_checksum("PAY 1990 ID=42"), 0.0)
    protocol.receive_data(b"STATUS ID=43\n", 0.0)
    assert has_checksum(protocol, reply)


# --- overdue ----------------------------------------------------------------------------------------------------------


def test_a_question_that_is_overdue_holds_up_nothing_that_is_heard_or_said_after_it() -> None:
    heard, said = LineProtocol(0), LineProtocol(0)
    heard.receive_data(b"STATUS\n", 0.0)
    heard.receive_data(b"PING\n", 10.0)
    assert heard.data_to_send() == b"PONG\n"
    said.receive_data(b"STATUS\n", 0.0)
    (second,) = said.receive_data(b"STATUS ID=42\n", 5.0)
    said.send(result(), 10.0, second)
    assert said.data_to_send().startswith(b"OK 1990 ID=42")


def test_the_terminal_is_woken_for_whatever_comes_first() -> None:
    protocol = LineProtocol(0)
    protocol.send(SaleAccepted("42"), 5.0)
    protocol.data_to_send()
    protocol.receive_data(b"STATUS\nPING\n", 0.0)
    assert protocol.next_wakeup_s == 10.0
    assert protocol.wake(10.0) == ()
    assert protocol.next_wakeup_s == 15.0


def test_a_result_that_was_asked_for_is_told_however_old_it_is() -> None:
    protocol = LineProtocol(0)
    (status,) = protocol.receive_data(b"STATUS ID=42\n", 0.0)
    protocol.send(replace(result(), named_for_s=0.0), 1.0, status)
    assert protocol.data_to_send().startswith(b"OK 1990 ID=42")


# --- a line that was not cut off --------------------------------------------------------------------------------------


@each_of("breaks", [1, 2, 3])
@each_of("was_told", [False, True], ids=["nothing was on its way", "all had left"])
def test_no_line_is_ended_that_was_not_begun(was_told: bool, breaks: int) -> None:
    protocol = LineProtocol(0)
    if was_told:
        protocol.receive_data(b"PING\n", 0.0)
        assert protocol.data_to_send() == b"PONG\n"
        protocol.data_sent()
    for _ in range(breaks):
        protocol.connection_lost()
    protocol.data_to_send()
    protocol.receive_data(b"PING\n", 1.0)
    assert protocol.data_to_send() == b"PONG\n"
