"""Settling a refund at the control socket: by the counter's own rules, with sentences where it cannot be."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from terminal.counter.decide import decide
from terminal.counter.decision import Decision
from terminal.counter.inputs import CounterEvent
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.daemon import operations
from terminal.errors import TerminalError
from terminal.sale.refund import RefundState
from tests.golden.samples import LOST_REFUND


class Terminal:
    """A counter without its journal."""

    def __init__(self, view: View, failure: str = "") -> None:
        self.view = view
        self._failure = failure

    async def put_and_wait(self, event: CounterEvent) -> Decision:
        if self._failure:
            return Decision(view=self.view, failure=self._failure)
        decision = decide(self.view, event, CounterRules())
        self.view = decision.view
        return decision


def settle(terminal: Terminal, verdict: str, number: int = LOST_REFUND.number) -> dict[str, Any]:
    desk: Any = SimpleNamespace(terminal=terminal)
    return dict(asyncio.run(operations._settle(desk, {"sale": number, "verdict": verdict})))


@pytest.mark.parametrize(("verdict", "outcome"), [("refunded", "refunded"), ("unpaid", "refused")])
def test_a_refund_that_stands_unknown_is_settled(verdict: str, outcome: str) -> None:
    terminal = Terminal(View(refunds=(LOST_REFUND,)))
    assert settle(terminal, verdict) == {"outcome": outcome, "state": "closed"}
    assert terminal.view.refunds == ()
    with pytest.raises(TerminalError, match="does not wait for staff"):
        settle(terminal, verdict)


def test_a_refund_is_not_called_paid() -> None:
    terminal = Terminal(View(refunds=(LOST_REFUND,)))
    with pytest.raises(TerminalError, match="settle it as refunded or unpaid"):
        settle(terminal, "paid")
    assert terminal.view.refunds == (LOST_REFUND,)


def test_a_refund_that_goes_on_by_itself_is_left_to_itself() -> None:
    going_on = replace(LOST_REFUND, state=RefundState.TRANSFER, reason=None, is_late=True)
    with pytest.raises(TerminalError, match="does not wait for staff"):
        settle(Terminal(View(refunds=(going_on,))), "refunded")


def test_a_word_that_the_journal_does_not_accept_is_to_be_said_again() -> None:
    with pytest.raises(TerminalError, match="settle refund 1043 again"):
        settle(Terminal(View(refunds=(LOST_REFUND,)), failure="disk full"), "refunded")
