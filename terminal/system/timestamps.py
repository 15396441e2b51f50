"""Wall-clock times as text: RFC 3339, UTC, milliseconds, so that they sort as they are."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def timestamp(at: datetime) -> str:
    """``2026-11-23T14:53:30.254Z``. ``at`` must carry its time zone."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def timestamp_of(time_s: float) -> str:
    """The same for Unix seconds."""
    return timestamp(datetime.fromtimestamp(time_s, UTC))


def timestamp_now() -> str:
    """The machine's clock, right or wrong."""
    return timestamp_of(time.time())
