"""Rules about a card that loses commits which it has reported, broken on purpose: more of sabotage.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from unittest.mock import patch

from terminal.journal.rows import Positions
from terminal.simulation.broken_rule import BrokenRule
from terminal.simulation.world import Rates


def _mirror_not_asked() -> Iterator[None]:
    """The database is thought to hold whatever its mirror has."""
    with patch.object(Positions, "reaches_all", lambda *_both: True):
        yield


def _mirror_believed() -> Iterator[None]:
    """The mirror is thought to hold more, whatever the database has."""
    with patch.object(Positions, "reaches_all", lambda *_both: False):
        yield


RULES_OF_CARDS: Mapping[str, BrokenRule] = {
    "commits that only the mirror has not brought back": BrokenRule(
        patches=_mirror_not_asked, card_lies=True, rates=Rates(power_cut=0.06)
    ),
    "commits that only the database has thrown away": BrokenRule(
        patches=_mirror_believed, card_lies=True, rates=Rates(power_cut=0.06)
    ),
}
