"""The mutator: each kind of change is made, what runs no business is left alone, and a trial tells red from green."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutation.mutants import mutants_of
from tests.mutation.trial import Verdict, own_tests, trial

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("x = a < b", "x = a <= b"),
        ("x = a and b", "x = a or b"),
        ("x = a and b", "x = a and True"),
        ("x = a or b", "x = False or b"),
        ("x = a + b", "x = a - b"),
        ("x += a", "x -= a"),
        ("x = not a", "x = not (not a)"),
        ("x = True", "x = False"),
        ("x = 7", "x = 8"),
        ("x = 'paid'", "x = 'paid~'"),
        ("x = a if b else c", "x = a if not b else c"),
        ("x = min(a, b)", "x = max(a, b)"),
        ("x = f(a, b=c)", "x = f(a)"),
        ("f(a)", "None"),
        ("def f():\n    return a", "def f():\n    return None"),
        ("match a:\n    case 1 if b:\n        x", "match a:\n    case 1:\n        x"),
    ],
)
def test_each_kind_of_change_is_made(source: str, changed: str) -> None:

    assert ast.unparse(ast.parse(changed)) in [mutant.source for mutant in mutants_of(source)]


@pytest.mark.parametrize(
    "source", ["import a", '"""Says."""', "x: list[int]", "log.info('paid %d', 7)", "def f(a: int) -> bool: ..."]
)
def test_what_runs_no_business_is_left_alone(source: str) -> None:
    assert mutants_of(source) == []


def test_a_mutant_tells_its_line_and_its_change() -> None:
    source = "a = 1\nb = a < 2\n"
    mutant = next(mutant for mutant in mutants_of(source) if mutant.what == "Lt as LtE")
    assert mutant.line == 2
    assert mutant.diff(source).splitlines() == ["-b = a < 2", "+b = a <= 2"]


def test_a_modules_tests_are_found_by_name() -> None:
    found = own_tests(ROOT, Path("terminal/sale/step.py"))
    assert {"tests/unit/sale/test_step.py", "tests/property/test_step.py"} <= set(found)
    assert all("/test_step" in one for one in found)


def test_a_trial_tells_red_from_green_and_touches_no_file() -> None:
    module, tests = Path("terminal/sale/money.py"), ["tests/unit/sale/test_money.py"]
    source = (ROOT / module).read_text(encoding="utf-8")
    assert trial(ROOT, module, source, tests, 60) is Verdict.SURVIVED
    mutant = next(mutant for mutant in mutants_of(source) if mutant.what == "returns None")
    assert trial(ROOT, module, mutant.source, tests, 60) is Verdict.KILLED
    assert (ROOT / module).read_text(encoding="utf-8") == source
