"""What the menu tells of the terminal itself."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from terminal import __version__
from terminal.app.about import about_lines, own_address


def test_about_names_version_terminal_and_address() -> None:
    version, terminal, *_serial, address = about_lines("T7")
    assert version == f"netgiro-terminal {__version__}"
    assert terminal == "T7"
    assert address == "-" or ipaddress.ip_address(address)


def test_without_a_network_there_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    class Cut(socket.socket):
        def connect(self, _address: object) -> None:
            raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "socket", Cut)
    assert own_address() == ""
    assert about_lines("T7")[-1] == "-"
