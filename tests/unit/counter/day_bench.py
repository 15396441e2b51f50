"""Staff before a menu that has refunds and the end of day, and what the journal adds to their wishes."""

from __future__ import annotations

from typing import Any

from terminal.counter.decision import Decision
from terminal.counter.inputs import RefundLookedUp, RefundRequested
from terminal.counter.menu import MenuRules
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.sale.refund import RefundSource
from terminal.sale.totals import Period, Tally, Totals
from tests.golden.samples import CLOSED_SALE
from tests.unit.counter.staff_bench import PressedCounter

CODES = MenuRules(has_staff_code=True, has_refund_code=True, can_train=True, can_pair=True, has_operators=True)
ASK = RefundRequested(number=1042, source=RefundSource.KEYPAD, is_question=True)
QUIET = Period(3, Totals())
BUSY = Period(3, Totals(refunds=Tally(1, 500)))


class Staff(PressedCounter):
    def __init__(self, view: View | None = None, menu: MenuRules = CODES, **rules: Any) -> None:
        super().__init__(view, CounterRules(menu=menu, **rules))

    def looked_up(self, asked: Any, **known: Any) -> Decision:
        """What the journal adds to a wish for a refund."""
        return self.happens(
            RefundLookedUp(
                source=asked.source,
                is_question=asked.is_question,
                amount_kr=asked.amount_kr,
                number=1050,
                reference="T1-1050",
                idempotency_key="ab" * 20,
                created="2026-11-23T15:00:00Z",
                **{"sale": CLOSED_SALE, **known},
            )
        )
