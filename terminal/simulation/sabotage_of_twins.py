"""Rules about a card that somebody has copied, broken on purpose: more of sabotage.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from unittest.mock import patch

from terminal.journal import board
from terminal.simulation.broken_rule import BrokenRule


def _goes_on_anywhere() -> Iterator[None]:
    """The copy sells by the first terminal's journal: its ids answer another register."""

    def nowhere_else(_noted: str, _here: str) -> bool:
        return False

    with patch.object(board, "is_elsewhere", nowhere_else):
        yield


RULES_OF_TWINS: Mapping[str, BrokenRule] = {
    "copied card goes on with the journal of the first": BrokenRule(patches=_goes_on_anywhere, has_twin=True),
}
