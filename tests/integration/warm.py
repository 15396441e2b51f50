"""Starts the product from a process that has loaded it already: a fork, instead of two tenths of a second of imports.

Half of what ``make test`` costs would be Python loading the same modules some hundred times. Here one process for each
worker loads them once and forks for each start; the child gets its arguments, environment and descriptors, and runs
``python -m terminal`` as always. ``make test-all`` sets ``REAL_STARTS`` and starts everything anew.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import functools
import gc
import io
import json
import os
import random
import runpy
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

REAL_STARTS = "REAL_STARTS"
OF_THE_INTERPRETER = ("PYTHON", "LANG", "LC_", "TZ", "LD_", "GPIOZERO")
"""What is read when Python or a library is loaded: where a test sets it, the start is a real one."""
LOADED = (
    "terminal.commands.main",
    *("terminal.commands.configured", "terminal.commands.journal", "terminal.commands.operations"),
    *("terminal.daemon.daemon", "terminal.demo.demo", "terminal.netgiro.sandbox.web", "terminal.doctor.run"),
    *("terminal.panel.server", "terminal.netgiro.https", "httpx", "uvicorn", "starlette.applications", "PIL.ImageDraw"),
    # What the first sale loads: most terminals of the tests sell.
    *("qrcode", "httpcore", "serial", "hardware.printer.transports", "hardware.printer.wires"),
    *("terminal.register.line.codec", "terminal.register.http.codec", "terminal.register.zvt.codec"),
    "terminal.system.personal",
)
_LENGTH = struct.Struct("!I")
_MOST_FDS = 4


class WarmProcess:
    """A started child; as much of :class:`subprocess.Popen` as the tests use."""

    def __init__(self, pid: int, exited: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._exited = exited

    def poll(self) -> int | None:
        with contextlib.suppress(TimeoutError):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises TimeoutError."""
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._exited, selectors.EVENT_READ)
                if not selector.select(timeout):
                    raise TimeoutError(f"process {self.pid} still runs after {timeout} s")
            self.returncode = int(os.read(self._exited, 16) or b"-9")
            os.close(self._exited)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Starter:
    """The process that has everything loaded, seen from the tests."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._popen = subprocess.Popen(
                [sys.executable, "-c", f"from tests.integration.warm import serve; serve({theirs.fileno()})"],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        self._socket = ours
        self._lock = threading.Lock()

    def start(
        self, arguments: Sequence[str], env: Mapping[str, str], stdin: int, stdout: int, stderr: int
    ) -> WarmProcess:
        exited, theirs = os.pipe()
        job = json.dumps({"arguments": list(arguments), "env": dict(env), "cwd": os.getcwd()}).encode()
        fds = array.array("i", [stdin, stdout, stderr, theirs])
        with self._lock:
            self._socket.sendmsg([_LENGTH.pack(len(job))], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
            self._socket.sendall(job)
            os.close(theirs)
            (pid,) = _LENGTH.unpack(_exactly(self._socket, _LENGTH.size))
        return WarmProcess(pid, exited)


_only_starter = functools.cache(Starter)
_first_start = threading.Lock()
"""Threads that start at the same time would make a starter each; one that is dropped takes its children with it."""


def starter_for(env: Mapping[str, str]) -> Starter | None:
    """None where a real start is asked for."""
    if REAL_STARTS in os.environ or _is_of_the_interpreter(env):
        return None
    with _first_start:
        return _only_starter()


def _is_of_the_interpreter(env: Mapping[str, str]) -> bool:
    names = {name for name in {*env, *os.environ} if name.startswith(OF_THE_INTERPRETER)}
    return any(env.get(name) != os.environ.get(name) for name in names - {"PYTHONUNBUFFERED"})


def _exactly(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            raise EOFError("the starter is gone")
        data += part
    return data


# --- in the process that has everything loaded ------------------------------------------------------------------------


def serve(fd: int) -> None:
    """Until the tests are gone; then so are the children."""
    import importlib  # noqa: PLC0415  only here

    for name in LOADED:
        importlib.import_module(name)
    _encode_a_receipt()
    gc.collect()
    gc.freeze()
    connection = socket.socket(fileno=fd)
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children: dict[int, int] = {}
    selector = selectors.DefaultSelector()
    selector.register(connection, selectors.EVENT_READ)
    selector.register(woken, selectors.EVENT_READ)
    while True:
        ready = {key.fd for key, _ in selector.select()}
        if woken in ready:
            os.read(woken, 4096)
            _bury(children)
        if connection.fileno() in ready:
            try:
                job, fds = _job(connection)
            except EOFError:
                break
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for open_fd in (connection.detach(), woken, wakes, selector.fileno(), fds[3], *children.values()):
                    os.close(open_fd)
                _become(job, fds[:3])
            for one in fds[:3]:
                os.close(one)
            children[pid] = fds[3]
            connection.sendall(_LENGTH.pack(pid))
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _encode_a_receipt() -> None:
    """So that python-escpos is loaded, and removes what it leaves."""
    from hardware.interfaces import TextLine  # noqa: PLC0415
    from hardware.printer.encoder import encode  # noqa: PLC0415

    encode([TextLine("x")], codepage="CP858")


def _job(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    head, ancillary, _, _ = connection.recvmsg(_LENGTH.size, socket.CMSG_SPACE(_MOST_FDS * 4))
    if not head:
        raise EOFError
    fds = array.array("i")
    for _, _, data in ancillary:
        fds.frombytes(data)
    job: dict[str, Any] = json.loads(_exactly(connection, _LENGTH.unpack(head)[0]))
    return job, list(fds)


def _bury(children: dict[int, int]) -> None:
    for pid in list(children):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            exited = children.pop(pid)
            with contextlib.suppress(OSError):  # nobody waits for it
                os.write(exited, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(exited)


def _become(job: dict[str, Any], fds: list[int]) -> None:
    """What ``python -m terminal`` would be; never returns."""
    code = 1
    try:
        for target, fd in enumerate(fds):
            os.dup2(fd, target)
        for fd in fds:
            if fd > 2:
                os.close(fd)
        os.environ.clear()
        os.environ.update(job["env"])
        os.chdir(job["cwd"])
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8")
        sys.stdout, sys.stderr = (
            io.TextIOWrapper(io.FileIO(fd, "w", closefd=False), encoding="utf-8", errors=errors, write_through=True)
            for fd, errors in ((1, "strict"), (2, "backslashreplace"))
        )
        random.seed()
        sys.argv = ["terminal", *job["arguments"]]
        code = _run()
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    finally:
        os._exit(code)


def _run() -> int:
    try:
        runpy.run_module("terminal", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return int(ended.code or 0)
        print(ended.code, file=sys.stderr)
        return 1
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        return 1
    return 0
