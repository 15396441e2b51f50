"""What the whole terminal does when it starts on a damaged journal."""

from __future__ import annotations

import asyncio
import shutil
import socket
import time
from pathlib import Path

import httpx
import pytest

from hardware.simulated import SimulatedKeypad
from terminal.app import parts
from terminal.app.app import TerminalApp
from terminal.app.devices import Devices
from terminal.app.seams import Seams
from terminal.config.schema import Config, JournalSettings, NetgiroSettings
from terminal.journal import database
from terminal.journal.thread import Journal, JournalFile
from terminal.netgiro.nonce import TICKS_PER_S, UNIX_EPOCH_TICKS
from terminal.sale.gateway import CallRefused
from terminal.sale.sensitive import Sensitive
from terminal.system.notify import Notifier
from tests.patience import at_most
from tests.unit.journal.journal_samples import append_paid, opened
from tests.unit.journal.rebuild_bench import no_database
from tests.unit.register.scripted_port import ScriptedPort

CART = "881e674f-7891-4c20-afd8-56fe2624c4b5"


class Nobody(httpx.AsyncBaseTransport):
    """Takes every call and answers none."""

    def __init__(self) -> None:
        self.nonces: list[int] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if nonce := request.headers.get("netgiro_nonce"):
            self.nonces.append(int(nonce))
        raise httpx.ConnectError("nobody", request=request)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal whose database is lost."""
    path = tmp_path / "journal.db"
    with opened(path) as journal:
        for number in range(1, 12):
            append_paid(journal, number)
    no_database(path)
    return path


def config_of(path: Path) -> Config:
    return Config(
        journal=JournalSettings(path=str(path)),
        netgiro=NetgiroSettings(application_id=CART, secret_key=Sensitive("c2VjcmV0")),
    )


def an_app(path: Path, seams: Seams, notifier: Notifier | None = None) -> TerminalApp:
    return TerminalApp(
        config_of(path), Devices(SimulatedKeypad(), None, None, ScriptedPort()), seams=seams, notifier=notifier
    )


def test_a_clock_in_the_past_gives_no_nonce_again_whose_mark_was_lost(path: Path) -> None:
    shutil.rmtree(path.with_name("journal.db.mirror"))
    lost_at_s = time.time()
    nobody = Nobody()

    async def scenario() -> None:
        seams = Seams(transport=nobody, wall_clock=lambda: 0.0)
        journal = Journal(JournalFile(path, seams.timestamp))
        await journal.call(journal.file.open)
        gateway = await parts.build_gateway(config_of(path), journal, seams)
        with pytest.raises(CallRefused):
            await gateway.query_status(CART)
        await gateway.close()
        await journal.close()

    asyncio.run(scenario())
    (nonce,) = nobody.nonces
    assert nonce > UNIX_EPOCH_TICKS + lost_at_s * TICKS_PER_S


def test_systemd_is_told_that_a_long_repair_goes_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PROGRESS_S", 0.0)
    monkeypatch.setattr(database, "PROGRESS_STEPS", 500)
    address = str(path.with_name("notify"))

    async def scenario() -> None:
        app = an_app(path, Seams(transport=Nobody()), notifier)
        await app.start()
        await app.stop()

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(at_most(5))
        notifier = Notifier({"NOTIFY_SOCKET": address})
        asyncio.run(scenario())
        notifier.close()
        assert systemd.recv(4096) == b"EXTEND_TIMEOUT_USEC=120000000\nWATCHDOG=1"


@pytest.mark.parametrize(("behind_s", "is_set"), [(7 * 30 * 86_400.0, False), (0.0, True)])
def test_a_clock_behind_the_last_row_is_not_set(path: Path, behind_s: float, is_set: bool) -> None:
    now_s = time.time() - behind_s

    async def scenario() -> None:
        app = an_app(path, Seams(transport=Nobody(), wall_clock=lambda: now_s, clock_is_synchronised=lambda: None))
        await app.start()
        assert app._seams.clock_is_set() is is_set
        await app.stop()

    asyncio.run(scenario())
