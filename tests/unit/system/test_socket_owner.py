"""Whose the other end of a loopback connection is, as the kernel says it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from terminal.system import socket_owner
from terminal.system.socket_owner import owner_of


@pytest.fixture(params=["127.0.0.1", "::1", "mapped"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    """The caller's end, and ours. "mapped": a caller who reaches IPv4 through a socket of IPv6."""
    listens, calls = {"mapped": ("127.0.0.1", "::ffff:127.0.0.1")}.get(request.param, (request.param,) * 2)
    try:
        listener = socket.create_server((listens, 0), family=socket.AF_INET6 if ":" in listens else socket.AF_INET)
    except OSError:
        pytest.skip("no IPv6 here")
    with closing(listener), socket.socket(socket.AF_INET6 if ":" in calls else socket.AF_INET) as caller:
        caller.connect((calls, listener.getsockname()[1]))
        with closing(listener.accept()[0]) as ours:
            yield caller, ours


def owner(ours: socket.socket) -> int | None:
    return owner_of(ours.getpeername()[:2], ours.getsockname()[:2])


def test_the_owner_of_an_open_end_is_known(ends: tuple[socket.socket, socket.socket]) -> None:
    _, ours = ends
    assert owner(ours) == os.getuid()


def test_an_end_that_was_let_go_is_nobodys(ends: tuple[socket.socket, socket.socket]) -> None:
    """The kernel's table names root for it: whoever asks and hangs up at once would pass for root."""
    caller, ours = ends
    caller.sendall(b"POST /api/keypad")
    caller.close()
    assert owner(ours) is None


def test_nobody_is_known_for_a_connection_that_is_not_there_or_a_table_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert owner_of(("127.0.0.1", 1), ("127.0.0.1", 2)) is None
    monkeypatch.setattr(socket_owner, "_TABLES", ("/proc/net/nothing", "/dev/null", "/proc/self/exe"))
    assert owner_of(("127.0.0.1", 1), ("127.0.0.1", 2)) is None
