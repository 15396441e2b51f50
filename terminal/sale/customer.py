"""Who pays: what the customer gives at the keypad, told apart and checked before anything is sent.

Sources: Netgíró docs, Offline Checkout (POS), "Customer identifiers"; the app's barcode number is a fixed prefix and a
four-digit token; Icelandic mobile numbers have seven digits and start with 6, 7 or 8. A kennitala is ten digits. Its
date and mod-11 check digit find slips of the finger, but since 18 February 2026 a kennitala need not have either
(Þjóðskrá, "Kennitölur án vartölu"): one that fails the test is asked about, and taken if the reader insists.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from terminal.sale.kennitala import has_check_digit, is_usual
from terminal.sale.sensitive import Sensitive

APP_CODE_TOKEN_DIGITS = 4
KENNITALA_DIGITS = 10
SMS_CODE_DIGITS = range(3, 9)  # the Netposi manual says four; other short lengths are not ours to refuse
LONGEST_ENTRY = 14  # 00354 and a phone number, with room for a slip of the finger

_PHONE = re.compile(r"(?:00354|354)?([678][0-9]{6})")


class CustomerKind(StrEnum):
    """How the customer is known."""

    APP_CODE = "app_code"
    KENNITALA = "kennitala"
    PHONE = "phone"


class Customer(msgspec.Struct, frozen=True):
    """A checked identifier. Lives only from the keypad to the first call."""

    kind: CustomerKind
    identifier: Sensitive

    @property
    def masked(self) -> str:
        """What receipts, screens and the journal may show: nothing but the last two digits of a phone."""
        return f"••• ••{self.identifier.reveal()[-2:]}" if self.kind is CustomerKind.PHONE else ""


class IdentifierProblem(StrEnum):
    """Why typed digits are not an identifier; each has a sentence in terminal.texts.sentences."""

    NOT_AN_IDENTIFIER = "not_an_identifier"
    NEITHER_CODE_NOR_PHONE = "neither_code_nor_phone"
    """The same, where no kennitala is taken."""
    BAD_APP_CODE = "bad_app_code"
    BAD_KENNITALA = "bad_kennitala"
    DOUBTFUL_KENNITALA = "doubtful_kennitala"
    """Ten digits that fail the test: likely mistyped, but possibly right."""
    NO_KENNITALA = "no_kennitala"
    """It is said to be one, and here none is taken."""
    MAYBE_KENNITALA = "maybe_kennitala"
    """Ten digits that are a kennitala: here they count only if the reader insists that they are the app's code."""
    BAD_PHONE = "bad_phone"
    BAD_SMS_CODE = "bad_sms_code"
    NOT_SCANNED = "not_scanned"
    """A scanner read something that names no customer."""
    KEYS_MISSED = "keys_missed"
    """A key may be missing in the middle. What is left could be somebody else's number, so it is cleared first."""


class IdentifierRules(msgspec.Struct, frozen=True):
    """What this shop's installation accepts."""

    app_code_prefix: str = "500004"
    scanned: tuple[CustomerKind, ...] = (CustomerKind.APP_CODE,)
    """What a scanner may name a customer by."""
    takes_kennitala: bool = True
    """Else ten digits are the app's access code; those that could be a kennitala are asked about."""
    impossible_birth_dates: bool = False
    """True against the sandbox only: its person 2222222229 was born in month 22."""


def identify(
    digits: str, kind: CustomerKind | None, rules: IdentifierRules, *, insisted: bool = False
) -> Customer | IdentifierProblem:
    """The customer that these digits name, as the forced ``kind`` or as whichever kind they look like.

    ``insisted`` takes a doubtful kennitala, because the service knows better than its check digit; and, where none is
    taken, a code that looks like one.
    """
    if not rules.takes_kennitala:
        return _code_or_phone(digits, kind, rules, insisted=insisted)
    match kind:
        case CustomerKind.APP_CODE:
            return _app_code(digits, rules) or IdentifierProblem.BAD_APP_CODE
        case CustomerKind.KENNITALA:
            return _kennitala(digits, rules, insisted=insisted) or _kennitala_problem(digits)
        case CustomerKind.PHONE:
            return _phone(digits) or IdentifierProblem.BAD_PHONE
    customer = _app_code(digits, rules) or _phone(digits) or _kennitala(digits, rules, insisted=insisted)
    return customer or _most_likely_problem(digits)


def _code_or_phone(
    digits: str, kind: CustomerKind | None, rules: IdentifierRules, *, insisted: bool
) -> Customer | IdentifierProblem:
    """Ten digits are never guessed to be a phone with its country: the push would reach a stranger."""
    if kind is CustomerKind.KENNITALA:
        return IdentifierProblem.NO_KENNITALA
    if kind is not CustomerKind.PHONE and len(digits) in (APP_CODE_TOKEN_DIGITS, KENNITALA_DIGITS):
        return _app_code(digits, rules) or _access_code(digits, rules, insisted=insisted)
    if kind is CustomerKind.APP_CODE:
        return IdentifierProblem.BAD_APP_CODE
    problem = IdentifierProblem.BAD_PHONE if kind or len(digits) in (7, 12) else None
    return _phone(digits) or problem or IdentifierProblem.NEITHER_CODE_NOR_PHONE


def _access_code(digits: str, rules: IdentifierRules, *, insisted: bool) -> Customer | IdentifierProblem:
    if len(digits) != KENNITALA_DIGITS or not _all_digits(digits):
        return IdentifierProblem.BAD_APP_CODE
    if not insisted and _kennitala(digits, rules, insisted=False):
        return IdentifierProblem.MAYBE_KENNITALA
    return Customer(CustomerKind.APP_CODE, Sensitive(digits))


def _app_code(digits: str, rules: IdentifierRules) -> Customer | None:
    token = digits.removeprefix(rules.app_code_prefix)
    if len(token) != APP_CODE_TOKEN_DIGITS or not _all_digits(token):
        return None
    return Customer(CustomerKind.APP_CODE, Sensitive(rules.app_code_prefix + token))


def _kennitala(digits: str, rules: IdentifierRules, *, insisted: bool) -> Customer | None:
    if len(digits) != KENNITALA_DIGITS or not _all_digits(digits):
        return None
    passes = has_check_digit(digits) if rules.impossible_birth_dates else is_usual(digits)
    return Customer(CustomerKind.KENNITALA, Sensitive(digits)) if passes or insisted else None


def _kennitala_problem(digits: str) -> IdentifierProblem:
    has_form = len(digits) == KENNITALA_DIGITS and _all_digits(digits)
    return IdentifierProblem.DOUBTFUL_KENNITALA if has_form else IdentifierProblem.BAD_KENNITALA


def _phone(digits: str) -> Customer | None:
    number = _PHONE.fullmatch(digits)
    return Customer(CustomerKind.PHONE, Sensitive(number[1])) if number else None


def _most_likely_problem(digits: str) -> IdentifierProblem:
    match len(digits):
        case 10:
            return _kennitala_problem(digits)
        case 7 | 12:
            return IdentifierProblem.BAD_PHONE
        case _:
            return IdentifierProblem.NOT_AN_IDENTIFIER


def _all_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
