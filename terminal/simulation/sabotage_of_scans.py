"""Rules about what a scanner reads, broken on purpose: more of sabotage.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from unittest.mock import patch

from terminal.counter import of_keys, scanning
from terminal.counter.typing import Entry
from terminal.sale.customer import Customer, CustomerKind, IdentifierRules, identify
from terminal.sale.sensitive import Sensitive
from terminal.simulation.broken_rule import BrokenRule
from terminal.simulation.world import Rates

MANY_SCANS = Rates(cashier_mood=0.2)


def _as_if_typed() -> Iterator[None]:
    """A scanned code counts as a typed one: the last digits of goods are somebody's app code."""

    def as_typed(code: Sensitive, rules: IdentifierRules) -> Entry | Customer:
        result = identify(code.reveal(), None, rules)
        return result if isinstance(result, Customer) else Entry(problem=result)

    with patch.object(of_keys, "scan_identifier", as_typed):
        yield


def _any_card() -> Iterator[None]:
    """A telephone number counts, though the shop has no such codes: a loyalty card names a stranger."""

    def any_card(code: Sensitive, _rules: IdentifierRules) -> Entry | Customer:
        return scanning.scan_identifier(code, IdentifierRules(scanned=tuple(CustomerKind)))

    with patch.object(of_keys, "scan_identifier", any_card):
        yield


RULES_OF_SCANS: Mapping[str, BrokenRule] = {
    "scanned code taken for a typed one": BrokenRule(patches=_as_if_typed, rates=MANY_SCANS),
    "any scanned card names a customer": BrokenRule(patches=_any_card, rates=MANY_SCANS),
}
