"""Exports for the accountant, whose hours are right."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from terminal.journal.export import book_rows, csv_lines, json_lines
from terminal.journal.listing import parse_time
from terminal.journal.thread import JournalFile
from terminal.sale.record import RefundRecord
from tests.golden.samples import REFUND_DONE
from tests.unit.journal.closed_sales import sale, write

THEN = datetime(2026, 11, 23, 15, 30)


# --- for the accountant -----------------------------------------------------------------------------------------------


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


def exported(path: Path) -> list[dict[str, str]]:
    with JournalFile(path, lambda: "", read_only=True) as journal:
        journal.open()
        books = list(book_rows(journal.bookings(on_damaged=pytest.fail), lambda _reference: None))
        as_json = [json.loads(line) for line in json_lines(books)]
        rows = list(csv.DictReader(csv_lines(books)))
    assert [row["reference"] for row in rows] == [row["reference"] for row in as_json]
    assert [row["time"] for row in rows] == [row["time"] for row in as_json]
    return rows


@pytest.mark.parametrize(
    ("zone", "times"),
    [
        ("Atlantic/Reykjavik", ["2026-10-25T00:30:00+00:00", "2026-10-25T01:30:00+00:00"]),
        ("Europe/Copenhagen", ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]),
    ],
)
def test_the_hour_that_comes_twice_is_told_apart(path: Path, in_zone: object, zone: str, times: list[str]) -> None:
    assert callable(in_zone)
    in_zone(zone)
    write(path, sale(1, "2026-10-25T00:30:00.000Z"), sale(2, "2026-10-25T01:30:00.000Z"))

    assert [row["time"] for row in exported(path)] == times


def test_a_sale_after_midnight_belongs_to_the_new_day_of_the_shops_clock(path: Path, in_zone: object) -> None:
    assert callable(in_zone)
    in_zone("Europe/Copenhagen")
    write(path, sale(1, "2026-07-31T21:59:59.000Z"), sale(2, "2026-07-31T22:00:00.000Z"))

    assert [row["date"] for row in exported(path)] == ["2026-07-31", "2026-08-01"]


@pytest.mark.parametrize(
    ("zone", "since"),
    [
        ("Atlantic/Reykjavik", "2026-03-29T00:00:00.000Z"),
        ("Europe/Copenhagen", "2026-03-28T23:00:00.000Z"),
    ],
)
def test_a_date_without_a_zone_is_the_shops_own_day(in_zone: object, zone: str, since: str) -> None:
    assert callable(in_zone)
    in_zone(zone)

    assert parse_time("2026-03-29") == since


def test_days_around_the_change_of_clocks_have_23_and_25_hours(in_zone: object) -> None:
    assert callable(in_zone)
    in_zone("Europe/Copenhagen")
    lengths_h = []
    for start, end in (("2026-03-29", "2026-03-30"), ("2026-10-25", "2026-10-26"), ("2026-11-23", "2026-11-24")):
        length = datetime.fromisoformat(str(parse_time(end))) - datetime.fromisoformat(str(parse_time(start)))
        lengths_h.append(length.total_seconds() / 3600)

    assert lengths_h == [23, 25, 24]


def test_a_registers_text_is_no_formula(path: Path) -> None:
    write(path, sale(1, register_id="=HYPERLINK(1)"))

    assert exported(path)[0]["register_id"] == "'=HYPERLINK(1)"


def test_who_gave_money_back_stands_beside_the_refund_and_who_sold_beside_the_sale(path: Path) -> None:
    write(path, sale(1, operator="1 Anna"))
    with JournalFile(path, lambda: "2026-11-24T09:00:00.000Z") as journal:
        journal.open()
        journal.append_refund(RefundRecord("Test", replace(REFUND_DONE, number=2, sale_number=1, operator="22")))

    assert [(row["kind"], row["operator"]) for row in exported(path)] == [("sale", "1 Anna"), ("refund", "22")]
