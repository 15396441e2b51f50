"""What an id means that a register has used before: the whole table."""

from __future__ import annotations

import itertools

from terminal.counter.register_ids import REPEATED_WITHIN_S, Meaning, NamedFor, Wish, meaning_of
from tests.each import each_of

HOURS_S = 20 * 3600.0
NAMED_FOR = NamedFor(HOURS_S, HOURS_S + 600)
AGES_S = (0.0, 5.0, HOURS_S - 1, HOURS_S, HOURS_S + 599, HOURS_S + 600, 2 * HOURS_S)
TOLD_S = (None, 0.0, REPEATED_WITHIN_S - 0.1, REPEATED_WITHIN_S, HOURS_S)


def meaning(wish: Wish | None, *, is_same: bool) -> Meaning:
    return meaning_of(wish, is_same=is_same, named_for=NAMED_FOR)


def every_wish() -> list[Wish]:
    return [
        Wish(is_open=is_open, may_have_moved_money=money, age_s=age_s, told_s=told_s)
        for is_open, money, age_s, told_s in itertools.product((True, False), (True, False), AGES_S, TOLD_S)
    ]


def test_an_id_that_was_never_used_is_new() -> None:
    assert meaning(None, is_same=False) is Meaning.NEW


@each_of("wish", [one for one in every_wish() if one.is_open])
def test_what_is_open_is_repeated_or_a_mistake_as_long_as_a_customer_may_take(
    wish: Wish,
) -> None:
    is_in_time = wish.age_s < HOURS_S + 600
    assert meaning(wish, is_same=True) is (Meaning.REPEATED if is_in_time else Meaning.NEW)
    assert meaning(wish, is_same=False) is (Meaning.DUPLICATE if is_in_time else Meaning.NEW)


@each_of("wish", [one for one in every_wish() if not one.is_open and one.may_have_moved_money])
def test_what_may_be_paid_holds_its_id_for_its_time_and_no_longer(wish: Wish) -> None:
    is_in_time = wish.age_s < HOURS_S
    assert meaning(wish, is_same=True) is (Meaning.REPEATED if is_in_time else Meaning.NEW)
    assert meaning(wish, is_same=False) is (Meaning.DUPLICATE if is_in_time else Meaning.NEW)


@each_of("wish", [one for one in every_wish() if not one.is_open and not one.may_have_moved_money])
def test_what_is_not_paid_is_told_again_for_a_moment(wish: Wish) -> None:
    was_just_told = wish.told_s is None or wish.told_s < REPEATED_WITHIN_S
    is_repetition = was_just_told and wish.age_s < HOURS_S
    assert meaning(wish, is_same=True) is (Meaning.REPEATED if is_repetition else Meaning.NEW)
    assert meaning(wish, is_same=False) is Meaning.NEW


@each_of("wish", every_wish())
def test_an_id_of_one_try_stays_with_it_for_its_time_however_it_ended(wish: Wish) -> None:
    holds = wish.age_s < (HOURS_S + 600 if wish.is_open else HOURS_S)
    for is_same, held in ((True, Meaning.REPEATED), (False, Meaning.DUPLICATE)):
        found = meaning_of(wish, is_same=is_same, named_for=NAMED_FOR, names_one_try=True)
        assert found is (held if holds else Meaning.NEW)
