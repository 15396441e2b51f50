"""What came of a reconciliation, on a slip of its own and on the day's, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hardware.interfaces import Columns, Document, TextLine
from terminal.paper.end_of_day import end_of_day_slip
from terminal.paper.receipt import Shop
from terminal.paper.reconciliation import Case, Reconciled, reconciliation_slip
from terminal.sale.totals import ClosedPeriod, Totals
from terminal.texts.words import Language
from tests.each import each_of

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
AGREES = Reconciled(first="2026-11-16", last="2026-11-23", agree=12, differ=0, not_asked=0)
DIFFERS = Reconciled(
    first="2026-11-16",
    last="2026-11-23",
    agree=9,
    differ=2,
    not_asked=1,
    cases=(Case(17, "T1-000017-ABCDEF", 1990), Case(None, "", 153_000)),
)


def text_of(document: Document) -> list[str]:
    return [item.text for item in document if isinstance(item, TextLine)]


def printed(result: Reconciled, language: Language = "is", columns: Columns = 32) -> list[str]:
    return text_of(reconciliation_slip(result, terminal_id="T1", printed_at=AT, language=language, columns=columns))


@pytest.mark.parametrize(("language", "verdict"), [("is", "Ber saman"), ("en", "Agree")])
def test_books_that_agree_say_so_and_want_nothing(language: Language, verdict: str) -> None:
    lines = printed(AGREES, language)
    assert lines[-1] == verdict
    assert not any("netgiro-terminal" in line for line in lines)


@each_of(("language", "verdict"), [("is", "Ber ekki saman"), ("en", "Differ")])
@each_of("columns", [24, 32, 42, 48, 64])
def test_what_differs_is_named_and_fits_the_paper(language: Language, verdict: str, columns: Columns) -> None:
    lines = printed(DIFFERS, language, columns)
    assert max(map(len, lines)) <= columns
    text = "".join("".join(lines).split())
    assert ("17" in text, "1.990kr." in text, "T1-000017-ABCDEF" in text) == (True, True, True)
    assert lines[-1] == verdict
    assert "netgiro-terminalreconcile" in text


def test_cases_that_are_not_kept_are_counted() -> None:
    assert "og 1 í viðbót" in [line.strip() for line in printed(DIFFERS)]


def test_where_nobody_could_be_asked_it_is_not_said_to_agree() -> None:
    unasked = Reconciled(first="2026-11-23", last="2026-11-23", agree=0, differ=0, not_asked=3)
    assert printed(unasked, "en")[-1] == "Could not be asked"


def end_of_day(**more: Any) -> str:
    slip = end_of_day_slip(
        ClosedPeriod(number=7, since=None, until="2026-11-23T18:00:00Z", totals=Totals()),
        copy=False,
        shop=Shop(name="Búð"),
        terminal_id="T1",
        printed_at=AT,
        language="is",
        columns=42,
        **more,
    )
    return "\n".join(text_of(slip))


def test_the_days_slip_says_what_came_of_it() -> None:
    assert "Borið saman við Netgíró" not in end_of_day()
    agreed, differed = end_of_day(reconciled=AGREES), end_of_day(reconciled=DIFFERS)
    assert "16.11.2026-23.11.2026" in agreed
    assert "Ber ekki saman" not in agreed
    assert ("Ber ekki saman" in differed, "Ekki tókst að spyrja" in differed) == (True, True)
