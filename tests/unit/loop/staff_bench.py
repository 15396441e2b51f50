"""A sale that stands unknown, for staff to settle, and answers about it afterwards."""

from __future__ import annotations

from terminal.sale import events as ev
from terminal.sale.gateway import AuthorizationStatus as Status
from terminal.sale.gateway import Refusal
from terminal.sale.sale import MISSES_UNTIL_UNKNOWN, State
from tests.sales import report_for
from tests.unit.loop.loop_bench import Terminal


async def miss(terminal: Terminal, event: type[ev.RefusalReceived] | type[ev.AnswerLost]) -> None:
    """The latest call brings nothing, and the pause after it is over."""
    call, sale = terminal.outside.calls[-1], terminal.sale
    not_sent = ev.RefusalReceived(sale.number, call.call, Refusal.NOT_SENT)
    await terminal.happen(not_sent if event is ev.RefusalReceived else ev.AnswerLost(sale.number, call.call))
    await terminal.happen(ev.RetryDue(sale.number, sale.state))


async def unknown(terminal: Terminal) -> None:
    """It stands unknown, and is only asked about."""
    await terminal.pay(until=State.CAPTURE)
    await terminal.happen(ev.DeadlinePassed(terminal.sale.number, State.CAPTURE))
    for _ in range(MISSES_UNTIL_UNKNOWN):
        await miss(terminal, ev.AnswerLost)
    assert terminal.sale.stands_unknown


async def answer_a_trace(terminal: Terminal, status: Status) -> None:
    (sale,) = terminal.loop.view.traced
    call = terminal.outside.calls[-1]
    await terminal.happen(ev.StatusReceived(sale.number, call.call, report_for(sale, status)))
