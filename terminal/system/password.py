"""The panel's password: kept as a salted scrypt hash, compared in constant time, guessed at slowly.

``scrypt$<log2 n>$<r>$<p>$<salt>$<hash>``, the last two in URL-safe base64 (RFC 7914).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from typing import NamedTuple

LOG_N, R, P = 15, 8, 1
"""32 MiB and some 0.1 s a guess on a desktop, about 0.5 s on a small Pi."""
MOST_LOG_N = 17
SHORTEST = 8
LONGEST = 200

_FORM = re.compile(r"scrypt\$(\d{1,2})\$(\d)\$(\d)\$([\w-]{16,64}={0,2})\$([\w-]{43}=)", re.ASCII)


class _Hash(NamedTuple):
    log_n: int
    r: int
    p: int
    salt: bytes
    key: bytes


def hash_password(password: str, salt: bytes | None = None) -> str:
    """The text for ``panel.password_hash``."""
    salt = os.urandom(16) if salt is None else salt
    parts = [base64.urlsafe_b64encode(part).decode() for part in (salt, _key(password, LOG_N, R, P, salt))]
    return "$".join(["scrypt", str(LOG_N), str(R), str(P), *parts])


def is_password_hash(text: str) -> bool:
    """Whether this is what :func:`hash_password` makes."""
    return _read(text) is not None


def password_matches(password: str, text: str) -> bool:
    """Takes its time: call it in a thread."""
    found = _read(text)
    if found is None or len(password) > LONGEST:
        return False
    return hmac.compare_digest(_key(password, found.log_n, found.r, found.p, found.salt), found.key)


def _read(text: str) -> _Hash | None:
    form = _FORM.fullmatch(text)
    if form is None or not (10 <= int(form[1]) <= MOST_LOG_N and int(form[2]) and int(form[3])):
        return None
    try:
        salt, key = (base64.urlsafe_b64decode(part) for part in form.group(4, 5))
    except ValueError:
        return None
    return _Hash(int(form[1]), int(form[2]), int(form[3]), salt, key)


def _key(password: str, log_n: int, r: int, p: int, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "replace"), salt=salt, n=1 << log_n, r=r, p=p, maxmem=256 * 1024 * 1024, dklen=32
    )
