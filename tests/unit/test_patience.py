"""A busy machine stretches every limit, a quiet one none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import patience
from tests.patience import MOST, at_most


@pytest.mark.parametrize(("load", "stretched_s"), [(0.0, 10.0), (0.5, 10.0), (4.0, 60.0), (1000.0, 10 * MOST)])
def test_a_limit_follows_the_load(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, load: float, stretched_s: float
) -> None:
    monkeypatch.delenv("TEST_PATIENCE", raising=False)
    monkeypatch.setattr(patience, "LOAD", tmp_path / "loadavg")
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert at_most(10) == stretched_s


def test_a_limit_follows_what_has_just_begun(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TEST_PATIENCE", raising=False)
    monkeypatch.setattr(patience, "LOAD", tmp_path / "loadavg")
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    patience.LOAD.write_text("0.00 0.00 0.00 6/321 4711\n", encoding="ascii")
    assert at_most(10) == 90


def test_who_runs_the_tests_may_say_how_patient_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PATIENCE", "3")
    assert at_most(10) == 30
