"""``--workers 4``: the collected tests side by side, in processes forked from the one that has collected them.

To read ten thousand tests takes eight seconds of a core. pytest-xdist does it in every process, this does it once.
The tests of one file run in one process and in their order. A process gets its next file when it has one test left: so
it knows what both files share and keeps that set up, and no file waits at the end behind another one. Without the
option pytest runs the tests as always.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from collections import defaultdict, deque
from collections.abc import Sequence
from itertools import pairwise
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Literal, cast

import pytest

from tests.patience import at_most

Items = Sequence[pytest.Item]
HERE = Path(__file__).parent
PUT_AWAY_S = 10.0
TOGETHER = ("unit/office",)
"""Folders that share something dear, such as a PostgreSQL: all of their files are handed out as one."""


def batch_of(path: Path) -> Path:
    """The file, or the folder whose files stay together."""
    return next((HERE / folder for folder in TOGETHER if path.is_relative_to(HERE / folder)), path)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--workers", type=int, default=0, metavar="N", help="run the tests in so many processes")


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    workers = session.config.getoption("--workers")
    if workers < 1 or session.config.option.collectonly or session.testsfailed:
        return None
    if (reporter := session.config.pluginmanager.getplugin("terminalreporter")) is not None:
        reporter.showfspath = False  # files take turns
    session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # the same for all, and removed by us
    _Parent(session).run(workers)
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)
    return True


class _Parent:
    """Hands out the files and hears of each test."""

    def __init__(self, session: pytest.Session) -> None:
        self._session = session
        self._hook = session.config.hook
        batches: dict[Path, list[pytest.Item]] = defaultdict(list)
        for item in session.items:
            batches[batch_of(item.path)].append(item)
        self._files = list(batches.values())
        self._waiting = deque(range(len(self._files)))
        self._running: dict[Connection, tuple[int, pytest.Item | None]] = {}
        """Each worker's process, and the test that it is at."""

    def run(self, workers: int) -> None:
        try:
            for _ in range(min(workers, len(self._files))):
                self._fork()
            while self._running and not self._session.shouldfail and not self._session.shouldstop:
                for ready in wait(list(self._running)):
                    self._hear(cast(Connection, ready))
        finally:
            self._end()

    def _end(self) -> None:
        """Who still runs puts away what its tests have set up, and is ended for good if that takes long."""
        for pid, _ in self._running.values():
            os.kill(pid, signal.SIGINT)
        limit_s = time.monotonic() + at_most(PUT_AWAY_S)
        for worker, (pid, _) in self._running.items():
            while worker.poll(max(0.0, limit_s - time.monotonic())):
                try:
                    worker.recv()
                except (EOFError, ConnectionError):
                    break
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _fork(self) -> None:
        ours, theirs = Pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            for other in (ours, *self._running):
                other.close()
            _Worker(self._session, self._files, theirs).run()
        theirs.close()
        self._running[ours] = pid, None

    def _hear(self, worker: Connection) -> None:
        pid, item = self._running[worker]
        try:
            reports, warnings, place = worker.recv()
        except (EOFError, ConnectionError):
            self._bury(worker)
            return
        for warning in warnings:
            self._hook.pytest_warning_recorded.call_historic(kwargs=warning)
        for data in reports:
            report = self._hook.pytest_report_from_serializable(config=self._session.config, data=data)
            self._hook.pytest_runtest_logreport(report=report)
        if item is not None and reports:
            self._hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        match place:
            case int(file), int(number):
                self._running[worker] = pid, self._files[file][number]
            case "between":
                worker.send(self._waiting.popleft() if self._waiting else None)

    def _bury(self, worker: Connection) -> None:
        """A worker that dies in a test makes it red; another one goes on with what is left of its file."""
        pid, item = self._running.pop(worker)
        _, status = os.waitpid(pid, 0)
        if status == 0:
            return
        died = f"a process of the tests ended with {os.waitstatus_to_exitcode(status)}"
        if item is None:
            raise RuntimeError(f"{died} before its first test")
        report = pytest.TestReport(item.nodeid, item.location, {}, "failed", died, "call")
        self._hook.pytest_runtest_logreport(report=report)
        file = next(items for items in self._files if item in items)
        if left := file[file.index(item) + 1 :]:
            self._waiting.appendleft(len(self._files))
            self._files.append(left)
        if self._waiting:
            self._fork()


class _Worker:
    """What goes on in a forked process: runs files and says what became of each test."""

    def __init__(self, session: pytest.Session, files: Sequence[Items], parent: Connection) -> None:
        self._session, self._files, self._parent = session, files, parent
        self._reports: list[Any] = []
        self._warnings: list[dict[str, Any]] = []

    def run(self) -> None:
        """Never returns."""
        code = 1
        try:
            self._set_up()
            file = self._next()
            while file is not None:
                file = self._run_file(file)
            self._say("ended")
            code = 0
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # it may come from the terminal and from the parent
            self._session._setupstate.teardown_exact(None)
        except BaseException:
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)

    def _set_up(self) -> None:
        random.seed()
        manager = self._session.config.pluginmanager
        capture = manager.getplugin("capturemanager")
        capture.stop_global_capturing()  # its files are also those of the other processes
        capture.start_global_capturing()
        reporter = manager.unregister(name="terminalreporter")
        self._tw = getattr(reporter, "_tw", None)  # pytest looks there for how to colour a comparison
        manager.register(self, "terminalreporter")
        self._warnings.clear()  # those of before, which a new plugin is told again

    def _next(self) -> int | None:
        self._say("between")
        return cast("int | None", self._parent.recv())

    def _say(self, place: tuple[int, int] | Literal["between", "ended"]) -> None:
        """What has been, and at which test of which file it goes on: one message a test."""
        self._parent.send((self._reports, self._warnings, place))
        self._reports, self._warnings = [], []

    def _run_file(self, file: int) -> int | None:
        """Returns the next one."""
        items = self._files[file]
        for place, (item, following) in enumerate(pairwise(items)):
            self._run_item((file, place), item, following)
        after = self._next()
        self._run_item((file, len(items) - 1), items[-1], None if after is None else self._files[after][0])
        return after

    def _run_item(self, place: tuple[int, int], item: pytest.Item, following: pytest.Item | None) -> None:
        self._say(place)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    # --- hooks --------------------------------------------------------------------------------------------------------

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        config = self._session.config
        self._reports.append(config.hook.pytest_report_to_serializable(config=config, report=report))

    def pytest_warning_recorded(self, warning_message: Any, when: str, nodeid: str, location: Any) -> None:
        if when == "runtest":  # the parent has seen the others
            content = {"warning_message": warning_message, "when": when, "nodeid": nodeid, "location": location}
            self._warnings.append(content)
