"""The bounds of what waits for the wire, to the number, and what stays when they are reached."""

from __future__ import annotations

from terminal.counter.register_words import ResultRequest
from terminal.register.line import answers as module
from terminal.register.line.answers import MOST_OPEN_RESULTS, MOST_QUESTIONS, MOST_QUEUED_BYTES, Answers
from tests.each import each_of


def test_the_bounds_are_these() -> None:
    bounds = (module.ANSWER_S, MOST_QUEUED_BYTES, MOST_QUESTIONS, MOST_OPEN_RESULTS)
    assert bounds == (10.0, 4096, 64, 16)


@each_of(("size", "stays"), [(MOST_QUEUED_BYTES - 1, True), (MOST_QUEUED_BYTES, True), (MOST_QUEUED_BYTES + 1, False)])
def test_so_many_bytes_wait(size: int, stays: bool) -> None:
    answers = Answers()
    answers.say(b"x" * size)
    assert bool(answers.take()) is stays


def test_the_oldest_line_goes_and_neither_a_question_nor_a_result_that_is_kept() -> None:
    answers, question = Answers(), ResultRequest()
    answers.answer(None, b"kept", "42")
    answers.say(b"old" + b"x" * 2000)
    answers.expect(question, 0.0)
    answers.say(b"new" + b"x" * 2000)
    answers.say(b"y" * 200)
    answers.answer(question, b"late")
    assert [line[:4] for line in answers.take()] == [b"kept", b"late", b"newx", b"yyyy"]


@each_of(("more", "first"), [(0, b"0"), (1, b"1")])
def test_so_many_questions_wait(more: int, first: bytes) -> None:
    answers = Answers()
    questions = [ResultRequest(str(number)) for number in range(MOST_QUESTIONS + more)]
    for question in questions:
        answers.expect(question, 0.0)
    for number, question in enumerate(questions[1:], start=1):
        answers.answer(question, str(number).encode())
    if not more:
        assert answers.take() == [], "the first still has its place"
        answers.answer(questions[0], b"0")
    assert answers.take()[0] == first


@each_of(("more", "first"), [(0, b"0"), (1, b"1")])
def test_so_many_results_are_kept(more: int, first: bytes) -> None:
    answers = Answers()
    for number in range(MOST_OPEN_RESULTS + more):
        answers.answer(None, str(number).encode(), str(number))
    told = answers.take()
    assert (told[0], len(told)) == (first, MOST_OPEN_RESULTS)


def test_a_question_that_is_answered_makes_room_for_another() -> None:
    answers = Answers()
    first = ResultRequest("first")
    answers.expect(first, 0.0)
    for number in range(3 * MOST_QUESTIONS):
        question = ResultRequest(str(number))
        answers.expect(question, 0.0)
        answers.answer(question, b"x")
    answers.answer(first, b"first")
    told = answers.take()
    assert told[0] == b"first"
    assert len(told) == 3 * MOST_QUESTIONS + 1


def test_answers_that_have_left_or_were_lost_make_room_for_others() -> None:
    answers = Answers()
    for _ in range(5):
        question = ResultRequest()
        answers.expect(question, 0.0)
        answers.answer(question, b"x" * (MOST_QUEUED_BYTES - 1))
        answers.answer(None, b"kept", "42")
        assert len(answers.take()) == 2
        answers.left()
        answers.say(b"y" * MOST_QUEUED_BYTES)
        answers.line_lost()
    answers.say(b"z" * MOST_QUEUED_BYTES)
    assert len(answers.take()) == 1


def test_no_more_results_than_that_outlive_the_line() -> None:
    answers = Answers()
    for number in range(MOST_OPEN_RESULTS):
        answers.answer(None, b"leaving", f"a{number}")
    answers.take()
    for number in range(MOST_OPEN_RESULTS):
        answers.answer(None, b"waiting", f"b{number}")
    answers.line_lost()
    assert answers.take() == [b"waiting"] * MOST_OPEN_RESULTS


def test_of_one_sale_the_latest_result_outlives_the_line_in_its_place() -> None:
    answers = Answers()
    answers.answer(None, b"old 41", "41")
    answers.answer(None, b"42", "42")
    answers.take()
    answers.answer(None, b"new 41", "41")
    answers.line_lost()
    assert answers.take() == [b"42", b"new 41"]


def test_a_result_that_was_asked_for_is_not_kept_and_not_replaced() -> None:
    answers, question = Answers(), ResultRequest("42")
    answers.expect(question, 0.0)
    answers.answer(question, b"asked", "42")
    answers.answer(None, b"told", "42")
    assert answers.take() == [b"asked", b"told"]
    late = ResultRequest("42")
    answers.answer(late, b"its place is gone", "42")
    answers.line_lost()
    assert answers.take() == [b"told"], "only what nobody had asked for"


def test_a_question_is_answered_once_in_its_place() -> None:
    answers, first, second = Answers(), ResultRequest(), ResultRequest()
    answers.expect(first, 0.0)
    answers.expect(second, 0.0)
    answers.answer(second, b"second")
    answers.answer(second, b"once more")
    answers.answer(first, b"first")
    assert answers.take() == [b"once more", b"first", b"second"]


def test_what_waits_without_an_end_of_its_time_stays() -> None:
    answers = Answers()
    answers.say(b"said")
    answers.answer(None, b"kept for ever", "42")
    answers.answer(None, b"kept for a while", "43", 100.0)
    answers.give_up_overdue(99.9)
    assert len(answers._entries) == 3
    answers.give_up_overdue(100.0)
    assert answers.take() == [b"said", b"kept for ever"]


def test_an_overdue_question_is_given_up_in_its_moment_and_not_before() -> None:
    answers, question = Answers(), ResultRequest()
    answers.expect(question, 5.0)
    assert answers.next_wakeup_s is None, "nothing waits behind it"
    answers.say(b"said")
    assert answers.next_wakeup_s == 15.0
    answers.give_up_overdue(14.9)
    assert answers.take() == []
    answers.give_up_overdue(15.0)
    assert answers.take() == [b"said"]


def test_answered_questions_count_as_their_lines_and_as_questions_no_more() -> None:
    answers = Answers()
    for number in range(10):
        question = ResultRequest(str(number))
        answers.expect(question, 0.0)
        answers.answer(question, str(number).encode() * 1000)
    assert [line[:1] for line in answers.take()] == [b"6", b"7", b"8", b"9"]
    questions = [ResultRequest(str(number)) for number in range(MOST_QUESTIONS + 1)]
    for question in questions:
        answers.expect(question, 0.0)
    answers.answer(questions[1], b"the first has lost its place")
    assert answers.take() == [b"the first has lost its place"]


def test_where_a_line_must_go_an_open_question_before_it_stays() -> None:
    answers, question = Answers(), ResultRequest()
    answers.expect(question, 0.0)
    answers.say(b"old".ljust(4000))
    answers.say(b"new".ljust(200))
    answers.answer(question, b"answered")
    assert [line.strip() for line in answers.take()] == [b"answered", b"new"]


def test_an_answer_whose_place_is_gone_is_told_whenever_the_line_takes_it() -> None:
    answers = Answers()
    answers.answer(ResultRequest("42"), b"late", "42", 100.0)
    answers.give_up_overdue(100.0)
    assert answers.take() == [b"late"]
