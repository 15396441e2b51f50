"""Our ten lines against somebody else's, whose examples are real and invented kennitölur."""

from __future__ import annotations

import random

import pytest
from stdnum.is_ import kennitala as theirs

from terminal.sale.kennitala import has_check_digit, is_usual
from tests.each import each_of


def test_both_say_the_same_of_many_numbers() -> None:
    rng = random.Random(20261123)
    said = set()
    for _ in range(20_000):
        day, month, year = rng.choice((0, 40)) + rng.randint(0, 32), rng.randint(0, 13), rng.randint(0, 99)
        digits = f"{day:02}{month:02}{year:02}{rng.randint(0, 999):03}{rng.choice('0099' + '5')}"
        assert has_check_digit(digits) == (theirs.checksum(digits) == 0), digits
        assert is_usual(digits) == theirs.is_valid(digits), digits
        said.add(is_usual(digits))
    assert said == {True, False}


@pytest.mark.parametrize("written", ["450401-3150", "4504013150", "120174-3399"])
def test_a_real_one_passes_with_and_without_its_dash(written: str) -> None:
    assert is_usual(written)


@each_of("written", ["", "-", "450401-315", "450401-31500", "450401-3l50", "45-04-013150"])
def test_what_has_not_its_form_is_none(written: str) -> None:
    assert not is_usual(written)
