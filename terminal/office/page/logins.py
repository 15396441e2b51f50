"""Who is at the page: people with a password and a role, and their sessions, which every server of the office knows.

Guessing is slow: each guess costs a scrypt, one at a time, and after three wrong ones a name waits, longer each time,
but never so long that somebody else's guesses lock its owner out.
"""

from __future__ import annotations

import asyncio
import secrets
from functools import cache
from typing import Literal, NamedTuple

from terminal.office.page.queries import note
from terminal.office.server.access import digest
from terminal.office.server.database import Connection
from terminal.system.password import SHORTEST, hash_password, password_matches

Role = Literal["look", "operate"]
SESSION_S = 12 * 3600
FREE_GUESSES = 3
LONGEST_PAUSE_S = 30

_PERSON = "SELECT password_hash, next_guess <= now() FROM person WHERE name = %s"
_WRONG = """
UPDATE person SET wrong_guesses = wrong_guesses + 1, next_guess = now() + make_interval(secs => CASE
    WHEN wrong_guesses + 1 < %s THEN 0 ELSE least(%s, power(2, least(wrong_guesses - 1, 10))) END)
WHERE name = %s
"""
_OPEN = """
INSERT INTO session (token_sha256, name, form_token, expires) VALUES (%s, %s, %s, now() + make_interval(secs => %s))
"""
_WHO = """
SELECT p.name, p.role, s.form_token FROM session AS s JOIN person AS p USING (name)
WHERE s.token_sha256 = %s AND s.expires > now()
"""
_KEEP = """
INSERT INTO person (name, password_hash, role) VALUES (%s, %s, %s)
ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash, role = excluded.role, wrong_guesses = 0,
    next_guess = '-infinity'
"""


class Visitor(NamedTuple):
    name: str
    role: Role
    form_token: str

    @property
    def operates(self) -> bool:
        return self.role == "operate"


class TooEarly(Exception):
    """This name's next guess is not listened to yet."""


@cache
def _nobody() -> str:
    """A name that is not known costs a guess as much time as one that is."""
    return hash_password(secrets.token_hex(8))


def _is_right(password: str, hashed: str | None) -> bool:
    return password_matches(password, hashed or _nobody()) and hashed is not None


async def log_in(connection: Connection, name: str, password: str, guessing: asyncio.Lock) -> str | None:
    """A session's token; None for a wrong name or password. Raises TooEarly."""
    found = await (await connection.execute(_PERSON, (name,))).fetchone()
    if found is not None and not found[1]:
        raise TooEarly
    async with guessing:
        right = await asyncio.to_thread(_is_right, password, str(found[0]) if found else None)
    if found is None:
        return None
    if not right:
        await connection.execute(_WRONG, (FREE_GUESSES, LONGEST_PAUSE_S, name))
        await note(connection, name, "wrong_password")
        return None
    token = secrets.token_urlsafe(32)
    async with connection.transaction():
        await connection.execute("UPDATE person SET wrong_guesses = 0 WHERE name = %s", (name,))
        await connection.execute("DELETE FROM session WHERE expires < now()")
        await connection.execute(_OPEN, (digest(token), name, secrets.token_urlsafe(16), SESSION_S))
        await note(connection, name, "login")
    return token


async def who(connection: Connection, token: str) -> Visitor | None:
    if not token:
        return None
    found = await (await connection.execute(_WHO, (digest(token),))).fetchone()
    return Visitor(*found) if found else None


async def log_out(connection: Connection, name: str, token: str) -> None:
    await connection.execute("DELETE FROM session WHERE token_sha256 = %s", (digest(token),))
    await note(connection, name, "logout")


async def keep_person(connection: Connection, name: str, password: str, role: Role) -> None:
    """New, or with another password or role; sessions with the old one end. Raises ValueError."""
    if len(password) < SHORTEST:
        raise ValueError(f"the password is too short: {SHORTEST} characters at least")
    if not name or len(name) > 64 or not name.isprintable():
        raise ValueError("a name has 1 to 64 letters")
    hashed = await asyncio.to_thread(hash_password, password)
    async with connection.transaction():
        await connection.execute(_KEEP, (name, hashed, role))
        await connection.execute("DELETE FROM session WHERE name = %s", (name,))


async def remove_person(connection: Connection, name: str) -> bool:
    """False if nobody has that name. What they did stays in the log."""
    cursor = await connection.execute("DELETE FROM person WHERE name = %s RETURNING name", (name,))
    return await cursor.fetchone() is not None
