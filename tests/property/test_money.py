"""Amounts survive the way from the register and back."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from terminal.sale.money import (
    LONGEST_AMOUNT_DIGITS,
    AmountDecimals,
    AmountError,
    format_kr,
    format_register_amount,
    parse_register_amount,
)

decimals_settings: st.SearchStrategy[AmountDecimals] = st.sampled_from([0, 2])


@given(amount_kr=st.integers(0, 10 ** (LONGEST_AMOUNT_DIGITS - 2) - 1), decimals=decimals_settings)
def test_register_amount_makes_the_round_trip(amount_kr: int, decimals: AmountDecimals) -> None:
    assert parse_register_amount(format_register_amount(amount_kr, decimals), decimals) == amount_kr


@given(text=st.text(max_size=20) | st.from_regex(r"[0-9.,+\- ]{1,16}", fullmatch=True), decimals=decimals_settings)
def test_any_text_is_an_amount_or_an_amount_error(text: str, decimals: AmountDecimals) -> None:
    try:
        amount_kr = parse_register_amount(text, decimals)
    except AmountError:
        return
    assert re.fullmatch(r"[0-9]+", text)
    assert amount_kr * 10**decimals == int(text)


@given(amount_kr=st.integers(0, 10**LONGEST_AMOUNT_DIGITS - 1))
def test_printed_amount_is_the_amount_in_groups_of_three(amount_kr: int) -> None:
    text = format_kr(amount_kr)
    assert re.fullmatch(r"\d{1,3}(\.\d{3})* kr\.", text)
    assert int(text.removesuffix(" kr.").replace(".", "")) == amount_kr
