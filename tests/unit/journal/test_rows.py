"""Rows and how far a journal has come with them."""

from __future__ import annotations

import msgspec
import pytest

from terminal.journal.rows import (
    ChainedRow,
    ChainEnd,
    CloseRow,
    EntryRow,
    NonceRow,
    Positions,
    ReceiptRow,
    RepairRow,
    Row,
    kind_of,
    place_of,
    read_row,
)
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import original

AT = "2026-11-23T12:00:00.000Z"
REPAIR = RepairRow(
    number=5,
    at=AT,
    set_aside="",
    entries=1,
    receipts=2,
    lost=(),
    may_lack_latest=False,
    last_written_s=1.0,
    next_number=8,
)
ROWS: list[tuple[Row, str, str]] = [
    (EntryRow(1, AT, "CustomerIdentified", msgspec.Raw(b"{}")), "entry", "entries"),
    (ReceiptRow(2, AT, original(7, ReceiptKind.CUSTOMER)), "receipt", "receipts"),
    (CloseRow(3, AT, 1, msgspec.Raw(b"{}")), "close", "closes"),
    (NonceRow(4), "nonces", "high_water"),
    (REPAIR, "repair", "repairs"),
]
NOTHING = Positions(entries=0, receipts=0, closes=0, high_water=0, repairs=0)


@pytest.mark.parametrize(("position", "row", "kind", "table"), [(at, *one) for at, one in enumerate(ROWS, 1)])
def test_a_row_has_a_kind_and_a_place_of_its_own(position: int, row: Row, kind: str, table: str) -> None:
    assert (kind_of(row), place_of(row)) == (kind, (table, position))
    assert read_row(msgspec.json.encode(row)) == row


def test_a_new_journal_has_come_nowhere() -> None:
    assert Positions() == NOTHING
    assert (ChainEnd("epoch").seq, ChainEnd("epoch").hash) == (0, "")


def test_rows_are_counted_where_they_belong_and_never_back() -> None:
    after = NOTHING.after(row for row, _, _ in ROWS)
    assert after == Positions(entries=1, receipts=2, closes=3, high_water=4, repairs=5)
    assert after.after([NonceRow(2)]) == after, "a mark that is lower says nothing"


@pytest.mark.parametrize(("row", "_kind", "table"), ROWS)
def test_a_row_is_there_once_its_table_has_come_so_far(row: Row, _kind: str, table: str) -> None:
    _, position = place_of(row)
    assert Positions(**{table: position}).reaches(row)
    assert Positions(**{table: position + 1}).reaches(row)
    assert not Positions(**{table: position - 1}).reaches(row)


@pytest.mark.parametrize("table", Positions.__struct_fields__)
def test_one_journal_has_all_of_another_if_no_table_is_behind(table: str) -> None:
    other = NOTHING.after(row for row, _, _ in ROWS)
    assert other.reaches_all(other)
    for ahead in (1, -1):
        one = msgspec.structs.replace(other, **{table: getattr(other, table) + ahead})
        assert one.reaches_all(other) is (ahead > 0)


@pytest.mark.parametrize(("lost", "may_lack_latest"), [((), True), (("sale 7",), False), (("sale 7",), True)])
def test_a_repair_is_complete_only_if_nothing_can_be_missing(lost: tuple[str, ...], may_lack_latest: bool) -> None:
    assert REPAIR.is_complete
    assert not msgspec.structs.replace(REPAIR, lost=lost, may_lack_latest=may_lack_latest).is_complete


def test_a_mark_of_an_older_version_has_no_time_and_says_nothing_of_signatures() -> None:
    mark = read_row(b'{"row":"nonces","high_water":7}')
    assert mark == NonceRow(7, "-", msgspec.UNSET)
    assert b"answers_signed" not in msgspec.json.encode(mark), "its hash stays what it was"


def test_a_link_of_the_chain_names_itself() -> None:
    link = ChainedRow(1, AT, "entry", msgspec.Raw(b"{}"), "ab")
    assert msgspec.json.decode(msgspec.json.encode(link))["row"] == "chained"
