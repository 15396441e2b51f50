"""A release on its way from the head office, as it lies beside the journal. config/office_release.py has the names.

Everything here may take as long as the card does: for threads, never for the event loop.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
from pathlib import Path
from typing import BinaryIO, Self

import msgspec
from msgspec.structs import replace

from terminal import __version__
from terminal.config.office_release import ARCHIVE, FOLDER, LONGEST_WHY, READY, SIGNATURE
from terminal.config.schema import Config
from terminal.doctor.status import ReleaseStatus
from terminal.errors import TerminalError
from terminal.office.wire import PIECE_BYTES, ArchiveOffer
from terminal.system.files import sync_folder, write_whole
from terminal.system.owner import open_regular

STATE = "state.json"
PART = "archive.part"
ROOM_BYTES = 256 * 1024 * 1024
"""Left free: a journal that cannot be written takes no payments."""

log = logging.getLogger(__name__)


class Refusal(msgspec.Struct, frozen=True):
    version: str
    sha256: str
    why: str


class Kept(msgspec.Struct, frozen=True):
    """What is known of it, also after a start."""

    wanted: str = ""
    """The version that the office asks for; empty: none, or it runs."""
    offer: ArchiveOffer | None = None
    """What is being loaded, or was."""
    tickets: int = 0
    """How often the machine was asked to install it."""
    handed_over: bool = False
    trouble: str = ""
    refused: Refusal | None = None

    def refuse(self, why: str) -> Kept:
        offer = self.offer
        refusal = Refusal(offer.version if offer else self.wanted, offer.sha256 if offer else "", why[:LONGEST_WHY])
        return replace(self, offer=None, tickets=0, handed_over=False, trouble="", refused=refusal)

    @property
    def ticket(self) -> str:
        return f"{self.offer.sha256 if self.offer else ''}-{self.tickets}"


_read = msgspec.json.Decoder(Kept).decode


class ReleaseFolder:
    """Raises OSError wherever the card does."""

    def __init__(self, config: Config) -> None:
        self.path = Path(config.journal.path).parent / FOLDER

    def read(self) -> Kept:
        """Nothing kept, if it cannot be read: then it is loaded anew."""
        try:
            with open_regular(self.path / STATE) as file:
                return _read(file.read(64 * 1024))
        except (OSError, msgspec.DecodeError, RecursionError) as error:
            if not isinstance(error, FileNotFoundError):
                log.warning("what is known of the office's release cannot be read: %s", error)
            return Kept()

    def write(self, kept: Kept) -> Kept:
        self.path.mkdir(mode=0o700, exist_ok=True)
        write_whole(self.path / STATE, msgspec.json.encode(kept))
        return kept

    def loaded_bytes(self) -> int:
        with contextlib.suppress(OSError):
            return (self.path / PART).stat(follow_symlinks=False).st_size
        return 0

    def drop(self) -> None:
        """The archive and what belongs to it; what is known of it stays."""
        for name in (READY, SIGNATURE, ARCHIVE, PART):
            (self.path / name).unlink(missing_ok=True)

    def withdraw(self) -> bool:
        """The ticket, if nobody has taken it yet."""
        try:
            (self.path / READY).unlink()
        except FileNotFoundError:
            return False
        return True

    def hand_over(self, kept: Kept) -> Kept:
        """The archive is whole: root is asked to install it. Written down first, so that nothing is asked for twice."""
        offer = kept.offer
        assert offer is not None
        kept = self.write(replace(kept, tickets=kept.tickets + 1, handed_over=True, trouble=""))
        write_whole(self.path / SIGNATURE, offer.signature.encode())
        write_whole(self.path / READY, kept.ticket.encode())
        return kept


class Part:
    """The archive while it grows, hashed as it is written. It goes on with what an earlier attempt left."""

    def __init__(self, folder: ReleaseFolder, offer: ArchiveOffer) -> None:
        """Raises TerminalError if there is no room."""
        self._folder = folder
        self._offer = offer
        self._hash = hashlib.sha256()
        self.have = 0
        self._file = self._open()

    @property
    def is_whole(self) -> bool:
        """All bytes are here. Their hash is not checked yet."""
        return self.have == self._offer.size

    @property
    def next_piece(self) -> tuple[int, int]:
        """Its number, and how long it must be."""
        return self.have // PIECE_BYTES, min(PIECE_BYTES, self._offer.size - self.have)

    def _open(self) -> BinaryIO:
        path = self._folder.path / PART
        free_bytes = shutil.disk_usage(self._folder.path).free
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.fdopen(os.open(path, flags, 0o600), "r+b")
        try:
            size = os.fstat(file.fileno()).st_size
            if free_bytes + size < self._offer.size + ROOM_BYTES:
                raise TerminalError(
                    f"too little room for a release beside the journal: {free_bytes // 2**20} MiB are free, and"
                    f" {ROOM_BYTES // 2**20} must stay so"
                )
            whole = min(size, self._offer.size)
            whole -= whole % PIECE_BYTES  # the last one may be torn
            while self.have < whole:
                chunk = file.read(min(PIECE_BYTES, whole - self.have))
                self._hash.update(chunk)
                self.have += len(chunk)
            file.seek(whole)
            file.truncate()
        except BaseException:
            file.close()
            raise
        return file

    def add(self, piece: bytes) -> None:
        self._file.write(piece)
        self._file.flush()
        self._hash.update(piece)
        self.have += len(piece)

    def finish(self) -> None:
        """Under its name and on disk. Raises TerminalError if it is not what was offered; then nothing of it stays."""
        if self._hash.hexdigest() != self._offer.sha256:
            self._folder.drop()
            raise TerminalError("what was loaded is not the archive whose hash was offered")
        os.fsync(self._file.fileno())
        (self._folder.path / PART).rename(self._folder.path / ARCHIVE)
        sync_folder(self._folder.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        with contextlib.suppress(OSError):
            self._file.close()


def release_status(config: Config) -> ReleaseStatus:
    """For ``status``: which release is wanted, how much of it is loaded (percent), and what keeps or refused it."""
    folder = ReleaseFolder(config)
    kept = folder.read()
    wanted, offer, refused = kept.wanted if kept.wanted != __version__ else "", kept.offer, kept.refused
    if refused is not None and refused.version == __version__:  # installed by hand since
        refused = None
    loaded = folder.loaded_bytes() if offer and not kept.handed_over else 0
    return ReleaseStatus(
        wanted=wanted,
        loaded_percent=100 if kept.handed_over else loaded * 100 // offer.size if offer else 0,
        handed_over=kept.handed_over and bool(wanted),
        trouble=kept.trouble if wanted else "",
        refused_version=refused.version if refused else "",
        refused=refused.why if refused else "",
    )
