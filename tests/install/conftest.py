"""Takes minutes, root and a network, so it runs only when it is asked for: ``sudo make test-install``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.install.clean_machine import CleanMachine, base_root, missing_tools
from tests.integration.netgiro import NetgiroProcess

ASKED_FOR = "NETGIRO_TEST_INSTALL"
SUITE = os.environ.get("SUITE", "bookworm")
ROOTS = Path(os.environ.get("NETGIRO_TEST_ROOTS", Path(__file__).parents[2] / "artefacts/roots"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get(ASKED_FOR):
        return
    here = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.skip(reason="installs a whole machine; run: sudo make test-install"))


@pytest.fixture(scope="session")
def machine() -> Iterator[CleanMachine]:
    """A blank Debian, switched off."""
    if missing := missing_tools():
        pytest.fail(f"test-install needs {', '.join(missing)}: apt-get install debootstrap systemd-container")
    with tempfile.TemporaryDirectory(prefix="clean-machine-") as folder:  # not pytest's: a mount must not outlive it
        machine = CleanMachine(base_root(SUITE, ROOTS), Path(folder))
        try:
            yield machine
        finally:
            machine.throw_away()


@pytest.fixture(scope="session")
def netgiro(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetgiroProcess]:
    """A simulated Netgíró outside the machine, on the same loopback."""
    process = NetgiroProcess(tmp_path_factory.mktemp("netgiro"))
    yield process
    process.close()
