"""The journal's text mirror: a damaged database is made anew from it.

One line a commit, ``<CRC-32 in hex> <JSON array of links of the chain>``, in numbered segments. Lines are only ever
added: on an SD card, blocks that are not written again last longest. Each segment begins with the state before it, so a
start reads only the last segment. Empty lines at the end are room for the next commits. Lines of older versions hold
bare rows. A mirror belongs to one epoch of the chain.

Order, and why: the database commits first, then the mirror is written and fsynced, then the commit counts as done. So
both files hold everything that was acted upon. A power cut in between leaves the database one commit ahead; the next
start adds that commit to the mirror. A damaged WAL leaves the mirror ahead; the next start brings those commits back. A
line that a power cut tore fails its checksum; nothing was acted upon for it.

If the disk does not accept a line that was acted upon, an empty file beside the mirror says so until the line is
written. Without that file, if the database were lost then, nobody could see that something is missing.
"""

from __future__ import annotations

import itertools
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec
from msgspec.structs import replace

from terminal.journal.rows import ChainedRow, ChainEnd, EntryRow, Positions, Row, read_row
from terminal.system.files import sync_folder
from terminal.system.owner import open_regular, require_regular

SEGMENT_BYTES = 2 * 1024 * 1024
LONGEST_LINE = 4 * 1024 * 1024
"""A line that claims to be longer is damage."""
LONGEST_TORN = 4096
"""No commit of a sale is longer."""
ROOM_BYTES = 64 * 1024
LATEST_BYTES = 512 * 1024
ROWS_PER_LINE = 50
"""Most rows in one line while catching up."""


class Held(NamedTuple):
    """A row as a line holds it; without a link if an older version wrote it."""

    row: Row
    link: ChainedRow | None = None


Line: TypeAlias = list[Held | Positions | ChainEnd]

_decoder = msgspec.json.Decoder(list[ChainedRow | ChainEnd | Positions | Row])


class Damage(NamedTuple):
    """Lines that cannot be read, one after the other."""

    segment: Path
    first_line: int
    length: int
    """In bytes."""
    is_at_the_end: bool
    """No good line follows."""

    @property
    def is_torn_write(self) -> bool:
        """What a power cut leaves of the line that was being written."""
        return self.is_at_the_end and self.length <= LONGEST_TORN


class Mirror:
    """The segments in one folder. Blocking; used from one thread. Every method may raise OSError."""

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder = folder
        self._behind = folder.with_name(f"{folder.name}-behind")
        self.positions = Positions()
        """What is safely in it."""
        self.chain = ChainEnd("")
        """The last link in it; the epoch is empty if only older versions wrote to it."""
        self.last_entry: EntryRow | None = None
        """The newest in the last segment."""
        self._reached = Positions()
        self._sync_failed = False
        """What was written since ``positions`` may be in memory only, where it reads like the rest."""
        self._segment_bytes = segment_bytes
        self._fd: int | None = None
        self._length = self._room = 0

    # --- reading ------------------------------------------------------------------------------------------------------

    def segments(self) -> list[Path]:
        """Oldest first."""
        return sorted(self.folder.glob("[0-9]*.log"), key=lambda path: (len(path.name), path.name))

    def rows(self, damages: list[Damage] | None = None, *, start: Positions | None = None) -> Iterator[Row]:
        """Every row that can be read, in the order written; ``damages`` is told what cannot be."""
        return (held.row for held in self.held(damages, start=start))

    def held(self, damages: list[Damage] | None = None, *, start: Positions | None = None) -> Iterator[Held]:
        """The same, with their links.

        With ``start`` segments that end before it are left out, as far as their successors' heads tell.
        """
        segments = self.segments()
        if start is not None:
            while len(segments) > 1 and start.reaches_all(_head(segments[1]) or Positions(entries=start.entries + 1)):
                segments.pop(0)
        for path in segments:
            yield from _held(path, damages)

    def latest_rows(self) -> Iterator[Row]:
        """The last ones, oldest first: as many as a card may have had under way, and more."""
        missing, tails = LATEST_BYTES, []
        for path in reversed(self.segments()):
            start = max(0, _content_length(path) - missing)
            tails.append((path, start))
            missing -= _content_length(path) - start
            if missing <= 0:
                break
        for path, start in reversed(tails):
            yield from (held.row for held in _held(path, None, start))

    def find_last_entry(self, reached: Positions) -> EntryRow | None:
        """The last one not after ``reached``; after a :meth:`look`."""
        if self.last_entry is None or self.last_entry.seq <= reached.entries:
            return self.last_entry
        start = replace(reached, entries=max(0, reached.entries - 1))
        entries = (row for row in self.rows(start=start) if isinstance(row, EntryRow) and row.seq <= reached.entries)
        return max(entries, key=lambda row: row.seq, default=None)

    def look(self) -> None:
        """Find out how far the mirror has come, reading no more than the last segments that are needed."""
        if self._sync_failed:
            self._reached = self.positions
            return
        segments = self.segments()
        first = len(segments) - 1
        while first > 0 and _head(segments[first]) is None:  # else what came before it is not known
            first -= 1
        self.positions, self.last_entry, self.chain = Positions(), None, ChainEnd("")
        for path in segments[max(0, first) :]:
            for line in _lines(path, None):
                for item in line:
                    self._saw(item)
        self._reached = self.positions

    def _saw(self, item: Held | Positions | ChainEnd) -> None:
        match item:
            case Positions():
                if not self.positions.reaches_all(item):
                    self.positions = item
            case ChainEnd():
                self.chain = item
            case Held(row, link):
                self.positions = self.positions.after([row])
                if isinstance(row, EntryRow):
                    self.last_entry = row
                if link is not None and link.seq > self.chain.seq:
                    self.chain = ChainEnd(self.chain.epoch, link.seq, link.hash)

    # --- is it whole? -------------------------------------------------------------------------------------------------

    @property
    def is_behind(self) -> bool:
        """Whether it is known to lack something that was acted upon."""
        return self._behind.exists()

    def note_behind(self) -> None:
        """On disk when this returns."""
        require_regular(self._behind)
        os.close(os.open(self._behind, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        sync_folder(self._behind.parent)

    def note_caught_up(self) -> None:
        if self.is_behind:
            self._behind.unlink()
            sync_folder(self._behind.parent)

    # --- writing ------------------------------------------------------------------------------------------------------

    def begin(self, chain: ChainEnd) -> None:
        """What is written from now on belongs to this epoch; what is there already ends so."""
        self.chain = chain
        if self.segments():  # else the head of the first one says it
            self.append([], ends=[chain])

    def append(self, links: Iterable[ChainedRow], *, ends: Sequence[ChainEnd] = ()) -> None:
        """Write rows as lines and fsync once; a row may be written twice. A line that this fails in is torn."""
        last_entry, chain, links = self.last_entry, self.chain, iter(links)
        try:
            if ends:
                self._write_line([], ends)
            while line := list(itertools.islice(links, ROWS_PER_LINE)):
                rows = [read_row(link.body) for link in line]
                self._write_line(rows, line)
                last_entry = next((row for row in reversed(rows) if isinstance(row, EntryRow)), last_entry)
                chain = ChainEnd(chain.epoch, *max((chain.seq, chain.hash), (line[-1].seq, line[-1].hash)))
            if self._fd is not None:
                self._sync(self._fd)
        except OSError:
            self._reached = self.positions
            self.close()
            raise
        self.positions, self.last_entry, self.chain = self._reached, last_entry, chain
        self._sync_failed = False

    def _sync(self, fd: int) -> None:
        try:
            os.fdatasync(fd)
        except OSError:
            self._sync_failed = True
            raise

    def _write_line(self, rows: list[Row], items: Sequence[ChainedRow | ChainEnd]) -> None:
        if self._fd is None or self._length >= self._segment_bytes:
            self._open_segment()
        self._write(_line(items))
        self._reached = self._reached.after(rows)

    def _open_segment(self) -> None:
        """The last one if there is room in it, else a new one with its head."""
        if self._fd is not None:
            self._sync(self._fd)
        self.close()
        self.folder.mkdir(mode=0o700, exist_ok=True)
        segments = self.segments()
        path = segments[-1] if segments else None
        length = _content_length(path) if path else 0
        if path is None or length >= self._segment_bytes:
            path, length = self.folder / f"{int(path.stem) + 1 if path else 1:06}.log", 0
        require_regular(path)
        self._fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._length, self._room = length, os.fstat(self._fd).st_size
        if length == 0:
            self._write(_line([self._reached, self.chain]))
            os.fsync(self._fd)
            sync_folder(self.folder)
            sync_folder(self.folder.parent)

    def _write(self, line: bytes) -> None:
        assert self._fd is not None
        if self._length + len(line) > self._room:
            self._make_room(len(line))
        _write_all(self._fd, line, self._length)
        self._length += len(line)

    def _make_room(self, length: int) -> None:
        """Empty lines ahead: an fsync is many times faster where the file does not have to grow."""
        assert self._fd is not None
        room = self._length + length + ROOM_BYTES
        start = max(0, self._length - 1)  # also ends a line that was torn where the room ended
        _write_all(self._fd, b"\n" * (room - start), start)
        os.fsync(self._fd)
        self._room = room

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _write_all(fd: int, data: bytes, at: int) -> None:
    while data:
        written = os.pwrite(fd, data, at)
        data, at = data[written:], at + written


def _content_length(path: Path) -> int:
    """Where the empty lines at the end begin; a torn line counts with the end it does not have."""
    with open_regular(path) as file:
        at = file.seek(0, os.SEEK_END)
        while at > 0:
            first = max(0, at - ROOM_BYTES)
            file.seek(first)
            if content := file.read(at - first).rstrip(b"\n"):
                return first + len(content) + 1
            at = first
    return 0


def _line(items: Sequence[ChainedRow | ChainEnd | Positions]) -> bytes:
    text = msgspec.json.encode(items)
    return b"%08x %s\n" % (zlib.crc32(text), text)


def read_line(line: bytes) -> Line | None:
    """The rows of a line without its end; None if its checksum or its shape is wrong."""
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return None
    try:
        return [_held_in(item) if isinstance(item, ChainedRow) else _as_it_is(item) for item in _decoder.decode(text)]
    except msgspec.DecodeError:
        return None


def _lines(path: Path, damages: list[Damage] | None, start: int = 0) -> Iterator[Line]:
    """``start``: whole lines from there on."""
    first_bad, bad_bytes = 0, 0

    def tell_damage(*, at_the_end: bool) -> None:
        if bad_bytes and damages is not None:
            damages.append(Damage(path, first_bad, bad_bytes, at_the_end))

    end = _content_length(path)  # behind it is room, tens of thousands of empty lines
    with open_regular(path) as file:
        if start:
            file.seek(start - 1)
            file.readline(LONGEST_LINE)
        for number in itertools.count(1):
            line = file.readline(LONGEST_LINE) if file.tell() < end else b""
            if not line:
                break
            rows = read_line(line[:-1]) if line.endswith(b"\n") else None
            if rows is not None:
                tell_damage(at_the_end=False)
                bad_bytes = 0
                yield rows
            elif line != b"\n":
                first_bad = first_bad if bad_bytes else number
                bad_bytes += len(line)
    tell_damage(at_the_end=True)


def _held_in(link: ChainedRow) -> Held:
    return Held(read_row(link.body), link)


def _as_it_is(item: Row | Positions | ChainEnd) -> Held | Positions | ChainEnd:
    return item if isinstance(item, Positions | ChainEnd) else Held(item)


def _held(path: Path, damages: list[Damage] | None, start: int = 0) -> Iterator[Held]:
    for line in _lines(path, damages, start):
        yield from (item for item in line if isinstance(item, Held))


def _head(path: Path) -> Positions | None:
    """What was reached before this segment."""
    first = next(_lines(path, None), None)
    return first[0] if first and isinstance(first[0], Positions) else None
