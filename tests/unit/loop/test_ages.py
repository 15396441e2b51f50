"""How long ago: by a clock that cannot be set for what happened since the start, by the journal's times before it."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from terminal.loop import ages as ages_module
from terminal.loop.ages import Ages
from terminal.sale.sale import Reason, Sale, State
from tests.sales import new_sale, walk_to


class Clocks:
    """A steady clock and a wall clock, each at the hour it is given."""

    def __init__(self) -> None:
        self.steady_s = 100.0
        self.wall = "2026-11-23T12:00:00.000Z"
        self.ages = Ages(lambda: self.steady_s, lambda: self.wall)


def declined(number: int = 7, *, acknowledged: bool = True) -> Sale:
    sale = walk_to(State.CLOSED).sale
    reason = Reason.CUSTOMER_DECLINED
    created = "2026-11-23T12:00:00.000Z"
    return replace(sale, number=number, reason=reason, acknowledged=acknowledged, created=created)


def never(_number: int) -> str | None:
    raise AssertionError("the journal is not asked for what is remembered")


def test_setting_the_clock_makes_nothing_older_that_was_asked_for_since_the_start() -> None:
    clocks = Clocks()
    clocks.ages.begin(7)
    clocks.ages.tell(7)
    clocks.steady_s += 4
    clocks.wall = "2027-12-24T00:00:00.000Z"
    wish = clocks.ages.wish_of(declined(), never)
    assert (wish.age_s, wish.told_s) == (4.0, 4.0)


def test_what_is_from_before_the_start_is_as_old_as_the_journal_says() -> None:
    clocks = Clocks()
    clocks.wall = "2026-11-23T13:00:00.000Z"
    wish = clocks.ages.wish_of(declined(), lambda _number: "2026-11-23T12:59:54.000Z")
    assert (wish.age_s, wish.told_s) == (3600.0, 6.0)


@pytest.mark.parametrize("wall", ["2026-11-23T11:00:00.000Z", "1970-01-01T00:00:00.000Z", "no time at all"])
def test_a_clock_that_was_set_back_keeps_an_id(wall: str) -> None:
    clocks = Clocks()
    clocks.wall = wall
    wish = clocks.ages.wish_of(declined(), lambda _number: "2026-11-23T12:30:00.000Z")
    assert (wish.age_s, wish.told_s) == (0.0, 0.0)
    assert clocks.ages.age_s(declined()) == math.inf, "nobody can know how old it is"


def test_only_the_first_telling_counts() -> None:
    clocks = Clocks()
    clocks.ages.tell(7)
    clocks.steady_s += 8
    clocks.ages.tell(7)
    assert clocks.ages.wish_of(declined(), never).told_s == 8.0


def test_what_was_never_acknowledged_was_never_told() -> None:
    assert Clocks().ages.wish_of(declined(acknowledged=False), never).told_s is None


def test_an_open_sale_is_open_and_told_nothing() -> None:
    wish = Clocks().ages.wish_of(new_sale(), never)
    assert wish.is_open
    assert not wish.may_have_moved_money
    assert wish.told_s is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ages_module, "MOST_REMEMBERED", 3)
    clocks = Clocks()
    for number in range(10):
        clocks.ages.begin(number)
    assert len(clocks.ages._begun) == 3
