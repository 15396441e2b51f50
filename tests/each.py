"""One test over many cases that runs them all and names every one that fails.

    with each() as case:
        for name, language in product(VIEWS, LANGUAGES):
            with case(name, language):
                assert ...

A product of cases that assert the same is one test: as thousands of parametrised tests it takes twice the time.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import pytest

MOST_SHOWN = 20


class Case:
    """Notes a failed assertion or any other error of its block, and lets the next case begin."""

    def __init__(self) -> None:
        self.count = 0
        self.failures: list[str] = []
        self._name = ""

    def __call__(self, *name: object) -> Case:
        self._name = "-".join(map(str, name))
        return self

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> bool:
        if error is None:
            return False
        if not isinstance(error, (Exception, pytest.fail.Exception)):
            return False
        if len(self.failures) < MOST_SHOWN:
            place = traceback.extract_tb(tb)[-1]
            self.failures.append(f"{self._name}: {kind.__name__ if kind else ''} {error} ({place.name}:{place.lineno})")
        else:
            self.failures.append(self._name)
        return True


@contextmanager
def each() -> Iterator[Case]:
    case = Case()
    yield case
    assert case.count, "no case was met"
    if case.failures:
        failed = "\n  ".join(case.failures)
        raise AssertionError(f"{len(case.failures)} of {case.count} cases failed:\n  {failed}")
