"""Rules about the end of the day, broken on purpose: more of sabotage.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from unittest.mock import patch

from terminal.counter import of_shop
from terminal.counter.decision import Decision
from terminal.counter.inputs import CounterEvent, EndOfDayLookedUp
from terminal.counter.view import View
from terminal.simulation.broken_rule import BrokenRule


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


RULES_OF_DAYS: Mapping[str, BrokenRule] = {
    "day ended in the middle of a sale": BrokenRule(patches=_in_the_middle_of_a_sale),
    "day ended again after each start": BrokenRule(patches=_after_each_start),
    "end of day forgotten while a sale was open": BrokenRule(patches=_forgotten_while_waiting),
}
