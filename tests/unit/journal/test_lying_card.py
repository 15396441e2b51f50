"""A card that reports commits as durable and has lost the last ones after a power cut, of either file or of both.

The simulated card (terminal/simulation/lying_card.py) is held to what the real files do.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from terminal.journal import rebuild, tables
from terminal.journal.mirror import Mirror
from terminal.journal.rows import Positions
from terminal.journal.thread import JournalFile
from terminal.sale.record import JournalHealth, Record
from terminal.sale.sale import Reason, State
from terminal.sale.totals import Close
from terminal.simulation.lying_card import MOST_LOST, Copy, fuller
from tests.unit.journal.journal_samples import append_paid, closed, opened

LOST = tuple(itertools.product(range(MOST_LOST + 1), repeat=2))
"""How many commits of the database, and of its mirror."""


class Moment(NamedTuple):
    """Both files after a commit, and what the journal answered."""

    folder: Path
    positions: Positions
    answers: list[object]

    @property
    def mirror(self) -> Path:
        (segment,) = (self.folder / "journal.db.mirror").glob("*.log")
        return segment


def answers(journal: JournalFile) -> list[object]:
    return [
        journal.open_sales(),
        journal.next_number(),
        [journal.find_register_id(f"R{number}") for number in range(1, 5)],
        journal.unprinted_receipts(),
        journal.nonce_high_water(),
        journal.closed_period(),
        journal.chain_end().hash,
    ]


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> list[Moment]:
    """After each of the last commits, the oldest first."""
    folder = tmp_path_factory.mktemp("moments")
    found: list[Moment] = []

    def note(journal: JournalFile) -> None:
        copy = folder / str(len(found))
        shutil.copytree(journal.path.parent, copy, ignore=shutil.ignore_patterns("*-shm", "*.lock"))
        found.append(Moment(copy, tables.positions(journal.pair.connection), answers(journal)))

    with opened(folder / "now" / "journal.db") as journal:
        append_paid(journal, 1)
        waiting = append_paid(journal, 2, until=State.REPORT)
        note(journal)
        journal.append(Record("ResultAcknowledged", closed(waiting, Reason.PAID)))
        note(journal)
        journal.reserve_nonces(journal.nonce_high_water() + 5)
        note(journal)
        journal.append_close(Close(1, journal.open_period().totals, is_printed=True))
        note(journal)
    return found


@contextmanager
def after_a_power_cut(database: Moment, mirror: Moment, folder: Path, *, torn: Moment | None = None) -> Iterator[Path]:
    """The card holds the database of one moment and the mirror of another. ``torn``: half of the mirror's next line."""
    shutil.copytree(database.folder, folder)
    segment = folder / "journal.db.mirror" / mirror.mirror.name
    held = mirror.mirror.read_bytes()
    if torn is not None:
        last = held.rstrip(b"\n") + b"\n"
        line = torn.mirror.read_bytes()[len(last) :].split(b"\n", 1)[0]
        held = last + line[: len(line) // 2] + held[len(last) + len(line) // 2 :]
    segment.write_bytes(held)
    yield folder / "journal.db"


@pytest.mark.parametrize(("of_database", "of_mirror"), LOST)
def test_what_one_file_still_has_is_there_and_no_word_is_lost_of_it(
    moments: list[Moment], tmp_path: Path, of_database: int, of_mirror: int
) -> None:
    database, mirror = moments[-1 - of_database], moments[-1 - of_mirror]
    with after_a_power_cut(database, mirror, tmp_path / "card") as path:
        in_mirror = Mirror(rebuild.mirror_folder(path))
        in_mirror.look()
        assert in_mirror.positions == mirror.positions
        copies = (Copy(one.positions, {"is": one}) for one in (database, mirror))
        with opened(path) as journal:
            assert answers(journal) == fuller(*copies).contents["is"].answers
            assert answers(journal) == moments[-1 - min(of_database, of_mirror)].answers
            assert journal.health is JournalHealth.SOUND


@pytest.mark.parametrize("of_mirror", range(1, MOST_LOST + 1))
def test_of_a_line_that_is_there_in_part_nothing_is_read(moments: list[Moment], tmp_path: Path, of_mirror: int) -> None:
    """It fails its checksum, whether the card had reported it or not; what is written later is read again."""
    mirror, torn = moments[-1 - of_mirror], moments[-of_mirror]
    with after_a_power_cut(moments[0], mirror, tmp_path / "card", torn=torn) as path:
        with opened(path) as journal:
            assert answers(journal) == mirror.answers
            append_paid(journal, 3)
            then = answers(journal)
        path.unlink()
        with opened(path) as journal:
            assert answers(journal)[:6] == then[:6]  # the chain has the repair, too


@pytest.mark.parametrize("of_mirror", range(MOST_LOST + 1))
def test_a_database_with_torn_sectors_is_made_anew_as_its_mirror_has_it(
    moments: list[Moment], tmp_path: Path, of_mirror: int
) -> None:
    """Nothing shows that the mirror, too, had lost its end: that is the limit which README.md names."""
    mirror = moments[-1 - of_mirror]
    with after_a_power_cut(moments[-1], mirror, tmp_path / "card") as path:
        for name in (path, path.with_name("journal.db-wal")):
            if name.exists():
                name.write_bytes(b"\xff" * 512 + name.read_bytes()[512:])
        with opened(path) as journal:
            assert answers(journal)[:6] == mirror.answers[:6]
            assert journal.health is JournalHealth.REPAIRED
            assert journal.gap_since() is None
