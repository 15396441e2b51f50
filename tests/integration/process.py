"""Starts the product as its users do, ``python -m terminal ...``, and waits for what it says, never for ever."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TypeVar

from tests.integration.warm import Starter, WarmProcess, starter_for
from tests.patience import at_most

DEADLINE_S = 10.0
"""Far above what anything here takes on a quiet machine; a test that needs it has failed."""
POLL_S, LONGEST_POLL_S = 0.005, 0.05
"""A look is often a request to the terminal: two hundred a second would cost more than what is waited for."""

_T = TypeVar("_T")


def wait_until(what: str, look: Callable[[], _T], deadline_s: float = DEADLINE_S) -> _T:
    """Look again and again until there is something to see, and return it. Raises AssertionError naming ``what``."""
    started_s, pause_s = time.monotonic(), POLL_S
    while not (seen := look()):
        waited_s = time.monotonic() - started_s
        assert waited_s < at_most(deadline_s), f"waited {waited_s:.1f} s in vain for {what}; last seen: {seen!r}"
        time.sleep(pause_s)
        pause_s = min(LONGEST_POLL_S, 1.3 * pause_s)
    return seen


def environment(**more: str) -> dict[str, str]:
    """Ours, without anything that configures a terminal."""
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("NETGIRO_", "NOTIFY_", "WATCHDOG"))
    }
    return own | {"PYTHONUNBUFFERED": "1"} | more


def run_command(
    *arguments: str, env: Mapping[str, str] | None = None, deadline_s: float = DEADLINE_S
) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    env = env or environment()
    if (starter := starter_for(env)) is not None:
        return _run_warm(starter, arguments, env, at_most(deadline_s))
    return subprocess.run(
        [sys.executable, "-m", "terminal", *arguments],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=at_most(deadline_s),
        check=False,
    )


def _run_warm(
    starter: Starter, arguments: tuple[str, ...], env: Mapping[str, str], deadline_s: float
) -> subprocess.CompletedProcess[str]:
    with open(os.devnull, "rb") as nothing, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = starter.start(arguments, env, nothing.fileno(), output.fileno(), errors.fileno())
        try:
            process.wait(deadline_s)
        except TimeoutError:
            process.kill()
            raise
        said = [_text(stream) for stream in (output, errors)]
    return subprocess.CompletedProcess(arguments, process.wait(), *said)


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode().replace("\r\n", "\n")


class Process:
    """A command that runs until it is stopped; what it says goes to ``log_path``, after what was there."""

    def __init__(
        self, *arguments: str, log_path: Path, env: Mapping[str, str] | None = None, program: str = "terminal"
    ) -> None:
        self.log_path = log_path
        self._said_before = log_path.stat().st_size if log_path.exists() else 0
        env = env or environment()
        self._popen: WarmProcess | subprocess.Popen[bytes]
        with log_path.open("ab") as log, open(os.devnull, "rb") as nothing:
            if program == "terminal" and (starter := starter_for(env)) is not None:
                self._popen = starter.start(arguments, env, nothing.fileno(), log.fileno(), log.fileno())
            else:
                self._popen = subprocess.Popen(
                    [sys.executable, "-m", program, *arguments], env=env, stdin=nothing, stdout=log, stderr=log
                )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        return self._popen.poll()

    @property
    def output(self) -> str:
        """What this process has said so far."""
        return self.log_path.read_bytes()[self._said_before :].decode()

    def wait_for_output(self, pattern: str) -> re.Match[str]:
        """The first match in what it says. Fails at once if the process ends without saying it."""

        def look() -> re.Match[str] | None:
            ended = self.exit_code is not None
            match = re.search(pattern, self.output)
            assert match or not ended, f"ended with {self.exit_code} before it said {pattern!r}:\n{self.output}"
            return match

        return wait_until(f"{pattern!r} in {self.log_path}", look)

    def stop(self) -> float:
        """SIGTERM; how long it took to end, in seconds. The exit code must be 0."""
        started_s = time.monotonic()
        self._popen.send_signal(signal.SIGTERM)
        exit_code = self._popen.wait(at_most(DEADLINE_S))
        took_s = time.monotonic() - started_s
        assert exit_code == 0, f"SIGTERM ended it with {exit_code}:\n{self.output}"
        return took_s

    def kill(self) -> None:
        """SIGKILL: as a power cut, it gets no chance to do anything more. Does nothing to a process that has ended."""
        self._popen.kill()
        self._popen.wait(at_most(DEADLINE_S))
