"""What is being typed at the keypad: a pure editor from keys to identifiers and codes.

``*`` clears one entry, and on an empty entry cancels; ``#`` is OK; A, B and C say which kind of identifier follows.
Other keys do nothing. OK once more insists on a kennitala that fails its test, or on a code that looks like one.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from terminal.sale.customer import (
    LONGEST_ENTRY,
    SMS_CODE_DIGITS,
    Customer,
    CustomerKind,
    IdentifierProblem,
    IdentifierRules,
    identify,
)
from terminal.sale.sensitive import Sensitive

DIGIT_KEYS = frozenset("0123456789")
KIND_KEYS = {"A": CustomerKind.APP_CODE, "B": CustomerKind.KENNITALA, "C": CustomerKind.PHONE}


class Entry(msgspec.Struct, frozen=True):
    """The digits so far. ``problem`` is why the last OK was refused; the next digit begins anew."""

    digits: Sensitive = Sensitive("")
    kind: CustomerKind | None = None
    problem: IdentifierProblem | None = None

    @property
    def masked(self) -> str:
        """What the screen may show: only the digit typed last, so that a finger's slip is seen."""
        digits = self.digits.reveal()
        return "•" * (len(digits) - 1) + digits[-1:]


class Cancelled(msgspec.Struct, frozen=True):
    """``*`` on an empty entry."""


EntryResult: TypeAlias = Entry | Customer | Sensitive | Cancelled
"""The edited entry, or what it was finished with: a customer, a code, or the wish to cancel."""


def press_identifier(entry: Entry, key: str, rules: IdentifierRules) -> EntryResult:
    """One key while the customer identifies."""
    if _must_be_cleared(entry, key):
        return entry
    if key in KIND_KEYS:
        kind = KIND_KEYS[key]
        is_refused = kind is CustomerKind.KENNITALA and not rules.takes_kennitala
        return Entry(kind=kind, problem=IdentifierProblem.NO_KENNITALA if is_refused else None)
    if key != "#":
        return _edit(entry, key)
    insisted = entry.problem in (IdentifierProblem.DOUBTFUL_KENNITALA, IdentifierProblem.MAYBE_KENNITALA)
    result = identify(entry.digits.reveal(), entry.kind, rules, insisted=insisted)
    return replace(entry, problem=result) if isinstance(result, IdentifierProblem) else result


def press_code(entry: Entry, key: str) -> EntryResult:
    """One key while the SMS code is awaited."""
    if _must_be_cleared(entry, key):
        return entry
    if key != "#":
        return _edit(entry, key)
    if len(entry.digits.reveal()) in SMS_CODE_DIGITS:
        return entry.digits
    return replace(entry, problem=IdentifierProblem.BAD_SMS_CODE)


def keys_missed(entry: Entry) -> Entry:
    """A key may be missing. Fingers go on by themselves, so until ``*`` nothing that they type counts."""
    return Entry(kind=entry.kind, problem=IdentifierProblem.KEYS_MISSED)


def _must_be_cleared(entry: Entry, key: str) -> bool:
    return entry.problem is IdentifierProblem.KEYS_MISSED and key != "*"


def _edit(entry: Entry, key: str) -> Entry | Cancelled:
    if key == "*":
        return Entry() if entry.digits or entry.kind or entry.problem else Cancelled()
    if key not in DIGIT_KEYS:
        return entry
    digits = "" if entry.problem else entry.digits.reveal()  # a refused entry is typed anew
    return Entry(digits=Sensitive((digits + key)[:LONGEST_ENTRY]), kind=entry.kind)
