"""What travels between a terminal and the head office, and what is refused of it. Pure.

    POST /v1/journal                        Batch -> Have
    GET  /v1/journal/{terminal}/{epoch}     -> Have
    POST /v1/status                         StatusReport -> StatusAnswer
    GET  /v1/settings/{terminal}            -> Document
    GET  /v1/release/{terminal}/{machine}   -> ArchiveOffer
    GET  /v1/archive/{terminal}/{sha256}/{number}   -> the bytes of one piece
    POST /v1/enrol                          Enrolment -> Token

A row's body travels as the very text that the journal holds: its hash is over that text.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from typing import Annotated, Any, Protocol

import msgspec

from terminal.config.from_office import Document, Revision

MOST_ROWS = 500
"""In a batch."""
LARGEST_BODY_BYTES = 1024 * 1024
"""Of a request, also after it was unpacked."""
LONGEST_ROW_BYTES = 64 * 1024
LARGEST_ARCHIVE_BYTES = 256 * 1024 * 1024
PIECE_BYTES = 128 * 1024
"""Of an archive; its last one may be shorter."""
LONGEST_SIGNATURE = 4096

TerminalId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
Epoch = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
Seq = Annotated[int, msgspec.Meta(ge=1, lt=1 << 53)]
Word = Annotated[str, msgspec.Meta(pattern=r"^[ -~]{1,64}\Z")]
Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Machine = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_.-]{1,40}\Z")]
Version = Annotated[str, msgspec.Meta(pattern=r"^[0-9][0-9a-z.]{0,39}\Z")]


class Row(msgspec.Struct, frozen=True):
    """One row of a terminal's journal."""

    seq: Seq
    at: Word
    """RFC 3339, by the terminal's clock."""
    kind: Word
    body: msgspec.Raw
    """JSON, as it was written."""
    hash: Hash
    """Over the hash of the row before and this row."""

    @property
    def text(self) -> str:
        """The body. Raises UnicodeDecodeError."""
        return bytes(self.body).decode()


class Batch(msgspec.Struct, frozen=True):
    terminal: TerminalId
    epoch: Epoch | Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
    rows: Annotated[list[Row], msgspec.Meta(max_length=MOST_ROWS)]


class Have(msgspec.Struct, frozen=True):
    have: int
    """The highest ``seq`` without a gap before it; 0: nothing."""


class StatusReport(msgspec.Struct, frozen=True):
    """How a terminal is, as ``netgiro-terminal status --json`` says it."""

    terminal: TerminalId
    status: dict[str, msgspec.Raw]


class SettingsOffer(msgspec.Struct, frozen=True):
    """The settings that a terminal should run: a document of that hash."""

    revision: Revision
    sha256: Hash


class StatusAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    settings: SettingsOffer | None = None
    """None: the office has no wish."""
    release: Annotated[str, msgspec.Meta(max_length=40)] = ""
    """The version that this terminal should be upgraded to; empty: no wish."""


class ArchiveOffer(msgspec.Struct, frozen=True):
    """The archive that a terminal should install; loaded in pieces."""

    version: Version
    size: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ARCHIVE_BYTES)]
    sha256: Hash
    signature: Annotated[str, msgspec.Meta(max_length=LONGEST_SIGNATURE)]
    """The publisher's, as ssh-keygen wrote it."""


class Enrolment(msgspec.Struct, frozen=True):
    terminal: TerminalId
    code: Annotated[str, msgspec.Meta(max_length=100)]


class Token(msgspec.Struct, frozen=True):
    token: str


WINDOW_BITS, MEMORY_LEVEL = 14, 7
"""Of what packs: half of zlib's own, and the rows of a few sales become no longer by it."""

_batch_decoder = msgspec.json.Decoder(Batch)
read_report = msgspec.json.Decoder(StatusReport).decode
read_enrolment = msgspec.json.Decoder(Enrolment).decode
read_status_answer = msgspec.json.Decoder(StatusAnswer).decode
read_document = msgspec.json.Decoder(Document).decode
read_offer = msgspec.json.Decoder(ArchiveOffer).decode
read_have = msgspec.json.Decoder(Have).decode
read_token = msgspec.json.Decoder(Token).decode
_terminal_id_ready = msgspec.json.Decoder(TerminalId)


def read_batch(data: bytes) -> Batch:
    """The rows in their order. Raises ValueError that says what is wrong."""
    batch = _batch_decoder.decode(data)
    check_rows(batch.rows)
    return msgspec.structs.replace(batch, epoch=str(batch.epoch), rows=sorted(batch.rows, key=lambda row: row.seq))


def check_rows(rows: Sequence[Row]) -> None:
    """Raises ValueError for what the database cannot keep."""
    for row in rows:
        if len(bytes(row.body)) > LONGEST_ROW_BYTES:
            raise ValueError(f"row {row.seq} is longer than {LONGEST_ROW_BYTES} bytes")
        try:
            is_text = "\0" not in row.text
        except UnicodeDecodeError:
            is_text = False
        if not is_text:
            raise ValueError(f"the body of row {row.seq} is no UTF-8 text")


def pack(content: Batch | StatusReport) -> bytes:
    """For the way there: gzip. The six rows of a sale are nearly the same text."""
    packer = zlib.compressobj(level=6, wbits=16 + WINDOW_BITS, memLevel=MEMORY_LEVEL)
    if isinstance(content, Batch):
        return pack_rows(content, content.rows, packer)
    return packer.compress(msgspec.json.encode(content)) + packer.flush()


def pack_rows(content: msgspec.Struct, rows: Sequence[Any], packer: Deflater) -> bytes:
    """``content``, whose last field is ``rows``, one row after the other: all of them in one text would be as much
    memory again, which a terminal then keeps."""
    packed = [packer.compress(msgspec.json.encode(msgspec.structs.replace(content, rows=[]))[: -len("]}")])]
    packed += [packer.compress((b"," if place else b"") + msgspec.json.encode(row)) for place, row in enumerate(rows)]
    return b"".join([*packed, packer.compress(b"]}"), packer.flush()])


def unpack(data: bytes) -> bytes:
    """Raises ValueError if it is no gzip, or unpacks to more than may be."""
    return inflate(data, zlib.decompressobj(wbits=31))


def inflate(data: bytes, unpacker: Inflater) -> bytes:
    """Raises ValueError, also before it has become more than may be."""
    try:
        content = unpacker.decompress(data, LARGEST_BODY_BYTES + 1)
    except zlib.error as error:
        raise ValueError(f"the body cannot be unpacked: {error}") from error
    if len(content) > LARGEST_BODY_BYTES or unpacker.unconsumed_tail:
        raise ValueError(f"the body unpacks to more than {LARGEST_BODY_BYTES} bytes")
    if not unpacker.eof:
        raise ValueError("the packed body is cut short")
    return content


class Deflater(Protocol):
    """What :func:`zlib.compressobj` makes; it has no name of its own."""

    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


class Inflater(Protocol):
    """What :func:`zlib.decompressobj` makes; it has no name of its own."""

    @property
    def eof(self) -> bool: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def link(before: str, row: Row) -> str:
    """The hash that follows from the hash of the row before."""
    return hashlib.sha256(f"{before}\n{row.seq} {row.at} {row.kind}\n{row.text}".encode()).hexdigest()


def broken_links(before: str, rows: Sequence[Row]) -> list[Row]:
    """The rows that do not follow from the one before them; ``before`` is the hash that leads to the first."""
    broken = []
    for row in rows:
        if link(before, row) != row.hash:
            broken.append(row)
        before = row.hash
    return broken


def pieces_of(size: int) -> int:
    """How many an archive has."""
    return -(-size // PIECE_BYTES)


def is_terminal_id(text: str) -> bool:
    return _is(text, TerminalId)


def is_machine(text: str) -> bool:
    return _is(text, Machine)


def is_hash(text: str) -> bool:
    return _is(text, Hash)


def _is(text: str, kind: Any) -> bool:
    try:
        msgspec.convert(text, kind)
    except msgspec.ValidationError:
        return False
    return True


def is_token(text: str) -> bool:
    """Whether it can stand in a header and in a file of one line."""
    return 0 < len(text) <= 200 and text.isascii() and text.isprintable() and " " not in text
