"""How long ago a register asked for a sale, and was told how it ended: what decides what its id means now.

For what happened since this program was started a clock that cannot be set tells; for what is older, the journal's
wall-clock times. So a clock that is set while the terminal is on frees no id too early. One that was wrong before the
last start may: backwards it keeps an id for longer, forwards it frees one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime

from terminal.counter.register_ids import Wish
from terminal.sale.refund import Refund, RefundState
from terminal.sale.sale import Outcome, Sale

MOST_REMEMBERED = 4096
MAY_HAVE_MOVED_MONEY = (Outcome.APPROVED, Outcome.UNKNOWN, Outcome.REFUND_DUE, Outcome.REFUNDED)


class Ages:
    """``steady_s`` is a monotonic clock, ``now`` the wall clock as the journal writes it."""

    def __init__(self, steady_s: Callable[[], float], now: Callable[[], str]) -> None:
        self._steady_s = steady_s
        self._now = now
        self._begun: dict[int, float] = {}
        self._told: dict[int, float] = {}

    def begin(self, number: int) -> None:
        """That sale was asked for now."""
        _note(self._begun, number, self._steady_s())

    def tell(self, number: int) -> None:
        """The register is told how that sale ended. Only the first time counts."""
        _note(self._told, number, self._steady_s())

    def since(self, at: str) -> float:
        """Since that wall-clock time; less than nothing if the clock was set back."""
        return self._since(None, at)

    def age_s(self, sale: Sale) -> float:
        """Since that sale was asked for; infinite if the clock was set back since, so that nobody can know."""
        age_s = self._since(self._begun.get(sale.number), sale.created)
        return age_s if age_s >= 0 else math.inf

    def kept_s(self, wanted: Sale | Refund) -> float:
        """Since it was asked for, as far as its id goes: none if the clock was set back, so that the id is kept."""
        return max(0.0, self._since(self._begun.get(wanted.number), wanted.created))

    def wish_of(self, wanted: Sale | Refund, told_at: Callable[[int], str | None]) -> Wish:
        """What the journal knows of that sale or refund, as register_ids.py needs it; ages in seconds.

        ``told_at`` returns when it last changed. It is only called for one from before the start.
        """
        return self._sale_wish(wanted, told_at) if isinstance(wanted, Sale) else self._refund_wish(wanted, told_at)

    def _sale_wish(self, sale: Sale, told_at: Callable[[int], str | None]) -> Wish:
        return Wish(
            is_open=not sale.has_ended or sale.stands_unknown,
            may_have_moved_money=sale.outcome in MAY_HAVE_MOVED_MONEY,
            age_s=self.kept_s(sale),
            told_s=self._told_s(sale.number, sale.has_ended, sale.acknowledged, told_at),
        )

    def _refund_wish(self, refund: Refund, told_at: Callable[[int], str | None]) -> Wish:
        is_told = refund.state is RefundState.CLOSED
        return Wish(
            is_open=refund.is_unknown,
            may_have_moved_money=refund.is_unknown or refund.is_done,
            age_s=self.kept_s(refund),
            told_s=self._told_s(refund.number, not refund.is_unknown, is_told, told_at),
        )

    def _told_s(
        self, number: int, has_ended: bool, is_told: bool, told_at: Callable[[int], str | None]
    ) -> float | None:
        if not has_ended or (number not in self._told and not is_told):
            return None
        told_s = self._told.get(number)
        return max(0.0, self._since(told_s, told_at(number) if told_s is None else None))

    def _since(self, steady_s: float | None, at: str | None) -> float:
        if steady_s is not None:
            return self._steady_s() - steady_s
        try:
            return (datetime.fromisoformat(self._now()) - datetime.fromisoformat(at or "")).total_seconds()
        except (ValueError, TypeError):
            return -math.inf


def _note(memory: dict[int, float], number: int, at_s: float) -> None:
    memory.setdefault(number, at_s)
    while len(memory) > MOST_REMEMBERED:
        del memory[next(iter(memory))]
