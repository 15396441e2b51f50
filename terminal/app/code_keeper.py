"""Staff's codes as they are kept: hashed, beside the journal, so that no update loses them.

The configuration's codes count until somebody changes one at the keypad. A wrong code makes the next one wait, ever
longer, also over a restart: a try is on disk before it is looked at.
"""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from terminal.config.schema import Config
from terminal.counter.menu import CodeKind
from terminal.counter.menu_codes import CodeJudged, CodeVerdict
from terminal.sale.sensitive import Sensitive
from terminal.system.files import write_whole
from terminal.system.password import hash_password, is_password_hash, password_matches

FILE = "codes.json"
FREE_TRIES = 2
"""Wrong codes after which nobody waits yet."""
FIRST_WAIT_S = 60.0
LONGEST_WAIT_S = 3600.0
LARGEST_FILE_BYTES = 4096

log = logging.getLogger(__name__)


class Kept(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The file."""

    staff: str = ""
    refund: str = ""
    """Hashes; empty: the configuration's code counts."""
    wrong: int = 0
    """How many were wrong since the last right one."""


_decoder = msgspec.json.Decoder(Kept)


class CodeKeeper:
    """Blocking, and takes its time: call it on a thread."""

    def __init__(self, folder: Path, initial: dict[CodeKind, Sensitive], steady_s: Callable[[], float]) -> None:
        self._path = folder / FILE
        self._initial = initial
        self._steady_s = steady_s
        self._free_at_s: float | None = None
        """None: nothing was tried since the start."""

    def has(self, kind: CodeKind) -> bool:
        """There is one, so what needs it can be done here. One that cannot be read is there, too."""
        try:
            return bool(getattr(self._read(), kind) or self._initial[kind])
        except (OSError, ValueError):
            return True

    def check(self, kind: CodeKind, typed: Sensitive) -> CodeJudged:
        """Whether it is the one. Never raises."""
        try:
            return self._check(kind, typed)
        except (OSError, ValueError) as error:
            log.error("no code can be checked: %s: %s; see: netgiro-terminal code reset", self._path, error)
            return CodeJudged(CodeVerdict.FAILED)

    def change(self, kind: CodeKind, new: Sensitive) -> CodeJudged:
        """Keep this one from now on. Never raises."""
        try:
            kept = self._read()
            setattr(kept, kind, hash_password(new.reveal()))
            self._write(kept)
        except (OSError, ValueError) as error:
            log.error("the code is not changed: %s: %s", self._path, error)
            return CodeJudged(CodeVerdict.FAILED)
        log.warning("the %s code was changed at the keypad", kind)
        return CodeJudged(CodeVerdict.CHANGED)

    def _check(self, kind: CodeKind, typed: Sensitive) -> CodeJudged:
        kept, now_s = self._read(), self._steady_s()
        if self._free_at_s is None:  # a restart must not shorten what is waited for
            self._free_at_s = now_s + wait_s(kept.wrong)
        if now_s < self._free_at_s:
            return CodeJudged(CodeVerdict.LOCKED, self._free_at_s - now_s)
        kept.wrong += 1
        self._write(kept)
        if self._is_right(kept, kind, typed):
            kept.wrong = 0
            self._write(kept)
            return CodeJudged(CodeVerdict.RIGHT)
        log.warning("a wrong %s code, the %d. in a row", kind, kept.wrong)
        self._free_at_s = now_s + wait_s(kept.wrong)
        return CodeJudged(CodeVerdict.WRONG, wait_s(kept.wrong))

    def _is_right(self, kept: Kept, kind: CodeKind, typed: Sensitive) -> bool:
        if stored := getattr(kept, kind):
            return password_matches(typed.reveal(), stored)
        initial = self._initial[kind].reveal()
        return bool(initial) and hmac.compare_digest(initial, typed.reveal())

    def _read(self) -> Kept:
        """Raises OSError, ValueError."""
        try:
            with self._path.open("rb") as file:
                content = file.read(LARGEST_FILE_BYTES)
        except FileNotFoundError:
            return Kept()
        kept = _decoder.decode(content)
        if any(text and not is_password_hash(text) for text in (kept.staff, kept.refund)) or kept.wrong < 0:
            raise ValueError("it is not as it was written")
        return kept

    def _write(self, kept: Kept) -> None:
        write_whole(self._path, msgspec.json.encode(kept))


def wait_s(wrong: int) -> float:
    """How long nothing is looked at after so many wrong codes in a row."""
    beyond = wrong - FREE_TRIES
    return min(FIRST_WAIT_S * 2.0 ** min(beyond - 1, 10), LONGEST_WAIT_S) if beyond > 0 else 0.0


def keeper_for(config: Config, steady_s: Callable[[], float] = time.monotonic) -> CodeKeeper:
    """Real codes, also in training: who trains types the real ones."""
    folder = Path(config.journal.path).parent
    initial = {CodeKind.STAFF: config.terminal.staff_code, CodeKind.REFUND: config.terminal.refund_code}
    return CodeKeeper(folder.parent if config.terminal.training else folder, initial, steady_s)


def reset(folder: Path, kind: CodeKind) -> bool:
    """The configuration's code counts again, and nobody waits. False if it did before. Raises OSError."""
    path = folder / FILE
    try:
        kept = _decoder.decode(path.read_bytes())
    except FileNotFoundError:
        return False
    except ValueError:
        path.unlink()
        return True
    had_one = bool(getattr(kept, kind)) or bool(kept.wrong)
    setattr(kept, kind, "")
    kept.wrong = 0
    write_whole(path, msgspec.json.encode(kept))
    return had_one
