"""Who asked for what: the kernel's word for it, and a line at every log level."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import io
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from terminal.errors import TerminalError
from terminal.system.ask import ask_daemon
from terminal.system.audit import audit, audited, peer_name, user_name
from terminal.system.control import ControlServer, Request
from terminal.system.logs import setup_logging
from tests.patience import at_most


async def settle(request: Request) -> dict[str, Any]:
    if request.get("sale") == 8:
        raise TerminalError("sale 8 does not wait for staff")
    return {"by": request["by"]}


async def look(_request: Request) -> dict[str, Any]:
    return {}


def asked(path: Path, *requests: tuple[str, dict[str, object]]) -> tuple[list[dict[str, Any]], str]:
    """The answers, and what the log says at its quietest level."""
    stream = io.StringIO()
    setup_logging("error", stream=stream, environ={})

    def talk() -> list[dict[str, Any]]:
        answers = []
        for command, arguments in requests:
            try:
                answers.append(ask_daemon(path, command, **arguments))
            except TerminalError as error:
                answers.append({"error": str(error)})
        return answers

    async def run() -> list[dict[str, Any]]:
        server = ControlServer(path, {"settle": settle, "status": look}, silent=("status",))
        await server.start()
        try:
            return await asyncio.to_thread(talk)
        finally:
            await server.stop()

    return asyncio.run(run()), stream.getvalue()


def test_whoever_settles_a_sale_is_named_by_the_kernel_and_not_by_themselves(tmp_path: Path) -> None:
    (answer,), log = asked(tmp_path / "s", ("settle", {"sale": 7, "verdict": "paid", "by": "the owner"}))

    assert answer["by"].startswith(f"{user_name(os.getuid())}, process {os.getpid()}")
    assert "audit: settle sale=7 verdict=paid, by " in log
    assert "the owner" not in log
    assert log.rstrip().endswith(": done")


def test_a_refusal_is_told_too_and_a_look_is_not(tmp_path: Path) -> None:
    _answers, log = asked(tmp_path / "s", ("settle", {"sale": 8}), ("status", {}))

    assert log.count("\n") == 1
    assert log.rstrip().endswith(": sale 8 does not wait for staff")


def test_whom_sudo_acts_for_is_told_as_a_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "anna\n\x1b[2J")

    _answers, log = asked(tmp_path / "s", ("settle", {"sale": 7}))

    assert r"says for anna\n\x1b[2J: done" in log


def test_what_is_asked_cannot_forge_a_line(tmp_path: Path) -> None:
    _answers, log = asked(tmp_path / "s", ("settle", {"sale": "1\naudit: settle, by root: done"}))

    assert log.count("\n") == 1


def told_of(path: Path, work: Callable[[], None]) -> str:
    """What the journal hears of a command that does this."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(str(path))
        journal.settimeout(at_most(5))
        with contextlib.suppress(TerminalError), audited("journal mend", path):
            work()
        return journal.recv(4096).decode()


def test_a_command_without_the_daemon_says_it_to_the_journal(tmp_path: Path) -> None:
    told = told_of(tmp_path / "journal", lambda: None)

    assert f"audit: journal mend, by {user_name(os.getuid())}" in told
    assert ": done\n" in told
    assert "PRIORITY=6\n" in told
    assert "SYSLOG_IDENTIFIER=netgiro-terminal\n" in told


def test_one_that_fails_says_why_on_its_line(tmp_path: Path) -> None:
    def fail() -> None:
        raise TerminalError("the terminal runs\nPRIORITY=0")

    assert r": the terminal runs\nPRIORITY=0" in told_of(tmp_path / "journal", fail)


def test_without_a_journal_it_is_silent(tmp_path: Path) -> None:
    with audited("journal mend", tmp_path / "none"):
        pass


def test_a_peer_without_a_name_has_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert getpass.getuser() in user_name(os.getuid())
    assert user_name(4_000_000) == "user 4000000"
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert peer_name(ours, 17) == f"{user_name(os.getuid())}, process {os.getpid()}"


def test_the_line_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    audit("a\nb", "root (user 0)", "c\rd")
    assert caplog.messages == [r"audit: a\nb, by root (user 0): c\rd"]
