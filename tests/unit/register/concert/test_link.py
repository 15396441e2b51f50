"""Concert's line by itself: its times to the tenth of a second, whose turn it is, and what stays bounded."""

from __future__ import annotations

from terminal.register.concert import format as cf
from terminal.register.concert import transport
from terminal.register.concert.transport import (
    CALL_TIMEOUT_S,
    LISTEN_TIMEOUT_S,
    MOST_UNSENT_BYTES,
    MOST_WAITING,
    PAUSE_S,
    TELL_TIMEOUT_S,
    AnswerEnded,
    ConcertLink,
    MessageTaken,
)
from tests.each import each_of
from tests.unit.register.concert.concert_bench import ACK, ENQ, EOT, NAK, ask


def answer(register_id: str | None = "T1-1", expires_s: float = 1e9) -> cf.Answer:
    return cf.Answer(cf.parse_request(ask()[1:-2]), cf.ACCEPTED, register_id, expires_s=expires_s)


def called(now_s: float = 0.0) -> ConcertLink:
    """The register has called, and the terminal listens."""
    link = ConcertLink()
    assert list(link.receive(ENQ, now_s)) == []
    assert link.data_to_send() == ACK
    return link


def telling(expires_s: float = 1e9) -> ConcertLink:
    """An answer is out."""
    link = ConcertLink()
    link.tell(answer(expires_s=expires_s))
    assert list(link.wake(0.0)) == []
    assert link.data_to_send() == ENQ
    assert list(link.receive(ACK, 0.0)) == []
    assert link.data_to_send() == answer().frame
    link.data_sent()
    return link


def test_the_times_and_bounds_are_these() -> None:
    assert (CALL_TIMEOUT_S, TELL_TIMEOUT_S, LISTEN_TIMEOUT_S, PAUSE_S) == (1.0, 3.0, 2.0, 0.3)
    assert (MOST_WAITING, MOST_UNSENT_BYTES, transport.TRIES) == (8, 256, 3)


# --- the register speaks ----------------------------------------------------------------------------------------------


@each_of(("pause_s", "is_whole"), [(1.9, True), (LISTEN_TIMEOUT_S, True), (2.1, False)])
def test_half_a_frame_is_kept_as_long_as_the_terminal_listens(pause_s: float, is_whole: bool) -> None:
    link, frame = called(100.0), ask()
    assert list(link.receive(frame[:20], 100.0)) == []
    heard = list(link.receive(frame[20:], 100.0 + pause_s))
    assert bool(heard) is is_whole


def test_every_byte_prolongs_the_time_in_which_the_terminal_listens() -> None:
    link, frame = called(0.0), ask()
    for at, byte in enumerate(frame[:10]):
        assert link.next_wakeup_s == (LISTEN_TIMEOUT_S + max(0, at - 1) * 1.5 if at else LISTEN_TIMEOUT_S)
        assert list(link.receive(bytes([byte]), at * 1.5)) == []
    assert list(link.receive(b"", 14.0)) == []
    assert link.next_wakeup_s == 9 * 1.5 + LISTEN_TIMEOUT_S, "nothing was heard"
    (taken,) = link.receive(frame[10:], 15.0)
    assert isinstance(taken, MessageTaken)
    assert link.next_wakeup_s == 15.0 + LISTEN_TIMEOUT_S
    (request,) = link.receive(EOT, 16.9)
    assert request == taken.request
    assert link.next_wakeup_s is None


def test_when_nothing_more_comes_half_a_frame_is_asked_for_again_and_forgotten() -> None:
    link = called(0.0)
    assert list(link.receive(ask()[:20], 1.0)) == []
    assert list(link.wake(2.9)) == []
    assert link.data_to_send() == b""
    assert list(link.wake(3.0)) == []
    assert link.data_to_send() == NAK
    (taken,) = link.receive(ENQ + ask(), 3.6)
    assert taken == MessageTaken(cf.parse_request(ask()[1:-2]))


def test_a_message_without_its_end_begins_nothing() -> None:
    link = called(0.0)
    assert len(list(link.receive(ask(), 0.0))) == 1
    assert link.data_to_send() == ACK
    assert list(link.wake(LISTEN_TIMEOUT_S)) == []
    assert link.data_to_send() == b"", "no half frame is asked for again"
    assert list(link.receive(EOT, 3.0)) == []


def test_a_message_that_is_no_request_leaves_the_terminal_listening() -> None:
    link = called(0.0)
    assert list(link.receive(cf.frame(b"nonsense"), 0.0)) == []
    assert link.data_to_send() == NAK
    assert list(link.receive(EOT, 0.1)) == []
    assert list(link.receive(ENQ + ask() + EOT, 0.2))[-1] == cf.parse_request(ask()[1:-2])


def test_a_frame_without_its_checksum_does_not_take_the_next_call_for_it() -> None:
    link = called(0.0)
    assert list(link.receive(ask()[:-1], 1.5)) == []
    assert list(link.wake(3.5)) == []
    assert link.data_to_send() == NAK
    assert list(link.receive(ENQ, 3.5)) == []
    assert link.data_to_send() == ACK
    assert list(link.receive(ask()[:-1], 3.6)) == []
    link.connection_lost()
    assert list(link.receive(ENQ, 3.7)) == []
    assert link.data_to_send() == ACK


# --- the terminal speaks ----------------------------------------------------------------------------------------------


def test_only_what_is_no_sales_is_dropped_if_too_many_wait() -> None:
    link = ConcertLink()
    for _ in range(MOST_WAITING):
        link.tell(answer(None))
    link.tell(answer(None))
    assert len(link.answers) == MOST_WAITING
    link.tell(answer("T1-1"))
    assert len(link.answers) == MOST_WAITING + 1
    assert link.answers[-1].register_id == "T1-1"


def test_after_a_conversation_comes_a_pause() -> None:
    link = telling()
    link.tell(answer("T1-2"))
    (ended,) = link.receive(ACK, 5.0)
    assert ended == AnswerEnded(answer(), taken=True)
    assert link.data_to_send() == EOT
    assert link.next_wakeup_s == 5.0 + PAUSE_S
    assert list(link.wake(5.2)) == []
    assert link.data_to_send() == b""
    assert list(link.wake(5.3)) == []
    assert link.data_to_send() == ENQ
    assert link.next_wakeup_s == 5.3 + CALL_TIMEOUT_S


def test_an_answer_is_out_for_three_seconds() -> None:
    link = telling()
    assert link.next_wakeup_s == TELL_TIMEOUT_S
    assert list(link.wake(TELL_TIMEOUT_S)) == []
    assert link.data_to_send() == answer().frame


def test_a_call_that_was_heard_of_no_answer_ends_without_a_word() -> None:
    link = ConcertLink()
    link.tell(answer(expires_s=1.0))
    (ended,) = link.wake(1.1)
    assert ended == AnswerEnded(answer(expires_s=1.0), taken=False)
    assert link.data_to_send() == b""


def test_a_call_that_the_register_took_too_late_ends_with_a_word() -> None:
    link = ConcertLink()
    link.tell(answer(expires_s=0.5))
    assert list(link.wake(0.0)) == []
    assert link.data_to_send() == ENQ
    (ended,) = link.receive(ACK, 0.6)
    assert ended == AnswerEnded(answer(expires_s=0.5), taken=False)
    assert link.data_to_send() == EOT


def test_an_acknowledgement_before_the_answer_has_left_is_not_for_it() -> None:
    link = ConcertLink()
    link.tell(answer())
    assert list(link.wake(0.0)) == []
    assert list(link.receive(ACK + ACK, 0.0)) == []
    link.data_to_send()
    link.data_sent()
    assert len(list(link.receive(ACK, 0.1))) == 1


def test_a_register_that_calls_in_the_middle_is_heard_the_second_time() -> None:
    link = telling()
    assert list(link.receive(ENQ, 0.1)) == []
    assert link.data_to_send() == NAK
    assert list(link.receive(ENQ, 0.2)) == []
    assert link.data_to_send() == ACK


# --- bounds and a broken line -----------------------------------------------------------------------------------------


def test_a_register_that_reads_nothing_is_told_so_many_characters() -> None:
    link = ConcertLink()
    for _ in range(MOST_UNSENT_BYTES + 50):
        assert list(link.receive(ENQ, 0.0)) == []
    assert link.data_to_send() == ACK * MOST_UNSENT_BYTES


def test_a_line_that_broke_forgets_half_a_frame_and_what_was_not_sent() -> None:
    link = called(0.0)
    assert list(link.receive(ask()[:20] + ENQ, 0.0)) == []
    link.connection_lost()
    assert link.data_to_send() == b""
    assert list(link.receive(ENQ, 0.5)) == []
    assert link.data_to_send() == ACK
    assert len(list(link.receive(ask(), 0.5))) == 1


def test_a_line_that_broke_under_an_answer_tells_it_from_the_beginning() -> None:
    link = telling()
    link.connection_lost()
    assert list(link.receive(ACK, 1.0)) == [], "what comes now is for no answer"
    due_s = link.next_wakeup_s
    assert due_s is not None
    assert list(link.wake(max(1.0, due_s))) == []
    assert link.data_to_send() == ENQ
