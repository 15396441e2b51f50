"""The signed archives of releases, which terminals load in pieces.

They lie in the database as everything does, so any collector can hand out any piece. The office signs nothing and
verifies nothing: each terminal trusts the publisher's keys in its own ``release-keys``, and nobody here.
"""

from __future__ import annotations

import hashlib
from typing import BinaryIO, NamedTuple

from terminal.errors import TerminalError
from terminal.office import wire
from terminal.office.server.database import Connection

_WANTED = """
JOIN rollout_member AS m ON m.version = a.version JOIN rollout AS r ON r.version = a.version
WHERE m.terminal = %s AND r.state = 'running' AND m.state IN ('waiting', 'proving')
"""
_OFFER = f"SELECT a.version, a.size, a.sha256, a.signature FROM release_archive AS a {_WANTED} AND a.machine = %s"
_PIECE = f"""
SELECT p.content FROM release_piece AS p WHERE p.sha256 = %s AND p.number = %s
  AND EXISTS (SELECT 1 FROM release_archive AS a {_WANTED} AND a.sha256 = %s)
"""
_ADD = """
INSERT INTO release_archive (version, machine, sha256, size, signature, added_by) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (version, machine) DO UPDATE SET sha256 = excluded.sha256, size = excluded.size,
    signature = excluded.signature, added_by = excluded.added_by, added_at = now()
"""
_ADD_PIECE = "INSERT INTO release_piece (sha256, number, content) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_TIDY = "DELETE FROM release_piece WHERE sha256 NOT IN (SELECT sha256 FROM release_archive)"
_NOTE = "INSERT INTO audit (name, did, what) VALUES (%s, 'release_add', %s)"


class Archive(NamedTuple):
    """What an archive says of itself, and its signature."""

    version: str
    machine: str
    signature: str


async def add(connection: Connection, archive: Archive, content: BinaryIO, by: str) -> wire.ArchiveOffer:
    """In the place of what was there for this version and machine. Raises TerminalError."""
    hashed, size = hashlib.sha256(), 0
    while chunk := content.read(wire.PIECE_BYTES):
        hashed.update(chunk)
        size += len(chunk)
    whole = hashed.hexdigest()
    if not 0 < size <= wire.LARGEST_ARCHIVE_BYTES:
        raise TerminalError(f"an archive has 1 to {wire.LARGEST_ARCHIVE_BYTES} bytes, and this one {size}")
    content.seek(0)
    async with connection.transaction():
        await connection.execute(_ADD, (archive.version, archive.machine, whole, size, archive.signature, by))
        for number in range(wire.pieces_of(size)):
            await connection.execute(_ADD_PIECE, (whole, number, content.read(wire.PIECE_BYTES)))
        await connection.execute(_TIDY)
        await connection.execute(_NOTE, (by, f"{archive.version}, {archive.machine}, {whole[:12]}"))
    return wire.ArchiveOffer(archive.version, size, whole, archive.signature)


async def offer(connection: Connection, terminal: str, machine: str) -> wire.ArchiveOffer | None:
    """The archive that this terminal should install, if there is one for its machine."""
    found = await (await connection.execute(_OFFER.encode(), (terminal, machine))).fetchone()
    return wire.ArchiveOffer(*found) if found else None


async def piece(connection: Connection, terminal: str, sha256: str, number: int) -> bytes | None:
    """None: there is none, or this terminal should not install it."""
    found = await (await connection.execute(_PIECE.encode(), (sha256, number, terminal, sha256))).fetchone()
    return bytes(found[0]) if found else None
