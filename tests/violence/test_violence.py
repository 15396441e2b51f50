"""Violence on the real daemon, in short: kills, a disk that takes nothing, damaged files, cables, connections, clocks.

``make test-all`` runs them; ``make violence`` does the same kills by the hundred, and ``make test`` does one.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from terminal.journal.thread import MIN_FREE_BYTES
from tests.integration.counter import ShopCounter
from tests.integration.netgiro import PATIENT_PHONE, QUICK_PHONE, NetgiroProcess
from tests.integration.process import environment, wait_until
from tests.violence.storm import storm

pytestmark = pytest.mark.slow

STEPPED_CLOCK = Path(__file__).parent / "stepped_clock"
YEAR_S = 365 * 86_400


def test_kills_at_points_and_at_random_leave_no_difference(tmp_path: Path) -> None:
    report = storm(tmp_path, kills=8, lanes=4, seed=7)
    assert report.differences == []
    assert report.kills.total() >= 8
    assert report.refunds >= 1


@pytest.fixture(scope="module")
def netgiro(make_folder: Callable[[str], Path]) -> Iterator[NetgiroProcess]:
    process = NetgiroProcess(make_folder("netgiro"))
    yield process
    process.close()


@pytest.fixture(scope="module")
def counter(make_folder: Callable[[str], Path], netgiro: NetgiroProcess) -> Iterator[ShopCounter]:
    """One shop, to which everything happens that does not need a start of its own."""
    with ShopCounter(make_folder("shop"), netgiro) as counter:
        yield counter


def sell(counter: ShopCounter, sale_id: str) -> str:
    counter.pay(sale_id)
    counter.press(QUICK_PHONE + "#")
    result = counter.result(sale_id)
    assert result.startswith("OK 1990 ")
    assert captures(counter, sale_id) == [1990]
    counter.wait_for("idle")  # else a kill could come before the result counts as told, and it is told again
    return result


def captures(counter: ShopCounter, sale_id: str) -> list[int]:
    reference = counter.journal_row(sale_id)["reference"]
    return [entry["Amount"] for entry in counter.netgiro.ledger() if entry["Reference"] == reference]


# --- a disk that takes nothing ----------------------------------------------------------------------------------------


@contextlib.contextmanager
def every_write_fails(counter: ShopCounter) -> Iterator[None]:
    """As on a full disk: each write of the running process ends with an error."""
    soft, hard = resource.prlimit(counter.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(counter.process.pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.prlimit(counter.process.pid, resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def journal_is_read_only(counter: ShopCounter) -> Iterator[None]:
    """Also for the process that has it open: the kernel refuses every write to these files."""
    # Not SQLite's shared memory: a refused write there ends the process, as a pulled plug does (SIGBUS).
    files = [counter.folder / name for name in ("journal.db", "journal.db-wal")]
    files += list((counter.folder / "journal.db.mirror").glob("*"))
    if subprocess.run(["chattr", "+i", *files], capture_output=True, check=False).returncode:
        subprocess.run(["chattr", "-i", *files], capture_output=True, check=False)
        pytest.skip("needs root and a file system with immutable files")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", *files], check=True)


@pytest.mark.parametrize("trouble", [every_write_fails, journal_is_read_only])
def test_without_the_journal_nothing_is_captured_and_nothing_begun(
    counter: ShopCounter, trouble: Callable[[ShopCounter], AbstractContextManager[None]]
) -> None:
    name = trouble.__name__.replace("_", "-")
    sell(counter, f"before-{name}")
    counter.pay(name)
    counter.press(PATIENT_PHONE + "#")
    counter.wait_for("customer")
    cart = counter.cart()
    with trouble(counter):
        counter.netgiro.accept(cart)
        wait_until("the trouble to be noticed", lambda: "Journal fault" in "\n".join(counter.state()["display"]))
        assert counter.netgiro.cart(cart["TransactionId"])["Captures"] == 0
        counter.register.ask(f"STATUS ID={name}", f"BUSY ID={name}|ERR UNAVAILABLE .*")
    assert counter.result(name).startswith("OK 1990 ")
    assert captures(counter, name) == [1990]
    counter.wait_for("idle")
    with trouble(counter):
        counter.register.ask(f"PAY 500 ID={name}-2", f"ERR UNAVAILABLE ID={name}-2 .*|ERR UNAVAILABLE .*")
    sell(counter, f"after-{name}")


def test_a_nearly_full_disk_finishes_the_open_sale_and_begins_no_other(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    size = MIN_FREE_BYTES + 2 * 1024 * 1024
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], capture_output=True, check=False
    ).returncode:
        pytest.skip("needs root to mount a small disk")
    try:
        with ShopCounter(tmp_path, netgiro, {"journal": {"path": str(disk / "journal.db")}}) as counter:
            counter.pay("open")
            (disk / "filler").write_bytes(bytes(2 * 1024 * 1024))
            counter.press(QUICK_PHONE + "#")
            assert counter.result("open").startswith("OK 1990 ")
            counter.wait_for("idle")
            counter.register.ask("PAY 500 ID=next", "ERR UNAVAILABLE .*")
            (disk / "filler").unlink()
            sell(counter, "again")
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_journal_that_cannot_be_opened_is_told_until_it_can(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    with ShopCounter(tmp_path, netgiro) as shop:
        told = sell(shop, "before")
        shop.kill()
        path = tmp_path / "journal.db"
        path.rename(tmp_path / "kept.db")
        path.mkdir()
        shop.start(until="register line up")
        shop.register.ask("PAY 500 ID=next", "ERR UNAVAILABLE .*")
        shop.register.ask("STATUS ID=before", "ERR UNAVAILABLE .*")  # not known now, which is no outcome
        path.rmdir()
        (tmp_path / "kept.db").rename(path)
        shop.process.wait_for_output("ready: line")
        shop.register.ask("STATUS ID=before", told)
        sell(shop, "next")


# --- damaged files ----------------------------------------------------------------------------------------------------


def last_page(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-2048, os.SEEK_END)
        file.write(random.Random(1).randbytes(2048))


def header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(512))


def log(path: Path) -> None:
    wal = path.with_name(path.name + "-wal")
    wal.write_bytes(random.Random(2).randbytes(wal.stat().st_size))


@pytest.mark.parametrize("damage", [last_page, header, log])
def test_a_damaged_journal_keeps_its_sales(counter: ShopCounter, damage: Callable[[Path], None]) -> None:
    told = sell(counter, f"before-{damage.__name__}")
    path = counter.folder / "journal.db"
    if damage is not log:  # else the log would still hold every page
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint")
    counter.pay(damage.__name__)
    counter.press(PATIENT_PHONE + "#")
    counter.wait_for("customer")
    counter.kill()
    if damage is not log:
        path.with_name("journal.db-wal").unlink(missing_ok=True)
    damage(path)
    counter.start()
    assert counter.result(damage.__name__).startswith("NO CANCELLED ")
    counter.register.ask(f"PAY 1990 ID=before-{damage.__name__}", told)
    assert captures(counter, f"before-{damage.__name__}") == [1990]
    sell(counter, f"after-{damage.__name__}")
    if damage is header:
        assert list(counter.folder.glob("journal.db.damaged-*"))
        counter.wait_for_screen("Journal repaired")


# --- cables, connections, clocks --------------------------------------------------------------------------------------


def test_the_cable_comes_off_in_the_middle_of_a_sale(counter: ShopCounter) -> None:
    counter.pay("cable")
    counter.press(PATIENT_PHONE + "#")
    counter.wait_for("customer")
    cart = counter.cart()
    counter.cable.unplug()
    counter.netgiro.accept(cart)
    counter.wait_for("report")
    counter.cable.plug_in()
    assert counter.result("cable").startswith("OK 1990 ")
    assert captures(counter, "cable") == [1990]


@pytest.mark.parametrize("call", ["CheckCart", "ConfirmCart"])
def test_the_connection_is_cut_in_the_middle_of_an_answer(counter: ShopCounter, call: str) -> None:
    counter.netgiro.spoil({"fault": "truncated", "call": call})
    sell(counter, f"cut-{call}")
    assert counter.netgiro.faults_left == []


def test_the_wall_clock_is_stepped_both_ways_and_over_a_start(tmp_path: Path, netgiro: NetgiroProcess) -> None:
    clock = tmp_path / "clock"
    with_clock = environment(STEPPED_CLOCK=str(clock), PYTHONPATH=str(STEPPED_CLOCK))
    counter = ShopCounter(tmp_path, netgiro)
    counter.env = {**counter.env, **with_clock}
    marks = []
    with counter:
        for number, step_s in enumerate((0, -3 * YEAR_S, 86_400, -86_400)):
            clock.write_text(str(step_s))
            if number == 1:
                counter.kill()
                counter.start()
            sell(counter, f"clock-{number}")
            with contextlib.closing(sqlite3.connect(tmp_path / "journal.db")) as db:
                marks.append(db.execute("SELECT high_water FROM nonces").fetchone()[0])
    assert marks == sorted(marks)
    years = [counter.journal_row(f"clock-{number}")["created"][:4] for number in (0, 1)]
    assert int(years[0]) - int(years[1]) == 3
