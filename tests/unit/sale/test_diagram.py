"""The diagram in terminal/README.md is the one that the table draws."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from terminal.sale.diagram import state_diagram
from terminal.sale.sale import State
from terminal.sale.step import TABLE

README = Path(__file__).parents[3] / "terminal" / "README.md"


def test_the_readme_shows_the_states_as_they_are() -> None:
    block = re.search(r"<!-- states -->\n(.*?)\n?<!-- /states -->", README.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None, "terminal/README.md has lost the markers <!-- states --> and <!-- /states -->"
    assert block[1] == state_diagram(), (
        "the state diagram in terminal/README.md is out of date: put the output of `python -m terminal.sale.diagram` "
        "between the markers <!-- states --> and <!-- /states -->"
    )


def test_every_state_and_every_declared_way_is_drawn_once() -> None:
    ways = re.findall(r"^    (\w+) --> (\w+):", state_diagram(), re.MULTILINE)
    declared = {
        (state.name, target.name)
        for state, moves in TABLE.items()
        for move in moves.values()
        for target in move.targets
    }
    assert sorted(ways) == sorted(declared)
    assert {name for way in ways for name in way} == {state.name for state in State}


def test_the_command_prints_the_diagram() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "terminal.sale.diagram"],
        capture_output=True,
        text=True,
        check=True,
        cwd=README.parents[1],
    )
    assert printed.stdout == state_diagram() + "\n"
