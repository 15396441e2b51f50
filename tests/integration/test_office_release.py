"""A release on its whole way: added at the office, named to a counter, loaded over HTTP, verified and installed.

The office is the real one, on a real PostgreSQL and a real port; only the counter's two slots are a machine in memory.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import tarfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from terminal.config.office_release import INSTALLED, REFUSED, machine_word
from terminal.config.schema import Config, JournalSettings, OfficeSettings
from terminal.daemon.release_folder import release_status
from terminal.daemon.release_from_office import QUIET_S, ReleaseFromOffice
from terminal.install.from_office import OUTCOME, install_from_office
from terminal.install.release import NAMESPACE, contents_of
from terminal.install.upgrade import Upgrade
from terminal.office.uplink.client import OfficeClient
from terminal.office.wire import StatusReport, pack
from terminal.sale.sensitive import Sensitive
from terminal.system.web import WebServer
from tests.integration.process import run_command
from tests.postgres import Cluster, cluster_or_skip
from tests.unit.install.test_release import MANIFEST, Publisher
from tests.unit.install.upgrade_bench import NEW, OLD, MachineInMemory

pytest.importorskip("psycopg")
pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen: apt-get install openssh-client")

TOKEN = "the-common-token"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    yield from cluster_or_skip()


@asynccontextmanager
async def office_on_a_port(database: str) -> AsyncIterator[str]:
    from terminal.office.server.database import build_pool  # noqa: PLC0415  needs psycopg
    from terminal.office.server.serve import build_app  # noqa: PLC0415

    config = Config(office=OfficeSettings(database=Sensitive(database)), office_token=Sensitive(TOKEN))
    url = config.office.database
    async with build_pool(url, "netgiro_collector", 4) as collecting, build_pool(url, "netgiro_page", 2) as looking:
        server = WebServer(build_app(config, collecting, looking), "127.0.0.1", 0)
        await server.start()
        try:
            yield server.base_url
        finally:
            await server.stop()


def bundle(path: Path, version: str) -> Path:
    """As make bundle packs it, and of a few pieces."""
    manifest = json.dumps({**MANIFEST, "version": version}).encode()
    contents = {"MACHINE": machine_word().encode(), "manifest.json": manifest, "wheels": os.urandom(400_000)}
    with tarfile.open(path, "w:gz") as tar:
        for name, content in contents.items():
            entry = tarfile.TarInfo(f"netgiro-terminal-{version}/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


class Counter:
    def __init__(self, folder: Path, url: str, keys: Path) -> None:
        opt = folder / "opt"
        (opt / "a/bin").mkdir(parents=True)
        (opt / "a/bin/netgiro-terminal").write_text(OLD)
        (opt / "current").symlink_to("a")
        self.machine = MachineInMemory(opt)
        self.machine.start()
        self.keys = keys
        journal = folder / "state/journal.db"
        journal.parent.mkdir()
        office = OfficeSettings(url=url, takes_releases=True)
        self.config = Config(office=office, journal=JournalSettings(path=str(journal)))
        self.url = url
        self.outcome = opt / OUTCOME
        self.upgrade = Upgrade(
            self.machine.slots,
            self.machine,
            journal,
            say=lambda _line: None,
            clock=lambda: self.machine.now_s,
            pause=self.machine.pause,
        )

    async def connect(self) -> OfficeClient:
        return OfficeClient(self.url, Sensitive(TOKEN))

    async def report(self) -> str:
        """The status of this minute; returns what the office asks for."""
        client = await self.connect()
        said = {"version": self.machine.running, "release": release_status(self.config)}
        try:
            return (await client.report(pack(StatusReport("T1", said)))).release  # type: ignore[arg-type]
        finally:
            await client.close()

    async def load(self) -> None:
        """The service hears of it; ends when it has done what there is to do now."""
        release = ReleaseFromOffice(self.config, self.connect, lambda: -QUIET_S, self.outcome)
        release.heard(await self.report())
        assert release._following is not None
        await release._following

    def install(self) -> str:
        outcome = install_from_office(self.upgrade, lambda: True, self.keys)
        assert outcome is not None
        return outcome.result


@pytest.mark.slow
def test_a_release_goes_from_the_office_to_the_slots_of_a_counter(tmp_path: Path, cluster: Cluster) -> None:
    from terminal.office.server import access, releases  # noqa: PLC0415  needs psycopg
    from terminal.office.server.database import connect  # noqa: PLC0415
    from terminal.office.server.waves import Plan  # noqa: PLC0415

    database = cluster.create_database()
    office_toml = tmp_path / "office.toml"
    office_toml.write_text(f'[office]\ndatabase = "{database}"\n')
    publisher, stranger = Publisher(tmp_path, "ours"), Publisher(tmp_path, "theirs")
    keys = tmp_path / "keys"
    keys.write_text(f'release@example.is namespaces="{NAMESPACE}" {publisher.public}\n')
    forged, good = (bundle(tmp_path / f"{version}.tar.gz", version) for version in ("1.2.9", NEW))
    stranger.sign(forged)
    publisher.sign(good)
    assert contents_of(good).machine == machine_word()

    assert run_command("office", "migrate", "--config", str(office_toml)).returncode == 0
    for archive in (forged, good):
        added = run_command("office", "release", "add", str(archive), "--config", str(office_toml))
        assert added.returncode == 0, added.stderr

    async def scenario() -> None:
        async with office_on_a_port(database) as url, await connect(Sensitive(database)) as connection:
            counter = Counter(tmp_path / "counter", url, keys)
            await access.make_code(connection, "T1", "Kringlan")
            assert await counter.report() == ""

            await releases.start(connection, Plan("1.2.9", (1,), 100, timedelta(hours=24)), "sigga")
            await releases.advance(connection)
            await counter.load()
            assert release_status(counter.config).handed_over
            assert await asyncio.to_thread(counter.install) == REFUSED
            await counter.load()
            assert "not signed by any key" in release_status(counter.config).refused
            await counter.report()
            await releases.advance(connection)
            [line] = await releases.lines(connection, "1.2.9")
            assert line.state == "failed"
            assert "not signed by any key" in line.why

            with_both = "release 1.2.9 is everywhere"
            assert await releases.advance(connection) in ("", with_both)
            await releases.start(connection, Plan(NEW, (1,), 100, timedelta(hours=24)), "sigga")
            await releases.advance(connection)
            await counter.load()
            assert await asyncio.to_thread(counter.install) == INSTALLED
            assert (counter.machine.running, counter.machine.slots.current) == (NEW, "b")
            assert await counter.report() == NEW, "until it was paid for a sale"

    asyncio.run(scenario())
