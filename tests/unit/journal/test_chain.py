"""The chain over all rows: what changes the past is found, whatever else is made to fit; older journals get one too."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
import zlib
from pathlib import Path

import msgspec
import pytest

from terminal.journal import chain, schema, tables
from terminal.journal.rows import ChainedRow, ReceiptRow
from terminal.journal.thread import JournalFile
from terminal.journal.verify import verify
from terminal.office import wire
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import QueuedReceipt, ReceiptState, Record
from terminal.sale.sale import Reason, State
from terminal.sale.totals import Close
from tests.unit.journal.journal_samples import a_sale, append_paid, closed, opened, ticking_clock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two days, one of them ended."""
    path = tmp_path / "journal.db"
    with opened(path) as journal:
        for number in (1, 2):
            append_paid(journal, number)
        journal.reserve_nonces(64)
        journal.append_close(Close(1, journal.open_period().totals, is_printed=True))
        append_paid(journal, 3)
    return path


def rows_of(path: Path) -> list[ChainedRow]:
    with JournalFile(path, lambda: "", read_only=True) as journal:
        journal.open()
        return journal.rows_past(0, 1000)


def epoch_of(path: Path) -> str:
    with JournalFile(path, lambda: "", read_only=True) as journal:
        journal.open()
        return journal.chain_end().epoch


def test_every_kind_of_row_is_in_it_and_each_follows_from_the_one_before(path: Path) -> None:
    rows = rows_of(path)

    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert {row.kind for row in rows} == {"entry", "receipt", "close", "nonces"}
    office = [wire.Row(row.seq, row.at, row.kind, row.body, row.hash) for row in rows]
    assert wire.broken_links("", office) == []
    assert msgspec.json.decode(rows[0].body)["sale"]["number"] == 1


def test_it_can_be_read_on_from_any_row(path: Path) -> None:
    rows = rows_of(path)
    with JournalFile(path, lambda: "", read_only=True) as journal:
        journal.open()
        assert journal.rows_past(5, 3) == rows[5:8]
        assert journal.rows_past(len(rows), 3) == []
        assert journal.chain_end().hash == rows[-1].hash


def test_the_mirror_holds_the_same_links(path: Path) -> None:
    text = path.with_name("journal.db.mirror").joinpath("000001.log").read_text()
    for row in rows_of(path):
        assert f'"seq":{row.seq},' in text
        assert row.hash in text
    assert epoch_of(path) in text


def test_the_end_of_a_day_has_the_chains_head(path: Path) -> None:
    with opened(path) as journal:
        head = journal.append_close(Close(2, journal.open_period().totals))
        period = journal.closed_period(2)
        assert period is not None
        assert period.head == head == journal.chain_end().hash


def test_a_journal_without_rows_has_an_epoch_and_no_head(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        end = journal.chain_end()
        assert (len(end.epoch), end.seq, end.hash) == (32, 0, "")
    with opened(tmp_path / "journal.db") as journal:
        assert journal.chain_end() == end


def test_a_slip_is_held_against_the_journal(path: Path) -> None:
    with opened(path) as journal:
        period = journal.closed_period(1)
    assert period is not None
    said = verify(path, f"{period.head[:8]} {period.head[8:32].upper()}")
    assert (said.problems, len(said.notes)) == ((), 1)
    assert "end of day 1" in said.notes[0]
    assert "no end of day has the head" in verify(path, "0" * 32).problems[0]
    for head in ("12", "no head at all here"):
        assert "is no head" in verify(path, head).problems[0]


# --- the attack -------------------------------------------------------------------------------------------------------


def attack(path: Path, *statements: str) -> None:
    """By somebody who may write the file: past the guards, with every checksum made to fit again."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        for (trigger,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            db.execute(statement)
        for seq, at, event, sale in db.execute("SELECT seq, at, event, sale FROM entries").fetchall():
            crc = zlib.crc32(sale.encode(), zlib.crc32(f"{seq} {at} {event}".encode()))
            db.execute("UPDATE entries SET crc = ? WHERE seq = ?", (crc, seq))
        schema_of_guards = schema._guards(*schema.APPEND_ONLY, "chain")
        db.executescript(schema_of_guards)


def attack_mirror(path: Path, old: bytes, new: bytes) -> None:
    segment = path.with_name("journal.db.mirror").joinpath("000001.log")
    lines = []
    for line in segment.read_bytes().rstrip(b"\n").split(b"\n"):
        text = line[9:].replace(old, new)
        lines.append(b"%08x %s" % (zlib.crc32(text), text))
    segment.write_bytes(b"\n".join(lines) + b"\n")


def test_a_changed_sale_of_the_past_is_found_though_every_checksum_fits(path: Path) -> None:
    attack(path, "UPDATE entries SET sale = replace(sale, '1990', '9900') WHERE sale_number = 1")
    attack_mirror(path, b'"number":1,"reference":"T1-000001-ABCDEF","register_id":"R1","amount_kr":1990', b"")

    assert any("of the chain (entry 1)" in problem for problem in verify(path).problems)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE closes SET totals = replace(totals, '3980', '2980')", "end of day 1: its totals are not those"),
        ("UPDATE chain SET body = replace(body, '3980', '2980')", "of the chain (close 1)"),
        ("DELETE FROM entries WHERE seq = 2", "the chain of rows ends early: entry 2 is not there"),
        ("DELETE FROM chain WHERE seq = 4", "it is not in the chain of rows"),
        ("DELETE FROM chain WHERE seq = 4", "row 5 of the chain"),
        ("DELETE FROM chain WHERE seq > 8", "it is not in the chain of rows"),
        ("UPDATE chain SET position = 1 WHERE kind = 'entry' AND position = 2", "of the chain"),
    ],
)
def test_what_does_not_fit_the_chain_or_the_sums_is_named(path: Path, statement: str, problem: str) -> None:
    attack(path, statement)

    assert any(problem in found for found in verify(path).problems)


def test_a_whole_new_chain_does_not_fit_the_mirror(path: Path) -> None:
    rows = rows_of(path)
    attack(path, "UPDATE chain SET hash = zeroblob(32) WHERE seq = 3")

    assert any("link 3: the mirror says something else" in problem for problem in verify(path).problems)
    assert len(rows) > 3


def test_a_sale_that_is_settled_in_a_later_period_counts_in_both(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with opened(path) as journal:
        due = closed(a_sale(1), Reason.REFUND_DUE)
        journal.append(Record("rejected", msgspec.structs.replace(due, state=State.ATTENTION)))
        journal.append_close(Close(1, journal.open_period().totals))
        journal.append(Record("settled", closed(due, Reason.REFUNDED)))
        journal.append_close(Close(2, journal.open_period().totals))
    assert verify(path).problems == ()


# --- after damage -----------------------------------------------------------------------------------------------------


def test_a_repair_that_lost_nothing_leaves_chain_and_epoch_as_they_were(path: Path) -> None:
    rows, epoch = rows_of(path), epoch_of(path)
    path.write_bytes(b"no journal" * 1000)
    with opened(path) as journal:
        assert journal.repaired is not None
    assert rows_of(path)[: len(rows)] == rows
    assert epoch_of(path) == epoch
    assert verify(path).problems == ()


def test_a_repair_that_lost_something_begins_an_epoch(path: Path) -> None:
    epoch = epoch_of(path)
    path.write_bytes(b"no journal" * 1000)
    segment = path.with_name("journal.db.mirror").joinpath("000001.log")
    lines = segment.read_bytes().rstrip(b"\n").split(b"\n")
    segment.write_bytes(b"\n".join([*lines[:3], b"damaged", *lines[4:]]) + b"\n")
    with opened(path) as journal:
        assert journal.repaired is not None
        assert not journal.repaired.is_complete
    assert epoch_of(path) != epoch
    assert [row.seq for row in rows_of(path)] == list(range(1, len(rows_of(path)) + 1))
    assert verify(path).problems == ()
    assert len(list(path.parent.glob("journal.db.mirror.other-*"))) == 1


@pytest.mark.parametrize("lost", ["database", "mirror", "last rows"])
def test_rows_keep_the_words_they_were_first_written_in(path: Path, lost: str) -> None:
    """A program that knows another field would encode them in another way."""
    receipt = QueuedReceipt("9-customer-0", 3, ReceiptKind.CUSTOMER, 0, ReceiptState.QUEUED)
    folder = path.with_name("journal.db.mirror")
    with opened(path) as journal:
        before = path.read_bytes()
        row = ReceiptRow(tables.positions(journal.pair.connection).receipts + 1, "2026-11-23T16:00:00.000Z", receipt)
        body = msgspec.json.encode(row)[:-1] + b',"field_of_an_older_program":1}'
        with journal.pair.database.transaction() as db:
            journal.pair.mirror.append([tables.insert_row(db, row, body)])
    rows = rows_of(path)
    assert b"field_of_an_older_program" in bytes(rows[-1].body)
    if lost == "mirror":
        shutil.rmtree(folder)
    elif lost == "database":
        path.write_bytes(b"no journal" * 1000)
    else:
        path.write_bytes(before)
        path.with_name("journal.db-wal").unlink(missing_ok=True)
    with opened(path):
        pass
    assert rows_of(path)[: len(rows)] == rows
    assert verify(path).problems == ()


# --- older journals ---------------------------------------------------------------------------------------------------


def older(path: Path, version: int, *, with_mirror: bool = True) -> None:
    """As an older program wrote it."""
    folder = path.with_name("journal.db.mirror")
    rows = rows_of(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(
            "DROP TABLE chain; DROP TABLE epoch; DROP INDEX sales_ended; DROP INDEX refunds_by_sale; "
            "ALTER TABLE sales DROP COLUMN amount_kr; ALTER TABLE sales DROP COLUMN refund_of; "
            "ALTER TABLE sales DROP COLUMN source;"
        )
        if version == 1:
            db.executescript("DROP TRIGGER receipts_update; DROP TRIGGER receipts_delete;")
            db.execute("DELETE FROM receipts WHERE period != 0")
            db.execute("DELETE FROM receipt_queue WHERE period != 0")
            for table in ("receipts", "receipt_queue"):
                db.execute(f"ALTER TABLE {table} DROP COLUMN period")
            db.executescript(schema._guards("receipts"))
        db.execute(f"PRAGMA user_version = {version}")
    for segment in folder.glob("*.log"):
        segment.unlink()
    if with_mirror:
        lines = [b'[{"row":"positions","entries":0,"receipts":0,"closes":0,"high_water":0,"repairs":0}]']
        lines += [
            b"[%s]" % re.sub(rb'(nonces.*),"at":"[^"]*"', rb"\1", bytes(row.body))
            for row in rows
            if version > 1 or b"end_of_day" not in bytes(row.body)
        ]
        text = b"".join(b"%08x %s\n" % (zlib.crc32(line), line) for line in lines)
        folder.joinpath("000001.log").write_bytes(text)


@pytest.mark.parametrize("with_mirror", [True, False])
@pytest.mark.parametrize("version", [1, 2])
def test_an_older_journal_gets_its_chain(path: Path, version: int, *, with_mirror: bool) -> None:
    older(path, version, with_mirror=with_mirror)
    with opened(path) as journal:
        assert journal.repaired is None
        assert journal.open_period().totals.count == 1
        assert journal.open_period().totals.by_outcome["approved"].sum_kr == 1990  # type: ignore[index]
        append_paid(journal, 4)
    rows = rows_of(path)
    assert wire.broken_links("", [wire.Row(row.seq, row.at, row.kind, row.body, row.hash) for row in rows]) == []
    assert verify(path).problems == ()


def test_an_older_journal_that_lost_its_database_is_made_anew_with_the_same_chain(path: Path) -> None:
    older(path, 2)
    with opened(path) as journal:
        append_paid(journal, 4)
    rows, epoch = rows_of(path), epoch_of(path)
    path.write_bytes(b"no journal" * 1000)
    with opened(path) as journal:
        assert journal.repaired is not None
        assert journal.repaired.is_complete
    assert rows_of(path)[: len(rows)] == rows
    assert epoch_of(path) == epoch


def test_a_damaged_older_journal_is_made_anew(path: Path) -> None:
    older(path, 2)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DROP TRIGGER entries_update")
        db.execute("UPDATE entries SET sale = replace(sale, '1990', '9990') WHERE seq = 2")
        db.executescript(schema._guards("entries").split(";")[0] + "; END;")
    with opened(path) as journal:
        assert journal.repaired is not None
        assert journal.repaired.is_complete
        assert journal.find_sale(3) is not None
    assert verify(path).problems == ()


def test_a_migration_cut_short_is_done_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older(path, 2)

    def power_cut(*_args: object) -> None:
        raise KeyboardInterrupt

    journal = JournalFile(path, ticking_clock())
    with monkeypatch.context() as patched:
        patched.setattr(chain, "begin_epoch", power_cut)
        with pytest.raises(KeyboardInterrupt):
            journal.open()
    journal.close()
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)
    with opened(path) as journal:
        assert journal.find_sale(3) is not None
    assert verify(path).problems == ()
