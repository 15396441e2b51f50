"""Sizes that keep a file readable at one sitting, and a page at the door of every room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.each import each

ROOT = Path(__file__).parents[2]
MOST_LINES = 400
MOST_CLASS_LINES = 200
MOST_README_LINES = 15


def sources(folder: str) -> Iterator[tuple[Path, str]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        if {".venv", "node_modules", "checkouts"} & set(path.parts):  # what foreign tests install
            continue
        yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


def rooms() -> list[Path]:
    """Every folder of terminal/ that holds modules, and hardware/."""
    return [*(path for path in sorted((ROOT / "terminal").iterdir()) if any(path.glob("*.py"))), ROOT / "hardware"]


def test_no_file_is_too_long() -> None:
    with each() as case:
        for folder in ("terminal", "hardware", "tests"):
            for path, text in sources(folder):
                with case(path):
                    lines = len(text.splitlines())
                    assert lines <= MOST_LINES, f"{lines} lines, at most {MOST_LINES}: split it by subject"


def test_no_class_is_too_long() -> None:
    with each() as case:
        for folder in ("terminal", "hardware"):
            for path, text in sources(folder):
                short = text.count("\n") <= MOST_CLASS_LINES
                for node in () if short else ast.walk(ast.parse(text)):
                    if isinstance(node, ast.ClassDef):
                        with case(path, node.name):
                            lines = (node.end_lineno or 0) - node.lineno + 1
                            assert lines <= MOST_CLASS_LINES, f"{lines} lines, at most {MOST_CLASS_LINES}"


def test_every_room_has_a_short_readme() -> None:
    with each() as case:
        for room in rooms():
            with case(room.relative_to(ROOT)):
                readme = room / "README.md"
                assert readme.exists(), "it has no README.md"
                lines = len(readme.read_text(encoding="utf-8").splitlines())
                assert lines <= MOST_README_LINES, f"{lines} lines: move the long part into a further .md beside it"
