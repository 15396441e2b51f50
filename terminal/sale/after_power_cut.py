"""What becomes of a sale that a power cut met between the customer's request and its end.

A card can report a commit as durable and lose it when the power goes. So a sale may be paid, and the register may have
heard so, though the journal has it as still waiting for the customer. Where a void takes back even what is paid, the
service is asked before anything is voided: the sale is found out about like one whose capture was met by the power cut.
"""

from __future__ import annotations

from msgspec.structs import replace

from terminal.sale import events as ev
from terminal.sale.moves import Transition, deadline, query_status, stop_capturing, to_report, to_void
from terminal.sale.sale import NOTHING_SAID, Reason, Sale, State
from terminal.sale.tracing import begin_trace


def give_up_after_power_cut(sale: Sale, event: ev.PowerRestored) -> Transition:
    """Elsewhere the void itself finds out."""
    if not sale.terms.void_undoes_payment:
        return to_void(sale, Reason.POWER_CUT)
    return find_out_after_power_cut(replace(sale, state=State.CAPTURE, misses=0), event)


def find_out_after_power_cut(sale: Sale, _event: ev.PowerRestored) -> Transition:
    reason = sale.reason or Reason.POWER_CUT
    sale, query = query_status(replace(sale, settling=True, reason=reason, asking=None, **NOTHING_SAID))
    bound = () if sale.committed else (deadline(sale, sale.terms.void_patience_s),)
    return Transition(sale, (*bound, *query))


def capture_patience_over(sale: Sale, event: ev.DeadlinePassed) -> Transition:
    """No clock ends what a capture has left for; the journal of any other sale knows of none."""
    return stop_capturing(sale, event) if sale.committed else end_unanswered(sale)


def end_unanswered(sale: Sale) -> Transition:
    """The next customer can pay. What a power cut may have hidden is asked about further."""
    sale, told = to_report(replace(sale, may_stay_reserved=True), sale.reason or Reason.WITHDRAWN)
    if sale.reason is not Reason.POWER_CUT:
        return Transition(sale, told)
    sale, question = begin_trace(sale)
    return Transition(sale, (*told, *question))
