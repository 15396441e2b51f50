"""What harms nobody: calls without an answer, without an end, too many, and lost lines."""

from __future__ import annotations

from terminal.counter import register_words as reg
from terminal.register.http.codec import LONGEST_CALL, HttpProtocol
from terminal.register.http.desk import ANSWER_S, MOST_CALLS, Wording
from terminal.register.http.frames import Call, line_of
from terminal.register.http.outbox import MOST_EVENTS
from terminal.sale.sale import State
from tests.unit.register.http.codec_bench import answers_in, ask
from tests.unit.register.http.http_bench import TILL, HttpShop

# --- what harms nobody ------------------------------------------------------------------------------------------------


def test_a_question_that_the_terminal_does_not_answer_is_given_up() -> None:
    protocol = HttpProtocol()
    assert ask(protocol) == [reg.ConditionRequest()]
    assert protocol.next_wakeup_s == ANSWER_S
    protocol.wake(ANSWER_S)
    (answer,) = answers_in(protocol.data_to_send())
    assert answer["status"] == 503
    assert protocol.next_wakeup_s is None


def test_a_late_reply_answers_no_other_call() -> None:
    protocol = HttpProtocol()
    (late,) = ask(protocol, number=1)
    protocol.wake(ANSWER_S)
    protocol.data_to_send()
    ask(protocol, number=2)
    protocol.send(reg.TerminalCondition(), 0.0, late)
    assert protocol.data_to_send() == b""


def test_too_many_calls_are_turned_away() -> None:
    protocol = HttpProtocol()
    for number in range(MOST_CALLS):
        assert ask(protocol, number=number)
    assert ask(protocol, number=MOST_CALLS) == []
    assert answers_in(protocol.data_to_send())[0]["status"] == 429


def test_who_hangs_up_leaves_room_for_others() -> None:
    shop = HttpShop()
    payment = shop.pay().body["id"]
    for _ in range(3 * MOST_CALLS):
        waiting = shop.begin("GET", f"/v1/payments/{payment}", query={"wait": "60"}, wait_s=0.01)
        shop.say({"type": "gone", "number": waiting})
    assert shop.look(payment).status == 200


def test_events_that_nobody_takes_are_bounded() -> None:
    protocol = HttpProtocol()
    for count in range(3 * MOST_EVENTS):
        protocol.hear(reg.TerminalCondition(pending_receipts=count), 0.0)
    events = answers_in(protocol.data_to_send())
    assert len(events) == MOST_EVENTS
    assert events[-1]["body"]["pending_receipts"] == 3 * MOST_EVENTS - 1


def test_half_a_call_is_forgotten_with_its_line() -> None:
    protocol = HttpProtocol()
    whole = line_of(Call(number=1, program=TILL, method="GET", path="/v1/status"))
    protocol.receive_data(whole[:20], 0.0)
    protocol.connection_lost()
    assert ask(protocol) == [reg.ConditionRequest()]


def test_a_line_without_an_end_is_bounded() -> None:
    protocol = HttpProtocol()
    for _ in range(100):
        protocol.receive_data(b"x" * LONGEST_CALL, 0.0)
    protocol.receive_data(b"\n", 0.0)
    assert ask(protocol) == [reg.ConditionRequest()]


def test_a_lost_line_keeps_what_was_not_told() -> None:
    shop = HttpShop()
    payment = shop.pay().body["id"]
    waiting = shop.begin("GET", f"/v1/payments/{payment}", query={"wait": "60"})
    shop.cable.is_plugged = False
    shop.terminal.line_changed()
    shop.press("*")
    shop.cable.is_plugged = True
    shop.terminal.line_changed()
    assert waiting not in shop.answers
    assert shop.sale.state is State.REPORT
    assert shop.look(payment).body["outcome"] == "cancelled"
    assert shop.sale.state is State.CLOSED


def test_how_the_terminal_is_is_known_for_a_second_and_not_longer() -> None:
    protocol = HttpProtocol()
    protocol.hear(reg.TerminalCondition(), 0.0)
    assert ask(protocol, number=1, now_s=0.9) == []
    assert ask(protocol, number=2, now_s=1.1) == [reg.ConditionRequest()], "a terminal that hangs says nothing any more"
    said = answers_in(protocol.data_to_send())
    assert [one["number"] for one in said if one["type"] == "answer"] == [1]


def test_the_newest_word_about_the_terminal_is_answered() -> None:
    protocol = HttpProtocol()
    for busy in (False, True):
        protocol.hear(reg.TerminalCondition(busy=busy), 0.0)
        ask(protocol, now_s=0.1)
    said = answers_in(protocol.data_to_send())
    assert [one["body"]["busy"] for one in said if one["type"] == "answer"] == [False, True]


def test_a_word_that_is_repeated_is_looked_at_anew_each_second() -> None:
    """The certificate is made after the first one."""
    sha256 = ""
    protocol = HttpProtocol(Wording(certificate=lambda: sha256))
    protocol.hear(reg.TerminalCondition(), 0.0)
    sha256 = "ab"
    for tenths in range(1, 12):
        protocol.hear(reg.TerminalCondition(), tenths / 10)
    ask(protocol, now_s=1.1)
    said = answers_in(protocol.data_to_send())
    assert [one["body"]["certificate_sha256"] for one in said] == [None, "ab"], "one event, one answer"


def test_a_line_that_was_lost_leaves_no_word_about_the_terminal() -> None:
    protocol = HttpProtocol()
    protocol.hear(reg.TerminalCondition(), 0.0)
    protocol.connection_lost()
    assert ask(protocol, now_s=0.1) == [reg.ConditionRequest()]
