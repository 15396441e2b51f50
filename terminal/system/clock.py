"""Whether the clock shows the time. A Pi without a clock chip starts where it stopped, hours or months ago."""

from __future__ import annotations

import time
from pathlib import Path

TIMESYNCD = Path("/run/systemd/timesync")
"""systemd-timesyncd's folder; ``synchronized`` is in it once the clock was set after a start."""
TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""
EARLIEST_CREDIBLE_S = 1_790_000_000
"""2026-09-21: before this program was written. A Pi without a clock chip starts in the past."""
SET_BACK_S = 60.0
"""Somebody with a watch may set a clock back by so much."""


def kernel_clock_is_synchronised() -> bool | None:
    """What the kernel was told by chrony, ntpd or systemd-timesyncd; None if it does not say. Changes nothing."""
    try:
        import ctypes  # noqa: PLC0415  not before somebody wants to know

        # struct timex, all zero: modes = 0 asks without setting. It has 208 bytes on 64-bit Linux, fewer elsewhere.
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError, ImportError):  # the journal's owner need not be able to read Python's library
        return None
    return None if state < 0 else state != TIME_ERROR


def clock_is_synchronised() -> bool | None:
    """Whether something has set the clock since the machine was started; None if nobody says.

    The service may not ask the kernel (``ProtectClock=`` in its unit), so systemd-timesyncd's word comes first.
    """
    if (TIMESYNCD / "synchronized").exists():
        return True
    is_synchronised = kernel_clock_is_synchronised()
    return False if is_synchronised is None and TIMESYNCD.exists() else is_synchronised


def is_set(is_synchronised: bool | None, now_s: float, latest_s: float = EARLIEST_CREDIBLE_S) -> bool:
    """If nobody says, the clock is set unless it stands before a time that has been: ``latest_s``."""
    return is_synchronised if is_synchronised is not None else now_s >= latest_s - SET_BACK_S


def clock_is_set() -> bool:
    """As far as can be told without a journal."""
    return is_set(clock_is_synchronised(), time.time())
