"""Rules about keys, broken on purpose: more of sabotage.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from unittest.mock import patch

from msgspec.structs import replace

from terminal.counter import of_doubt, of_keys
from terminal.counter.decision import Decision
from terminal.counter.inputs import CounterEvent
from terminal.counter.view import Question
from terminal.sale import customer
from terminal.simulation.broken_rule import BrokenRule
from terminal.simulation.world import Rates


def _answered_as_it_appears() -> Iterator[None]:
    """A key that was on its way when the question about a receipt appeared is an answer to it."""

    def read_at_once(decision: Decision, _event: CounterEvent) -> Decision:
        return replace(decision, view=replace(decision.view, question=Question(is_read=True)))

    with patch.object(of_doubt, "with_question", read_at_once):
        yield


def _missing_key_forgotten() -> Iterator[None]:
    """What is typed counts, although a key may be missing in it."""
    with patch.object(of_keys, "missed", lambda view: view):
        yield


def _code_without_a_question() -> Iterator[None]:
    """Where no kennitala is taken, ten digits that look like one are sent as the app's code at the first #."""
    with patch.object(customer, "_kennitala", lambda _digits, _rules, *, insisted: None):
        yield


RULES_OF_KEYS: Mapping[str, BrokenRule] = {
    "key on its way taken for an answer": BrokenRule(
        patches=_answered_as_it_appears, rates=Rates(cashier_mood=1.0, printer_trouble=0.6)
    ),
    "kennitala sent as a code without a question": BrokenRule(patches=_code_without_a_question, api="v2"),
    "number taken though a key is missing": BrokenRule(patches=_missing_key_forgotten, rates=Rates(key_missed=0.25)),
}
