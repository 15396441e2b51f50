"""Rules about the end of the day, broken on purpose: more of sabotage.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time, tzinfo
from unittest.mock import patch

from msgspec.structs import replace

from terminal.counter import of_shop
from terminal.counter.decision import Decision
from terminal.counter.inputs import CounterEvent, EndOfDayLookedUp, Input
from terminal.counter.view import View
from terminal.loop.bookkeeper import Bookkeeper
from terminal.simulation.broken_rule import BrokenRule
from terminal.simulation.world import Rates
from terminal.system import daily


def _in_the_middle_of_a_sale() -> Iterator[None]:
    """What has come by its time does not wait."""

    def is_free(_view: View) -> bool:
        return True

    with patch.object(of_shop, "_is_free", is_free):
        yield


def _after_each_start() -> Iterator[None]:
    """A time that has passed ends the day anew, whatever has ended since."""

    def is_due(asked: EndOfDayLookedUp, _due_at: str) -> bool:
        return asked.first_at is not None

    with patch.object(of_shop, "_is_due", is_due):
        yield


def _forgotten_while_waiting() -> Iterator[None]:
    """What had to wait for a sale never comes."""

    def with_day_due(decision: Decision, _event: CounterEvent) -> Decision:
        return decision

    with patch.object(of_shop, "with_day_due", with_day_due):
        yield


def _time_comes_twice() -> Iterator[None]:
    """On a night on which the clocks are set back, the day ends at both."""
    around = daily._around

    def both(at: time, now_s: float, zone: tzinfo | None) -> Iterator[float]:
        for moment_s in around(at, now_s, zone):
            yield moment_s
            yield datetime.fromtimestamp(moment_s, zone).replace(fold=1).timestamp()

    with patch.object(daily, "_around", both):
        yield


def _acknowledgement_forgotten() -> Iterator[None]:
    """After a start nobody knows which end of day the register has acknowledged."""
    start = Bookkeeper.start

    def forgetful(bookkeeper: Bookkeeper) -> tuple[Input, ...]:
        events = start(bookkeeper)
        told = bookkeeper.view.told_closes
        bookkeeper.view = replace(bookkeeper.view, told_closes=told._replace(told=None))
        return events

    with patch.object(Bookkeeper, "start", forgetful):
        yield


RULES_OF_DAYS: Mapping[str, BrokenRule] = {
    "day ended in the middle of a sale": BrokenRule(patches=_in_the_middle_of_a_sale),
    "day ended again after each start": BrokenRule(patches=_after_each_start),
    "day ended twice as clocks are set back": BrokenRule(patches=_time_comes_twice),
    "acknowledged end of day forgotten by a restart": BrokenRule(
        patches=_acknowledgement_forgotten, protocol="zvt", rates=Rates(power_cut=0.01, customer_mood=0.2)
    ),
    "end of day forgotten while a sale was open": BrokenRule(patches=_forgotten_while_waiting),
}
