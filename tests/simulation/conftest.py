from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of worlds log a lot, and the command that runs them says nothing of it; later tests want their logs."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
