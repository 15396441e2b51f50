"""``journal list`` for people and ``journal export`` for the accountant, from the command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from terminal.commands.main import main
from terminal.journal.file import JournalFile
from terminal.reconciliation.findings import Ending, Finding, Kind, MatchedBy
from terminal.reconciliation.report import Report
from terminal.reconciliation.settled import NAME, keep_settled, settled
from terminal.sale.record import RefundRecord
from terminal.sale.refund import RefundReason, RefundState
from terminal.sale.sale import Sale
from terminal.sale.totals import Close
from tests.sales import refund_of
from tests.unit.journal.journal_samples import append_paid, opened


def refunded(sale: Sale, number: int, amount_kr: int) -> RefundRecord:
    done = {"created": "2026-11-23T16:00:00.000Z", "state": RefundState.CLOSED, "reason": RefundReason.DONE}
    return RefundRecord("RefundConfirmed", refund_of(sale, number, amount_kr, **done))


def end_the_day(journal: JournalFile) -> None:
    period = journal.open_period()
    journal.append_close(Close(period.number, period.totals))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two ends of day: a sale of each, and a refund on the second one."""
    with opened(tmp_path / "journal.db") as journal:
        first = append_paid(journal, 1)
        end_the_day(journal)
        append_paid(journal, 2)
        journal.append_refund(refunded(first, 3, 500))
        end_the_day(journal)
        append_paid(journal, 4)
    path = tmp_path / "config.toml"
    path.write_text('[journal]\npath = "journal.db"\n', encoding="utf-8")
    return path


def exported(config: Path, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, str]]:
    assert main(["journal", "export", "--config", str(config), *more]) == 0
    said = capsys.readouterr()
    assert said.err == "", "what a program reads is nothing but rows"
    return list(csv.DictReader(io.StringIO(said.out)))


def test_the_turnover_column_adds_up_and_the_sum_is_told_beside_a_file(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = exported(config, capsys)
    assert [(row["kind"], row["amount_kr"], row["refund_of"], row["end_of_day"]) for row in rows] == [
        ("sale", "1990", "", "1"),
        ("sale", "1990", "", "2"),
        ("refund", "-500", "1", "2"),
        ("sale", "1990", "", ""),
    ]
    assert sum(int(row["turnover_kr"]) for row in rows) == 5470
    assert main(["journal", "export", "--config", str(config), "--output", str(tmp_path / "sheet.csv")]) == 0
    assert capsys.readouterr() == ("sales: 3, refunds: 1, turnover: 5.470 kr.\n", "")


def test_a_total_is_a_row_only_where_it_is_asked_for(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    *rows, total = exported(config, capsys, "--total")
    assert len(rows) == 4
    assert (total["kind"], total["turnover_kr"], total["amount_kr"], total["net_kr"]) == ("total", "5470", "", "")


@pytest.mark.parametrize(
    ("period", "numbers"), [("1", "1"), ("2", "23"), ("1-2", "123"), ("2-", "234"), ("open", "4"), ("7", "")]
)
def test_ends_of_day_choose(config: Path, capsys: pytest.CaptureFixture[str], period: str, numbers: str) -> None:
    assert "".join(row["receipt_number"] for row in exported(config, capsys, "--period", period)) == numbers


@pytest.mark.parametrize("period", ["", "2-1", "-1", "x", "1-2-3", "1,2", "9" * 30, "٣"])
def test_what_names_no_end_of_day_is_explained(config: Path, capsys: pytest.CaptureFixture[str], period: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["journal", "export", "--config", str(config), f"--period={period}"])
    assert ended.value.code == 2
    assert repr(period) in capsys.readouterr().err


def test_a_spreadsheet_knows_letters_cells_and_numbers(config: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "nóvember.csv"
    assert main(["journal", "export", "--config", str(config), "--excel", "--output", str(sheet)]) == 0
    written = sheet.read_bytes()
    assert written.startswith(b"\xef\xbb\xbf"), "without the mark Excel reads other letters"
    lines = written.decode("utf-8-sig").split("\r\n")
    assert lines[-1] == ""
    rows = list(csv.DictReader(lines[:-1], delimiter=";"))
    assert [row["amount_kr"] for row in rows] == ["1990", "1990", "-500", "1990"]


def test_excel_to_the_output_is_the_same_bytes(
    config: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    sheet = tmp_path / "sheet.csv"
    assert main(["journal", "export", "--config", str(config), "--excel", "--output", str(sheet)]) == 0
    capfdbinary.readouterr()
    assert main(["journal", "export", "--config", str(config), "--excel"]) == 0
    assert capfdbinary.readouterr().out == sheet.read_bytes()


def test_what_cannot_be_is_said(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["journal", "export", "--config", str(config)]
    assert main([*arguments, "--excel", "--format", "json"]) == 2
    assert "--format csv" in capsys.readouterr().err
    assert main([*arguments, "--output", str(tmp_path / "none" / "sheet.csv")]) == 1
    assert capsys.readouterr().err == f"--output {tmp_path}/none/sheet.csv: No such file or directory\n"


def test_the_list_shows_refunds_registers_ids_and_sums(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "list", "--config", str(config)]) == 0
    header, *lines, total = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["4", "3", "2", "1"]
    assert "-500 kr.  refund of 1: refunded" in lines[1]
    assert lines[0][header.index("register") :].split() == ["R4", "T1-000004-ABCDEF"]
    assert total == "approved: 3, 5.970 kr.; refunds refunded: 1, -500 kr.; turnover: 5.470 kr."


def test_the_list_as_json_has_a_line_for_each_sale_with_its_refunds(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["journal", "list", "--json", "--config", str(config)]) == 0
    sales = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(sale["sale_id"], len(sale["refunds"])) for sale in sales] == [("4", 0), ("2", 0), ("1", 1)]
    assert sales[2]["refunds"][0] == {
        "refund_id": "3",
        "reference": "T1-000003-REFUND",
        "register_id": "",
        "amount": 500,
        "outcome": "refunded",
        "created": "2026-11-23T16:00:00.000Z",
        "settled_by": None,
    }


def test_the_story_of_a_refund_is_shown_with_who_settled_it(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "show", "3", "--config", str(config)]) == 0
    assert "refunded done" in capsys.readouterr().out
    assert main(["journal", "show", "T1-000003-REFUND", "--json", "--config", str(config)]) == 0
    shown = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (shown["refund_id"], shown["of"], shown["reason"], shown["settled_by"]) == ("3", "1", "done", None)
    assert main(["journal", "show", "77", "--config", str(config)]) == 1


# --- what reconciliations have found ----------------------------------------------------------------------------------


def report(*findings: Finding) -> Report:
    return Report(first="2026-11-23", last="2026-11-23", at="2026-11-24T03:00:00Z", service="x", findings=findings)


def paid_out(number: int, settlement: str = "100000-000069") -> Finding:
    return Finding(
        kind=Kind.SALE,
        ending=Ending.AGREES,
        reference=f"T1-{number:06}-ABCDEF",
        settlement=settlement,
        settled="2026-12-01",
        fee_kr=40,
        net_kr=1950,
        matched_by=MatchedBy.AMOUNT_AND_TIME,
    )


def test_settlement_date_fee_and_net_stand_beside_the_sale(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep_settled(config.parent, report(paid_out(1), paid_out(4)))
    rows = exported(config, capsys, "--total")
    assert [(row["settlement"], row["settled"], row["fee_kr"], row["net_kr"], row["matched_by"]) for row in rows] == [
        ("100000-000069", "2026-12-01", "40", "1950", "amount_and_time"),
        ("", "", "", "", ""),
        ("", "", "", "", ""),
        ("100000-000069", "2026-12-01", "40", "1950", "amount_and_time"),
        ("", "", "80", "3900", ""),
    ]


def test_a_later_reconciliation_replaces_what_an_earlier_one_has_found(tmp_path: Path) -> None:
    keep_settled(tmp_path, report(paid_out(1), paid_out(2)))
    keep_settled(tmp_path, report(paid_out(1, "100000-000070")))
    keep_settled(tmp_path, report())
    with settled(tmp_path) as known:
        found = [known(f"T1-{number:06}-ABCDEF") for number in (1, 2, 3)]
    assert [one and one.settlement for one in found] == ["100000-000070", "100000-000069", None]


def test_what_was_found_once_is_not_forgotten(tmp_path: Path) -> None:
    """A later one could not ask for the settlements, or V1 tells the date alone."""
    keep_settled(tmp_path, report(paid_out(1)))
    date_alone = {"settlement": None, "fee_kr": None, "net_kr": None, "matched_by": None}
    keep_settled(tmp_path, report(replace(paid_out(1), **date_alone), replace(paid_out(2), **date_alone)))
    with settled(tmp_path) as known:
        assert known("T1-000001-ABCDEF") == ("100000-000069", "2026-12-01", 40, 1950, "amount_and_time")
        assert known("T1-000002-ABCDEF") == (None, "2026-12-01", None, None, None)


@pytest.mark.parametrize("content", [b"", b"no database" * 1000])
def test_what_cannot_be_read_is_not_known_and_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    with settled(tmp_path) as known:
        assert known("T1-000001-ABCDEF") is None
    keep_settled(tmp_path, report(paid_out(1)))
    with settled(tmp_path) as known:
        assert known("T1-000001-ABCDEF") is not None
