"""Tests side by side: each is run once and told, files stay together, and a process that dies takes no test with it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import side_by_side
from tests.patience import at_most

ROOT = Path(__file__).parents[2]
SHARED = """
import os, pytest

@pytest.fixture(scope="session")
def shared():
    yield os.getpid()
    print("put away", file=open(os.environ["LOG"], "a"))
"""
GOOD = """
def test_one(shared):
    global first
    first = shared

def test_two(shared, tmp_path):
    assert shared == first
    assert not list(tmp_path.iterdir())
"""
MIXED = """
import os, pytest, sys, warnings

def test_wrong():
    print("what it said")
    assert [1, 2] == [1, 3]

def test_left_out():
    pytest.skip("not here")

def test_warns():
    warnings.warn("mind the step")

def test_dies():
    os._exit(9)

def test_after_it():
    pass
"""


def run(folder: Path, *options: str) -> tuple[int, str]:
    for name, text in {"conftest": SHARED, "test_a": GOOD, "test_b": GOOD, "test_c": MIXED, "test_d": GOOD}.items():
        (folder / f"{name}.py").write_text(text)
    plain = ("-c", "/dev/null", "-p", "no:cacheprovider", "-p", "tests.side_by_side", "-p", "no:playwright")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plain, "--rootdir", str(folder), *options, str(folder)],
        env={"LOG": str(folder / "log"), "TMPDIR": str(folder)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=at_most(30),
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_every_test_is_told_once_and_a_process_that_dies_makes_one_red(tmp_path: Path) -> None:
    code, said = run(tmp_path, "--workers", "2", "-rs")
    assert code == 1
    assert re.search(r"2 failed, 8 passed, 1 skipped, 1 warning in", said), said
    assert "a process of the tests ended with 9" in said
    assert "At index 1 diff: 2 != 3" in said
    assert "what it said" in said
    assert "not here" in said
    assert "mind the step" in said
    assert set((tmp_path / "log").read_text().splitlines()) == {"put away"}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("pytest-of-")] != []


@pytest.mark.parametrize(("workers", "passed"), [("1", 4), ("0", 4)])
def test_the_first_failure_ends_it_where_that_is_asked_for(tmp_path: Path, workers: str, passed: int) -> None:
    code, said = run(tmp_path, "--workers", workers, "-x")
    assert code == 1
    assert f"1 failed, {passed} passed in" in said
    assert set((tmp_path / "log").read_text().splitlines()) == {"put away"}
    assert "stopping after 1 failures" in said


def test_files_that_share_something_dear_are_handed_out_as_one() -> None:
    tests = Path(side_by_side.__file__).parent
    for folder in side_by_side.TOGETHER:
        files = list((tests / folder).rglob("test_*.py"))
        assert len(files) > 1
        assert {side_by_side.batch_of(path) for path in files} == {tests / folder}
    assert side_by_side.batch_of(Path(__file__)) == Path(__file__)
