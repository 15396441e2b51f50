"""Rules about an upgrade and the way back from it, broken on purpose: more of sabotage.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from unittest.mock import patch

from terminal.journal.rows import Positions
from terminal.simulation import upgrader
from terminal.simulation.broken_rule import BrokenRule
from terminal.simulation.world import NO_TROUBLE, Rates


def _back_at_any_price() -> Iterator[None]:
    """The copy takes the journal's place, whatever was written meanwhile."""
    with patch.object(upgrader, "has_gone_on", lambda *_both: False):
        yield


def _only_sales_count() -> Iterator[None]:
    """An end of day and what came out of the printer are undone."""

    def has_gone_on(since: Positions, now: Positions) -> bool:
        return now.entries > since.entries

    with patch.object(upgrader, "has_gone_on", has_gone_on):
        yield


RULES_OF_UPGRADES: Mapping[str, BrokenRule] = {
    "journal taken back with the version": BrokenRule(patches=_back_at_any_price, upgrades=True, rates=NO_TROUBLE),
    "only sales count on the way back": BrokenRule(
        patches=_only_sales_count, upgrades=True, rates=Rates(printer_trouble=0.6)
    ),
}
