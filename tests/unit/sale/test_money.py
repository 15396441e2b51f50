"""Kronur as registers write them and as receipts do."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from terminal.sale.money import (
    AmountDecimals,
    AmountError,
    Kronur,
    format_kr,
    format_register_amount,
    parse_register_amount,
)
from tests.each import each_of


@each_of(
    ("digits", "decimals", "amount_kr"),
    [("1990", 0, 1990), ("199000", 2, 1990), ("0", 0, 0), ("000001990", 0, 1990), ("999999999999", 0, 999_999_999_999)],
)
def test_registers_digits_are_kronur(digits: str, decimals: AmountDecimals, amount_kr: int) -> None:
    assert parse_register_amount(digits, decimals) == amount_kr


@each_of("decimals", [0, 2])
@each_of(
    "digits", ["", " ", "-1", "+1", "19.90", "1,990", "1e3", "0x10", "1_000", "1990\n", "١٩٩٠", "²", "9" * 13, "NaN"]
)
def test_anything_but_plain_digits_is_refused(digits: str, decimals: AmountDecimals) -> None:
    with pytest.raises(AmountError, match="plain digits"):
        parse_register_amount(digits, decimals)


@pytest.mark.parametrize("digits", ["199050", "1", "199001"])
def test_fraction_of_a_krona_is_refused_and_points_at_the_register(digits: str) -> None:
    with pytest.raises(AmountError, match="check the register's decimals"):
        parse_register_amount(digits, 2)


def test_amount_error_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="amount"):
        parse_register_amount("abc", 0)


@each_of(
    ("amount_kr", "text"),
    [
        (0, "0 kr."),
        (1, "1 kr."),
        (999, "999 kr."),
        (1990, "1.990 kr."),
        (500_000, "500.000 kr."),
        (12_345_678, "12.345.678 kr."),
    ],
)
def test_amount_reads_as_on_icelandic_receipts(amount_kr: int, text: str) -> None:
    assert format_kr(amount_kr) == text


@pytest.mark.parametrize(("decimals", "digits"), [(0, "1990"), (2, "199000")])
def test_amount_goes_back_to_the_register_as_it_came(decimals: AmountDecimals, digits: str) -> None:
    assert format_register_amount(1990, decimals) == digits


@pytest.mark.parametrize(
    ("setting", "good", "bad"), [(Kronur, (1, 100_000_000), (0, 100_000_001)), (AmountDecimals, (0, 2), (1, 3))]
)
def test_a_setting_is_kept_within_bounds(setting: Any, good: tuple[int, ...], bad: tuple[int, ...]) -> None:
    assert [msgspec.convert(number, setting) for number in good] == list(good)
    for number in bad:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(number, setting)
