"""Gives a Python process a wall clock that can be stepped while it runs; the monotonic clock goes on as ever.

Python imports this by itself at its start when the folder is on PYTHONPATH. The step, in seconds, is read from the file
named by STEPPED_CLOCK at every look at the clock.
"""

from __future__ import annotations

import datetime
import os
import time

_true_time = time.time
_true_datetime = datetime.datetime


def _step_s() -> float:
    try:
        with open(os.environ["STEPPED_CLOCK"], encoding="ascii") as file:
            return float(file.read() or 0)
    except (OSError, KeyError, ValueError):
        return 0.0


def _stepped_time() -> float:
    return _true_time() + _step_s()


class _SteppedDatetime(_true_datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> _SteppedDatetime:
        return cls.fromtimestamp(_stepped_time(), tz)


time.time = _stepped_time
datetime.datetime = _SteppedDatetime  # type: ignore[misc]
