"""Draws the states of a sale from the table that decides about them.

``python -m terminal.sale.diagram`` prints Mermaid.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from terminal.sale.sale import State
from terminal.sale.step import TABLE


def state_diagram() -> str:
    """A Mermaid state diagram: one arrow for each pair of states, labelled with the events that may lead there."""
    return "\n".join(["```mermaid", "stateDiagram-v2", *(f"    {line}" for line in _lines()), "```"])


def _lines() -> Iterator[str]:
    yield f"[*] --> {State.ENTRY.name}"
    for state in State:
        arrows: defaultdict[State, list[str]] = defaultdict(list)
        for event, move in TABLE[state].items():
            for target in move.targets:
                arrows[target].append(_words(event.__name__))
        for target in sorted(arrows, key=list(State).index):
            yield f"{state.name} --> {target.name}: {', '.join(arrows[target])}"
    yield f"{State.CLOSED.name} --> [*]"


def _words(class_name: str) -> str:
    """``DeadlinePassed`` as "deadline passed"."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", class_name).lower()


if __name__ == "__main__":
    print(state_diagram())
