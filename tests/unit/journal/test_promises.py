"""What everything else relies on when it says "it is in the journal"."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from terminal.errors import JournalError
from terminal.journal.thread import JournalFile
from terminal.sale.effects import ReceiptKind
from terminal.sale.events import CodeEntered
from terminal.sale.record import Record
from terminal.sale.sale import Sale, State
from terminal.sale.sensitive import Sensitive
from terminal.sale.totals import Close, Totals
from tests.sales import new_sale, walk_to

ROOT = Path(__file__).parents[3]
NOW = "2026-11-23T12:00:00.000Z"
BOTH = (ReceiptKind.CUSTOMER, ReceiptKind.MERCHANT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def opened(path: Path, *, read_only: bool = False) -> JournalFile:
    journal = JournalFile(path, lambda: NOW, read_only=read_only)
    journal.open()
    return journal


def test_a_commit_that_returned_survives_the_sudden_death_of_its_process(path: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from terminal.journal.file import JournalFile, Record
from terminal.sale.sale import State
from tests.sales import walk_to
journal = JournalFile(Path({str(path)!r}), lambda: {NOW!r})
journal.open()
journal.append(Record("StatusReceived", walk_to(State.CAPTURE).sale))
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert killed.returncode == -9
    with opened(path) as journal:
        assert journal.open_sales() == [walk_to(State.CAPTURE).sale]


def test_files_as_a_power_cut_leaves_them_are_whole(path: Path, tmp_path: Path) -> None:
    after_the_cut = tmp_path / "after"
    with opened(path) as journal:
        journal.append(Record("StatusReceived", walk_to(State.REPORT).sale, BOTH))
        shutil.copytree(path.parent, after_the_cut, ignore=shutil.ignore_patterns("after", "*.lock"))
    with opened(after_the_cut / path.name) as journal:
        assert [sale.state for sale in journal.open_sales()] == [State.REPORT]
        assert [receipt.kind for receipt in journal.unprinted_receipts()] == [*BOTH]


def test_every_commit_is_synced_in_database_and_mirror(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fdatasync = os.fdatasync

    def noted(fd: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{fd}"))
        fdatasync(fd)

    with opened(path) as journal:
        db = journal.pair.connection
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL: the log is synced at every commit
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        monkeypatch.setattr(os, "fdatasync", noted)
        writes: list[Callable[[], object]] = [
            lambda: journal.append(Record("StatusReceived", walk_to(State.REPORT).sale, BOTH)),
            lambda: journal.note_receipt(journal.unprinted_receipts()[0]),
            lambda: journal.append_receipts(journal.unprinted_receipts()),
            lambda: journal.append_close(Close(1, Totals())),
            lambda: journal.reserve_nonces(7),
        ]
        for write in writes:
            synced.clear()
            write()
            assert synced[-1:] == [f"{path}.mirror/000001.log"]


def test_a_journal_made_anew_is_synced_like_any_other(path: Path) -> None:
    with opened(path) as journal:
        journal.append(Record("StatusReceived", walk_to(State.REPORT).sale))
    path.write_bytes(b"this is no database " * 500)
    with opened(path) as journal:
        assert journal.repaired is not None
        assert journal.pair.connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_sale_and_its_receipts_are_written_together_or_not_at_all(path: Path) -> None:
    with opened(path) as journal:
        other = sqlite3.connect(path)
        other.execute("CREATE TRIGGER no_paper BEFORE INSERT ON receipts BEGIN SELECT RAISE(ABORT, 'no paper'); END")
        other.close()
        with pytest.raises(JournalError, match="no paper"):
            journal.append(Record("StatusReceived", walk_to(State.REPORT).sale, BOTH))
        assert journal.find_sale(7) is None
        assert journal.unprinted_receipts() == []
        journal.append(Record("StatusReceived", walk_to(State.CUSTOMER).sale))
        assert journal.find_sale(7) is not None, "it goes on after a failed commit"


def test_each_change_is_kept(path: Path) -> None:
    walked = [walk_to(state).sale for state in (State.ENTRY, State.CUSTOMER, State.CAPTURE, State.REPORT)]
    with opened(path) as journal:
        for sale in walked:
            journal.append(Record(f"to {sale.state}", sale))
        assert [entry.sale for entry in journal.entries_of("7")] == walked


def test_nothing_sensitive_can_be_encoded(path: Path) -> None:
    class SaleWithSecret(Sale, frozen=True, kw_only=True):
        code: Sensitive = Sensitive("1234")

    secret = SaleWithSecret(**msgspec.structs.asdict(new_sale()))
    with opened(path) as journal:
        with pytest.raises(TypeError):
            journal.append(Record("CodeEntered", secret))
        assert journal.find_sale(7) is None
        journal.append(Record("SaleRequested", new_sale()))
    with pytest.raises(TypeError):
        msgspec.json.encode(CodeEntered(7, Sensitive("1234")))


def test_no_identifier_is_in_the_files(path: Path) -> None:
    with opened(path) as journal:
        for state in (State.ENTRY, State.AUTHORIZATION, State.CODE_ENTRY, State.CODE_CHECK, State.CAPTURE):
            journal.append(Record(f"to {state}", walk_to(state).sale))
        written = b"".join(file.read_bytes() for file in path.parent.rglob("*") if file.is_file())
    assert b"T1-000007-A1B2C3" in written
    for identifier in (b"8223281", b"1111111119", b"5000041234"):
        assert identifier not in written


def test_a_reader_beside_the_writer_sees_each_commit_and_writes_nothing(path: Path) -> None:
    with opened(path) as writer, opened(path, read_only=True) as reader:
        writer.append(Record("SaleRequested", new_sale()))
        assert [sale.number for sale in reader.open_sales()] == [7]
        writer.append(Record("SaleRequested", new_sale(8)))
        assert [sale.number for sale in reader.open_sales()] == [7, 8]
        with pytest.raises(JournalError):
            reader.append(Record("SaleRequested", new_sale(9)))


def test_a_second_terminal_is_refused_and_the_first_goes_on(path: Path) -> None:
    with opened(path) as first:
        with pytest.raises(JournalError, match="in use"):
            opened(path)
        first.append(Record("SaleRequested", new_sale()))
    with opened(path) as second:
        assert second.next_number() == 8
