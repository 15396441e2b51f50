"""A bounded part of ``python -m tests.printer_moods``: sales over printers that change their mood."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.printer_moods import BAD, HARMLESS, run


@pytest.mark.parametrize("sales", [40, pytest.param(120, marks=pytest.mark.slow)])
@pytest.mark.parametrize("confirms", [True, False], ids=["confirms", "never confirms"])
def test_each_receipt_comes_out_and_at_most_one_copy_unasked(tmp_path: Path, confirms: bool, sales: int) -> None:
    world = run(tmp_path, sales, seed=7, confirms=confirms)
    assert world.problems() == []
    assert len(world.moods) > (len(BAD) + len(HARMLESS)) / 2


def test_a_count_that_sees_nothing_would_prove_nothing(tmp_path: Path) -> None:
    """The judge itself: a sheet less, one too many and one too late are each told."""
    world = run(tmp_path, 5, seed=1)
    assert world.problems() == []
    first = world.sheets[0]
    rest = world.sheets[1:]
    world.sheets = rest
    assert any("never came out" in problem for problem in world.problems())
    world.sheets = [first, first, *rest]
    assert any("twice unmarked" in problem for problem in world.problems())
    copy = first._replace(is_copy=True)
    world.sheets = [first, copy, copy, *rest]
    assert any("3 times" in problem for problem in world.problems())
    world.sheets = [first._replace(at_s=first.at_s + 1000), *rest]
    assert any("held up" in problem for problem in world.problems())
