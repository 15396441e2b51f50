"""For every unit test."""

from __future__ import annotations

import pytest

from terminal.system import password


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost little. They are slow for guessers; what they cost is tested by itself."""
    monkeypatch.setattr(password, "LOG_N", 10)
