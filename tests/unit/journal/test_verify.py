"""``journal verify``: a sound journal is sound, and whatever is wrong is named."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import zlib
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from terminal.commands import main as cli
from terminal.errors import JournalError
from terminal.journal import backup as care
from terminal.journal import tables
from terminal.journal.verify import verify
from terminal.sale.record import JournalHealth
from terminal.sale.sale import State
from tests.unit.journal.journal_samples import append_paid, opened, ticking_clock

NOBODYS_SALE = "INSERT INTO sales VALUES (9, '', '', 'closed', '', '', 1, 0, NULL, NULL)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    with opened(path) as journal:
        for number in range(1, 6):
            append_paid(journal, number)
        append_paid(journal, 6, until=State.CAPTURE)
    return path


def change(path: Path, *statements: str) -> None:
    """As damage would, past the guards."""
    db = sqlite3.connect(path)
    for (trigger,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def test_a_sound_journal_has_no_problems_also_while_it_is_in_use(path: Path) -> None:
    with opened(path) as journal:
        append_paid(journal, 7)
        verdict = verify(path)
    assert (verdict.entries, verdict.sales, verdict.problems, verdict.notes) == (40, 7, (), ())


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE entries SET sale = replace(sale, '1990', '9990') WHERE seq = 3", "entry 3 is not as it was written"),
        ("UPDATE entries SET at = '' WHERE seq = 3", "entry 3 is not as it was written"),
        ("DELETE FROM entries WHERE seq IN (8, 9)", "entries 8 to 9 are missing"),
        ("UPDATE sales SET state = 'closed' WHERE number = 6", "sale 6: the list of sales does not say"),
        ("UPDATE sales SET register_id = 'x' WHERE number = 2", "sale 2: the list of sales does not say"),
        ("DELETE FROM sales WHERE number = 2", "sale 2: the list of sales does not say"),
        (
            "INSERT INTO sales VALUES (9, '', '', 'closed', '', '', 1, 0, NULL, NULL)",
            "sale 9: in the list of sales without an entry",
        ),
        ("INSERT INTO sales VALUES (9, '', '', 'closed', '', '', 1, 0, NULL, NULL)", "no sale has the numbers 7 to 8"),
        ("DELETE FROM receipt_queue WHERE receipt_id = '1-customer-0'", "receipt 1-customer-0: the queue"),
        ("UPDATE receipt_queue SET copy = 5 WHERE receipt_id = '1-customer-0'", "receipt 1-customer-0: the queue"),
        ("UPDATE receipts SET state = 'eaten' WHERE seq = 2", "receipt note 2"),
    ],
)
def test_what_is_wrong_is_named(path: Path, statement: str, problem: str) -> None:
    change(path, statement)
    assert any(problem in found for found in verify(path).problems), verify(path).problems


def test_a_mirror_that_differs_lags_or_is_damaged_is_told(path: Path) -> None:
    segment = path.with_name("journal.db.mirror") / "000001.log"
    text = segment.read_bytes()
    lines = text.rstrip(b"\n").split(b"\n")
    segment.write_bytes(b"\n".join([*lines[:5], b"damaged", *lines[6:-1]]) + b"\n")
    problems = verify(path).problems
    assert "the mirror lacks 2 of the entries" in problems
    assert any("cannot be read at 000001.log, line 6" in problem for problem in problems)
    segment.write_bytes(b"\n".join(lines[:-1]) + b"\n")
    assert verify(path).problems == (
        "the mirror lacks 1 of the entries; the next start of the terminal brings it up to date",
    )
    shutil.rmtree(segment.parent)
    assert any("the mirror lacks 34 of the entries" in problem for problem in verify(path).problems)


def spoil_mirror(path: Path) -> None:
    segment = path.with_name("journal.db.mirror") / "000001.log"
    lines = segment.read_bytes().rstrip(b"\n").split(b"\n")
    segment.write_bytes(b"\n".join([*lines[:5], b"damaged", *lines[6:]]) + b"\n")


def mend(path: Path) -> list[str]:
    return care.mend(path, ticking_clock())


def test_rows_that_the_mirror_lost_are_written_to_it_anew(path: Path) -> None:
    spoil_mirror(path)
    done, _always = mend(path)
    assert "that the mirror had lost were written to it anew" in done
    verdict = verify(path)
    assert verdict.problems == ()
    assert any("line 6, 8 bytes; what was there is elsewhere" in note for note in verdict.notes)
    assert len(mend(path)) == 1
    path.write_bytes(b"no journal" * 1000)
    with opened(path) as journal:
        assert journal.health is JournalHealth.REPAIRED
        assert len(journal.last_entries(100)) == 34


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET sale = replace(sale, '1990', '9990') WHERE seq = 3",
        "DELETE FROM entries WHERE seq IN (8, 9)",
        "UPDATE receipts SET state = 'eaten' WHERE seq = 2",
        "UPDATE entries SET at = '' WHERE seq = 3",
    ],
)
def test_what_the_database_lost_comes_back_from_the_mirror(path: Path, statement: str) -> None:
    with opened(path) as journal:
        before = journal.last_entries(100), journal.unprinted_receipts()
    change(path, *statement.split(";"))
    done, _always = mend(path)
    assert "nothing is missing" in done
    assert verify(path).problems == ()
    with opened(path) as journal:
        assert (journal.last_entries(100), journal.unprinted_receipts()) == before


def test_where_sales_and_receipts_stand_is_worked_out_anew(path: Path) -> None:
    change(path, "UPDATE sales SET reference = 'x' WHERE number = 2", "DELETE FROM receipt_queue")
    assert verify(path).problems
    mend(path)
    assert verify(path).problems == ()


def test_what_is_lost_for_good_is_no_new_finding_every_time(path: Path) -> None:
    spoil_mirror(path)
    path.write_bytes(b"no journal" * 1000)
    with opened(path) as journal:
        assert journal.health is JournalHealth.INCOMPLETE
    verdict = verify(path)
    assert verdict.problems == ()
    assert any("missing: entry 5" in note for note in verdict.notes)
    assert len(mend(path)) == 1


def test_where_database_and_mirror_differ_the_chain_decides(path: Path) -> None:
    with opened(path) as journal:
        entry = tables.find_entry(journal.pair.connection, 2)
    assert entry is not None
    change(path, "DELETE FROM entries WHERE seq = 3")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        tables.keep_row(db, replace(entry, seq=3))
    assert any("the mirror says something else" in problem for problem in verify(path).problems)
    done, _always = mend(path)
    assert "nothing is missing" in done
    assert verify(path).problems == ()
    with opened(path) as journal:
        assert tables.find_entry(journal.pair.connection, 3) != replace(entry, seq=3)


def test_a_mirror_that_was_changed_is_begun_anew(path: Path) -> None:
    segment = path.with_name("journal.db.mirror") / "000001.log"
    lines = segment.read_bytes().rstrip(b"\n").split(b"\n")
    text = lines[5][9:].replace(b'"amount_kr":1990', b'"amount_kr":9990')
    lines[5] = b"%08x %s" % (zlib.crc32(text), text)
    segment.write_bytes(b"\n".join(lines) + b"\n")
    assert any("the mirror says something else" in problem for problem in verify(path).problems)
    done, _always = mend(path)
    assert "begun anew" in done
    assert verify(path).problems == ()
    assert len(list(path.parent.glob("journal.db.mirror.other-*"))) == 1


def test_mending_does_not_make_a_changed_past_look_sound(path: Path) -> None:
    segment = path.with_name("journal.db.mirror") / "000001.log"
    lines = segment.read_bytes().rstrip(b"\n").split(b"\n")
    text = lines[2][9:].replace(b'"amount_kr":1990', b'"amount_kr":9990')
    lines[2] = b"%08x %s" % (zlib.crc32(text), text)
    segment.write_bytes(b"\n".join(lines) + b"\n")
    with opened(path) as journal:
        entry = tables.find_entry(journal.pair.connection, 2)
    assert entry is not None
    sale = msgspec.Raw(bytes(entry.sale).replace(b"1990", b"9990"))
    change(path, "DELETE FROM entries WHERE seq = 2")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        tables.keep_row(db, replace(entry, sale=sale))
    mend(path)
    assert any("what row 2 of the chain said when it was written" in note for note in verify(path).notes)
    with opened(path) as journal:
        assert journal.health is JournalHealth.INCOMPLETE


@pytest.mark.parametrize("command", [["list"], ["export"], ["export", "--format", "json"]])
def test_damaged_sales_are_left_out_of_a_list_and_named(
    path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    config = path.with_name("config.toml")
    config.write_text(f'[journal]\npath = "{path}"\n')
    change(path, "UPDATE entries SET sale = replace(sale, '1990', '9990') WHERE seq IN (6, 12)")
    assert cli.main(["journal", *command, "--config", str(config)]) == 1
    told = capsys.readouterr()
    ended_ones = [3, 4, 5]  # the sixth is open: it is in the list and not yet in the books
    expected = [*ended_ones, 6] if command == ["list"] else ended_ones
    assert [number for number in range(1, 7) if f"T1-{number:06}-ABCDEF" in told.out] == expected
    assert sorted(line[:6] for line in told.err.splitlines()[:2]) == ["sale 1", "sale 2"]
    assert "2 damaged: stop the terminal, then: sudo netgiro-terminal journal mend" in told.err
    assert cli.main(["journal", "mend", "--config", str(config)]) == 0
    assert cli.main(["journal", *command, "--config", str(config)]) == 0


def test_a_repair_is_noted_and_numbers_it_left_out_are_no_gap(path: Path) -> None:
    shutil.rmtree(path.with_name("journal.db.mirror"))
    with path.open("r+b") as file:
        file.write(bytes(100))
    with opened(path) as journal:
        append_paid(journal, journal.next_number())
    verdict = verify(path)
    assert verdict.problems == ()
    assert "the journal was made anew" in verdict.notes[0]
    assert "perhaps the last records" in verdict.notes[0]


def test_findings_are_bounded(path: Path) -> None:
    change(path, "UPDATE entries SET at = ''")
    problems = verify(path).problems
    assert len(problems) < 60
    assert any(problem.startswith("... and ") for problem in problems)


@pytest.mark.parametrize("content", [None, b"no journal" * 1000])
def test_what_is_no_journal_is_said_to_be_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "journal.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(JournalError):
        verify(path)


def test_the_command_says_so_and_exits_accordingly(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = path.with_name("config.toml")
    config.write_text(f'[journal]\npath = "{path}"\n')
    arguments = ["journal", "verify", "--config", str(config)]
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out == "34 entries of 6 sales: all well\n"
    change(path, "DELETE FROM entries WHERE seq = 3")
    assert cli.main(arguments) == 1
    assert "entries 3 to 3 are missing" in capsys.readouterr().err
