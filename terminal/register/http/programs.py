"""Which register programs may speak: paired by six digits that the terminal shows, known by a token afterwards.

A token is 32 random bytes, so one SHA-256 keeps it well. The six digits would be guessed in a day by whoever may go on
guessing; so there are none unless somebody at the terminal asks for them, and the first success, five failures or five
minutes end them. Names are tills, not people. A key of a payment belongs to its program's name, so a program that is
paired again under its name finds its payments again.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from terminal.sale.sensitive import Sensitive
from terminal.system.files import write_whole
from terminal.system.timestamps import timestamp_now

CODE_GOOD_FOR_S = 300.0
MOST_FAILURES = 5
MOST_PROGRAMS = 32

log = logging.getLogger(__name__)


class Program(msgspec.Struct, frozen=True):
    """One that was paired."""

    name: str
    token_sha256: str
    since: str
    """RFC 3339, UTC."""


class PairingCode(msgspec.Struct, frozen=True):
    """What a program has to be told."""

    digits: Sensitive
    good_for_s: float


class TooManyPrograms(Exception):
    """Revoke one first."""


class Programs:
    """Kept in one small file, which holds no token. Blocks while it writes that; from one thread at a time."""

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.monotonic,
        random_digits: Callable[[], str] = lambda: f"{secrets.randbelow(1_000_000):06d}",
    ) -> None:
        self._path = path
        self._clock = clock
        self._random_digits = random_digits
        self._known: tuple[Program, ...] | None = None
        self._code: Sensitive | None = None
        self._code_until_s = 0.0
        self._failures = 0

    def new_code(self) -> PairingCode:
        """Six digits for one pairing; older ones are good no more."""
        self._code, self._failures = Sensitive(self._random_digits()), 0
        self._code_until_s = self._clock() + CODE_GOOD_FOR_S
        return PairingCode(self._code, CODE_GOOD_FOR_S)

    def pair(self, digits: str, name: str) -> str | None:
        """A new program's token; None if the digits are wrong, or good no more. Raises TooManyPrograms, OSError."""
        code = self._code
        if code is None or self._clock() >= self._code_until_s:
            return None
        if not hmac.compare_digest(code.reveal().encode(), digits.encode()):
            self._failures += 1
            if self._failures >= MOST_FAILURES:
                log.warning("%d wrong pairing codes: the code is good no more", self._failures)
                self._code = None
            return None
        token = self.admit(name)
        self._code = None
        return token

    def admit(self, name: str) -> str:
        """A token for a program that needs no code. Raises TooManyPrograms, OSError."""
        if len(self.known) >= MOST_PROGRAMS:
            raise TooManyPrograms
        token = secrets.token_urlsafe(32)
        self._keep((*self.known, Program(name, digest(token), timestamp_now())))
        return token

    def name_of(self, token: str) -> str | None:
        """Whose token this is."""
        shown = digest(token)
        return next((one.name for one in self.known if hmac.compare_digest(one.token_sha256, shown)), None)

    def knows(self, name: str) -> bool:
        """Some program of that name may call."""
        return any(one.name == name for one in self.known)

    def revoke(self, name: str) -> int:
        """How many tokens of that name there were. Raises OSError."""
        left = tuple(one for one in self.known if one.name != name)
        revoked = len(self.known) - len(left)
        if revoked:
            self._keep(left)
        return revoked

    @property
    def known(self) -> tuple[Program, ...]:
        """Oldest first. A file that cannot be read knows nobody, and says so in the log."""
        if self._known is None:
            try:
                self._known = msgspec.json.decode(self._path.read_bytes(), type=tuple[Program, ...])
            except FileNotFoundError:
                self._known = ()
            except (OSError, msgspec.DecodeError) as error:
                log.error("no register program is known, pair them again: %s: %s", self._path, error)
                self._known = ()
        return self._known

    def _keep(self, programs: tuple[Program, ...]) -> None:
        write_whole(self._path, msgspec.json.format(msgspec.json.encode(programs)))
        self._known = programs


def digest(token: str) -> str:
    """SHA-256 of a token, in hex: all that is kept of it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
