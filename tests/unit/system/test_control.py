"""The control socket, over a real one: who may ask, what it survives, and that it goes on."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest

from terminal.config.control_path import RUNTIME_SOCKET, control_path
from terminal.config.places import CONFIG_PATHS
from terminal.config.schema import Config, JournalSettings
from terminal.errors import TerminalError
from terminal.system.ask import NotRunning, ask_daemon
from terminal.system.control import LONGEST_REQUEST, ControlServer, Request
from tests.patience import at_most

_T = TypeVar("_T")


async def echo(request: Request) -> Mapping[str, Any]:
    return {"echo": request.get("word")}


async def refuse(_request: Request) -> Mapping[str, Any]:
    raise TerminalError("sale 7 is open; wait")


async def break_down(_request: Request) -> Mapping[str, Any]:
    raise RuntimeError("a fault of ours")


def with_server(path: Path, talk: Callable[[], _T]) -> _T:
    """Serve while ``talk`` runs in a thread of its own."""

    async def run() -> _T:
        server = ControlServer(path, {"echo": echo, "refuse": refuse, "break": break_down})
        await server.start()
        try:
            return await asyncio.to_thread(talk)
        finally:
            await server.stop()

    return asyncio.run(run())


def raw(path: Path, *pieces: bytes) -> bytes:
    """Whatever comes back until the server closes or has answered."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(at_most(5))
        connection.connect(str(path))
        for piece in pieces:
            connection.sendall(piece)
        return connection.recv(65536)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


def test_a_command_is_answered(path: Path) -> None:
    assert with_server(path, lambda: ask_daemon(path, "echo", word="þorn")) == {"echo": "þorn"}


def test_a_refusal_is_the_daemons_own_sentence(path: Path) -> None:
    with pytest.raises(TerminalError, match="sale 7 is open; wait"):
        with_server(path, lambda: ask_daemon(path, "refuse"))


def test_an_unknown_command_is_told_what_there_is(path: Path) -> None:
    with pytest.raises(TerminalError, match="echo, refuse, break"):
        with_server(path, lambda: ask_daemon(path, "nonsense"))


def test_a_fault_in_a_command_is_told_and_the_next_one_works(path: Path) -> None:
    def talk() -> dict[str, Any]:
        with pytest.raises(TerminalError, match="RuntimeError"):
            ask_daemon(path, "break")
        return ask_daemon(path, "echo", word=1)

    assert with_server(path, talk) == {"echo": 1}


@pytest.mark.parametrize("line", [b"\n", b"\xff\xfe\n", b"[]\n", b'"status"\n', b"{}\n", b"[" * 3000 + b"\n"])
def test_no_line_breaks_it(path: Path, line: bytes) -> None:
    assert b'"ok":false' in with_server(path, lambda: raw(path, line))


def test_a_line_without_end_is_cut_off(path: Path) -> None:
    def talk() -> dict[str, Any]:
        with contextlib.suppress(ConnectionError):  # closed while we still sent
            assert raw(path, b"x" * (3 * LONGEST_REQUEST)) == b""
        return ask_daemon(path, "echo", word=2)

    assert with_server(path, talk) == {"echo": 2}


def test_only_owner_and_group_may_open_it(path: Path) -> None:
    assert with_server(path, lambda: path.stat().st_mode & 0o777) == 0o660


def test_what_a_killed_daemon_left_is_no_hindrance_and_nothing_stays(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))

    assert with_server(path, lambda: ask_daemon(path, "echo", word=3)) == {"echo": 3}
    assert not path.exists()


def test_without_a_daemon_the_reader_is_told_how_to_start_it(path: Path) -> None:
    with pytest.raises(NotRunning, match="systemctl start"):
        ask_daemon(path, "status")


def test_a_daemon_that_hangs_is_not_waited_for_for_ever(path: Path) -> None:
    def hang(_request: Request) -> Awaitable[Mapping[str, Any]]:
        return asyncio.get_running_loop().create_future()

    async def run() -> None:
        server = ControlServer(path, {"hang": hang})
        await server.start()
        with pytest.raises(TerminalError, match="does not answer"):
            await asyncio.to_thread(ask_daemon, path, "hang", patience_s=0.05)
        await server.stop()

    asyncio.run(run())


def test_installed_it_listens_in_its_runtime_folder_and_elsewhere_beside_its_journal(tmp_path: Path) -> None:
    journal = JournalSettings(path=str(tmp_path / "journal.db"))

    assert control_path(Config(path=CONFIG_PATHS[0], journal=journal)) == RUNTIME_SOCKET
    assert control_path(Config(path=tmp_path / "c.toml", journal=journal)) == tmp_path / "journal.db.control"
