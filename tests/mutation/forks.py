"""The quick way: the tests are collected and traced once, then each mutant is put into the functions of a fork.

A fork runs only the tests that reach the changed lines, the quickest first, and ends with the first that fails. What is
made while a module is imported (constants, classes, defaults) cannot be exchanged like this and is left to ``trial``.
"""

from __future__ import annotations

import ast
import gc
import inspect
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.mutants import Mutant, compiled

OUR_PACKAGES = ("terminal", "hardware", "tests", "conftest")
MEMORY_BYTES = 4 * 1024**3
"""Some mutants never stop to collect."""
HANGS_AFTER = 20
"""Times its patience: other work may leave it little of the processor."""
RAM_DISK = "/dev/shm"
"""Journals are synced thousands of times."""


class Seen(NamedTuple):
    """What one test did without any change."""

    passed: bool
    took_s: float
    lines: list[int]


class Forks:
    """A pytest plugin in place of the loop over the tests. ``verdicts`` says of a mutant whether it was killed; of what
    cannot be tried like this it says nothing."""

    def __init__(self, file: Path, module: str, source: str, mutants: Sequence[Mutant], patience_s: float) -> None:
        self.verdicts: dict[int, bool] = {}
        self.red: list[str] = []
        self._file = str(file)
        self._module = module
        self._original = compiled(ast.parse(source), self._file)
        self._mutants = mutants
        self._patience_s = patience_s
        self._on_import = _Tracer(self._file)
        self._all_lines = list(range(source.count("\n") + 1))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_collection(self) -> Iterator[None]:
        """What already runs while the tests are imported is not run again when its code is exchanged."""
        with self._on_import:
            yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Once without a change, then once for each mutant."""
        functions = _functions_in(self._file)
        seen = self._without_change(session.items)
        self.red = [item.nodeid for item, one in zip(session.items, seen, strict=True) if not one.passed]
        if self.red:
            return True
        for index, mutant in enumerate(self._mutants):
            if (constant := mutant.constant(self._file)) is not None:
                put_in = partial(_put_constant, self._module, *constant)
                killed = self._kills(_reaching(None, session.items, seen), put_in)
                is_certain = killed  # else something may have been made of the constant on import
            elif (codes := exchanged(self._original, mutant.code(self._file), functions)) is not None:
                put_in = partial(_put_code, codes)
                killed = self._kills(_reaching(mutant.lines, session.items, seen), put_in)
                is_certain = killed or not self._on_import.lines.intersection(mutant.lines)
            else:
                continue
            if is_certain:
                self.verdicts[index] = killed
        return True

    def _without_change(self, items: Sequence[pytest.Item]) -> list[Seen]:
        def trace(answer: Path) -> None:
            seen = []
            for item, following in zip(items, [*items[1:], None], strict=True):
                began = time.process_time()
                if _is_property(item):
                    passed, lines = _passes(item, following), self._all_lines
                else:
                    with _Tracer(self._file) as tracer:
                        passed = _passes(item, following)
                    lines = sorted(tracer.lines)
                seen.append(Seen(passed, time.process_time() - began, lines))
            answer.write_text(json.dumps(seen), encoding="utf-8")

        with tempfile.TemporaryDirectory() as folder:
            answer = Path(folder, "seen.json")
            in_fork(lambda: trace(answer), patience_s=0)
            return [Seen(*one) for one in json.loads(answer.read_text(encoding="utf-8"))]

    def _kills(self, items: Sequence[pytest.Item], put_in: Callable[[], None]) -> bool:
        def run() -> int:
            try:
                put_in()
            except Exception:  # as it would on import
                return 1
            pairs = zip(items, [*items[1:], None], strict=True)
            return int(not all(_passes(item, following) for item, following in pairs))

        return bool(items) and in_fork(run, self._patience_s) != 0


def in_fork(run: Callable[[], int | None], patience_s: float, *, quiet: bool = True) -> int:
    """Its exit code; not 0 if it raised, took more processor time than the patience, hung or took all memory."""
    scratch = tempfile.mkdtemp(prefix="mutant-", dir=RAM_DISK if os.access(RAM_DISK, os.W_OK) else None)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setsid()
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_PROF, patience_s)
            signal.setitimer(signal.ITIMER_REAL, patience_s * HANGS_AFTER)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
            os.environ["TMPDIR"] = tempfile.tempdir = scratch
            errors, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)
            os.dup2(nowhere if quiet else errors, 2)
            code = int(run() or 0)
        except BaseException:
            os.write(errors, traceback.format_exc().encode())
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what it left behind
    shutil.rmtree(scratch, ignore_errors=True)
    return os.waitstatus_to_exitcode(status)


def _passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


def _is_property(item: pytest.Item) -> bool:
    """It would be slow to trace and reaches most lines."""
    return bool(getattr(getattr(item, "obj", None), "is_hypothesis_test", False))


class _Tracer:
    """Which lines of one file's functions run."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.lines: set[int] = set()

    def __enter__(self) -> _Tracer:
        threading.settrace(self._called)
        sys.settrace(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]  # as its documentation says

    def _called(self, frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename != self._file or not _is_function(frame.f_code):
            return None
        self.lines.add(frame.f_code.co_firstlineno)
        return self._ran

    def _ran(self, frame: FrameType, event: str, argument: object) -> Any:
        self.lines.add(frame.f_lineno)
        return self._ran


def _reaching(lines: range | None, items: Sequence[pytest.Item], seen: Sequence[Seen]) -> list[pytest.Item]:
    """Those that run one of these lines, or any of the module's, the quickest first."""
    reaching = [
        (one.took_s, at)
        for at, one in enumerate(seen)
        if (any(line in lines for line in one.lines) if lines is not None else one.lines)
    ]
    return [items[at] for _, at in sorted(reaching)]


# --- exchanging code --------------------------------------------------------------------------------------------------


def _put_code(codes: Sequence[tuple[FunctionType, CodeType]]) -> None:
    for function, code in codes:
        function.__code__ = code


def _put_constant(module: str, name: str, code: CodeType) -> None:
    """Into the module, and wherever it was imported by its name."""
    names = vars(sys.modules[module])
    before = names.get(name)
    exec(code, names)
    for other in list(sys.modules.values()):
        if other.__name__.split(".")[0] in OUR_PACKAGES and vars(other).get(name) is before:
            setattr(other, name, names[name])


def _functions_in(file: str) -> list[FunctionType]:
    gc.unfreeze()
    found = [one for one in gc.get_objects() if isinstance(one, FunctionType) and one.__code__.co_filename == file]
    gc.freeze()  # or each fork looks through all that was collected, and copies it
    return found


def exchanged(
    original: CodeType, mutant: CodeType, functions: Sequence[FunctionType]
) -> list[tuple[FunctionType, CodeType]] | None:
    """Which functions get which code; None if that would not be the whole change."""
    if _made_on_import(original) != _made_on_import(mutant):
        return None
    codes = []
    for before, after in zip(_outer(original), _outer(mutant), strict=True):
        if before != after:
            live = [one for one in functions if one.__code__ == before]
            if not live or before.co_freevars != after.co_freevars:
                return None
            codes += [(one, after) for one in live]
    return codes


def _outer(code: CodeType) -> Iterator[CodeType]:
    """The functions of a module and of its classes, without those inside of functions."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if _is_function(constant):
                yield constant
            else:
                yield from _outer(constant)


def _made_on_import(code: CodeType) -> object:
    constants = [
        one if not isinstance(one, CodeType) else one.co_qualname if _is_function(one) else _made_on_import(one)
        for one in code.co_consts
    ]
    return code.co_code, code.co_names, [(type(one), one) for one in constants]


def _is_function(code: CodeType) -> bool:
    return bool(code.co_flags & inspect.CO_OPTIMIZED)
