"""What the head office's task is woken for."""

from __future__ import annotations

from typing import Any

from terminal.config.schema import Config
from terminal.counter.decision import Decision
from terminal.counter.inputs import ConditionsChanged
from terminal.counter.view import View
from terminal.daemon.uplink import Uplink
from terminal.sale.effects import ReceiptKind
from terminal.sale.record import Record, RefundRecord, original
from terminal.sale.totals import Close, Totals
from tests.each import each_of
from tests.sales import new_refund, new_sale


class Task:
    def __init__(self) -> None:
        self.moves = 0

    def moved(self, *, sale_open: bool) -> None:
        assert not sale_open
        self.moves += 1


@each_of(
    ("written", "moves"),
    [
        ({}, 0),
        ({"record": Record("ResultAcknowledged", new_sale(7))}, 1),
        ({"refund_record": RefundRecord("RefundConfirmed", new_refund())}, 1),
        ({"close": Close(1, Totals())}, 1),
        ({"receipts": (original(7, ReceiptKind.CUSTOMER),)}, 1),
    ],
    ids=["nothing", "sale", "refund", "end of day", "receipt"],
)
def test_whatever_is_written_is_carried_at_once_also_while_no_sale_is_open(written: Any, moves: int) -> None:
    uplink, task = Uplink(Config()), Task()
    uplink._task = task  # type: ignore[assignment]
    uplink.decided(ConditionsChanged({}), Decision(view=View(), **written))
    assert task.moves == moves
