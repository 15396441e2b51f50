"""Collectors as they run in life: processes, on a PostgreSQL of their own, both of which can be killed."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.postgres import Cluster, running_cluster

ROOT = Path(__file__).parents[2]
TOKEN = "the-fleet's-common-token"
START_S = 60.0


class Collector:
    """``netgiro-terminal office serve`` on one port for all its lives."""

    def __init__(self, folder: Path, database: str, name: str) -> None:
        self._port = _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._config = folder / f"{name}.toml"
        self._config.write_text(
            f'[office]\nlisten = "127.0.0.1:{self._port}"\ndatabase = "{database}"\n[log]\nlevel = "error"\n'
        )
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[str] | None = None

    @property
    def is_down(self) -> bool:
        return self._process is None or self._process.poll() is not None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *, wait: bool = True, core: int | None = None) -> None:
        command = [sys.executable, "-m", "terminal", "office", "serve", "--config", str(self._config)]
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "NETGIRO_OFFICE_TOKEN": TOKEN},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        if core is not None:
            os.sched_setaffinity(self._process.pid, {core})
        if wait:
            self._wait_until_it_serves()

    def kill(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def cpu_s(self) -> float:
        """What it has used so far."""
        return cpu_s_of(self.pid)

    def _wait_until_it_serves(self) -> None:
        lines: queue.Queue[str] = queue.Queue()
        process = self._process
        assert process is not None
        assert process.stdout is not None
        reader = threading.Thread(target=lambda stdout: [lines.put(line) for line in stdout], args=(process.stdout,))
        reader.daemon = True
        reader.start()
        while "Head office" not in (line := _next(lines, self._log)):
            assert line


def cpu_s_of(pid: int) -> float:
    """The processor time that a process has used; the same whoever else is at work."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _next(lines: queue.Queue[str], log: Path) -> str:
    try:
        return lines.get(timeout=START_S)
    except queue.Empty:
        raise RuntimeError(f"the collector does not start: {log.read_text()[-2000:]}") from None


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Office:
    """The database and its collectors."""

    def __init__(self, cluster: Cluster, collectors: list[Collector], database: str) -> None:
        self.cluster = cluster
        self.collectors = collectors
        self.database = database


@contextlib.contextmanager
def running_office(folder: Path, collectors: int, *, durable: bool = True) -> Iterator[Office]:
    """Durable, because what was acknowledged must outlive whatever is killed."""
    with running_cluster(durable=durable) as cluster:
        database = cluster.create_database()
        office = Office(cluster, [Collector(folder, database, f"collector{n}") for n in range(collectors)], database)
        try:
            for collector in office.collectors:
                collector.start()
            yield office
        finally:
            for collector in office.collectors:
                with contextlib.suppress(ProcessLookupError, AssertionError):
                    collector.kill()
