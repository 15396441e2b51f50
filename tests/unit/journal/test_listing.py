"""Times as people write them, and sales as people and programs read them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from terminal.errors import TerminalError
from terminal.journal.listing import change_json, change_story, line_of, parse_time
from terminal.journal.thread import Change
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, State
from tests.sales import GUID, walk_to

AT = "2026-11-23T12:00:05.000Z"


@pytest.fixture(autouse=True)
def _two_hours_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "EET-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        (None, None),
        ("2026-11-23", "2026-11-22T22:00:00.000Z"),
        ("2026-11-23T14:30", "2026-11-23T12:30:00.000Z"),
        ("2026-11-23T14:30:00Z", "2026-11-23T14:30:00.000Z"),
        ("2026-11-23T14:30:00+01:00", "2026-11-23T13:30:00.000Z"),
    ],
)
def test_times_are_local_unless_they_say_otherwise(text: str | None, utc: str | None) -> None:
    assert parse_time(text) == utc


@pytest.mark.parametrize("text", ["", "yesterday", "23.11.2026", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59-14:00"])
def test_what_is_no_time_is_explained_by_an_example(text: str) -> None:
    with pytest.raises(TerminalError, match="2026-11-23T14:30"):
        parse_time(text)


def test_an_ended_sale_as_json() -> None:
    entry = Change(5, AT, "ResultAcknowledged", walk_to(State.CLOSED).sale)
    told = json.loads(change_json(entry))
    assert (told["sale_id"], told["amount"], told["outcome"], told["reason"]) == ("7", 1990, "approved", "paid")
    assert (told["closed"], told["transaction_id"], told["register_told"]) == (AT, GUID, True)


def test_an_open_sale_has_no_outcome_no_reason_and_no_end() -> None:
    told = json.loads(change_json(Change(3, AT, "CancelRequested", walk_to(State.VOID).sale)))
    assert (told["outcome"], told["reason"], told["closed"], told["state"]) == (None, None, None, "void")


def test_no_customer_is_named() -> None:
    line = change_json(Change(3, AT, "StatusReceived", walk_to(State.CUSTOMER).sale))
    assert "8223281" not in line
    assert "81" not in json.loads(line).values()


def test_a_line_tells_amount_outcome_and_reference_in_local_time() -> None:
    line = line_of(Change(5, AT, "x", walk_to(State.CLOSED).sale))
    for part in ("7", "2026-11-23 14:00:00", "1.990 kr.", "approved (paid)", "T1-000007-A1B2C3"):
        assert part in line


def test_a_line_of_an_open_sale_says_where_it_is() -> None:
    assert "open: customer" in line_of(Change(5, AT, "x", walk_to(State.CUSTOMER).sale))
    stuck = replace(walk_to(State.CAPTURE).sale, settling=True, misses=MISSES_UNTIL_UNKNOWN)
    assert "unknown" in line_of(Change(5, AT, "x", stuck))


def test_the_story_of_a_change_tells_what_is_known_by_then() -> None:
    assert change_story(Change(1, AT, "SaleRequested", walk_to(State.ENTRY).sale)) == (
        "2026-11-23 14:00:05  SaleRequested        entry"
    )
    story = change_story(Change(5, AT, "StatusReceived", walk_to(State.REPORT).sale))
    assert story.endswith(f"approved paid {GUID} 1001")
