"""What a line that is set to 8 bits by mistake makes of 7 bits with parity."""

from __future__ import annotations


def with_parity(data: bytes, odd: int) -> bytes:
    """``odd``: 1 for odd parity, 0 for even."""
    return bytes(byte | 0x80 if byte.bit_count() % 2 != odd else byte for byte in data)
