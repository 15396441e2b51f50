"""Messages to systemd arrive on a real datagram socket, and nothing happens without one."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from terminal.system.notify import LONGEST_STATUS, STEP_S, Notifier
from tests.each import each_of
from tests.patience import at_most


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    """What systemd does: a bound datagram socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address.replace("@", "\0"))
        listener.settimeout(at_most(5))
        yield listener


@contextmanager
def notifying(**environ: str) -> Iterator[Notifier]:
    notifier = Notifier(environ)
    try:
        yield notifier
    finally:
        notifier.close()


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "notify") if request.param == "path" else f"@netgiro-terminal-test-{os.getpid()}"


def test_every_message_arrives_as_one_datagram(address: str) -> None:
    with listening(address) as listener, notifying(NOTIFY_SOCKET=address) as notifier:
        notifier.ready()
        notifier.watchdog()
        notifier.status("sala 17: 1.990 kr.")
        notifier.stopping()

        received = [listener.recv(4096).decode() for _ in range(4)]

    assert received == ["READY=1", "WATCHDOG=1", "STATUS=sala 17: 1.990 kr.", "STOPPING=1"]


def test_a_status_is_one_short_line(address: str) -> None:
    with listening(address) as listener, notifying(NOTIFY_SOCKET=address) as notifier:
        notifier.status("two\nlines\nREADY=1 " + "x" * 1000)

        message = listener.recv(4096).decode()

    assert message.startswith("STATUS=two lines READY=1 xxx")
    assert len(message) == len("STATUS=") + LONGEST_STATUS


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}], ids=str)
def test_without_systemd_nothing_is_sent(environ: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    with notifying(**environ) as notifier:
        notifier.ready()

    assert caplog.records == []


def test_a_listener_that_is_gone_is_told_once_and_found_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = str(tmp_path / "notify")
    with caplog.at_level(logging.WARNING), notifying(NOTIFY_SOCKET=path) as notifier:
        notifier.ready()
        notifier.watchdog()
        with listening(path) as listener:
            notifier.watchdog()
            received = listener.recv(4096)

    assert received == b"WATCHDOG=1"
    assert len(caplog.records) == 1


def test_a_listener_that_does_not_read_blocks_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = str(tmp_path / "notify")
    with listening(path), notifying(NOTIFY_SOCKET=path) as notifier:
        for _ in range(10_000):
            notifier.watchdog()

    assert len(caplog.records) == 1


@each_of(
    ("environ", "interval_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        pytest.param({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0, id="our own"),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "me"}, None),
    ],
    ids=str,
)
def test_watchdog_is_fed_twice_as_often_as_needed(environ: dict[str, str], interval_s: float | None) -> None:
    assert Notifier(environ).watchdog_interval_s == interval_s


def test_closing_twice_is_allowed(address: str) -> None:
    with listening(address), notifying(NOTIFY_SOCKET=address) as notifier:
        notifier.ready()
        notifier.close()
        notifier.close()
        notifier.ready()


def test_a_long_step_asks_for_patience_at_a_start_and_of_the_watchdog(address: str) -> None:
    with listening(address) as listener, notifying(NOTIFY_SOCKET=address) as notifier:
        notifier.still_working()

        assert listener.recv(4096).decode() == f"EXTEND_TIMEOUT_USEC={STEP_S}000000\nWATCHDOG=1"
