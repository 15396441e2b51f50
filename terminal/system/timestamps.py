"""Wall-clock times as text: RFC 3339, UTC, milliseconds, so that they sort as they are."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def timestamp(at: datetime) -> str:
    """``2026-11-23T14:53:30.254Z``. ``at`` must carry its time zone."""
    return _text(at.astimezone(UTC))


def timestamp_of(time_s: float) -> str:
    """The same for Unix seconds."""
    return _text(datetime.fromtimestamp(time_s, UTC))


def timestamp_now() -> str:
    """The machine's clock, right or wrong."""
    return timestamp_of(time.time())


def on_the_wall(text: str) -> str:
    """``23.11.2026 14:53``: such a text as this machine's wall clock shows it; what is no time stays as it is."""
    try:
        return f"{datetime.fromisoformat(text).astimezone():%d.%m.%Y %H:%M}"
    except ValueError:
        return text


def _text(utc: datetime) -> str:
    return f"{utc.isoformat(timespec='milliseconds')[: -len('+00:00')]}Z"
