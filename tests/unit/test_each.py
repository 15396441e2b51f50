"""A loop over cases hides nothing: it runs them all and names each one that failed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from tests.each import MOST_SHOWN, Case, each, each_of


def complaint_of(loop: Callable[[Case], None]) -> str:
    def run() -> None:
        with each() as case:
            loop(case)

    with pytest.raises(AssertionError) as caught:
        run()
    return str(caught.value)


def test_every_case_is_run_and_every_failure_is_named() -> None:
    met = []

    def loop(case: Case) -> None:
        for number in range(5):
            with case("number", number):
                met.append(number)
                assert number % 2 == 0, f"{number} is odd"

    complaint = complaint_of(loop)
    assert met == [0, 1, 2, 3, 4]
    assert "2 of 5 cases failed" in complaint
    assert "number-1: AssertionError 1 is odd" in complaint
    assert "number-3: AssertionError 3 is odd" in complaint


def test_any_error_and_a_missing_error_are_failures() -> None:
    def loop(case: Case) -> None:
        with case("error"):
            raise KeyError("gone")
        with case("no error"), pytest.raises(ValueError, match="wanted"):
            pass

    complaint = complaint_of(loop)
    assert "error: KeyError 'gone'" in complaint
    assert "no error: Failed DID NOT RAISE" in complaint


def test_many_failures_are_all_named_and_the_first_are_shown_whole() -> None:
    def loop(case: Case) -> None:
        for number in range(2 * MOST_SHOWN):
            with case(f"case {number}"):
                raise ValueError("why")

    complaint = complaint_of(loop)
    assert all(f"case {number}" in complaint for number in range(2 * MOST_SHOWN))
    assert complaint.count("why") == MOST_SHOWN


def test_a_loop_without_cases_is_a_failure() -> None:
    assert "no case" in complaint_of(lambda _case: None)


def test_stopping_the_run_is_no_failure_of_a_case() -> None:
    with pytest.raises(KeyboardInterrupt), each() as case, case("stopped"):
        raise KeyboardInterrupt


def test_cases_of_a_decorated_test_are_all_run_and_every_failure_is_named() -> None:
    met: list[tuple[Any, ...]] = []

    @each_of("language", ["is", "en"])
    @each_of(("amount", "shown"), [(1, "one"), pytest.param(2, "two", id="a pair")])
    def test(amount: int, shown: str, language: str) -> None:
        met.append((amount, shown, language))
        assert (amount, language) != (2, "en"), "wrong"

    with pytest.raises(AssertionError) as caught:
        test()
    assert met == [(1, "one", "is"), (2, "two", "is"), (1, "one", "en"), (2, "two", "en")]
    assert "1 of 2 cases failed" in str(caught.value)
    assert "en: AssertionError" in str(caught.value)
    assert "a pair: AssertionError wrong" in str(caught.value)


def test_cases_are_named_by_their_values_or_as_the_test_says() -> None:
    def complaint(**options: Any) -> str:
        @each_of("value", [b"\x02", "line\n", len], **options)
        def test(value: object) -> None:
            raise ValueError("why")

        with pytest.raises(AssertionError) as caught:
            test()
        return str(caught.value)

    assert all(name in complaint() for name in (r"\x02: ValueError", r"line\n: ValueError", "len: ValueError"))
    assert all(f"{name}: ValueError" in complaint(ids=["a", "b", "c"]) for name in "abc")
    assert "no case: ValueError" in complaint(ids=lambda _value: "no case")


def test_what_a_decorated_test_takes_beside_its_cases_are_fixtures() -> None:
    @each_of("number, other", [(1, 2)])
    def test(number: int, tmp_path: object, other: int) -> None:
        assert (number, other, tmp_path) == (1, 2, "a folder")

    assert list(inspect.signature(test).parameters) == ["tmp_path"]
    test(tmp_path="a folder")


def test_a_name_that_the_test_does_not_take_and_a_mark_on_a_case_are_mistakes() -> None:
    with pytest.raises(TypeError, match="takes no amount"):
        each_of("amount", [1])(lambda: None)
    with pytest.raises(AssertionError, match="a test of its own"):
        each_of("amount", [pytest.param(1, marks=pytest.mark.slow)])
    with pytest.raises(ValueError, match="argument"):
        each_of(("amount", "shown"), [(1, "one", "more")])
