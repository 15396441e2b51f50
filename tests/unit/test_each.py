"""A loop over cases hides nothing: it runs them all and names each one that failed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.each import MOST_SHOWN, Case, each


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
