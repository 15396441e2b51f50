"""Calls to a server of the test's own: no proxy between, and no TLS, for which certificates would be loaded first."""

from __future__ import annotations

from typing import Any

LOOPBACK: dict[str, Any] = {"trust_env": False, "verify": False}
"""Of an httpx client; loading certificates takes longer than most tests."""
