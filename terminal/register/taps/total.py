"""Finds the total in the lines that a register shows or prints. Pure.

A line counts only if it consists of a label, an amount and a currency: ``SAMTALS  kr. 1.990``. So the item
``TOTAL SHAMPOO 590`` does not count. The amount may also be alone on the next line. Labels are regular expressions. The
first label in the list that is found wins, because "to pay" is listed before "sum". Of its lines the last one counts.

A receipt has other sums below its total: tax, points, savings, how it was paid. So reading stops at the first line
that begins such a section. If the lines of one label still differ, the lines between them must explain the difference
(items, a discount). Otherwise nothing is offered. A slip that says that it is voided, a training, a copy or a report is
ignored.

A receipt says below its total how it was paid. If the shop names the tender that means Netgíró, only that line counts.
If its amount is not the total, the cashier chooses between the two. If the shop names no tender, a slip that was paid
in another way is not offered. If a part was paid in another way, the rest is offered beside the total. Only amounts
that add up count as paid: a card number is not an amount. A tender without an amount has paid the whole, unless the
slip shows amounts. An item may have the same name as the tender; it is printed above the total.

An amount is read as it is written, never guessed. A separator before three digits divides thousands. A space does so
only if the amount is alone, has a currency, or follows the label of a total or a tender: elsewhere it may follow a
quantity. A separator before two digits divides aurar, which must be 00. With ``amount_decimals = 2``, digits without
any separator count as aurar. Negative amounts, zero and fractions of a krona are not a total.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from msgspec.structs import replace

from terminal.counter.register_words import TotalSeen
from terminal.register.settings import TotalRules
from terminal.sale.money import AmountError, parse_register_amount

_CURRENCY = r"(?:KR|ISK|ÍKR)?\.?"
_THOUSANDS = ".,'\u2019\u00a0\u202f"
_NUMBER = (
    rf"[0-9]{{1,3}}(?:(?P<sep>[{_THOUSANDS}])[0-9]{{3}})(?:(?P=sep)[0-9]{{3}})*(?:[.,][0-9]{{2}})?"
    r"|[0-9]+(?:[.,][0-9]{2})?"
)
_FILL = r"[\s:=*.]*+"
_HEAD = rf"{_FILL}{_CURRENCY}{_FILL}"
_AMOUNT = rf"{_HEAD}(?P<amount>{_NUMBER})(?:,-)?{_FILL}{_CURRENCY}\s*"
_ALONE = re.compile(_AMOUNT, re.IGNORECASE)
_SPACED = re.compile(r"(?<![0-9] )(?<![0-9.,])([0-9]{1,3})((?: [0-9]{3})+)(?![0-9])")
_SPACED_ALONE = re.compile(r"\s*[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]{2})?\s*")
_WITH_CURRENCY = re.compile(r"(?:KR|ISK|ÍKR)\b", re.IGNORECASE)
_SIGNED = re.compile(rf"(?P<minus>-?)\s*(?P<amount>{_NUMBER})(?P<behind>-?)(?:,-)?\s*{_CURRENCY}\s*\Z", re.IGNORECASE)
_FRACTION = re.compile(r"[.,]([0-9]{2})\Z")
_NEGATIVE = re.compile(r"-\s*[0-9]|[0-9]-\s*\Z")
_STARLESS = _FILL.replace("*.]", ".]")
_PAID = rf"{_STARLESS}{_CURRENCY}{_STARLESS}-?(?P<amount>{_NUMBER})-?(?:,-)?{_FILL}{_CURRENCY}\s*"
"""An amount, also with a minus; behind stars stands the number of a card."""
_MASKED_CARD = r"\s*(?:NR\.?\s*)?(?:[*X#]{2,}[ -]?)+[0-9]{2,4}(?=\s)"
_MASKED_CARD_ALONE = r"\s*(?:NR\.?\s*)?(?:[*X#]{2,}[ -]?)+[0-9]{2,4}"
_SPACED_BEHIND_LABEL = re.compile(r"[^0-9]*[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]{2})?\Z")
_FRAME = " *-=#_.:"
LONGEST_LINE = 80
NO_TOTAL = TotalSeen(None)


class TotalFinder:
    """The rules, compiled. Raises ValueError for a label that is no regular expression."""

    def __init__(self, rules: TotalRules) -> None:
        self._decimals = rules.amount_decimals
        whole = rf"(?:{_AMOUNT}|{_HEAD})"
        self._labels = [(label, _compile(label, whole)) for label in rules.labels]
        self._tenders = [_compile(label, whole) for label in rules.tender_labels]
        self._others = [_compile(label, r"(?:\W|\d|\Z).*") for label in rules.other_labels]
        self._sections = [_compile(label, r"(?:\W|\d|\Z).*") for label in rules.section_labels]
        paid = [one for one in (_several(rules.paid_labels),) if one]
        self._paid = [_compile(label, rf"(?:(?:{_MASKED_CARD})?{_PAID}|{_HEAD})") for label in paid]
        self._paid_whole = [_compile(label, rf"(?:{_MASKED_CARD_ALONE})?{_FILL}") for label in paid]
        self._named = [pattern for _, pattern in self._labels] + self._tenders + self._paid
        self._voids = [_compile(label, r"[\W\d]*(?:NR[\W\d]*)?") for label in rules.void_labels]

    def on_display(self, lines: Sequence[str]) -> TotalSeen:
        """The total on a screen."""
        if not self._tenders and any(other.fullmatch(line) for line in lines for other in self._others):
            return NO_TOTAL
        shown = [*lines, lines[0]] if len(lines) > 1 and _ALONE.fullmatch(lines[0].rstrip()) else lines
        return self._seen_in(self._read(shown), is_slip=False)

    def in_text(self, lines: Iterable[str]) -> TotalSeen:
        """The total on a receipt."""
        return self._seen_in(self._read(lines), is_slip=True)

    def _read(self, lines: Iterable[str]) -> list[str]:
        """As they are compared."""
        return [self._without_spaces(line.rstrip()) if len(line) <= LONGEST_LINE else "" for line in lines]

    def _seen_in(self, lines: Sequence[str], *, is_slip: bool) -> TotalSeen:
        if any(void.fullmatch(_unspaced(line)) for line in lines for void in self._voids):
            return NO_TOTAL
        total, at = self._total_of(lines)
        if self._tenders:
            tenders = _found_by(self._tenders, lines)
            return self._beside(total, self._agreed(lines, self._below_total(tenders, lines) if is_slip else tenders))
        return self._less_what_was_paid(total, lines[at + 1 :])

    def _total_of(self, lines: Sequence[str]) -> tuple[TotalSeen, int]:
        """What is written as the total, and in which line."""
        total_area = self._down_to_section(lines)
        for label, pattern in self._labels:
            # What includes the tax may stand below its section; a label without the word never does.
            found = _found(pattern, lines if "VSK" in label else total_area)
            if found:
                return self._agreed(lines, found), found[-1][0]
        return NO_TOTAL, len(lines)

    def _below_total(self, tenders: Sequence[tuple[int, str]], lines: Sequence[str]) -> Sequence[tuple[int, str]]:
        """Without the items above it that are called as the tender is, if the slip says below it how it was paid."""
        ats = range(len(lines))
        total_at = next((at for at in ats if _amount_at(lines, at, self._labels) is not None), len(lines))
        below = [found for found in tenders if found[0] > total_at]
        return below if below or _found_by(self._paid, lines[total_at + 1 :]) else tenders

    @staticmethod
    def _beside(total: TotalSeen, tender: TotalSeen) -> TotalSeen:
        """What the register says that Netgíró pays; the total, too, if that is another amount."""
        if tender.amount_kr is None or total.amount_kr in (None, tender.amount_kr):
            return tender
        return replace(tender, other_kr=total.amount_kr)

    def _less_what_was_paid(self, total: TotalSeen, below: Sequence[str]) -> TotalSeen:
        if total.amount_kr is None:
            return total
        paid_kr, is_whole = 0, False
        for line_kr in self._tenders_in(below):
            paid_kr += line_kr
            is_whole = is_whole or total.amount_kr in (line_kr, paid_kr)
        if not paid_kr:
            is_whole = self._names_how_it_was_paid(below, total.amount_kr)
        rest_kr = total.amount_kr - paid_kr
        if is_whole or (rest_kr < 0 and -rest_kr in self._amounts_in(below)):  # it gave change
            return TotalSeen(None, paid_kr=total.amount_kr)
        return TotalSeen(rest_kr, other_kr=total.amount_kr) if paid_kr and rest_kr > 0 else total

    def _tenders_in(self, lines: Sequence[str]) -> Iterator[int]:
        """What was paid in other ways. Those lines stand together; further down the slip of a card may follow."""
        paid = dict(_found_by(self._paid, lines))
        has_begun = False
        for at, line in enumerate(lines):
            if (amount := paid.get(at)) is not None:
                has_begun = True
                yield self._kronur(amount) or 0
            elif has_begun and line.strip() and not _SIGNED.search(line):
                return

    def _names_how_it_was_paid(self, below: Sequence[str], total_kr: int) -> bool:
        """Without an amount, and before any line that says that the total was paid in a way that is not known here."""
        known = [*self._sections, *(label for _, label in self._labels)]
        for line in below:
            if any(paid.fullmatch(line) for paid in self._paid_whole):
                return True
            signed = _SIGNED.search(line)
            if (
                signed is None
                or self._kronur(signed["amount"]) != total_kr
                or re.search("[0-9]", line[: signed.start()])
            ):
                continue
            if not any(pattern.fullmatch(line) for pattern in known):
                return False
        return False

    def _amounts_in(self, lines: Sequence[str]) -> set[int]:
        found = (_SIGNED.search(line) for line in lines)
        return {kr for signed in found if signed is not None and (kr := self._kronur(signed["amount"])) is not None}

    def _down_to_section(self, lines: Sequence[str]) -> Sequence[str]:
        has_total = False
        for number, line in enumerate(lines):
            if any(pattern.fullmatch(line) for _, pattern in self._labels):
                has_total = has_total or bool(_amount_at(lines, number, self._labels))
            elif (
                has_total and not _NEGATIVE.search(line) and any(section.fullmatch(line) for section in self._sections)
            ):
                return lines[:number]
        return lines

    def _agreed(self, lines: Sequence[str], found: Sequence[tuple[int, str]]) -> TotalSeen:
        """The last amount, if what stands between explains in what the ones before it differ."""
        amounts = [(at, self._kronur(amount)) for at, amount in found]
        if not amounts or amounts[-1][1] is None:
            return NO_TOTAL
        (last_at, last_kr), others = amounts[-1], amounts[:-1]
        for at, amount_kr in others:
            if amount_kr is not None and last_kr is not None and amount_kr != last_kr:
                between_kr = self._sum_of(lines[at + 1 : last_at])
                if abs(last_kr - amount_kr) != abs(between_kr):
                    return TotalSeen(None, differing_kr=(amount_kr, last_kr))
        return TotalSeen(last_kr)

    def _sum_of(self, lines: Sequence[str]) -> int:
        total_kr = 0
        for line in lines:
            if (signed := _SIGNED.search(line)) is not None and not any(
                label.fullmatch(line) for _, label in self._labels
            ):
                is_negative = signed["minus"] or signed["behind"]
                total_kr += (self._kronur(signed["amount"]) or 0) * (-1 if is_negative else 1)
        return total_kr

    def _without_spaces(self, line: str) -> str:
        """``1 990`` as ``1.990``, where it is no quantity and a price."""
        if " " not in line:
            return line
        joined = _SPACED.sub(lambda match: match[1] + match[2].replace(" ", "."), line)
        is_one = bool(_WITH_CURRENCY.search(line) or _SPACED_ALONE.fullmatch(line))
        if not is_one and _SPACED_BEHIND_LABEL.fullmatch(line):
            is_one = any(named.fullmatch(joined) for named in self._named)
        return joined if is_one else line

    def _kronur(self, amount: str) -> int | None:
        fraction = _FRACTION.search(amount)
        digits = re.sub(f"[{_THOUSANDS}]", "", amount)
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


def _found_by(patterns: Iterable[re.Pattern[str]], lines: Sequence[str]) -> list[tuple[int, str]]:
    return sorted(dict(found for pattern in patterns for found in _found(pattern, lines)).items())


def _found(pattern: re.Pattern[str], lines: Sequence[str]) -> list[tuple[int, str]]:
    """Where a label stands with an amount, in order."""
    found = []
    for number, line in enumerate(lines):
        match = pattern.fullmatch(line)
        if match is not None and (amount := match["amount"] or _amount_below(lines, number)) is not None:
            found.append((number, amount))
    return found


def _amount_at(lines: Sequence[str], number: int, labels: Sequence[tuple[str, re.Pattern[str]]]) -> str | None:
    matches = (pattern.fullmatch(lines[number]) for _, pattern in labels)
    return next((match["amount"] or _amount_below(lines, number) for match in matches if match is not None), None)


def _amount_below(lines: Sequence[str], number: int) -> str | None:
    alone = _ALONE.fullmatch(lines[number + 1]) if number + 1 < len(lines) else None
    return alone["amount"] if alone else None


def _first_digit(line: str) -> int:
    return next((at for at, char in enumerate(line) if char in "0123456789"), len(line))


def _several(labels: Sequence[str]) -> str:
    """One of them or a few in a row: ``KORT VISA``. Each must be a regular expression by itself."""
    for label in labels:
        _compile(label, "")
    one = "|".join(f"(?:{label})" for label in labels)
    return rf"(?:{one})(?:[ /:,-]{{1,3}}(?:{one})){{0,2}}" if one else ""


def _unspaced(line: str) -> str:
    """``*** A F R I T ***`` as ``AFRIT``."""
    letters = line.strip(_FRAME).split()
    return "".join(letters) if len(letters) > 2 and all(len(letter) == 1 for letter in letters) else line


@lru_cache(maxsize=512)
def _compile(label: str, rest: str) -> re.Pattern[str]:
    """Kept, because the labels are always the same ones, and there are more than ``re`` keeps itself."""
    try:
        re.compile(label)  # by itself, so that an unclosed bracket is not closed by what follows
        return re.compile(rf"\W*+(?:{label}){rest}", re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"{label!r} is not a regular expression: {error}") from error
