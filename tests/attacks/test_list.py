"""The list of attacks in SECURITY.md is true: each test that it names exists, and each attack here is on it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
HEADING = "## The attacks, and what holds each\n"


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def named() -> dict[str, set[str]]:
    """The tests of the list by their file."""
    text = (TESTS.parent / "SECURITY.md").read_text(encoding="utf-8")
    section = text.partition(HEADING)[2].partition("\n## ")[0]
    found: dict[str, set[str]] = {}
    file = ""
    for path, test in re.findall(r"([\w/]+\.py):|`(test_\w+)`", section):
        file = path or file
        found.setdefault(file, set()).update({test} - {""})
    return found


def test_every_test_on_the_list_exists() -> None:
    listed = named()
    assert sum(map(len, listed.values())) > 50, "the list is not where it was"
    assert "" not in listed, "a test stands before any file"
    missing = {path: names - functions_of(TESTS / path) for path, names in listed.items()}
    assert not {path: names for path, names in missing.items() if names}
    assert all(listed.values()), "a file without a test"


def test_every_attack_is_on_the_list() -> None:
    listed = named()
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if path.name != Path(__file__).name:
            assert listed.get(f"attacks/{path.name}", set()) == functions_of(path), path.name
