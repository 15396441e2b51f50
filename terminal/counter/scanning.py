"""What a scanned code is: a customer, or nobody. Pure.

Beside the customer's telephone a counter has goods, coupons and loyalty cards, and a scanner may pause in the middle of
one of their codes. So a scanned code counts by less than a typed one: the app's only with its prefix, and a telephone
number or a kennitala only where the shop has such codes.
"""

from __future__ import annotations

import re

from terminal.counter.typing import Entry
from terminal.sale.customer import (
    KENNITALA_DIGITS,
    Customer,
    CustomerKind,
    IdentifierProblem,
    IdentifierRules,
    identify,
)
from terminal.sale.sensitive import Sensitive

_AIM_PREFIX = re.compile(r"\A\]([A-Za-z])[0-9A-Za-z]")
"""What some scanners put before a code to name its kind (ISO/IEC 15424)."""
PRODUCT_NUMBER = "E"
"""EAN and UPC, of goods."""


def scan_identifier(code: Sensitive, rules: IdentifierRules) -> Entry | Customer:
    """The customer whom the code names, or the entry that says that it names none.

    Of a code that counts for nothing no digit is kept: OK would send it.
    """
    symbology, text = _parted(code.reveal())
    if symbology == PRODUCT_NUMBER:
        return Entry(problem=IdentifierProblem.NOT_SCANNED)
    if rules.app_code_prefix and text.startswith(rules.app_code_prefix):
        result = identify(text, CustomerKind.APP_CODE, rules)
        return result if isinstance(result, Customer) else Entry(problem=IdentifierProblem.NOT_SCANNED)
    for kind in (CustomerKind.PHONE, CustomerKind.KENNITALA):
        if kind not in rules.scanned:
            continue
        result = identify(text, kind, rules)
        if isinstance(result, Customer):
            return result
        if result is IdentifierProblem.DOUBTFUL_KENNITALA:
            return Entry(digits=Sensitive(text), kind=kind, problem=result)
    return Entry(problem=IdentifierProblem.NOT_SCANNED)


def describe(code: Sensitive, rules: IdentifierRules) -> str:
    """For whoever sets a scanner up: what came, as far as it is nobody's business whose, and what it counts for."""
    symbology, text = _parted(code.reveal())
    aim = f", kind {code.reveal()[:3]}" if symbology else ""
    result = scan_identifier(code, rules)
    if isinstance(result, Customer):
        meaning = {
            CustomerKind.APP_CODE: "an app code",
            CustomerKind.PHONE: "a telephone number",
            CustomerKind.KENNITALA: "a kennitala",
        }[result.kind]
    elif result.problem is IdentifierProblem.DOUBTFUL_KENNITALA:
        meaning = "perhaps a kennitala: the screen asks"
    else:
        meaning = f"no code that is accepted{_why(symbology, text, rules)}"
    return f"{len(text)} characters {_masked(text, rules)}{aim}: {meaning}"


def _parted(code: str) -> tuple[str, str]:
    """The letter of the code's kind, if the scanner tells it, and the code itself."""
    aim = _AIM_PREFIX.match(code)
    return (aim[1], code[aim.end() :]) if aim else ("", code)


def _masked(text: str, rules: IdentifierRules) -> str:
    """The app's prefix is everybody's, the last two digits are nobody's; a kennitala shows nothing."""
    if rules.app_code_prefix and text.startswith(rules.app_code_prefix):
        return rules.app_code_prefix + "•" * (len(text) - len(rules.app_code_prefix))
    shown = "" if len(text) in (KENNITALA_DIGITS, KENNITALA_DIGITS + 1) else text[-2:]
    return "•" * (len(text) - len(shown)) + shown if len(text) > 4 else "•" * len(text)


def _why(symbology: str, text: str, rules: IdentifierRules) -> str:
    if symbology == PRODUCT_NUMBER:
        return "; it is the number of goods"
    refused = [kind for kind in (CustomerKind.PHONE, CustomerKind.KENNITALA) if kind not in rules.scanned]
    named = next((kind for kind in refused if isinstance(identify(text, kind, rules), Customer)), None)
    if named is not None:
        return f'; it looks like a {named}, and scanner.accepts does not name "{named}"'
    return f"; the app's begin with {rules.app_code_prefix}" if rules.app_code_prefix else ""
