"""A start on a slow card, held against systemd's rule: whoever is killed while starting begins anew for ever."""

from __future__ import annotations

import asyncio
import re
import threading
from pathlib import Path

import pytest

from terminal.config.schema import Config, read_config
from terminal.daemon import daemon
from terminal.journal import database
from terminal.system.notify import STEP_S, Notifier
from tests.integration.counter import SIMULATED, merged, write_config
from tests.unit.journal.journal_samples import append_paid, opened
from tests.unit.journal.rebuild_bench import no_database

UNIT = Path(__file__).parents[3] / "systemd/netgiro-terminal.service"
SLOWEST_LOADING_S = 57.0
"""Measured while all of an emulated machine booted, which is slower than a Pi Zero."""
MARGIN = 3
LONGEST_STEP_S = STEP_S - 1.0


class Systemd:
    """EXTEND_TIMEOUT_USEC of sd_notify(3): the unit's limit counts until the first one, then each from its arrival."""

    def __init__(self, limit_s: float) -> None:
        self.now_s = 0.0
        self.killed_at_s: float | None = None
        self.ready = asyncio.Event()
        self._deadline_s = limit_s

    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        if self.killed_at_s is None and self.now_s > self._deadline_s:
            self.killed_at_s = self.now_s

    def hear(self, message: str) -> None:
        if more := re.search(r"(?m)^EXTEND_TIMEOUT_USEC=(\d+)$", message):
            self._deadline_s = max(self._deadline_s, self.now_s + int(more[1]) / 1_000_000)
        if message == "READY=1":
            self.ready.set()


def of_the_unit(name: str) -> float:
    (value,) = re.findall(rf"(?m)^{name}=(\d+)$", UNIT.read_text("utf-8"))
    return float(value)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A terminal whose journal must be made anew from its mirror: no start has more to do."""
    path = tmp_path / "journal.db"
    with opened(path) as journal:
        for number in range(1, 12):
            append_paid(journal, number)
    no_database(path)
    changes = {
        "netgiro": {"base_url": "https://127.0.0.1:9/v1", "application_id": "x", "secret_key": "x"},
        "register": {"port": "/dev/serial/by-id/none"},
        "journal": {"path": str(path)},
    }
    write_config(tmp_path / "config.toml", merged(SIMULATED, changes))
    return read_config(tmp_path / "config.toml", {})[0]


def start(config: Config, systemd: Systemd, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon from its loading to READY; each of its steps takes as long as one may on the slowest card."""
    monkeypatch.setattr(database, "PROGRESS_S", 0.0)
    monkeypatch.setattr(database, "PROGRESS_STEPS", 500)

    def send(_notifier: Notifier, message: str) -> None:
        if threading.current_thread() is not threading.main_thread():  # a step of the journal's is done
            systemd.wait(LONGEST_STEP_S)
        systemd.hear(message)

    monkeypatch.setattr(Notifier, "_send", send)
    systemd.wait(MARGIN * SLOWEST_LOADING_S)

    async def until_ready() -> None:
        await systemd.ready.wait()

    asyncio.run(daemon.run_daemon(config, until_ready))


def test_a_start_that_goes_on_for_minutes_is_waited_for(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_s = of_the_unit("TimeoutStartSec")
    systemd = Systemd(limit_s)

    start(config, systemd, monkeypatch)

    assert systemd.now_s > limit_s + STEP_S, "it was ready too soon to prove anything"
    assert systemd.killed_at_s is None


def test_a_limit_that_ends_before_a_slow_card_has_loaded_the_program_is_found_out(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Holds the test above to account. Nothing can be said to systemd before so much is loaded."""
    systemd = Systemd(60)

    start(config, systemd, monkeypatch)

    assert systemd.killed_at_s == MARGIN * SLOWEST_LOADING_S


def test_a_terminal_that_does_not_say_that_it_goes_on_is_found_out(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terminal.system.notify.STEP_S", 1)
    systemd = Systemd(of_the_unit("TimeoutStartSec"))

    start(config, systemd, monkeypatch)

    assert systemd.killed_at_s is not None


def test_a_step_reports_before_the_time_that_was_asked_for_is_over() -> None:
    assert 10 * database.PROGRESS_S <= STEP_S
    assert of_the_unit("TimeoutStartSec") >= MARGIN * SLOWEST_LOADING_S
    assert of_the_unit("WatchdogSec") >= MARGIN * database.PROGRESS_S, "each report feeds the watchdog, too"
