"""Kronur: whole numbers only. The krona has no minor unit (ISO 4217: ISK = 352, exponent 0)."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

import msgspec

AmountDecimals = Literal[0, 2]
"""How a register writes 1.990 kr.: ``1990`` or ``199000``. Set by the installer, never guessed."""

LONGEST_AMOUNT_DIGITS = 12

Kronur: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=100_000_000)]
"""An amount that a setting names."""

_DIGITS = re.compile(rf"[0-9]{{1,{LONGEST_AMOUNT_DIGITS}}}")


class AmountError(ValueError):
    """The register's digits are not an amount that this terminal may charge."""


def parse_register_amount(digits: str, decimals: AmountDecimals) -> int:
    """Kronur from a register's digits.

    Raises AmountError if they are not plain digits, or, with two decimals, if they name a fraction of a krona: such a
    register is set up wrongly, and rounding would hide it.
    """
    if not _DIGITS.fullmatch(digits):
        raise AmountError("the amount must be written in plain digits")
    units = int(digits)
    scale = 100 if decimals == 2 else 1
    if units % scale:
        raise AmountError("the amount has a fraction of a krona: check the register's decimals")
    return units // scale


def format_register_amount(amount_kr: int, decimals: AmountDecimals) -> str:
    """The digits by which the register knows the amount: the inverse of :func:`parse_register_amount`."""
    return f"{amount_kr}00" if decimals == 2 else str(amount_kr)


def format_kr(amount_kr: int) -> str:
    """``1.990 kr.``, as Icelandic receipts write it."""
    return f"{amount_kr:,}".replace(",", ".") + " kr."
