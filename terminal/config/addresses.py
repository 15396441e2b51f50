"""Addresses of this machine on which something listens."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def parse_listen(text: str) -> tuple[str, int]:
    """Host and port of ``127.0.0.1:8023``, ``localhost:8023`` or ``[::1]:8023``. Raises ValueError."""
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.port is None or parts.netloc != text or "@" in text or not text.isascii():
        raise ValueError(f"{text!r} is not an address with a port")
    return parts.hostname, parts.port


def is_loopback(host: str) -> bool:
    """Whether nobody outside this machine can be at ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
