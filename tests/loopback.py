"""Calls to a server of the test's own: no proxy between, and no TLS, for which certificates would be loaded first."""

from __future__ import annotations

from typing import Any

import httpx

LOOPBACK: dict[str, Any] = {"trust_env": False, "verify": False}
"""Of an httpx client; loading certificates takes longer than most tests."""

CALL_BY_CALL: dict[str, Any] = {**LOOPBACK, "limits": httpx.Limits(max_keepalive_connections=0)}
"""Each call on a connection of its own: one that was idle may be closed by the server as it is used again."""
