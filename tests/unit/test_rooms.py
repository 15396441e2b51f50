"""Which room may import which: the table in terminal/README.md, held by reading every import.

The message says which line breaks which row. To change a direction, change the table, and say there why.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.each import each_of

ROOT = Path(__file__).parents[2]
README = ROOT / "terminal" / "README.md"
ANYBODY = "terminal.errors"


@cache
def table() -> dict[str, tuple[str, ...]]:
    """Each room and what it may import, in the order of the README."""
    block = re.search(r"<!-- rooms -->\n(.*?)<!-- /rooms -->", README.read_text("utf-8"), re.DOTALL)
    assert block is not None, "terminal/README.md has lost the markers <!-- rooms --> and <!-- /rooms -->"
    rows = re.findall(r"^\| `(\w+)/` \|[^|]*\|([^|]*)\|$", block[1], re.MULTILINE)
    return {room: tuple(name.strip() for name in allowed.split(",") if name.strip()) for room, allowed in rows}


@cache
def modules() -> dict[str, Path]:
    found = {}
    for path in sorted((ROOT / "terminal").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def room_of(module: str) -> str:
    return module.split(".")[1]


def imports(module: str) -> Iterator[tuple[int, str]]:
    """Wherever they stand: a late import and one for type checkers have a direction, too."""
    for node in ast.walk(ast.parse(modules()[module].read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, name.name) for name in names)
            case ast.ImportFrom(module=str(source), names=names):
                wholes = [f"{source}.{name.name}" for name in names]
                yield from ((node.lineno, whole if whole in modules() else source) for whole in wholes)


def is_allowed(room: str, imported: str) -> bool:
    top, _, rest = imported.partition(".")
    if top not in ("terminal", "hardware") or imported in ("terminal", ANYBODY) or "all" in table()[room]:
        return True
    name = rest if top == "terminal" else imported
    return any(name == one or name.startswith(f"{one}.") for one in (room, *table()[room]))


@each_of("room", table())
def test_a_room_imports_only_what_its_row_allows(room: str) -> None:
    wrong = [
        f"{modules()[module].relative_to(ROOT)}:{line} imports {imported}"
        for module in modules()
        if module.startswith(f"terminal.{room}.") or module == f"terminal.{room}"
        for line, imported in imports(module)
        if not is_allowed(room, imported)
    ]
    allowed = ", ".join(table()[room]) or "nothing"
    rule = f"{room}/ may import {allowed} (terminal/README.md, The rooms): move what both need into a room below."
    assert not wrong, "\n".join([rule, *sorted(set(wrong))])


def test_no_row_names_a_room_that_stands_below_it() -> None:
    """So there is no circle, and who reads from the top never goes back."""
    rooms = list(table())
    for place, room in enumerate(rooms):
        for name in table()[room]:
            top = name.partition(".")[0]
            if top not in ("hardware", "all") and name != "register.settings":
                assert top in rooms[:place], f"{room}/ names {name}, which does not stand above it in the table"


def test_every_room_stands_in_the_table_and_every_row_is_a_room() -> None:
    folders = {path.name for path in (ROOT / "terminal").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(table())


def test_only_the_way_in_stands_outside_the_rooms() -> None:
    loose = {path.name for path in (ROOT / "terminal").glob("*.py")}
    assert loose == {"__init__.py", "__main__.py", "errors.py"}
