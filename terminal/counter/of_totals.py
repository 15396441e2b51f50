"""Totals for the register, and its end of day. Pure.

A register that ends the day books the totals that the terminal reports. If they got lost on the line, the register asks
again, and must not get the totals of an empty period instead. So if the register has not acknowledged a close, the same
close is reported again and nothing more is ended:

* as long as nothing was paid or given back since: a close with nothing to book, right after a close that was not
  acknowledged, is no new close;
* whoever made it: if the clock closed a day with nothing to book meanwhile, the register still gets the one before;
* for ten minutes also with sales, if the close is known as not acknowledged, and the clock has ended no further day
  with them. Later, with sales, the register means another day.

The journal says what was acknowledged, so a start changes nothing. Only a journal of an older version does not say it.
Then the limit is ten minutes of the clock, and only with nothing sold since: the register may get a close a second
time, with its number.
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
from terminal.sale.totals import ClosedPeriod, ToldCloses

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
    ended = replace(ended, is_for_register=True)
    report = reg.TotalsReport(number=ended.number, totals=ended.totals, closed=True, slip=slip)
    return Decision(view=replace(view, untold_close=ended.number), close=ended, replies=(report,))


def _untold(view: View, asked: RegisterRequestLookedUp) -> ClosedPeriod | None:
    """The close that the register asks for again, if it does."""
    is_empty = asked.period.totals.moves_nothing
    for close, age_s in asked.closes:
        is_young = age_s < UNTOLD_CLOSE_KEPT_S
        if view.untold_close == close.number:
            was_lost = is_young or is_empty
        else:
            was_lost = is_young and is_empty and view.told_close is None
        if was_lost:
            return close
    return None


def delivered(view: View, number: int) -> Decision:
    """The register has the totals of the close with this number, so that close is not reported again."""
    known = ToldCloses(view.told_close, view.untold_close)
    told = known.with_told(number)
    view = replace(view, told_close=told.told, untold_close=told.untold)
    return Decision(view=view, told_close=None if told == known else number)
