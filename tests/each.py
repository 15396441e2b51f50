"""One test over many cases that runs them all and names every one that fails.

    with each() as case:
        for name, language in product(VIEWS, LANGUAGES):
            with case(name, language):
                assert ...

    @each_of(("amount", "shown"), [(1, "1 kr."), (1000, "1.000 kr.")])
    def test_...(amount: int, shown: str) -> None:

Cases that assert the same are one test: each parametrised test costs some milliseconds in every worker, and most cases
take none. What takes longer, needs a fixture of its own, or should be chosen by its name stays parametrised.
"""

from __future__ import annotations

import functools
import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import pytest

MOST_SHOWN = 20
LONGEST_NAME = 60

Test = Callable[..., None]


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


def each_of(
    names: str | Sequence[str], values: Iterable[Any], ids: Iterable[str] | Callable[[Any], object] | None = None
) -> Callable[[Test], Test]:
    """As ``pytest.mark.parametrize``, all in one test; a function under several of them meets their product."""
    wanted = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    cases = [_case(wanted, value) for value in values]
    if ids is not None and not callable(ids):
        cases = [(name, arguments) for name, (_, arguments) in zip(ids, cases, strict=True)]
    elif ids is not None:
        cases = [("-".join(str(ids(value)) for value in arguments.values()), arguments) for _, arguments in cases]

    def loop_over(test: Test) -> Test:
        @functools.wraps(test)
        def run(**others: Any) -> None:
            with each() as case:
                for name, arguments in cases:
                    with case(name):
                        test(**arguments, **others)

        parameters = inspect.signature(test).parameters
        if missing := set(wanted) - set(parameters):
            raise TypeError(f"{test.__name__} takes no {', '.join(sorted(missing))}")
        left = [parameter for name, parameter in parameters.items() if name not in wanted]
        run.__signature__ = inspect.Signature(left)  # type: ignore[attr-defined]
        return run

    return loop_over


def _case(names: Sequence[str], value: Any) -> tuple[str, dict[str, Any]]:
    """A case's name and its arguments by name."""
    name = None
    if isinstance(given := value, type(pytest.param())):
        assert not given.marks, "a case with a mark of its own is a test of its own"
        name, value = given.id, given.values if len(names) > 1 else given.values[0]
    arguments = dict(zip(names, value, strict=True)) if len(names) > 1 else {names[0]: value}
    return str(name or "-".join(_shown(one) for one in arguments.values())), arguments


def _shown(value: Any) -> str:
    if isinstance(value, str | bytes):
        return repr(value).removeprefix("b")[1:-1][:LONGEST_NAME]
    return str(getattr(value, "__name__", None) or repr(value))[:LONGEST_NAME]
