"""What a Concert register waits for: by what it asked, when, and what it has given up."""

from __future__ import annotations

from terminal.counter.register_words import SaleRequest
from terminal.register.concert import codec
from terminal.register.concert.wish import MOST_GIVEN_UP, SAME_WISH_S, Wish
from tests.each import each_of
from tests.unit.register.concert.concert_bench import result

ASKED = SaleRequest(1990, echo="01 1990")


def wish(echo: str | None, asked_s: float = 0.0) -> Wish:
    one = Wish()
    one.echo, one.asked_s = echo, asked_s
    return one


def test_the_times_and_bounds_are_these() -> None:
    assert (SAME_WISH_S, MOST_GIVEN_UP) == (90.0, 8)
    assert (codec.PATIENCE_S, codec.REPLY_TIMEOUT_S, codec.MOST_ASKED) == (20.0, 10.0, 8)


def test_at_first_nothing_is_known() -> None:
    first = Wish()
    assert (first.echo, first.has_turned, first.is_anew, list(first.given_up)) == (None, False, False, [])


@each_of(
    ("echo", "asked_s", "begun_s", "now_s", "is_given_up"),
    [
        (None, 0.0, 0.0, 89.9, False),
        (None, 0.0, 0.0, 90.0, True),
        (None, 0.0, 500.0, 589.9, False),
        (None, 0.0, 500.0, 590.0, True),
        (ASKED.echo, 100.0, 100.0, 900.0, False),
        (ASKED.echo, 189.9, 100.0, 190.0, False),
        (ASKED.echo, 190.0, 100.0, 190.0, True),
        ("01 0250", 100.0, 100.0, 100.0, True),
    ],
)
def test_a_result_is_given_up_by_its_age_or_if_the_register_asks_for_another(
    echo: str | None, asked_s: float, begun_s: float, now_s: float, is_given_up: bool
) -> None:
    assert wish(echo, asked_s).is_given_up(result(ASKED), begun_s, now_s) is is_given_up


def test_what_was_given_up_stays_so_for_the_latest_few() -> None:
    one = wish(ASKED.echo)
    for number in range(MOST_GIVEN_UP + 1):
        one.given_up.append(f"T1-{number}")
    assert not one.is_given_up(result(ASKED, sale="T1-0"), 0.0, 0.0)
    assert one.is_given_up(result(ASKED, sale="T1-1"), 0.0, 0.0)
    assert one.is_given_up(result(ASKED, sale=f"T1-{MOST_GIVEN_UP}"), 0.0, 0.0)
