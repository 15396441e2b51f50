"""What the daemon costs while nothing happens: its start, its memory, its wake-ups."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

from terminal.office.uplink.core import START_SPREAD_S
from terminal.register.http.certificate import OwnCertificate
from terminal.register.settings import CERTIFICATE_FILE
from tests.bench.results import NoAnswer, Result, last_words
from tests.integration.counter import SIMULATED, free_port, merged, write_config
from tests.integration.process import environment
from tests.integration.register import PluggableRegister

BASELINE = "import asyncio, ssl, sqlite3, httpx, serial"
"""What no terminal of this kind can do without."""
PROGRAM = str(Path(sys.executable).with_name("netgiro-terminal"))
"""What systemd starts."""
NOBODY = "http://127.0.0.1:9/v1"
KEYS = {"NETGIRO_SECRET_KEY": "bench", "NETGIRO_OFFICE_TOKEN": "bench"}
READY_LIMIT_S = 30.0
STOP_LIMIT_S = 10.0
SETTLING_S = START_SPREAD_S + 2.0
"""After READY and before idle is measured: what a start leaves to be done is not idling, and the first look at a head
office, with all that it loads, comes up to START_SPREAD_S later."""

IDLING: dict[str, tuple[str, float | None, float | None]] = {
    "": ("", 1.4, 0.2),
    "_with_panel": (", panel on", 1.6, None),
    "_with_office": (", to a head office", None, 0.5),  # a status a minute is ten or so of them together
}
"""In words, how much memory it may take, and how often it may wake up."""


class Daemon:
    """``run`` with simulated devices and a register's cable, as systemd would start it."""

    def __init__(
        self,
        folder: Path,
        *,
        with_panel: bool = False,
        service: str = NOBODY,
        office: str = "",
        trusted: Path | None = None,
    ) -> None:
        """``trusted``: the one certificate that it knows."""
        folder.mkdir(exist_ok=True)
        self._cable = PluggableRegister(folder / "register")
        config = merged(
            SIMULATED,
            {
                "netgiro": {"base_url": service, "application_id": "bench"},
                "register": {"port": str(self._cable.port)},
                "journal": {"path": str(folder / "journal.db")},
                "panel": {"listen": f"127.0.0.1:{free_port()}" if with_panel else ""},
                "office": {"url": office},
            },
        )
        write_config(folder / "config.toml", config)
        (folder / "notify").unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(str(folder / "notify"))
            systemd.settimeout(READY_LIMIT_S)
            env = environment(**KEYS, NOTIFY_SOCKET=str(folder / "notify"))
            if trusted is not None:
                env["SSL_CERT_FILE"] = str(trusted)
            log_path = folder / "terminal.log"
            started_s = time.perf_counter()
            with log_path.open("wb") as log:
                self._process = subprocess.Popen(
                    [sys.executable, PROGRAM, "run", "--config", str(folder / "config.toml")],
                    env=env,
                    stderr=log,
                )
            try:
                while systemd.recv(1000) != b"READY=1":
                    pass
            except TimeoutError:
                exit_code = self._process.poll()
                self.close()
                ended = "" if exit_code is None else f" and ended with {exit_code}"
                message = f"the terminal was not ready within {READY_LIMIT_S:g} s{ended}. {last_words(log_path)}"
                raise NoAnswer(message) from None
            self.start_s = time.perf_counter() - started_s
            self.start_cpu_s = all_threads_cpu_s(self._process.pid)
        self.pid = self._process.pid

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._cable.close()


@contextmanager
def daemon(
    folder: Path,
    *,
    with_panel: bool = False,
    service: str = NOBODY,
    office: str = "",
    trusted: Path | None = None,
) -> Iterator[Daemon]:
    running = Daemon(folder, with_panel=with_panel, service=service, office=office, trusted=trusted)
    try:
        yield running
    finally:
        running.close()


def measure_starts(folder: Path, *, repeats: int) -> list[Result]:
    """In turns. Judged is processor time, which is the same whoever else is at work; staff wait by the clock.

    The first turn does not count unless it is the only one (``repeats`` is 0): it compiles the modules, which is what
    an installation does, and makes the journal.
    """
    baseline_s, own_s, panel_s, waited_s = [], [], [], []
    for turn in range(repeats + 1):
        with _baseline_process() as pid:
            baseline_s.append(all_threads_cpu_s(pid))
        with daemon(folder / "start") as running:
            own_s.append(running.start_cpu_s)
            waited_s.append(running.start_s)
        with daemon(folder / "start-panel", with_panel=True) as running:
            panel_s.append(running.start_cpu_s)
        if turn == 0 and repeats:
            for times_s in (baseline_s, own_s, panel_s, waited_s):
                times_s.clear()
    baseline = median(baseline_s)
    return [
        Result("start_ratio", "start to READY, processor time to bare Python", median(own_s) / baseline, "x", 1.5),
        Result("start_ratio_with_panel", "  with the panel on", median(panel_s) / baseline, "x", 1.8),
        Result("start_cpu_ms", "  that is", median(own_s) * 1000, "ms"),
        Result("start_ms", "  by the clock", median(waited_s) * 1000, "ms"),
    ]


def measure_idle(folder: Path, *, seconds: float) -> list[Result]:
    """Without and with the panel and a head office, side by side; nobody looks at the panel."""
    with ExitStack() as stack:
        service = stack.enter_context(reachable_service())  # or the terminal would go on looking for it
        tls, trusted = certified(folder / "trusted")
        far = stack.enter_context(reachable_service(tls))
        baseline_kib = resident_kib(stack.enter_context(_baseline_process()))
        pids = {
            "": stack.enter_context(daemon(folder / "idle", service=service)).pid,
            "_with_panel": stack.enter_context(daemon(folder / "idle-panel", with_panel=True, service=service)).pid,
            "_with_office": stack.enter_context(
                daemon(folder / "idle-office", service=far, office=far.removesuffix("/v1"), trusted=trusted)
            ).pid,
        }
        time.sleep(min(SETTLING_S, 4 * seconds))
        before = {name: (_cpu_s(pid), _wakeups(pid)) for name, pid in pids.items()}
        started_s = time.monotonic()
        time.sleep(seconds)
        took_s = time.monotonic() - started_s
        results = []
        for name, pid in pids.items():
            what, memory, wakeups = IDLING[name]
            memory_kib = resident_kib(pid)
            cpu_percent = 100 * (_cpu_s(pid) - before[name][0]) / took_s
            wakeups_per_s = (_wakeups(pid) - before[name][1]) / took_s
            results += [
                Result(
                    f"memory_ratio{name}", f"idle memory, to bare Python{what}", memory_kib / baseline_kib, "x", memory
                ),
                Result(f"memory_mib{name}", "  that is", memory_kib / 1024, "MiB"),
                Result(f"idle_cpu_percent{name}", f"idle CPU{what}", cpu_percent, "%", 0.3 if wakeups else None),
                Result(f"idle_wakeups_per_s{name}", f"idle wake-ups{what}", wakeups_per_s, "/s", wakeups),
            ]
        return results


class _Anything(BaseHTTPRequestHandler):
    """Somebody is there: that is all a look wants to know."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self._say(b'{"have":0}')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say(b"{}" if self.path.endswith("/status") else b'{"have":1000000}')

    def _say(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None: ...


@contextmanager
def reachable_service(tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Its address, which answers whether it is reached."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Anything) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """For a server on this machine, and its certificate."""
    folder.mkdir()
    tls = OwnCertificate(folder, "bench", "127.0.0.1").context()
    return tls, folder / CERTIFICATE_FILE


@contextmanager
def _baseline_process() -> Iterator[int]:
    """Bare Python with the libraries loaded; its process number."""
    code = f"{BASELINE}\nprint('loaded', flush=True)\ninput()"
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, env=environment())
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


def all_threads_cpu_s(pid: int) -> float:
    """Of the threads that there are: proc(5), /proc/PID/schedstat, in nanoseconds."""
    return sum(_of_threads(pid, lambda task: int((task / "schedstat").read_text().split()[0]))) / 1e9


def _of_threads(pid: int, number: Callable[[Path], int]) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            yield number(task)


def _cpu_s(pid: int) -> float:
    """User and system time of all threads: proc(5), /proc/PID/stat, fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wakeups(pid: int) -> int:
    """Each time a thread went to sleep of its own accord it had been woken."""
    return sum(_of_threads(pid, lambda task: _status(task / "status", "voluntary_ctxt_switches")))


def resident_kib(pid: int) -> int:
    return _status(Path(f"/proc/{pid}/status"), "VmRSS")


def _status(path: Path, key: str) -> int:
    for line in path.read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1])
    raise LookupError(f"{key} is not in {path}")
