"""A whole machine takes minutes and root, so it runs only when asked for: ``make test-machine``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.netgiro import SECRET_KEY, NetgiroProcess
from tests.machine.counter import CONFIG, Counter
from tests.machine.image import Image, NoDebianError, make_image, missing
from tests.machine.release import put_next_release
from tests.machine.virtual_machine import VirtualMachine
from tests.machine.volatile_disk import VolatileDisk

ASKED_FOR = "NETGIRO_TEST_MACHINE"
SHORT, LONG, AARCH64 = "short", "long", "aarch64"
FORMS = {SHORT: ("test_sale.py",), LONG: (), AARCH64: ("test_aarch64.py",)}
"""Their files; the long one is all but what runs on another processor."""
WITHOUT_A_MACHINE = ("test_volatile_disk.py", "test_image.py")
SUITE = os.environ.get("SUITE", "bookworm")
SEED = int(os.environ.get("SEED", "1"))
ROOTS = Path(os.environ.get("NETGIRO_TEST_ROOTS", Path(__file__).parents[2] / "artefacts/roots"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    form = os.environ.get(ASKED_FOR)
    if form and form not in FORMS:
        raise pytest.UsageError(f"test-machine: {form} is none of {', '.join(FORMS)}")
    here = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        if str(item.path).startswith(here) and item.path.name not in WITHOUT_A_MACHINE:
            if not form:
                item.add_marker(pytest.mark.skip(reason="starts a whole machine; run: make test-machine"))
            elif not belongs(item.path.name, form):
                item.add_marker(pytest.mark.skip(reason=f"another form than {form}; see tests/machine/README.md"))


def belongs(name: str, form: str) -> bool:
    return name in FORMS[form] if FORMS[form] else name not in FORMS[AARCH64]


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="machine-") as folder:  # not pytest's: a mount must not outlive it
        yield Path(folder)


@pytest.fixture(scope="session")
def netgiro(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetgiroProcess]:
    """A simulated Netgíró outside the machine."""
    process = NetgiroProcess(tmp_path_factory.mktemp("netgiro"), program="tests.machine.patient_netgiro")
    yield process
    process.close()


def nothing(_root: Path) -> None:
    pass


@pytest.fixture(scope="session")
def image(folder: Path) -> Image:
    if lacks := missing(SUITE, ROOTS):
        pytest.skip(f"needs {', '.join(lacks)}: apt-get install debootstrap e2fsprogs qemu-system-x86")
    try:
        is_short = os.environ.get(ASKED_FOR) == SHORT
        return make_image(SUITE, ROOTS, folder, CONFIG, SECRET_KEY, also=nothing if is_short else put_next_release)
    except NoDebianError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def machine(image: Image, folder: Path, netgiro: NetgiroProcess) -> Iterator[VirtualMachine]:
    """Switched on, on a disk that loses at a power cut what it was not told to flush."""
    disk = VolatileDisk(image.disk, folder / "disk.nbd", SEED)
    machine = VirtualMachine(image, folder, int(netgiro.base_url.rsplit(":", 1)[1]), disk)
    try:
        machine.power_on()
        yield machine
    finally:
        machine.cut_power()
        disk.close()


@pytest.fixture
def counter(machine: VirtualMachine, folder: Path, request: pytest.FixtureRequest) -> Iterator[Counter]:
    """Idle, with a register and a printer at its cables. What the terminal logged is shown if the test fails."""
    counter = Counter(machine)
    counter.wait_until_idle(300)
    counter.hear_out()
    failed_before = request.session.testsfailed
    yield counter
    if request.session.testsfailed > failed_before:
        print(machine.shell("journalctl -u netgiro-terminal --output short-precise --lines 60"), counter.status())
        picture = folder.parent / "failed-display.png"
        counter.picture(picture)
        print(f"its display: {picture}")
    counter.close()
