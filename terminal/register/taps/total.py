"""Finds the total in the lines that a register shows or prints. Pure.

A line counts only if it is nothing but a label, an amount and a currency: ``SAMTALS  kr. 1.990``. So the item
``TOTAL SHAMPOO 590`` is none. The amount may also stand alone on the next line. Labels are regular expressions; the
first of them that is found wins (what is to be paid stands before the sum), and of its lines the last.

An amount is read as it is written, never guessed: a separator before three digits divides thousands, one before two
divides aurar, which must be 00. With ``amount_decimals = 2`` digits without a fraction count as aurar, as long as they
have no separators either. Negative amounts, zero and fractions of a krona are no total.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from terminal.register.settings import TotalRules
from terminal.sale.money import AmountError, parse_register_amount

_CURRENCY = r"(?:KR|ISK|ÍKR)?\.?"
_NUMBER = r"[0-9]{1,3}(?:(?P<sep>[.,])[0-9]{3})(?:(?P=sep)[0-9]{3})*(?:[.,][0-9]{2})?|[0-9]+(?:[.,][0-9]{2})?"
_FILL = r"[\s:=*.]*+"
_HEAD = rf"{_FILL}{_CURRENCY}{_FILL}"
_AMOUNT = rf"{_HEAD}(?P<amount>{_NUMBER})(?:,-)?{_FILL}{_CURRENCY}\s*"
_ALONE = re.compile(_AMOUNT, re.IGNORECASE)
_FRACTION = re.compile(r"[.,]([0-9]{2})\Z")
LONGEST_LINE = 80


class TotalFinder:
    """The rules, compiled. Raises ValueError for a label that is no regular expression."""

    def __init__(self, rules: TotalRules) -> None:
        self._decimals = rules.amount_decimals
        self._labels = [_compile(label, rf"(?:{_AMOUNT}|{_HEAD})") for label in rules.labels]
        self._others = [_compile(label, r"(?:\W|\d|\Z).*") for label in rules.other_labels]

    def on_display(self, lines: Sequence[str]) -> int | None:
        """The total on a screen, in kronur; None if it shows none."""
        if any(other.fullmatch(line) for line in lines for other in self._others):
            return None
        return self.in_text([*lines, lines[0]] if len(lines) > 1 and _ALONE.fullmatch(lines[0].rstrip()) else lines)

    def in_text(self, lines: Iterable[str]) -> int | None:
        """The total on a receipt, in kronur; None if there is none."""
        lines = [line.rstrip() if len(line) <= LONGEST_LINE else "" for line in lines]
        for label in self._labels:
            for number in range(len(lines) - 1, -1, -1):
                match = label.fullmatch(lines[number])
                if match is None:
                    continue
                found = match["amount"] or self._amount_below(lines, number)
                if found is not None:
                    return self._kronur(found)
        return None

    @staticmethod
    def _amount_below(lines: Sequence[str], number: int) -> str | None:
        alone = _ALONE.fullmatch(lines[number + 1]) if number + 1 < len(lines) else None
        return alone["amount"] if alone else None

    def _kronur(self, amount: str) -> int | None:
        fraction = _FRACTION.search(amount)
        digits = re.sub("[.,]", "", amount)
        if fraction is not None:
            if fraction[1] != "00":
                return None
            digits = digits[:-2]
        elif self._decimals == 2 and digits != amount:
            return None
        try:
            return parse_register_amount(digits, 0 if fraction else self._decimals) or None
        except AmountError:
            return None


def _compile(label: str, rest: str) -> re.Pattern[str]:
    try:
        re.compile(label)  # by itself, so that an unclosed bracket is not closed by what follows
        return re.compile(rf"\W*+(?:{label}){rest}", re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"{label!r} is not a regular expression: {error}") from error
