"""What a certificate is known by."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path


def certificate_sha256(path: Path) -> str:
    """Of the certificate in a PEM file, in hex; empty if there is none that can be read."""
    try:
        der = ssl.PEM_cert_to_DER_cert(path.read_text("ascii"))
    except (OSError, ValueError):
        return ""
    return hashlib.sha256(der).hexdigest() if der else ""
