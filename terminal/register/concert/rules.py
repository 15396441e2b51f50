"""What a shop's settings make of a Concert request, and of how a sale ended. Pure."""

from __future__ import annotations

from terminal.register.concert import format as cf
from terminal.sale.money import AmountDecimals, AmountError, parse_register_amount
from terminal.sale.sale import Outcome


class Rules:
    """Which requests begin a sale, for how much, and which status says how it ended."""

    def __init__(self, decimals: AmountDecimals, *, takes_immediate: bool, cancelled: str, any_currency: bool) -> None:
        self._decimals = decimals
        self._takes_immediate = takes_immediate
        self._cancelled = cancelled
        """The status for a sale that was called off."""
        self._any_currency = any_currency

    def amount_of(self, request: cf.ConcertRequest) -> int | None:
        """What to charge; None if the request is to be refused."""
        if not request.is_plain_sale or (request.answers_at_once and not self._takes_immediate):
            return None
        if not self._any_currency and not request.has_currency(cf.ISK):
            return None
        try:
            return parse_register_amount(request.amount, self._decimals)
        except AmountError:
            return None

    def status_of(self, outcome: Outcome) -> str:
        match outcome:
            case Outcome.APPROVED:
                return cf.ACCEPTED
            case Outcome.CANCELLED:
                return self._cancelled
        return cf.REFUSED
