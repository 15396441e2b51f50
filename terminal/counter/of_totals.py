"""Totals for the register, and its end of day. Pure.

A register that ends the day books the totals that the terminal reports. If they got lost on the line, the register asks
again, and must not get the totals of an empty period instead. So if the register has not acknowledged a close, the same
close is reported again and nothing more is ended:

* as long as nothing was paid or given back since: a close with nothing to book, right after a close that was not
  acknowledged, is no new close;
* whoever made it: if the clock closed a day with nothing to book meanwhile, the register still gets the one before;
* for ten minutes also with sales, if the close is known as not acknowledged, even if the clock or staff have ended
  another day with them. Later, with sales, the register means another day.

The journal says what was acknowledged, so a start changes nothing. A program over HTTP acknowledges by going on to
something else. Which one has asked is in the journal, so that its first word after a start can do so, too.

Only a journal of an older version does not say what was acknowledged. Then the limit is ten minutes of the clock, and
only with nothing sold since: the register may get a close a second time, with its number.
"""

from __future__ import annotations

from msgspec.structs import replace

from terminal.counter import of_shop
from terminal.counter import register_words as reg
from terminal.counter.answers import refuse, reply
from terminal.counter.decision import Decision
from terminal.counter.inputs import RegisterRequestLookedUp
from terminal.counter.rules import CounterRules
from terminal.counter.view import View
from terminal.sale.totals import ClosedPeriod

UNTOLD_CLOSE_KEPT_S = 600.0


def requested(view: View, asked: RegisterRequestLookedUp, request: reg.TotalsRequest, rules: CounterRules) -> Decision:
    """The totals since the last end of day; with ``close`` this is the next one, if it is not the last one again."""
    ended = of_shop.close_of(view, asked.period, rules)
    if not request.close:
        return reply(view, reg.TotalsReport(number=ended.number, totals=ended.totals, closed=False))
    if view.sale is not None:
        return refuse(view, None, reg.RefusalCode.BUSY)
    if (last := _untold(view, asked)) is not None:
        slip = last if request.prints_slip else None
        return reply(view, reg.TotalsReport(number=last.number, totals=last.totals, closed=True, slip=slip))
    slip = None
    if request.prints_slip:
        ended = replace(ended, is_printed=False)
        slip = ClosedPeriod(number=ended.number, since=asked.period.since, until=asked.created, totals=ended.totals)
    ended = replace(ended, asked_by=request.asked_by)
    report = reg.TotalsReport(number=ended.number, totals=ended.totals, closed=True, slip=slip)
    closes = view.told_closes._replace(untold=ended.number, asked_by=request.asked_by)
    return Decision(view=replace(view, told_closes=closes), close=ended, replies=(report,))


def _untold(view: View, asked: RegisterRequestLookedUp) -> ClosedPeriod | None:
    """The close that the register asks for again, if it does."""
    totals_since = [*(close.totals for close, _age_s in asked.closes[1:]), asked.period.totals]
    for at, (close, age_s) in enumerate(asked.closes):
        is_empty = all(totals.moves_nothing for totals in totals_since[at:])
        is_young = age_s < UNTOLD_CLOSE_KEPT_S
        if view.told_closes.untold == close.number:
            was_lost = is_young or is_empty
        else:
            was_lost = is_young and is_empty and view.told_closes.told is None
        if was_lost:
            return close
    return None


def delivered(view: View, heard: reg.TotalsDelivered) -> Decision:
    """The register has the totals of that close, so it is not reported again."""
    known = view.told_closes
    number = heard.number
    if number is None and heard.asked_by in (None, known.asked_by):
        number = known.untold
    if number is None or known.with_told(number) == known:
        return Decision(view=view)
    return Decision(view=replace(view, told_closes=known.with_told(number)), told_close=number)
