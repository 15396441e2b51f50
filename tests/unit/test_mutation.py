"""The mutator: each kind of change is made, what runs no business is left alone, and a trial tells red from green."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.each import each_of
from tests.mutation.forks import exchanged
from tests.mutation.mutants import compiled, mutants_of
from tests.mutation.trial import own_tests

ROOT = Path(__file__).parents[2]


@each_of(
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


@each_of("source", ["import a", '"""Says."""', "x: list[int]", "log.info('paid %d', 7)", "def f(a: int) -> bool: ..."])
def test_what_runs_no_business_is_left_alone(source: str) -> None:
    assert mutants_of(source) == []


def test_a_mutant_tells_its_line_and_its_change() -> None:
    source = "a = 1\nb = a < 2\n"
    mutant = next(mutant for mutant in mutants_of(source) if mutant.what == "Lt as LtE")
    assert mutant.lines == range(2, 3)
    assert mutant.diff().splitlines() == ["-b = a < 2", "+b = a <= 2"]


def test_a_modules_tests_are_found_by_name() -> None:
    found = own_tests(ROOT, Path("terminal/sale/step.py"))
    assert {"tests/unit/sale/test_step.py", "tests/property/test_step.py"} <= set(found)
    assert all("/test_step" in one for one in found)


def test_a_change_is_undone_before_the_next_is_made() -> None:
    source = "def f(a):\n    if not a and a < 2:\n        return g(a, b=3)"
    texts = [mutant.source for mutant in mutants_of(source)]
    assert len(set(texts)) == len(texts)
    assert source not in texts


def test_only_code_that_runs_after_the_import_is_exchanged() -> None:
    source = "class A:\n    x = 1\n    def f(self, b=2):\n        return self.x + 3\ndef g():\n    return 4"
    original = compiled(ast.parse(source), "a.py")
    names: dict[str, Any] = {"__name__": "a"}
    exec(original, names)
    live = [names["A"].f, names["g"]]
    found = {mutant.what: exchanged(original, mutant.code("a.py"), live) for mutant in mutants_of(source)}
    assert found["1 as 2"] is None
    assert found["2 as 3"] is None
    codes = found["3 as 4"]
    assert codes is not None
    ((function, code),) = codes
    function.__code__ = code
    assert names["A"]().f() == 5
    assert found["4 as 5"] == [(names["g"], names["g"].__code__.replace(co_consts=(None, 5)))]


def test_the_command_names_what_no_test_notices() -> None:
    command = [sys.executable, "-m", "tests.mutation", "terminal/sale/money.py", "--sample", "5", "--seed", "3"]
    few = ["--tests", "tests/unit/sale/test_money.py::test_registers_digits_are_kronur"]
    ended = subprocess.run([*command, *few], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout.startswith("terminal/sale/money.py:15: le= left out\n-Kronur")
    assert "4 of 5 mutants killed" in ended.stdout


@pytest.mark.slow
def test_every_change_of_what_gives_out_nonces_is_noticed() -> None:
    command = [sys.executable, "-m", "tests.mutation", "terminal/netgiro/nonce.py", "--sample", "0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
