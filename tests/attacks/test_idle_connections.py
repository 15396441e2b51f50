"""300 connections that say nothing, to every port the terminal has, with the descriptors that the unit gives it."""

from __future__ import annotations

import contextlib
import re
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.counter import ShopCounter, free_port
from tests.integration.netgiro import QUICK_PHONE, NetgiroProcess
from tests.integration.process import run_command, wait_until
from tests.patience import at_most

UNIT = Path(__file__).parents[2] / "systemd" / "netgiro-terminal.service"
CROWD = 300


def descriptors_of_the_unit() -> int:
    found = re.search(r"^LimitNOFILE=(\d+)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, "the unit no longer says how many"
    return int(found[1])


@contextlib.contextmanager
def limited(descriptors: int) -> Iterator[None]:
    """Processes started meanwhile may open so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Crowd:
    """Connects again whenever it was hung up on."""

    def __init__(self, *ports: int) -> None:
        self._ports = ports
        self.callers: list[socket.socket] = []

    def press_in(self) -> None:
        self.leave()
        for number in range(CROWD):
            caller = socket.socket()
            caller.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                caller.connect(("127.0.0.1", self._ports[number % len(self._ports)]))
            self.callers.append(caller)

    def leave(self) -> None:
        for caller in self.callers:
            caller.close()
        self.callers.clear()


@pytest.fixture
def attacked(tmp_path: Path, netgiro: NetgiroProcess) -> Iterator[tuple[ShopCounter, Crowd]]:
    metrics, callback = free_port(), free_port()
    settings = {
        "netgiro": {"confirmation": "server_callback"},
        "metrics": {"listen": f"127.0.0.1:{metrics}"},
        "callback": {"listen": f"127.0.0.1:{callback}", "public_url": f"http://127.0.0.1:{callback}"},
    }
    counter = ShopCounter(tmp_path, netgiro, settings)
    panel = int(counter.settings["panel"]["listen"].rpartition(":")[2])
    crowd = Crowd(panel, callback, metrics)
    with limited(descriptors_of_the_unit()):
        counter.start()
    try:
        yield counter, crowd
    finally:
        crowd.leave()
        counter.close()


@pytest.mark.slow
def test_sales_go_on_the_log_stays_short_and_who_waits_gets_in(attacked: tuple[ShopCounter, Crowd]) -> None:
    counter, crowd = attacked
    open_files = Path(f"/proc/{counter.process.pid}/fd")
    before = len(list(open_files.iterdir()))
    crowd.press_in()
    wait_until("a full house", lambda: len(list(open_files.iterdir())) >= before + 32)

    counter.pay("crowd")
    counter.press(f"{QUICK_PHONE}#")  # at the panel, where it waits until idle ones are sent away
    crowd.press_in()
    assert counter.result("crowd").startswith("OK 1990 ")

    assert len(list(open_files.iterdir())) < descriptors_of_the_unit() / 2
    status = run_command("status", "--config", str(counter.config_path))
    assert status.returncode == 0, status.stderr
    complaints = [line for line in counter.process.output.splitlines() if " INFO " not in line]
    assert len(complaints) < 10, complaints


def test_a_flood_of_bad_requests_is_a_few_lines(attacked: tuple[ShopCounter, Crowd]) -> None:
    counter, _crowd = attacked
    address = ("127.0.0.1", int(counter.settings["panel"]["listen"].rpartition(":")[2]))

    for _ in range(300):
        with socket.create_connection(address, timeout=at_most(5)) as caller:
            caller.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                caller.recv(1024)
    counter.state()

    assert len(counter.process.output.splitlines()) < 40, counter.process.output[:4000]
