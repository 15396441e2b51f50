"""Which payments of the journal a reconciliation is about."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from terminal.journal.reading import JournalReading
from terminal.sale.refund import Refund
from terminal.sale.sale import NOT_PAID, Sale


class Payment(msgspec.Struct, frozen=True):
    """A sale that the service may have a payment of, and every refund of it."""

    sale: Sale
    refunds: tuple[Refund, ...] = ()

    @property
    def mark(self) -> str:
        """Another one as soon as the journal says anything else of it."""
        return hashlib.sha256(msgspec.json.encode((self.sale, self.refunds))).hexdigest()


def payments_of(journal: JournalReading, since: str, until: str, on_damaged: Callable[[str], None]) -> list[Payment]:
    """Sales begun in this time, and those of which something was returned in it; oldest first. Times as in the journal.

    What was not paid and never had a name at the service is left out: it can know nothing of it.
    """
    sales = {
        entry.sale.number: entry.sale
        for entry in journal.latest_entries(since=since, until=until, oldest_first=True, on_damaged=on_damaged)
    }
    for change in list(journal.latest_refunds(since=since, until=until)):
        number = change.refund.sale_number
        if number not in sales and (sale := journal.find_sale(number)) is not None:
            sales[number] = sale
    return [
        Payment(sale, tuple(journal.refunds_of(number))) for number, sale in sorted(sales.items()) if concerns(sale)
    ]


def concerns(sale: Sale) -> bool:
    """Its outcome is known, or known to be unknown, and the service may have a record of it."""
    return sale.outcome is not None and (sale.authorization_id is not None or sale.outcome not in NOT_PAID)
