"""A machine that runs the old version, a release of the new one, and the way from one to the other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from terminal.install.release import NAMESPACE
from terminal.install.upgrade import Upgrade
from tests.unit.install.test_release import MANIFEST, Publisher, pack
from tests.unit.install.upgrade_bench import NEW, OLD, MachineInMemory


@pytest.fixture
def machine(tmp_path: Path) -> MachineInMemory:
    opt = tmp_path / "opt"
    (opt / "a/bin").mkdir(parents=True)
    (opt / "a/bin/netgiro-terminal").write_text(OLD)
    (opt / "current").symlink_to("a")
    machine = MachineInMemory(opt)
    machine.start()
    return machine


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """An archive of the new version, its signature, and the keys that are trusted."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen: apt-get install openssh-client")
    folder = tmp_path_factory.mktemp("published")
    publisher = Publisher(folder, "key")
    (folder / "keys").write_text(f'release@example.is namespaces="{NAMESPACE}" {publisher.public}\n')
    archive = pack(folder / "release.tar.gz", manifest=MANIFEST | {"version": NEW})
    return archive, publisher.sign(archive), folder / "keys"


@pytest.fixture
def upgrade(machine: MachineInMemory, tmp_path: Path) -> Upgrade:
    return Upgrade(
        machine.slots,
        machine,
        tmp_path / "state/journal.db",
        say=lambda _line: None,
        clock=lambda: machine.now_s,
        pause=machine.pause,
    )
