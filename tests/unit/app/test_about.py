"""What the menu tells of the terminal itself."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

import pytest

from terminal import __version__
from terminal.app.about import about_lines, own_address, own_serial


def test_about_names_version_terminal_and_address() -> None:
    version, terminal, *_serial, address = about_lines("T7")
    assert version == f"netgiro-terminal {__version__}"
    assert terminal == "T7"
    assert address == "-" or ipaddress.ip_address(address)


@pytest.mark.parametrize(
    ("content", "serial"),
    [(b"10000000a3b1c2d4\0", "10000000a3b1c2d4"), (b"", ""), (b"x" * 1000, "x" * 16), (b"\xff\x1b\0", "\\x1b")],
)
def test_the_boards_serial_number_is_told_if_it_has_one(tmp_path: Path, content: bytes, serial: str) -> None:
    path = tmp_path / "serial-number"
    assert own_serial(path) == ""
    path.write_bytes(content)
    assert own_serial(path).endswith(serial)
    assert own_serial(path).isprintable()


def test_without_a_network_there_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    class Cut(socket.socket):
        def connect(self, _address: object) -> None:
            raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "socket", Cut)
    assert own_address() == ""
    assert about_lines("T7")[-1] == "-"
