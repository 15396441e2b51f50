"""What the shop has configured that decides at the counter."""

from __future__ import annotations

import msgspec

from terminal.counter.menu import MenuRules
from terminal.counter.register_ids import NamedFor
from terminal.sale.customer import IdentifierRules
from terminal.sale.refund import RefundTerms
from terminal.sale.sale import Terms


class RefundRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a refund may be."""

    is_possible: bool = True
    """The service can be asked for one."""
    max_amount_kr: int = 500_000
    max_days: int = 90
    """After the sale."""
    terms: RefundTerms = RefundTerms()


class CounterRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the shop has configured."""

    terms: Terms = Terms()
    identifiers: IdentifierRules = IdentifierRules()
    min_amount_kr: int = 1
    max_amount_kr: int = 500_000
    id_hours: float = 20.0
    """So long an id of the register names one wish; see register_ids.py."""
    has_printer: bool = True
    is_training: bool = False
    operators: dict[str, str] = {}
    """Cashiers by number, each as receipts and totals name them; empty: nobody is asked."""
    languages: tuple[str, ...] = ("is", "en")
    """What a customer may choose; the first is the shop's own."""
    menu: MenuRules = MenuRules()
    refund: RefundRules = RefundRules()

    @property
    def ids_name_for(self) -> NamedFor:
        """What is open keeps its id at least for as long as a customer may take."""
        terms, ended_s = self.terms, self.id_hours * 3600
        customer_s = terms.entry_timeout_s + terms.customer_timeout_s + terms.code_timeout_s + terms.capture_patience_s
        return NamedFor(ended_s, max(ended_s, customer_s))
