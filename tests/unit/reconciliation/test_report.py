"""The result on disk."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from terminal.reconciliation.findings import Ending, Finding, Kind
from terminal.reconciliation.report import (
    MOST_KEPT,
    MOST_SETTLEMENTS,
    NAME,
    Report,
    csv_lines,
    keep,
    kept,
    result_of,
)


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


def test_the_last_result_is_found_again(tmp_path: Path) -> None:
    assert kept(tmp_path) is None
    keep(tmp_path, result_of(report()))
    assert kept(tmp_path) == result_of(report())
    keep(tmp_path, result_of(report(0)))
    assert kept(tmp_path) == result_of(report(0))


def test_what_is_kept_is_bounded_and_everything_is_counted() -> None:
    result = result_of(report(MOST_KEPT + 9))
    assert (len(result.cases), len(result.lines), result.differ) == (MOST_KEPT, MOST_KEPT, MOST_KEPT + 9)


def test_a_result_of_the_version_before_is_read(tmp_path: Path) -> None:
    """It had no cases."""
    fields = msgspec.to_builtins(result_of(report()))
    del fields["cases"]
    (tmp_path / NAME).write_bytes(msgspec.json.encode(fields))
    read = kept(tmp_path)
    assert read is not None
    assert (read.differ, read.cases) == (1, ())


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\x00", b"[" * 100_000, b'{"first": 1}'])
def test_a_result_that_cannot_be_read_is_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(content)
    assert kept(tmp_path) is None


def test_no_cell_of_the_sheet_is_a_formula() -> None:
    *_, line = csv_lines(report(what="=1+1"))
    assert '"\'=1+1"' in line


def test_the_newest_settlements_are_kept_with_their_sums() -> None:
    settlements = tuple(
        Finding(
            kind=Kind.SETTLEMENT,
            ending=Ending.AGREES,
            amount_kr=153_000 + day,
            created=f"2026-11-{day:02}T09:00:00",
            settlement=f"100000-{day:06}",
            fee_kr=3000,
            net_kr=150_000 + day,
        )
        for day in range(1, MOST_SETTLEMENTS + 4)
    )
    by_day = Finding(kind=Kind.SALE, ending=Ending.AGREES, number=7, settled="2026-11-20")
    result = result_of(replace(report(), findings=(*settlements, by_day)))
    assert len(result.settlements) == MOST_SETTLEMENTS
    first = result.settlements[0]
    assert (first.number, first.date, first.total_kr, first.fee_kr) == ("100000-000015", "2026-11-15", 153_015, 3000)
    assert result.day_only == 1, "V1: the day, neither number nor fee"
