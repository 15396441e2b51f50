"""Whether a row of digits can be a card's number or a kennitala. Pure."""

from __future__ import annotations

_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2, 1)
"""Þjóðskrá's, for the first nine digits of a kennitala."""


def passes_luhn(digits: str) -> bool:
    """Whether a card's check digit is right (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_kennitala(digits: str) -> bool:
    """Whether its check digit is right."""
    return sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False)) % 11 == 0


def has_date(digits: str) -> bool:
    """Day and month of a kennitala; of companies the day has 40 more."""
    day, month = int(digits[:2]), int(digits[2:4])
    return 1 <= month <= 12 and (1 <= day <= 31 or 41 <= day <= 71)
