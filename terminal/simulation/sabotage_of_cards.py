"""Rules about a card that loses commits which it has reported, broken on purpose: more of sabotage.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from unittest.mock import patch

from terminal.journal.rows import Positions
from terminal.sale import after_power_cut, moves
from terminal.sale import events as ev
from terminal.sale import step as rules
from terminal.sale.moves import Transition
from terminal.sale.sale import Reason, State
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


def _voided_without_asking() -> Iterator[None]:
    """What the journal has as waiting for the customer is voided at once, though the void takes back a payment."""
    give_up = rules._move(lambda sale, _event: moves.to_void(sale, Reason.POWER_CUT), State.VOID)
    with patch.dict(rules.TABLE[State.CUSTOMER], {ev.PowerRestored: give_up}):
        yield


def _not_asked_about_further() -> Iterator[None]:
    """What the service has not answered for in time is over."""
    with patch.object(after_power_cut, "begin_trace", Transition):
        yield


RULES_OF_CARDS: Mapping[str, BrokenRule] = {
    "commits that only the mirror has not brought back": BrokenRule(
        patches=_mirror_not_asked, card_lies=True, rates=Rates(power_cut=0.06)
    ),
    "commits that only the database has thrown away": BrokenRule(
        patches=_mirror_believed, card_lies=True, rates=Rates(power_cut=0.06)
    ),
    "V2 voided after a power cut without asking first": BrokenRule(
        patches=_voided_without_asking, api="v2", card_lies=True, rates=Rates(power_cut=0.06)
    ),
    "V2 not asked further after a power cut": BrokenRule(
        patches=_not_asked_about_further, api="v2", card_lies=True, rates=Rates(power_cut=0.06, call_trouble=0.8)
    ),
}
