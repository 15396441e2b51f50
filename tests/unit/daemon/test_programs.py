"""Register programs as operators see them: a code, who is paired, who is revoked; and nothing where there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from terminal.daemon.programs import pairing_code, programs_status, revoke_program
from terminal.errors import TerminalError
from terminal.register.http.port import HttpPort, Listen
from terminal.register.http.programs import Programs


@pytest.fixture
def port(tmp_path: Path) -> HttpPort:
    return HttpPort(Listen("127.0.0.1", 8026), Programs(tmp_path / "register-programs.json"))


def test_a_code_comes_with_where_to_call(port: HttpPort) -> None:
    answer = pairing_code(port)
    assert port.programs.pair(answer["code"], "Kassi 1") is not None
    assert (answer["good_for_s"], answer["url"]) == (300.0, "http://127.0.0.1:8026")
    assert answer["certificate_sha256"] == ""


def test_the_status_names_each_program_once(port: HttpPort) -> None:
    for name in ("Kassi 1", "Kassi 2", "Kassi 1"):
        port.programs.admit(name)
    status = programs_status(port)
    assert status is not None
    assert (status.url, status.paired) == ("http://127.0.0.1:8026", ("Kassi 1", "Kassi 2"))


def test_a_program_is_revoked_by_its_name(port: HttpPort) -> None:
    port.programs.admit("Kassi 1")
    port.programs.admit("Kassi 1")
    assert revoke_program(port, "Kassi 1") == 2
    with pytest.raises(TerminalError, match="no program is called 'Kassi 1'; paired: none"):
        revoke_program(port, "Kassi 1")


def test_a_list_that_cannot_be_written_is_told(port: HttpPort, tmp_path: Path) -> None:
    port.programs.admit("Kassi 1")
    (tmp_path / "register-programs.json.new").mkdir()
    with pytest.raises(TerminalError, match="cannot be written"):
        revoke_program(port, "Kassi 1")


def test_without_register_programs_it_is_said_what_to_set() -> None:
    assert programs_status(None) is None
    for ask in (lambda: pairing_code(None), lambda: revoke_program(None, "x")):
        with pytest.raises(TerminalError, match=r"register\.protocol"):
            ask()
