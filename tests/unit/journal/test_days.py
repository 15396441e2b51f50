"""The ends of day as they are listed and exported."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from terminal.commands.main import main
from terminal.journal.days import COLUMNS, day_lines, days_csv, days_json
from terminal.journal.thread import JournalFile
from terminal.sale.record import Record
from terminal.sale.sale import Reason, State
from terminal.sale.totals import Close
from tests.unit.journal.journal_samples import a_sale


@pytest.fixture
def journal(tmp_path: Path) -> JournalFile:
    """Two days that have ended, with one sale in the first, and one open."""
    file = JournalFile(tmp_path / "journal.db", lambda: "2026-11-23T18:01:00.000Z")
    file.open()
    assert file.open_period_began() is None
    file.append(Record("Test", a_sale(1, State.CLOSED, Reason.PAID)))
    for _ in range(2):
        period = file.open_period()
        file.append_close(Close(period.number, period.totals))
    assert file.open_period_began() is None
    file.append(Record("Test", a_sale(2, State.CLOSED, Reason.PAID)))
    assert file.open_period_began() == "2026-11-23T18:01:00.000Z"
    return file


def test_each_end_of_day_is_a_line_newest_first(journal: JournalFile) -> None:
    second, first = day_lines(journal.closed_periods())
    assert second.split()[0] == "2"
    assert first.endswith("1.990 kr.  1 sales")


def test_csv_and_json_say_the_same_as_the_slip(journal: JournalFile) -> None:
    days = list(journal.closed_periods())[::-1]
    header, first, second = csv.reader(days_csv(days))
    assert tuple(header) == COLUMNS
    row = dict(zip(header, first, strict=True))
    assert (row["end_of_day"], row["sales_kr"], row["charged_kr"], row["first_receipt"]) == ("1", "1990", "1990", "1")
    assert len(row["head"]) == 64
    assert dict(zip(header, second, strict=True))["sales"] == "0"
    told = [json.loads(line) for line in days_json(days)]
    assert [(one["period"], one["sales"]["amount"]) for one in told] == [(1, 1990), (2, 0)]


@pytest.mark.parametrize(("more", "lines"), [([], 2), (["--format", "csv"], 3), (["--format", "json"], 2)])
def test_the_command_lists_them(
    journal: JournalFile, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], lines: int
) -> None:
    journal.close()
    config = tmp_path / "config.toml"
    config.write_text(f'[journal]\npath = "{tmp_path / "journal.db"}"\n', encoding="utf-8")
    assert main(["journal", "days", "--config", str(config), *more]) == 0
    assert len(capsys.readouterr().out.splitlines()) == lines
