"""The doctor's report on paper: short, whole, within the columns, and naming nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from hardware.interfaces import Columns, Cut, TextLine
from terminal.doctor.register import NO_PROGRAMS
from terminal.doctor.run import CHECKS, Result
from terminal.doctor.slip import doctor_slip
from terminal.doctor.system import Grade
from terminal.texts.sentences import words_in
from terminal.texts.words import Language
from tests.each import each_of

AT = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
RESULTS = [
    Result("version", Grade.OK, "1.0, 0123456789ab", ""),
    Result("disk", Grade.OK, "/var/lib/netgiro-terminal can be written, 900 MiB free", ""),
    Result("clock", Grade.WARNING, "2026-11-23 08:05 UTC, not synchronised", "connect the network"),
    Result("printer", Grade.FAILED, "/dev/usb/lp0 does not exist", "plug it in and compare it with: ls -l /dev"),
]


def lines(results: list[Result], columns: Columns = 32, language: Language = "en") -> list[str]:
    *items, last = doctor_slip(results, words_in(language).doctor, terminal_id="T1", printed_at=AT, columns=columns)
    assert last == Cut()
    return [item.text for item in items if isinstance(item, TextLine)]


def test_what_is_well_takes_a_line_and_what_is_not_says_what_to_do() -> None:
    assert lines(RESULTS) == [
        "Fault report",
        "T1 23.11.2026 08:05",
        "",
        "ok      version",
        "ok      disk",
        "warning clock",
        "  The clock may be wrong. Check",
        "  the network.",
        "failed  printer",
        "  The printer is not ready.",
        "  Check paper, cover, power and",
        "  cable.",
        "",
        "2 of 4 to look at",
        "",
        "For service",
        "  version: 1.0, 0123456789ab",
        "  clock: 2026-11-23 08:05 UTC,",
        "  not synchronised",
        "  -> connect the network",
        "  printer: /dev/usb/lp0 does not",
        "  exist",
        "  -> plug it in and compare it",
        "  with: ls -l /dev",
    ]


def test_icelandic_staff_read_icelandic() -> None:
    printed = lines(RESULTS, language="is")
    assert printed[0] == "Bilanaskýrsla"
    assert "bilun   prentari" in printed
    assert "2 af 4 þarf að skoða" in printed
    assert "  Klukkan gæti verið röng." in printed


@pytest.mark.parametrize("language", get_args(Language))
def test_every_check_of_the_doctor_has_words(language: Language) -> None:
    assert set(words_in(language).doctor.checks) == {check.name for check in CHECKS} | {"doctor"}
    assert set(words_in(language).doctor.grades) == set(Grade)


def test_all_is_well() -> None:
    assert "all 2 are well" in lines(RESULTS[:2])


@each_of("columns", [24, 32, 42, 48, 64])
def test_no_line_is_longer_than_the_paper_is_wide(columns: Columns) -> None:
    long = Result("x" * 60, Grade.FAILED, "/dev/" + "y" * 200 + "\n\x1b@", "z" * 99)
    assert max(map(len, lines([*RESULTS, long], columns))) <= columns
    assert not any("\x1b" in line or "\n" in line for line in lines([long], columns)), "no command gets to the printer"


def test_the_certificate_of_register_programs_stands_on_it_whole_if_there_is_one() -> None:
    sha256 = "0123456789abcdef" * 4
    well = Result("register programs", Grade.OK, f"call 192.168.1.20:8026; the certificate's SHA-256 is {sha256}", "")
    assert sha256 in "".join(line.strip() for line in lines([well]))
    none = Result("register programs", Grade.OK, NO_PROGRAMS, "")
    assert not any(NO_PROGRAMS in line for line in lines([none]))


def test_in_training_it_says_so_above_everything() -> None:
    for training, first in (("", words_in("is").doctor.title), ("ÞJÁLFUN", "ÞJÁLFUN")):
        document = doctor_slip(
            (), words_in("is").doctor, terminal_id="T1", printed_at=datetime.now(UTC), columns=42, training=training
        )
        assert isinstance(document[0], TextLine)
        assert document[0].text == first
