"""The two tests of a kennitala (Þjóðskrá): a date that there is, and a check digit.

Ten digits: day, month, year, two of a running number, the check digit, and the century. A company's day has 40 added.
Ten lines here and not a library, whose helpers load Python's whole documentation browser: 2 MiB in every terminal.
"""

from __future__ import annotations

import re
from datetime import date

WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2, 1)
"""Of the first nine digits; the sum is divisible by 11."""
CENTURIES = {"9": 1900, "0": 2000}
COMPANY_DAY = 40


def is_usual(written: str) -> bool:
    """Passes both, with or without a dash after the sixth digit. Not every real one does any more; see customer.py."""
    digits = written.replace("-", "", 1)
    return re.fullmatch(r"[0-9]{10}", digits) is not None and has_check_digit(digits) and has_date(digits)


def has_check_digit(digits: str) -> bool:
    """Of ten ASCII digits: whether the ninth fits the eight before it."""
    return sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=False)) % 11 == 0


def has_date(digits: str) -> bool:
    """Of ten ASCII digits: whether somebody can have been born, or a company registered, on that day."""
    day, month, year = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    century = CENTURIES.get(digits[9])
    if century is None:
        return False
    try:
        date(century + year, month, day - COMPANY_DAY if day >= COMPANY_DAY else day)
    except ValueError:
        return False
    return True
