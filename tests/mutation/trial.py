"""One mutant on trial: the tests run with it in place of the module, in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from enum import Enum, auto
from pathlib import Path

_STAND_IN = """\
import importlib.abc, importlib.machinery, importlib.util, os, sys
NAME, FILE = os.environ["MUTANT_NAME"], os.environ["MUTANT_FILE"]
class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_file_location(name, FILE) if name == NAME else None
sys.meta_path.insert(0, Finder())
"""
"""Put in front of the search for modules, so that no file of the checkout is touched."""


class Verdict(Enum):
    """What became of it."""

    KILLED = auto()
    SURVIVED = auto()


def own_tests(root: Path, module: Path) -> list[str]:
    """By their names: the room's own file and what stands beside it under the same name, and its property tests."""
    room, name = module.parent.name, module.stem
    folders = [root / "tests" / "unit" / Path(*module.parts[1:-1]), root / "tests" / "unit" / room]
    found = [path for folder in folders for path in sorted(folder.glob(f"test_{name}*.py"))]
    if not found:
        found = [path for folder in folders if folder.is_dir() for path in sorted(folder.glob("test_*.py"))]
    property_tests = root / "tests" / "property"
    named = {name, f"{room}_{name}", f"register_{room}"}
    found += [path for path in sorted(property_tests.glob("test_*.py")) if path.stem.removeprefix("test_") in named]
    return [str(path.relative_to(root)) for path in dict.fromkeys(found)]


def trial(root: Path, module: Path, source: str, tests: Sequence[str], patience_s: float) -> Verdict:
    """Red, or longer than the patience: noticed."""
    with tempfile.TemporaryDirectory() as folder:
        stand_in, mutant = Path(folder, "mutant_stand_in.py"), Path(folder, module.name)
        stand_in.write_text(_STAND_IN, encoding="utf-8")
        mutant.write_text(source, encoding="utf-8")
        environment = {
            **os.environ,
            "PYTHONPATH": f"{folder}{os.pathsep}{root}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "MUTANT_NAME": ".".join(module.with_suffix("").parts),
            "MUTANT_FILE": str(mutant),
        }
        command = [sys.executable, "-m", "pytest", "-p", "mutant_stand_in", "-p", "no:cacheprovider"]
        try:
            ended = subprocess.run(
                [*command, "-q", "-x", "-m", "not slow", *tests],
                cwd=root,
                env=environment,
                timeout=patience_s,
                capture_output=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Verdict.KILLED
    return Verdict.SURVIVED if ended.returncode == 0 else Verdict.KILLED
