"""Mutants on trial: their module's tests run with one in place of the module, always in a process of their own.

Nearly all are tried the quick way (``forks``). What that cannot try is tried by importing everything anew with the
mutant in the module's place. The checkout is not touched.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, ModuleType

import hypothesis
import pytest

from tests.mutation.forks import OUR_PACKAGES, Forks, in_fork
from tests.mutation.mutants import Mutant

PROFILE = "mutation"
ARGUMENTS = [
    *("-q", "-s", "-x", "-m", "not slow", "-p", "no:cacheprovider", "-p", "no:xdist"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # this program has loaded some plugins before
    *("--hypothesis-profile", PROFILE),
]

hypothesis.settings.register_profile(
    PROFILE,
    derandomize=True,
    deadline=None,
    max_examples=40,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),  # red is enough, the smallest red is not wanted
)


class TestsAreRedError(Exception):
    """Without any change."""


def own_tests(root: Path, module: Path) -> list[str]:
    """By their names: the room's own file and what stands beside it under the same name, and its property tests."""
    room, name = module.parent.name, module.stem
    folders = [root / "tests" / "unit" / Path(*module.parts[1:-1]), root / "tests" / "unit" / room]
    found = [path for folder in folders for path in sorted(folder.glob(f"test_{name}*.py"))]
    if not found:
        found = [path for folder in folders if folder.is_dir() for path in sorted(folder.glob("test_*.py"))]
    property_tests = root / "tests" / "property"
    named = {name, f"{room}_{name}", f"register_{room}", *(path.stem.removeprefix("test_") for path in found)}
    found += [path for path in sorted(property_tests.glob("test_*.py")) if path.stem.removeprefix("test_") in named]
    return [str(path.relative_to(root)) for path in dict.fromkeys(found)]


def survivors_of(
    root: Path, module: Path, mutants: Sequence[Mutant], tests: Sequence[str], patience_s: float
) -> Iterator[Mutant]:
    """Those that no test noticed. Raises TestsAreRedError."""
    verdicts = _quickly(root / module, _name(module), mutants, tests, patience_s)
    for index, mutant in enumerate(mutants):
        if index not in verdicts:
            code = mutant.code(str(root / module))
            verdicts[index] = _kills_anew(root / module, _name(module), code, tests, patience_s)
        if not verdicts[index]:
            yield mutant


def _name(module: Path) -> str:
    return ".".join(module.with_suffix("").parts)


def _quickly(
    file: Path, name: str, mutants: Sequence[Mutant], tests: Sequence[str], patience_s: float
) -> dict[int, bool]:
    def run(answer: Path) -> None:
        forks = Forks(file, name, file.read_text(encoding="utf-8"), mutants, patience_s)
        ended = pytest.main([*ARGUMENTS, *tests], plugins=[forks])
        red = forks.red or ([] if ended is pytest.ExitCode.OK else [str(ended)])
        answer.write_text(json.dumps([red, list(forks.verdicts.items())]), encoding="utf-8")

    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "verdicts.json")
        in_fork(lambda: run(answer), patience_s=0, quiet=False)
        if not answer.exists():
            raise TestsAreRedError("pytest did not end")
        red, verdicts = json.loads(answer.read_text(encoding="utf-8"))
    if red:
        raise TestsAreRedError(" ".join(red))
    return dict(verdicts)


def _kills_anew(file: Path, module: str, code: CodeType, tests: Sequence[str], patience_s: float) -> bool:
    def run() -> int:
        for name in [name for name in sys.modules if name.split(".")[0] in OUR_PACKAGES]:
            del sys.modules[name]
        sys.meta_path.insert(0, _InItsPlace(module, file, code))
        return int(pytest.main([*ARGUMENTS, *tests]))

    return in_fork(run, patience_s) != 0


class _InItsPlace(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Put in front of the search for modules."""

    def __init__(self, name: str, file: Path, code: CodeType) -> None:
        self._name = name
        self._file = file
        self._code = code

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._file, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)
