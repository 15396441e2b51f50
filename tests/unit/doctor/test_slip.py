"""The doctor's report on paper: short, whole, within the columns, and naming nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hardware.interfaces import Columns, Cut, TextLine
from terminal.doctor import Result
from terminal.doctor.slip import doctor_slip
from terminal.doctor.system import Grade

AT = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
RESULTS = [
    Result("version", Grade.OK, "1.0, 0123456789ab", ""),
    Result("disk", Grade.OK, "/var/lib/netgiro-terminal can be written, 900 MiB free", ""),
    Result("clock", Grade.WARNING, "2026-11-23 08:05 UTC, not synchronised", "connect the network"),
    Result("printer", Grade.FAILED, "/dev/usb/lp0 does not exist", "plug it in and compare it with: ls -l /dev"),
]


def lines(results: list[Result], columns: Columns = 32) -> list[str]:
    *items, last = doctor_slip(results, terminal_id="T1", printed_at=AT, columns=columns)
    assert last == Cut()
    return [item.text for item in items if isinstance(item, TextLine)]


def test_what_is_well_takes_a_line_and_what_is_not_says_what_to_do() -> None:
    assert lines(RESULTS) == [
        "netgiro-terminal doctor",
        "T1 23.11.2026 08:05",
        "",
        "ok      version",
        "  1.0, 0123456789ab",
        "ok      disk",
        "warning clock",
        "  2026-11-23 08:05 UTC, not",
        "  synchronised",
        "  -> connect the network",
        "failed  printer",
        "  /dev/usb/lp0 does not exist",
        "  -> plug it in and compare it",
        "  with: ls -l /dev",
        "",
        "2 of 4 to look at",
    ]


def test_all_is_well() -> None:
    assert lines(RESULTS[:2])[-1] == "all 2 are well"


@pytest.mark.parametrize("columns", [24, 32, 42, 48, 64])
def test_no_line_is_longer_than_the_paper_is_wide(columns: Columns) -> None:
    long = Result("x" * 60, Grade.FAILED, "/dev/" + "y" * 200 + "\n\x1b@", "z" * 99)
    assert max(map(len, lines([*RESULTS, long], columns))) <= columns
    assert not any("\x1b" in line or "\n" in line for line in lines([long], columns)), "no command gets to the printer"
