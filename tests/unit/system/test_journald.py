"""Entries arrive at a real datagram socket with their fields, and nothing is lost without one."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

import pytest

from terminal.system.logs import setup_logging
from tests.patience import at_most

log = logging.getLogger("terminal.test")


class Journald(NamedTuple):
    """What systemd gives a service: a stream that leads to the journal, and the journal's own socket."""

    listener: socket.socket
    address: Path
    stream: TextIO
    environ: dict[str, str]

    def entry(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.listener.recv(65536).decode().splitlines())


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[Journald]:
    address = tmp_path / "socket"
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener,
        (tmp_path / "stderr").open("w", buffering=1, encoding="utf-8") as stream,
    ):
        listener.bind(str(address))
        listener.settimeout(at_most(5))
        status = os.fstat(stream.fileno())
        environ = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        setup_logging("debug", stream=stream, environ=environ, journal_socket=address)
        yield Journald(listener, address, stream, environ)
        for handler in logging.getLogger().handlers[:]:
            logging.getLogger().removeHandler(handler)
            handler.close()


def test_what_happens_to_a_sale_can_be_looked_up_by_its_number(journald: Journald) -> None:
    log.info("sale %d: %s -> %s%s", 17, "StatusReceived", "capture", "")

    assert journald.entry() == {
        "MESSAGE": "terminal.test: sale 17: StatusReceived -> capture",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "netgiro-terminal",
        "LOGGER": "terminal.test",
        "SALE_ID": "17",
        "EVENT": "StatusReceived",
    }


def test_other_entries_have_no_sale(journald: Journald) -> None:
    log.warning("receipt %s stays pending", "17-customer-0")

    assert {"SALE_ID", "EVENT"}.isdisjoint(journald.entry())


def test_personal_data_is_masked_in_every_field_and_no_field_can_be_forged(journald: Journald) -> None:
    log.error("sale %d: %s\nPRIORITY=0 of %s", 17, "lost", "8223281")

    entry = journald.entry()

    assert entry["PRIORITY"] == "3"
    assert entry["MESSAGE"] == "terminal.test: sale 17: lost\\nPRIORITY=0 of ***"
    assert "8223281" not in str(entry)


def test_a_traceback_follows_as_a_field_at_level_debug(journald: Journald) -> None:
    try:
        raise ValueError("spoiled")
    except ValueError:
        log.exception("sale %d: failed", 17)

    data = journald.listener.recv(65536).decode()

    assert data.startswith("MESSAGE=terminal.test: sale 17: failed: ValueError: spoiled\n")
    assert "\nTRACEBACK=terminal.test: ValueError: spoiled\n" in data


def test_when_nobody_takes_it_it_goes_to_the_stream_with_its_priority(journald: Journald) -> None:
    journald.listener.close()

    log.warning("paper is low")

    assert Path(journald.stream.name).read_text() == "<4>terminal.test: paper is low\n"


def test_outside_systemd_the_socket_is_left_alone(journald: Journald) -> None:
    setup_logging("info", stream=journald.stream, environ={}, journal_socket=journald.address)
    log.info("in a window")

    assert "in a window" in Path(journald.stream.name).read_text()
    journald.listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        journald.listener.recv(1)
