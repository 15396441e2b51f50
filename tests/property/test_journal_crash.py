"""A power cut at any byte: whatever append() returned for is there after the next start, and nothing is there by half.

The journal is written once, and after every commit it is noted how long the write-ahead log and the mirror were. Then
the power goes again and again: each file is cut at some byte of what was being written at that moment, with what a torn
sector may leave behind it, and the journal is opened as after a start.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from terminal.journal.backup import back_up
from terminal.journal.restore import restore
from terminal.journal.thread import JournalFile
from terminal.sale.record import QueuedReceipt, ReceiptState, Record, after_loss
from terminal.sale.sale import Reason, State
from tests.unit.journal.journal_samples import BOTH_COPIES, PATH, a_sale, opened

SALES = 8
ALL_POINTS = pytest.mark.slow
"""A third of them is what ``make test`` looks at."""
THEN = datetime(2026, 11, 23, 16, tzinfo=UTC)
FAST_DISK = Path("/dev/shm")


class Contents(NamedTuple):
    """What anybody would look for in it."""

    states: list[tuple[int, State]]
    waiting: list[QueuedReceipt]
    high_water: int
    next_number: int


class Moment(NamedTuple):
    """The files' lengths when a commit had returned, and what was in the journal."""

    wal: int
    mirror: int
    contents: Contents


class Backup(NamedTuple):
    """A backup, and the number of the moment at which it was made."""

    path: Path
    moment: int


class Written(NamedTuple):
    """A journal's files at the end, its database as it was at the beginning, every moment on the way, and backups."""

    folder: Path
    moments: list[Moment]
    backups: list[Backup]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder whose fsync is quick: the cuts are made by hand."""
    with tempfile.TemporaryDirectory(dir=FAST_DISK if FAST_DISK.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def written(folder: Path) -> Written:
    source, kept = folder / "source", folder / "kept"
    moments: list[Moment] = []
    backups: list[Backup] = []
    with opened(source / "journal.db") as journal:
        journal.pair.connection.execute("PRAGMA wal_autocheckpoint = 0")  # the log only grows, so a length is a moment
        journal.pair.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copytree(source, kept)
        for _ in _life(journal):
            moments.append(_moment(journal, source))
            if len(moments) % 11 == 0:
                back_up(source / "journal.db", folder / f"{len(moments)}.backup")
                backups.append(Backup(folder / f"{len(moments)}.backup", len(moments) - 1))
        shutil.copy(source / "journal.db-wal", kept)
        shutil.copytree(source / "journal.db.mirror", kept / "journal.db.mirror", dirs_exist_ok=True)
    return Written(kept, moments, backups)


def _life(journal: JournalFile) -> Iterator[None]:
    """Paid sales and their receipts, one commit at a time."""
    yield
    for number in range(1, SALES + 1):
        journal.reserve_nonces(1000 * number)
        yield
        for state in PATH:
            reason = Reason.PAID if state in (State.REPORT, State.CLOSED) else None
            receipts = BOTH_COPIES if state is State.REPORT else ()
            journal.append(Record(f"to {state}", a_sale(number, state, reason), receipts))
            yield
        journal.note_receipt(replace(journal.unprinted_receipts()[0], state=ReceiptState.PRINTED))
        yield


def _moment(journal: JournalFile, source: Path) -> Moment:
    wal, segment = source / "journal.db-wal", source / "journal.db.mirror" / "000001.log"
    mirror = segment.read_bytes().rstrip(b"\n") if segment.exists() else b""
    return Moment(wal.stat().st_size if wal.exists() else 0, len(mirror) + bool(mirror), _contents(journal))


def _contents(journal: JournalFile) -> Contents:
    entries = [entry for number in range(1, SALES + 1) for entry in journal.entries_of(str(number))]
    states = [(entry.sale.number, entry.sale.state) for entry in entries]
    return Contents(states, journal.unprinted_receipts(), journal.nonce_high_water(), journal.next_number())


def _cut(path: Path, at: int, rng: random.Random) -> None:
    """Nothing, zeros or rubbish where the rest should have been."""
    if not path.exists():
        return
    data = path.read_bytes()
    rest = min(512, len(data) - at)
    path.write_bytes(data[:at] + rng.choice((b"", bytes(rest), rng.randbytes(rest))))


@pytest.mark.parametrize(
    ("left", "points"),
    [
        ("database and mirror", 40),
        ("database", 40),
        ("mirror", 15),
        pytest.param("database and mirror", 120, marks=ALL_POINTS),
        pytest.param("database", 120, marks=ALL_POINTS),
        pytest.param("mirror", 40, marks=ALL_POINTS),
    ],
)
def test_every_commit_that_returned_is_there_and_the_next_is_whole_or_not_there(
    folder: Path, written: Written, left: str, points: int
) -> None:
    rng = random.Random(left)
    torn = 0
    for point in range(points):
        at = rng.randrange(1, len(written.moments) - 1)
        before, after = written.moments[at], written.moments[at + 1]
        copy = folder / f"{left}-{point}"
        shutil.copytree(written.folder, copy)
        path = copy / "journal.db"
        _cut(copy / "journal.db-wal", rng.randint(before.wal, after.wal), rng)
        _cut(copy / "journal.db.mirror" / "000001.log", rng.randint(before.mirror, after.mirror), rng)
        if left == "database":
            shutil.rmtree(copy / "journal.db.mirror")
        elif left == "mirror":
            path.write_bytes(rng.randbytes(8192))
        with opened(path) as journal:
            found = _contents(journal)
            assert found in (before.contents, after.contents), f"point {point}: neither moment {at} nor the next"
            torn += found == before.contents
            if left == "mirror":
                assert journal.repaired is not None
                assert journal.repaired.lost == ()
            journal.append(Record("goes on", a_sale(99)))
            assert journal.find_sale(99) == a_sale(99)
        shutil.rmtree(copy)
    assert torn > points / 10, "hardly any point lost a commit: the cuts prove little"


@pytest.mark.parametrize("points", [10, pytest.param(30, marks=ALL_POINTS)])
def test_a_log_cut_far_back_costs_nothing_while_the_mirror_is_there(
    folder: Path, written: Written, points: int
) -> None:
    rng = random.Random(3)
    last = written.moments[-1]
    for point in range(points):
        copy = folder / f"far-{point}"
        shutil.copytree(written.folder, copy)
        _cut(copy / "journal.db-wal", rng.randrange(last.wal), rng)
        with opened(copy / "journal.db") as journal:
            assert _contents(journal) == last.contents
        shutil.rmtree(copy)


def _lie(copy: Path, wal: Moment, mirror: Moment) -> None:
    """What each file was told to keep since then was never on the card: it is whole, and old."""
    with (copy / "journal.db-wal").open("r+b") as file:
        file.truncate(wal.wal)
    with (copy / "journal.db.mirror" / "000001.log").open("r+b") as file:
        file.truncate(mirror.mirror)


@pytest.mark.parametrize("points", [5, pytest.param(15, marks=ALL_POINTS)])
def test_a_card_that_lied_about_both_files_keeps_what_either_of_them_has(
    folder: Path, written: Written, points: int
) -> None:
    rng = random.Random(4)
    for point in range(points):
        copy = folder / f"lied-{point}"
        shutil.copytree(written.folder, copy)
        kept = sorted(rng.sample(range(1, len(written.moments)), 2), reverse=rng.random() < 0.5)
        wal, mirror = (written.moments[at] for at in kept)
        _lie(copy, wal, mirror)
        with opened(copy / "journal.db") as journal:
            assert _contents(journal) == written.moments[max(kept)].contents, f"point {point}: {kept}"
            journal.append(Record("goes on", a_sale(99)))
        shutil.rmtree(copy)


@pytest.mark.parametrize("points", [7, pytest.param(15, marks=ALL_POINTS)])
def test_a_restore_after_such_a_lie_brings_back_the_newest_of_backup_database_and_mirror(
    folder: Path, written: Written, points: int
) -> None:
    rng = random.Random(5)
    newest: set[str] = set()
    for point in range(points):
        copy, backup = folder / f"restored-{point}", rng.choice(written.backups)
        shutil.copytree(written.folder, copy)
        wal, mirror = (rng.randrange(1, len(written.moments)) for _ in range(2))
        _lie(copy, written.moments[wal], written.moments[mirror])
        repair = restore(backup.path, copy / "journal.db", THEN).repair
        held = {"backup": backup.moment, "database": wal, "mirror": mirror}
        newest.add(max(held, key=lambda name: held[name]))
        with opened(copy / "journal.db") as journal:
            contents = written.moments[max(held.values())].contents
            if not repair.is_complete:  # a receipt may have come out
                contents = contents._replace(waiting=[after_loss(receipt) for receipt in contents.waiting])
            assert _contents(journal) == contents, f"point {point}: {held}"
            journal.append(Record("goes on", a_sale(99)))
        shutil.rmtree(copy)
    assert newest == {"backup", "database", "mirror"}
