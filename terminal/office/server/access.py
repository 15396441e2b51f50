"""Who may speak for a terminal: tokens, kept as hashes; enrolment by a code that works once.

A token is 32 random bytes, so one SHA-256 keeps it well: there is nothing to guess. The common token speaks for every
terminal that has none of its own, which is enough for a small chain; a terminal that was enrolled has its own, and from
then on only that one counts. A revoked terminal is refused whatever it shows.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from enum import Enum, auto

from terminal.office.server.database import Connection
from terminal.sale.sensitive import Sensitive

CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 12
"""60 bits: nobody guesses one in the hour that it is good for."""
CODE_GOOD_FOR_S = 3600

_KNOW = "INSERT INTO terminal (terminal) VALUES (%s) ON CONFLICT DO NOTHING"
_SPEND = "DELETE FROM enrolment WHERE terminal = %s AND code_sha256 = %s AND expires > now() RETURNING terminal"
_KEEP_TOKEN = """
INSERT INTO terminal (terminal, token_sha256, enrolled) VALUES (%s, %s, now())
ON CONFLICT (terminal) DO UPDATE SET token_sha256 = excluded.token_sha256, enrolled = now(), revoked = NULL
"""
_KEEP_CODE = """
INSERT INTO enrolment (terminal, code_sha256, expires) VALUES (%s, %s, now() + make_interval(secs => %s))
ON CONFLICT (terminal) DO UPDATE SET code_sha256 = excluded.code_sha256, expires = excluded.expires
"""
_KEEP_SHOP = """
INSERT INTO terminal (terminal, shop) VALUES (%s, %s) ON CONFLICT (terminal) DO UPDATE SET shop = excluded.shop
"""
_REVOKE = "UPDATE terminal SET revoked = now(), token_sha256 = NULL WHERE terminal = %s RETURNING terminal"


class Access(Enum):
    GRANTED = auto()
    UNKNOWN_TOKEN = auto()
    NOT_THIS_TERMINAL = auto()


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


async def is_known(connection: Connection, token: str, common: Sensitive) -> bool:
    """Whether it speaks for any terminal at all; only of those a body is read."""
    if common and hmac.compare_digest(digest(token), digest(common.reveal())):
        return True
    cursor = await connection.execute("SELECT 1 FROM terminal WHERE token_sha256 = %s LIMIT 1", (digest(token),))
    return await cursor.fetchone() is not None


async def check(connection: Connection, terminal: str, token: str, common: Sensitive) -> Access:
    """Whether the bearer of ``token`` may speak for ``terminal``; one that is new becomes known."""
    is_common = bool(common) and hmac.compare_digest(digest(token), digest(common.reveal()))
    cursor = await connection.execute("SELECT token_sha256, revoked FROM terminal WHERE terminal = %s", (terminal,))
    found = await cursor.fetchone()
    if found is None:
        if not is_common:
            return Access.UNKNOWN_TOKEN
        await connection.execute(_KNOW, (terminal,))
        return Access.GRANTED
    own, revoked = found
    if revoked is not None:
        return Access.NOT_THIS_TERMINAL if is_common else Access.UNKNOWN_TOKEN
    if own is None:
        return Access.GRANTED if is_common else Access.UNKNOWN_TOKEN
    if hmac.compare_digest(bytes(own), digest(token)):
        return Access.GRANTED
    return Access.NOT_THIS_TERMINAL if is_common else Access.UNKNOWN_TOKEN


async def make_code(connection: Connection, terminal: str, shop: str | None) -> str:
    """A code for one enrolment of this terminal; an older one is good no more."""
    code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
    async with connection.transaction():
        await connection.execute(_KEEP_CODE, (terminal, digest(code), CODE_GOOD_FOR_S))
        if shop is not None:
            await connection.execute(_KEEP_SHOP, (terminal, shop))
    return "-".join(code[start : start + 4] for start in range(0, CODE_LENGTH, 4))


async def enrol(connection: Connection, terminal: str, code: str) -> str | None:
    """The terminal's own token for the right code; None for any other."""
    plain = "".join(code.upper().replace("-", " ").split())
    token = secrets.token_urlsafe(32)
    async with connection.transaction():
        cursor = await connection.execute(_SPEND, (terminal, digest(plain)))
        if await cursor.fetchone() is None:
            return None
        await connection.execute(_KEEP_TOKEN, (terminal, digest(token)))
    return token


async def revoke(connection: Connection, terminal: str) -> bool:
    """From now on nobody speaks for it. False if it is not known."""
    cursor = await connection.execute(_REVOKE, (terminal,))
    return await cursor.fetchone() is not None
