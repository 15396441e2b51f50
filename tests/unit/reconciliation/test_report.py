"""The result on paper and on disk."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from hardware.interfaces import TextLine
from terminal.reconciliation.findings import Ending, Finding, Kind
from terminal.reconciliation.report import MOST_KEPT, NAME, Report, Result, csv_lines, keep, kept, result_of, slip


def report(count: int = 1, what: str = "Netgíró knows no such payment") -> Report:
    finding = Finding(
        kind=Kind.SALE, ending=Ending.DIFFERS, what=what, advice="ask", number=7, reference="T1-7", amount_kr=1990
    )
    return Report(
        first="2026-11-23",
        last="2026-11-23",
        at="2026-11-24T04:00:00Z",
        service="api.test",
        findings=(finding,) * count,
    )


def printed(result: Result) -> list[str]:
    document = slip(result, terminal_id="T1", printed_at=datetime(2026, 11, 24, 9, 30), columns=32)
    return [item.text for item in document if isinstance(item, TextLine)]


def test_the_slip_has_every_difference_and_fits_the_paper() -> None:
    lines = printed(result_of(report()))
    assert max(map(len, lines)) <= 32
    assert "knows no such payment" in " ".join(line.strip() for line in lines)
    assert lines[-1] == "they differ"


def test_the_slip_is_bounded() -> None:
    lines = printed(result_of(report(MOST_KEPT + 9)))
    assert max(map(len, lines)) <= 32
    assert "and 9 more: netgiro-terminal reconcile" in " ".join(line.strip() for line in lines)


def test_the_last_result_is_found_again(tmp_path: Path) -> None:
    assert kept(tmp_path) is None
    keep(tmp_path, result_of(report()))
    assert kept(tmp_path) == result_of(report())
    keep(tmp_path, result_of(report(0)))
    assert kept(tmp_path) == result_of(report(0))


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\x00", b"[" * 100_000, b'{"first": 1}'])
def test_a_result_that_cannot_be_read_is_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(content)
    assert kept(tmp_path) is None


def test_no_cell_of_the_sheet_is_a_formula() -> None:
    *_, line = csv_lines(report(what="=1+1"))
    assert '"\'=1+1"' in line
