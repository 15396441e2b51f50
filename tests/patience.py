"""How long tests wait: limits that no test reaches on a quiet machine grow with what else the machine does.

``TEST_PATIENCE=3`` makes every limit three times as long. Unset, it follows what the machine has to do, looked at anew
each time, so that a busy machine makes a test slow and not red.
"""

from __future__ import annotations

import os
from pathlib import Path

MOST = 20.0
LOAD = Path("/proc/loadavg")


def patience() -> float:
    """By how much a limit is to be stretched now; at least 1 unless $TEST_PATIENCE says less."""
    if asked_for := os.environ.get("TEST_PATIENCE"):
        return float(asked_for)
    running_a_core = max(os.getloadavg()[0], _running_now()) / (os.cpu_count() or 1)
    return min(MOST, max(1.0, 1.5 * running_a_core))


def _running_now() -> int:
    """Tasks that want a core: the average of the last minute knows nothing of what has just begun."""
    try:
        return int(LOAD.read_text(encoding="ascii").split()[3].partition("/")[0])
    except (OSError, IndexError, ValueError):
        return 0


def at_most(seconds: float) -> float:
    """A limit for something that takes far less than ``seconds`` on a quiet machine."""
    return seconds * patience()
