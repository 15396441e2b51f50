"""Commands that only ask the running terminal: they find its socket without the secret key or a whole configuration."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from terminal.commands.main import main
from terminal.config import places, schema
from terminal.config.control_path import RUNTIME_SOCKET, find_control_path
from terminal.errors import ConfigError
from terminal.sale.sale import Outcome
from terminal.sale.totals import Tally, Totals, figures
from terminal.system.ask import LONGEST_ANSWER

BROKEN = '[register]\nbaudrate = "fast"\n[netgiro]\nsecret_key_file = "nowhere"\n[journal]\npath = "sales.db"\n'
DAY = figures(3, Totals(by_outcome={Outcome.APPROVED: Tally(2, 3980)}, refunds=Tally(1, 500)))
ASKED = {
    "settle": (["settle", "7", "paid"], {"outcome": "approved"}),
    "restart": (["restart"], {"pid": 1}),
    "end-of-day": (["end-of-day"], DAY),
    "x-report": (["x-report"], {**DAY, "not_printed": ""}),
    "pair": (["pair"], {"code": "482913", "good_for_s": 300.0, "url": "http://[::1]:8026", "certificate_sha256": "ab"}),
    "revoke-program": (["pair", "--revoke", "Kassi 1"], {"revoked": 1}),
    "reprint": (["reprint"], {"receipts": ["7-customer-1"]}),
}


class Daemon:
    """Answers one request on the control socket."""

    def __init__(self, path: Path, answer: dict[str, Any]) -> None:
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(path))
        self._server.listen(1)
        self._answer = answer
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        self.heard: dict[str, Any] = {}

    def _serve(self) -> None:
        connection, _ = self._server.accept()
        with connection:
            self.heard = json.loads(connection.recv(LONGEST_ANSWER))
            connection.sendall(json.dumps({"ok": True, **self._answer}).encode() + b"\n")

    def close(self) -> None:
        self._thread.join()
        self._server.close()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with every fault but in what is needed here; its secret key must not be looked for."""

    def nobody(*_: object) -> None:
        raise AssertionError("the secret key was looked for")

    monkeypatch.setattr(schema, "find_secret_key", nobody)
    path = tmp_path / "config.toml"
    path.write_text(BROKEN, encoding="utf-8")
    return path


@pytest.mark.parametrize("command", ASKED)
def test_the_daemon_is_asked_without_its_secret(file: Path, command: str) -> None:
    words, answer = ASKED[command]
    daemon = Daemon(file.with_name("sales.db.control"), answer)
    try:
        assert main(["--config", str(file), *words]) == 0
    finally:
        daemon.close()
    assert daemon.heard["command"] == command


def asked(file: Path, words: list[str], answer: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    daemon = Daemon(file.with_name("sales.db.control"), answer)
    try:
        return main(["--config", str(file), *words]), daemon.heard
    finally:
        daemon.close()


@pytest.mark.parametrize("command", ["end-of-day", "x-report"])
def test_figures_of_a_day_are_one_json_object(file: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, heard = asked(file, [command, "--json"], {**DAY, "not_printed": ""} if command == "x-report" else DAY)
    assert code == 0
    figures_told = json.loads(capsys.readouterr().out)
    assert figures_told == DAY
    assert figures_told["period"] == 3
    assert figures_told["sales"] == {"count": 2, "amount": 3980}
    assert figures_told["refunds"] == {"count": 1, "amount": 500}
    assert figures_told["charged"] == 3480
    assert not heard.get("print"), "who wants the figures wants no paper"


def test_x_report_that_does_not_come_out_says_why_and_still_counts(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, heard = asked(file, ["x-report"], {**DAY, "not_printed": "no paper"})
    assert code == 1
    assert heard["print"] is True
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "since end of day 2: 2 approved, 3.980 kr.",
        "refunds: 1, -500 kr.",
        "charged by Netgíró: 3.480 kr.",
    ]
    assert told.err == "not on paper: no paper\n"


def test_of_an_installed_terminal_not_even_the_file_is_read() -> None:
    assert find_control_path(places.CONFIG_PATHS[0]) == RUNTIME_SOCKET


def test_a_journal_path_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[journal]\npath = 5\n", encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        find_control_path(path)
    assert "journal.path" in raised.value.problems[0]
    path.write_text("[journal", encoding="utf-8")
    with pytest.raises(ConfigError):
        find_control_path(path)
