"""Whether the clock shows the time. A Pi without a clock chip starts where it stopped, hours or months ago."""

from __future__ import annotations

from pathlib import Path

TIMESYNCD = Path("/run/systemd/timesync")
"""systemd-timesyncd's folder; ``synchronized`` is in it once the clock was set after a start."""
TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""


def kernel_clock_is_synchronised() -> bool | None:
    """What the kernel was told by chrony, ntpd or systemd-timesyncd; None if it does not say. Changes nothing."""
    import ctypes  # noqa: PLC0415  not before somebody wants to know

    try:
        # struct timex, all zero: modes = 0 asks without setting. It has 208 bytes on 64-bit Linux, fewer elsewhere.
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != TIME_ERROR


def clock_is_set() -> bool:
    """False if it is known that nothing has set the clock since the machine was started.

    The service may not ask the kernel (``ProtectClock=`` in its unit), so systemd-timesyncd's word comes first.
    """
    if (TIMESYNCD / "synchronized").exists():
        return True
    is_synchronised = kernel_clock_is_synchronised()
    return is_synchronised if is_synchronised is not None else not TIMESYNCD.exists()
