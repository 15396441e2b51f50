"""What waits for the wire: in order, kept over a broken line where it must be, and never more than so much."""

from __future__ import annotations

from terminal.counter.register_words import ResultRequest
from terminal.register.line.answers import MOST_OPEN_RESULTS, MOST_QUESTIONS, MOST_QUEUED_BYTES, Answers


def test_a_question_keeps_the_place_of_its_answer() -> None:
    answers, question = Answers(), ResultRequest()
    answers.expect(question, 0.0)
    answers.say(b"second")
    assert answers.take() == []
    answers.answer(question, b"first")
    assert answers.take() == [b"first", b"second"]


def test_equal_questions_are_answered_each_in_its_place() -> None:
    answers, one, other = Answers(), ResultRequest("42"), ResultRequest("42")
    answers.expect(one, 0.0)
    answers.expect(other, 0.0)
    answers.answer(other, b"second")
    answers.answer(one, b"first")
    assert answers.take() == [b"first", b"second"]


def test_only_results_that_nobody_asked_for_outlive_the_line() -> None:
    answers, question = Answers(), ResultRequest("41")
    answers.expect(question, 0.0)
    answers.answer(question, b"asked", "41")
    answers.answer(None, b"told", "42")
    answers.answer(None, b"WAIT")
    answers.take()
    answers.line_lost()
    assert answers.left() == []
    assert answers.take() == [b"told"]
    assert answers.left() == ["42"]


def test_of_one_sale_the_latest_result_is_told() -> None:
    answers = Answers()
    answers.answer(None, b"NO UNKNOWN", "42")
    answers.answer(None, b"OK", "42")
    assert answers.take() == [b"OK"]


def test_nothing_grows() -> None:
    answers = Answers()
    for number in range(5000):
        answers.expect(ResultRequest(str(number)), 0.0)
        answers.say(b"x" * 50)
        answers.answer(None, b"result", str(number))
    assert len(answers._entries) <= MOST_QUESTIONS + MOST_OPEN_RESULTS + MOST_QUEUED_BYTES // 50
    answers.give_up_overdue(1e9)
    assert sum(map(len, answers.take())) <= MOST_QUEUED_BYTES + MOST_OPEN_RESULTS * len(b"result")
