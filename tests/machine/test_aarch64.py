"""Installed from its bundle on arm64, until a sale is paid: wheels, and machine code that no x86 processor has."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.integration.counter import ShopCounter, write_config
from tests.integration.netgiro import QUICK_PHONE, NetgiroProcess
from tests.integration.process import Process, wait_until
from tests.machine.aarch64 import PROCESSOR, blank_aarch64, emulation, missing, root_on
from tests.machine.conftest import ROOTS, SUITE
from tests.machine.image import NoDebianError, install_program, run_in

COMMAND = "/usr/local/bin/netgiro-terminal"
ELF_MACHINE = b"\xb7\x00"
READY_S = 120.0


class ForeignProcess(Process):
    def __init__(self, root: Path, *arguments: str, log_path: Path, env: Mapping[str, str]) -> None:
        self.log_path, self._said_before = log_path, 0
        with log_path.open("ab") as log:
            self._popen = subprocess.Popen(
                ["chroot", root, COMMAND, *arguments],
                env={**env, **PROCESSOR, "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/bin", "LANG": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )


class ForeignCounter(ShopCounter):
    """The counter is here, its terminal in a root of another processor."""

    root: Path

    def start(self, until: str = "ready: line") -> None:
        write_config(self.config_path, self.settings)
        arguments = ("run", "--config", str(self.config_path))
        self.process = ForeignProcess(self.root, *arguments, log_path=self.log_path, env=self.env)

        def is_ready() -> bool:
            assert self.process.exit_code is None, self.process.output
            return until in self.process.output

        wait_until("the terminal to be ready", is_ready, READY_S)


@pytest.fixture(scope="module")
def shared() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="counter-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def root(shared: Path, folder: Path) -> Iterator[Path]:
    if lacks := missing(SUITE):
        pytest.skip(f"needs {', '.join(lacks)}: apt-get install debootstrap qemu-user-static")
    try:
        base = blank_aarch64(SUITE, ROOTS)
    except NoDebianError as error:
        pytest.skip(str(error))
    with (
        emulation(),
        root_on(base, folder / "aarch64", shared) as root,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in PROCESSOR.items():
            patch.setenv(name, value)
        install_program(root)
        yield root


def test_what_is_installed_is_for_this_processor(root: Path) -> None:
    compiled = list((root / "opt/netgiro-terminal/a/lib").rglob("*.so*"))

    assert run_in(root, "uname", "-m").strip() == "aarch64"
    assert any("msgspec" in str(path) for path in compiled)
    assert [path for path in compiled if path.read_bytes()[18:20] != ELF_MACHINE] == []


def test_a_sale_goes_from_the_register_to_the_paper(root: Path, shared: Path, netgiro: NetgiroProcess) -> None:
    counter = ForeignCounter(shared, netgiro)
    counter.root = root
    paid_before = len(netgiro.ledger())
    try:
        counter.start()
        counter.pay("M1", 1990)
        counter.press(f"{QUICK_PHONE}#")

        assert counter.result("M1").startswith("OK 1990 ID=M1 REF=")
        assert [entry["Amount"] for entry in netgiro.ledger()[paid_before:]] == [1990]
        assert len(counter.wait_for_paper(2)) == 2
        assert counter.journal_row("M1")["outcome"] == "approved"
        counter.stop()
    finally:
        if hasattr(counter, "process"):
            counter.close()
