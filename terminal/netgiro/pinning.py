"""Talk only to a server whose certificate is known by its SHA-256, on top of what every TLS client checks.

It is for who trusts no certificate authority: V2 signs nothing, so there TLS is all that tells Netgíró from others. The
price is a terminal that stops the day the certificate changes, which is why several pins may stand side by side.
"""

from __future__ import annotations

import hashlib
import re
import ssl

from terminal.system.authorities import SecondLook, trusting_context

_PIN = re.compile(r"[0-9a-f]{64}")


def fingerprint_of(certificate: bytes | None) -> str:
    """SHA-256 of a certificate (DER), in hex."""
    return hashlib.sha256(certificate).hexdigest() if certificate else ""


def pins_in(text: str) -> frozenset[str]:
    """The pins in a setting: SHA-256 in hex, with or without colons, parted by spaces. Raises ValueError."""
    pins = frozenset(pin.replace(":", "").lower() for pin in text.split())
    if wrong := [pin for pin in pins if not _PIN.fullmatch(pin)]:
        raise ValueError(f"{wrong[0][:20]!r} is no SHA-256 in hex")
    return pins


def pinned_context(pins: frozenset[str]) -> ssl.SSLContext:
    """Verifies as ever; with pins, a server with any other certificate is refused before anything is sent to it.

    ``pins``: SHA-256 of whole certificates, in lower-case hex. The handshake then raises SSLCertVerificationError.
    """
    context = trusting_context()
    if not pins:
        return context

    class Pinned(SecondLook):
        def do_handshake(self) -> None:
            super().do_handshake()
            seen = fingerprint_of(self.getpeercert(binary_form=True))
            if seen not in pins:
                raise ssl.SSLCertVerificationError(f"the certificate {seen} is not the one of netgiro.certificate_pin")

    context.sslobject_class = Pinned
    return context
