"""What is told of cells that no sale met is true, and looking on changes no world."""

from __future__ import annotations

from collections import Counter
from functools import partial

from terminal.commands.simulate import tally
from terminal.sale.sale import State
from terminal.sale.step import TABLE
from terminal.simulation.coverage import Cell, report, watched
from terminal.simulation.run import simulate

EVERY_CELL = {f"{state} + {event.__name__}" for state, moves in TABLE.items() for event in moves}


def test_looking_on_changes_no_world() -> None:
    met: Counter[Cell] = Counter()
    assert simulate(7, watch=partial(watched, met=met)) == simulate(7)
    assert any(cell.state is State.ENTRY and cell.event == "CustomerIdentified" for cell in met)


def test_a_cell_is_met_or_told_as_never_met() -> None:
    total = tally(range(1, 16), coverage=True)
    told = report(total.met, set(total.faults))
    never, troubles = told["cells_never_met"], told["troubles_never_met"]
    assert isinstance(never, list)
    assert isinstance(troubles, dict)
    assert set(never) | set(troubles) == EVERY_CELL
    assert not set(never) & set(troubles)
    assert told["cells"] == len(EVERY_CELL)
    assert "entry + CustomerIdentified" in troubles


def test_a_cell_is_told_with_the_troubles_that_never_came_before_it() -> None:
    met = Counter(
        {Cell(State.ENTRY, "CancelRequested", "cashier mood"): 2, Cell(State.ENTRY, "CancelRequested", ""): 1}
    )
    told = report(met, {"cashier mood", "not sent"})
    assert told["troubles_never_met"] == {"entry + CancelRequested": ["not sent"]}
    assert told["cells_with_trouble_met"] == 1
    assert len(told["cells_never_met"]) == len(EVERY_CELL) - 1  # type: ignore[arg-type]
