"""What sales met in a world: which event in which state, and right after which trouble. Counted when asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from unittest.mock import patch

from terminal.counter import of_sale
from terminal.sale import events as ev
from terminal.sale.moves import Transition
from terminal.sale.sale import Sale, State
from terminal.sale.step import TABLE, step
from terminal.simulation.world import World


class Cell(NamedTuple):
    """An event in a state, with the newest trouble if it was the first event after it; else that is empty."""

    state: State
    event: str
    trouble: str


@contextmanager
def watched(world: World, met: Counter[Cell]) -> Iterator[None]:
    """Counts into ``met`` what the sales of that world meet."""

    def noting(sale: Sale, event: ev.SaleEvent) -> Transition:
        met[Cell(sale.state, type(event).__name__, world.take_newest_trouble())] += 1
        return step(sale, event)

    with patch.object(of_sale, "step", noting):
        yield


def report(met: Counter[Cell], troubles: set[str]) -> dict[str, object]:
    """What no sale met: cells of the table, and for each of the others the troubles that never came right before."""
    found: dict[tuple[str, str], set[str]] = {}
    for state, event, trouble in met:
        found.setdefault((state, event), set()).add(trouble)
    cells = [(state, event.__name__) for state, moves in TABLE.items() for event in moves]
    return {
        "cells": len(cells),
        "cells_never_met": [" + ".join(cell) for cell in cells if cell not in found],
        "cells_with_trouble": len(cells) * len(troubles),
        "cells_with_trouble_met": sum(len(found.get(cell, set()) & troubles) for cell in cells),
        "troubles_never_met": {" + ".join(cell): sorted(troubles - found[cell]) for cell in cells if cell in found},
    }
