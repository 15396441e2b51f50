"""How long tests wait: limits that no test reaches on a quiet machine grow with what else the machine does.

``TEST_PATIENCE=3`` makes every limit three times as long. Unset, it follows the machine's load, looked at anew each
time, so that a busy machine makes a test slow and not red.
"""

from __future__ import annotations

import os

MOST = 20.0


def patience() -> float:
    """By how much a limit is to be stretched now; at least 1 unless $TEST_PATIENCE says less."""
    if asked_for := os.environ.get("TEST_PATIENCE"):
        return float(asked_for)
    running_a_core = os.getloadavg()[0] / (os.cpu_count() or 1)
    return min(MOST, max(1.0, 1.5 * running_a_core))


def at_most(seconds: float) -> float:
    """A limit for something that takes far less than ``seconds`` on a quiet machine."""
    return seconds * patience()
