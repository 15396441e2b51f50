"""Rules about what staff say, and about what is proved after the end, broken on purpose: more of sabotage.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from unittest.mock import patch

import msgspec

from terminal.sale import ending, totals, tracing
from terminal.sale import events as ev
from terminal.sale.effects import ReportResult
from terminal.sale.gateway import CaptureMode
from terminal.sale.moves import Transition
from terminal.sale.refund import Refund
from terminal.sale.sale import Reason, Sale, State
from terminal.sale.step import TABLE
from terminal.sale.totals import Totals
from terminal.simulation import checks_of_staff, disk_contents, slips
from terminal.simulation.broken_rule import BrokenRule
from terminal.simulation.disk_contents import DiskContents
from terminal.simulation.world import Rates


def _settled_while_captured() -> Iterator[None]:
    """The word of staff ends a sale that is still being captured, in the middle of the call."""
    with (
        patch.object(Sale, "stands_unknown", property(lambda sale: sale.is_in_doubt)),
        patch.object(Sale, "moves_money", property(lambda _sale: False)),
    ):
        yield


def _late_proof_dropped() -> Iterator[None]:
    """The same, and what is proved after the end is proved to nobody."""
    with (
        patch.object(checks_of_staff, "when_settled", lambda _before, _after: None),
        patch.object(Sale, "is_undone_since", lambda _sale, _call: True),
    ):
        yield from _settled_while_captured()


def _billed_on_two_days() -> Iterator[None]:
    """A payment that was to be refunded, and then was not, counts on the day of its sale and on that of the word."""

    def totals_of(entries: Iterable[Sale | Refund], **_more: object) -> Totals:
        return totals.totals_of(entries)

    with patch.object(disk_contents, "totals_of", totals_of):
        yield


def _word_is_the_end() -> Iterator[None]:
    """Once staff have said "not paid", nobody asks the service again."""

    def untraced(sale: Sale) -> Transition:
        return Transition(sale)

    with patch.object(ending, "begin_trace", untraced):
        yield


def _paid_is_the_end() -> Iterator[None]:
    """Once staff have said "paid", nobody asks the service again."""

    def trace(sale: Sale) -> Transition:
        return Transition(sale) if sale.reason is Reason.SETTLED_PAID else tracing.begin_trace(sale)

    with patch.object(slips, "OPEN_SLIPS", 1.0), patch.object(ending, "begin_trace", trace):
        yield


def _word_outweighs_record() -> Iterator[None]:
    """The service is asked, and what it says against the word of staff is dropped."""
    dropped = patch.object(tracing, "_told_of_paid", lambda sale, _report: Transition(sale))
    with patch.object(slips, "OPEN_SLIPS", 1.0), dropped:
        yield


def _asked_once() -> Iterator[None]:
    """After the word of staff the service is asked a single time."""
    with patch.object(tracing, "MOST_TRACES", 1):
        yield


def _trace_forgotten() -> Iterator[None]:
    """A power cut ends the questions about what staff have settled."""
    with patch.object(DiskContents, "traced_sales", lambda _disk: []):
        yield


def _settled_for_ever() -> Iterator[None]:
    """What staff have settled wrongly stays so."""
    with patch.dict(TABLE[State.CLOSED], clear=False):
        del TABLE[State.CLOSED][ev.SettlementCorrected]  # type: ignore[attr-defined]
        yield


def _misread_for_ever() -> Iterator[None]:
    """What nobody knew, and staff have misread, stays as they said."""
    move = TABLE[State.CLOSED][ev.SettlementCorrected]

    def only_what_was_due(sale: Sale, event: ev.SettlementCorrected) -> Transition:
        return Transition(sale) if sale.settled_from is Reason.NOT_TRACEABLE else move.decide(sale, event)

    with patch.dict(TABLE[State.CLOSED], {ev.SettlementCorrected: move._replace(decide=only_what_was_due)}):
        yield


def _untrue_result_waits() -> Iterator[None]:
    """What waits for the register's cable is told, though the record has contradicted it meanwhile."""
    decide = tracing.told_after_end

    def tell_nothing(sale: Sale, event: ev.StatusReceived) -> Transition:
        after, effects = decide(sale, event)
        return Transition(after, tuple(effect for effect in effects if not isinstance(effect, ReportResult)))

    with ExitStack() as rules:
        for state in (State.REPORT, State.CLOSED):
            move = TABLE[state][ev.StatusReceived]._replace(decide=tell_nothing)
            rules.enter_context(patch.dict(TABLE[state], {ev.StatusReceived: move}))
        yield


OFTEN_MISREAD = Rates(call_trouble=0.6, customer_mood=1.0)
"""Calls are lost, and reservations end by themselves: the record of what stands unknown says that it ended."""

RULES_OF_STAFF: Mapping[str, BrokenRule] = {
    "word of staff taken in the middle of a call": BrokenRule(
        patches=_settled_while_captured, rates=Rates(call_trouble=0.4)
    ),
    "wrong word of staff kept for ever": BrokenRule(patches=_settled_for_ever, protocol="concert"),
    "unknown sale that staff misread kept so": BrokenRule(
        patches=_misread_for_ever, capture_mode=CaptureMode.AUTOMATIC, rates=Rates(call_trouble=0.7)
    ),
    "payment billed on two days": BrokenRule(patches=_billed_on_two_days, protocol="zvt"),
    "word of staff taken for the last": BrokenRule(patches=_word_is_the_end, rates=Rates(call_trouble=0.4)),
    "paid by the word of staff, and not asked about": BrokenRule(patches=_paid_is_the_end, rates=OFTEN_MISREAD),
    "word of staff preferred to the record": BrokenRule(patches=_word_outweighs_record, rates=OFTEN_MISREAD),
    "untrue result kept for the register": BrokenRule(
        patches=_untrue_result_waits, rates=msgspec.structs.replace(OFTEN_MISREAD, line_trouble=0.9)
    ),
    "asked once after the word of staff": BrokenRule(patches=_asked_once, rates=Rates(call_trouble=0.4)),
    "settled sale forgotten by a power cut": BrokenRule(
        patches=_trace_forgotten, rates=Rates(call_trouble=0.5, power_cut=0.02)
    ),
    "proof of payment after the end dropped": BrokenRule(patches=_late_proof_dropped, rates=Rates(call_trouble=0.4)),
}
