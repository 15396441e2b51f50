r"""A customer's number that a line end breaks in two, or that stands one digit a line: on a narrow receipt, say. Pure.

Numbers below each other are mostly prices, so more is asked of such a number than of one on a single line: a card has
the length that cards of its kind have, a kennitala a date and a right check digit. A line end counts also where it is
written out (``\r\n``), as programs show bytes.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from terminal.system.check_digits import has_date, is_kennitala, passes_luhn

_BREAK = r"[ \t]{0,40}(?:[\r\n]{1,2}|(?:\\[rn]|\\x0[a-d]){1,2})[ \t]{0,40}"
_RUN = re.compile(rf"(?<![0-9])[0-9]++(?:(?:-?{_BREAK}|[ \-])[0-9]++)++")
_PLACES = re.compile(r"\\x0[a-d]|[0-9]+")
_LENGTHS = {7, 10, 12, 14, 15, 16, 19}
_CARD = re.compile(r"(?:[456][0-9]{2}|2[2-7][0-9]|35[0-9])[0-9]{13}|3[47][0-9]{13}|3[0689][0-9]{12}|[46][0-9]{18}")
_PHONE = re.compile(r"(?:(?:00)?354)?[678][0-9]{6}")
_MARK = re.compile(r"(?i:kt|kennitala|s[ií]mi|gsm|tel|\+)[.:=]? ?\Z")


def broken_spans(text: str) -> Iterator[tuple[int, int]]:
    """From and to where, in a text with plain digits."""
    for run in _RUN.finditer(text):
        groups = _groups(text, *run.span())
        at = 0
        while at < len(groups):
            end = _number_from(text, groups, at)
            if end is not None:
                yield groups[at][0], groups[end - 1][1]
            at = at + 1 if end is None else end


def _groups(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The digits of a line end that is written out are not among them."""
    return [match.span() for match in _PLACES.finditer(text, start, end) if not match[0].startswith("\\")]


def _number_from(text: str, groups: list[tuple[int, int]], at: int) -> int | None:
    """The group behind the longest number that begins with this one."""
    longest, digits = None, ""
    for end in range(at, len(groups)):
        digits += text[slice(*groups[end])]
        if len(digits) > max(_LENGTHS):
            break
        if len(digits) in _LENGTHS and _is_personal(text, groups[at : end + 1], digits):
            longest = end + 1
    return longest


def _is_personal(text: str, groups: list[tuple[int, int]], digits: str) -> bool:
    gaps = [text[end:start] for (_, end), (start, _) in itertools.pairwise(groups)]
    is_broken = any(gap not in (" ", "-") for gap in gaps)
    is_spelled = all(end - start == 1 for start, end in groups)
    if not is_broken and not is_spelled:
        return False
    has_hyphen = any("-" in gap and gap != "-" for gap in gaps)
    is_marked = _MARK.search(text, max(0, groups[0][0] - 12), groups[0][0]) is not None
    if len(digits) == 10 and has_date(digits) and (is_kennitala(digits) or has_hyphen or is_marked):
        return True
    if len(digits) == 10 and digits.startswith("500004"):
        return True
    if _PHONE.fullmatch(digits) and (is_spelled or has_hyphen or is_marked or len(digits) > 7):
        return True
    return _CARD.fullmatch(digits) is not None and passes_luhn(digits)
