"""Rules about a journal that was restored without its end, broken on purpose: more of sabotage.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from unittest.mock import patch

from terminal.counter import of_register
from terminal.loop import bookkeeper
from terminal.simulation.broken_rule import BrokenRule
from terminal.simulation.world import Rates


def _gap_forgotten() -> Iterator[None]:
    """An id of which nothing is known has never been used, whatever is missing."""
    with patch.object(of_register, "_may_be_in_gap", lambda *_asked: False):
        yield


def _open_as_it_was() -> Iterator[None]:
    """What was open in the backup is still so: it ends as after a power cut."""
    with patch.object(bookkeeper, "after_loss", lambda sale: sale):
        yield


RULES_OF_RESTORES: Mapping[str, BrokenRule] = {
    "id in a gap thought to be new": BrokenRule(patches=_gap_forgotten, restores=True, rates=Rates(call_trouble=0.1)),
    "sale of a backup thought to be open still": BrokenRule(patches=_open_as_it_was, restores=True),
}
