"""How much SQLite does beside a long history: its own count of steps, which no other load on the machine changes.

Both journals are larger than what is always looked at, such as the mirror's last rows. The longer one has four times as
many sales before the open day.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec
import pytest

from terminal.journal import background, chain, check, reading, tables
from terminal.journal.database import open_for_writing
from terminal.journal.mirror import LATEST_BYTES, Mirror
from terminal.journal.rebuild import mirror_folder
from terminal.journal.rows import CloseRow, EntryRow, Row
from terminal.journal.thread import JournalFile
from terminal.sale.sale import Reason, State
from terminal.sale.totals import Totals
from tests.each import each
from tests.unit.journal.journal_samples import a_sale, opened, read_only

SHORT, LONG = 5_000, 20_000
TODAY = 40
"""Sales of the open day."""
LOOKS_BACK = 1_000
"""Instead of the rows of more than a day, of which a start looks at each that was not paid."""
MOST = 1.2
AT = "2026-11-23T15:00:00.000Z"


class Counting(sqlite3.Connection):
    """Counts every step of its virtual machine, and lets nobody else look."""

    steps = 0

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        super().set_progress_handler(self._count, 1)

    def _count(self) -> int:
        Counting.steps += 1
        return 0

    def set_progress_handler(self, *_handler: object) -> None:
        """The journal's own ones say how long a start takes."""


def rows(sales: int) -> Iterator[Row]:
    for number in range(1, sales + 1):
        sale = a_sale(number, State.CLOSED, Reason.PAID)
        yield EntryRow(number, AT, "ResultAcknowledged", msgspec.Raw(msgspec.json.encode(sale)))
        if number == sales - TODAY:
            yield CloseRow(1, AT, number, msgspec.Raw(msgspec.json.encode(Totals())))


def make(path: Path, sales: int) -> Path:
    path.parent.mkdir()
    mirror = Mirror(mirror_folder(path))
    with closing(open_for_writing(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        mirror.begin(chain.end(db))
        db.execute("BEGIN")
        links = [tables.insert_row(db, row) for row in rows(sales)]
        db.execute("COMMIT")
        mirror.append(links)
    mirror.close()
    assert sum(segment.stat().st_size for segment in mirror.segments()) > LATEST_BYTES
    return path


@pytest.fixture(scope="module")
def histories(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("histories")
    return make(folder / "short" / "journal.db", SHORT), make(folder / "long" / "journal.db", LONG)


@pytest.fixture
def steps_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], int]:
    """How many a piece of work takes; a journal is looked through in the background, as if it were a large one."""
    monkeypatch.setattr(check, "CHECKED_AT_START_BYTES", 0)
    monkeypatch.setattr(background.BackgroundCheck, "start", lambda _check: None)
    monkeypatch.setattr(reading, "TRACES_LOOK_BACK", LOOKS_BACK)
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Counting))

    def steps_of(work: Callable[[], object]) -> int:
        before = Counting.steps
        work()
        return Counting.steps - before

    return steps_of


def opened_and_closed(path: Path) -> None:
    opened(path).close()


def test_a_start_does_not_take_longer_with_every_sale(
    histories: tuple[Path, Path], steps_of: Callable[[Callable[[], object]], int]
) -> None:
    short, long = (steps_of(partial(opened_and_closed, path)) for path in histories)
    assert short > 1_000, "hardly anything was looked at: this proves little"
    assert long <= MOST * short


QUESTIONS: dict[str, Callable[[JournalFile, int], object]] = {
    "by number": lambda journal, newest: journal.find_sale(newest // 2),
    "by id": lambda journal, newest: journal.find_register_id(f"R{newest // 2}"),
    "by an id that nobody knows": lambda journal, _newest: journal.find_register_id("nobody"),
    "a payment by its id": lambda journal, newest: journal.find_payment(f"R{newest // 2}"),
    "the last payment": lambda journal, _newest: journal.last_payment(),
    "the last sale that ended": lambda journal, _newest: journal.last_ended_sale(),
    "the next number": lambda journal, _newest: journal.next_number(),
    "what is open": lambda journal, _newest: (journal.open_sales(), journal.open_refunds(), journal.traced_sales()),
    "what is to be printed": lambda journal, _newest: journal.unprinted_receipts(),
    "the totals of the day": lambda journal, _newest: journal.open_period().totals,
    "when the day began": lambda journal, _newest: journal.open_period_began(),
    "the last end of day": lambda journal, _newest: journal.closed_period(),
    "the head of the chain": lambda journal, _newest: journal.chain_end(),
}


def test_no_question_of_a_counter_reads_history(
    histories: tuple[Path, Path], steps_of: Callable[[Callable[[], object]], int]
) -> None:
    took: dict[str, list[int]] = {name: [] for name in QUESTIONS}
    for path, newest in zip(histories, (SHORT, LONG), strict=True):
        with opened(path) as journal:
            for name, ask in QUESTIONS.items():
                took[name].append(steps_of(partial(ask, journal, newest)))
    with each() as case:
        for name, (short, long) in took.items():
            with case(name):
                assert 0 < long <= MOST * short


def test_what_reads_history_is_seen(
    histories: tuple[Path, Path], steps_of: Callable[[Callable[[], object]], int]
) -> None:
    """A query that an index is missing for would be one of these."""
    took = []
    for path in histories:
        with read_only(path) as journal:
            took.append(steps_of(partial(list, journal.latest_entries())))
    short, long = took
    assert long > 3 * short


def test_a_list_begins_with_its_first_line(
    histories: tuple[Path, Path], steps_of: Callable[[Callable[[], object]], int]
) -> None:
    """``journal list`` reads no more than it has printed."""
    took = []
    for path in histories:
        with read_only(path) as journal:
            took.append(steps_of(partial(next, journal.latest_entries())))
    short, long = took
    assert 0 < long <= MOST * short
