"""Cuts an ESC/POS stream into text and commands. Pure.

ESC/POS is a stream of text with commands in it. A command is one control byte, or ESC, FS, GS or DLE followed by a
command letter and parameters. The letter decides how many parameters there are. There is no frame and no checksum: a
reader that does not know a command's length prints its parameters as text, as real printers do. Most lengths are fixed.
Others follow from the first parameters, or an end mark shows where the command ends.

If a length makes no sense, or is larger than any receipt's, nobody waits for so many bytes: the command is cancelled
and what follows its header is data again, as the manuals say of parameters out of range.

Lengths and ranges: Epson, "ESC/POS Command Reference"; for what it calls obsolete, the manuals of TM-T88 and TM-U220.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

MAX_COMMAND_BYTES = 256 * 1024
"""No receipt needs a larger picture; a header that claims more is garbage."""
MOST_TAB_STOPS = 32
MOST_DOWNLOADED_DOTS = 1536
"""Of a picture that GS * stores, in squares of 8 x 8."""

ESC, FS, GS, DLE = 0x1B, 0x1C, 0x1D, 0x10

_PARAMETERS: Mapping[int, Mapping[int, int]] = {
    ESC: {
        **dict.fromkeys(b"@2<LiumvSNoq", 0),
        **dict.fromkeys(b"!%-3ACEFGJKMRTUVZadertu{ =?", 1),
        **dict.fromkeys(b"$\\Bcf", 2),
        ord("p"): 3,
        ord("W"): 8,
    },
    FS: {**dict.fromkeys(b"&.Lbc", 0), **dict.fromkeys(b"!-CWe", 1), **dict.fromkeys(b"Sp?", 2)},
    GS: {
        **dict.fromkeys(b":c", 0),
        **dict.fromkeys(b"!BEHITafhjrwb/", 1),
        **dict.fromkeys(b"LPW\\$", 2),
        **dict.fromkeys(b"^z", 3),
        ord("g"): 4,
    },
    DLE: {0x05: 1},
}
"""How many parameter bytes follow each command letter, for the commands of fixed length."""


class Command(msgspec.Struct, frozen=True):
    """One step of the stream: ``code`` is the control byte and letter (empty for printable text)."""

    code: bytes
    parameters: bytes
    raw: bytes


def split(data: bytes) -> tuple[list[Command], bytes]:
    """The complete commands at the head of ``data``, and the rest that waits for more bytes. Survives any bytes."""
    commands: list[Command] = []
    start = 0
    while start < len(data):
        length = command_length(data, start)
        if length is None or start + length > len(data):
            break
        raw = data[start : start + length]
        if raw[0] in _PARAMETERS:
            commands.append(Command(raw[:2], raw[2:], raw))
        elif raw[0] < 0x20:
            commands.append(Command(raw[:1], b"", raw))
        else:
            commands.append(Command(b"", raw, raw))
        start += length
    return commands, data[start:]


def command_length(data: bytes, start: int) -> int | None:
    """Bytes of the command, or of the text, that begins at ``start``; None if its header is not complete.

    If that is more than there is, it may become more still: some commands tell their length bit by bit.
    """
    lead = data[start]
    if lead not in _PARAMETERS:
        if lead < 0x20:
            return 1
        end = start
        while end < len(data) and data[end] >= 0x20:
            end += 1
        return end - start
    if start + 1 >= len(data):
        return None
    letter = data[start + 1]
    fixed = _PARAMETERS[lead].get(letter)
    if fixed is not None:
        return 2 + fixed
    variable = _VARIABLE.get((lead, letter))
    return 2 if variable is None else variable(data, start + 2)


# --- lengths that the parameters tell, from all the data and the place where the parameters begin --------------------

_Length = Callable[[bytes, int], int | None]
"""Bytes from the control byte to the end; None if that cannot be told yet."""


def _bounded(header: int, body: int) -> int:
    return header + body if body <= MAX_COMMAND_BYTES else header


def _word(data: bytes, at: int) -> int:
    """Two bytes, the low one first."""
    return data[at] + 256 * data[at + 1]


def _counted(data: bytes, at: int) -> int | None:
    """``( letter pL pH``, then so many bytes."""
    return None if len(data) < at + 3 else _bounded(5, _word(data, at + 1))


def _counted_large(data: bytes, at: int) -> int | None:
    """``8 letter p1 p2 p3 p4``, then so many bytes."""
    return None if len(data) < at + 5 else _bounded(7, _word(data, at + 1) + 65_536 * _word(data, at + 3))


def _column_picture(data: bytes, at: int) -> int | None:
    """``* m nL nH``: a column has 8 dots, or 24 from m = 32 on."""
    return None if len(data) < at + 3 else _bounded(5, _word(data, at + 1) * (3 if data[at] >= 32 else 1))


def _raster_picture(data: bytes, at: int) -> int | None:
    """``v 0 m xL xH yL yH``, and Q in the same way."""
    return None if len(data) < at + 6 else _bounded(8, _word(data, at + 2) * _word(data, at + 4))


def _downloaded_picture(data: bytes, at: int) -> int | None:
    """``* x y``."""
    if len(data) < at + 2:
        return None
    squares = data[at] * data[at + 1]
    return 4 + 8 * squares if squares <= MOST_DOWNLOADED_DOTS else 4


def _stored_pictures(data: bytes, at: int) -> int | None:
    """FS q: ``n``, then for each picture ``xL xH yL yH`` and its dots in squares of 8 x 8."""
    if len(data) < at + 1:
        return None
    end = at + 1
    for _ in range(data[at]):
        if len(data) < end + 4:
            return end + 4 - at + 2
        end += 4 + 8 * _word(data, end) * _word(data, end + 2)
        if end - at > MAX_COMMAND_BYTES:
            return 3
    return end - at + 2


def _characters(data: bytes, at: int) -> int | None:
    """ESC &: ``y first last``, then for each character its width ``x`` and y bytes a column."""
    if len(data) < at + 3:
        return None
    height, first, last = data[at : at + 3]
    if not (height and 0x20 <= first <= last < 0x7F):
        return 5
    end = at + 3
    for _ in range(first, last + 1):
        if len(data) < end + 1:
            return end + 1 - at + 2
        end += 1 + height * data[end]
        if end - at > MAX_COMMAND_BYTES:
            return 5
    return end - at + 2


def _tab_stops(data: bytes, at: int) -> int | None:
    """ESC D: ascending columns up to a NUL. One that does not ascend, or is one too many, is data again."""
    before = 0
    for number, column in enumerate(data[at : at + MOST_TAB_STOPS]):
        if column == 0:
            return 2 + number + 1
        if column <= before:
            return 2 + number
        before = column
    return 2 + MOST_TAB_STOPS if len(data) >= at + MOST_TAB_STOPS else None


def _cut(data: bytes, at: int) -> int | None:
    """``V m``, with a feed for m = 65, 66 ..."""
    return None if len(data) < at + 1 else 3 if data[at] in (0, 1, 48, 49) else 4


def _barcode(data: bytes, at: int) -> int | None:
    """``k m n`` and n bytes for m >= 65; else text ended by a NUL, which is left to the reader."""
    if len(data) > at and data[at] < 65:
        return 3
    return None if len(data) < at + 2 else _bounded(4, data[at + 1])


def _by_function(lengths: Mapping[int, int], otherwise: int) -> _Length:
    """The first parameter says how many there are."""
    return lambda data, at: None if len(data) < at + 1 else 2 + lengths.get(data[at], otherwise)


_VARIABLE: Mapping[tuple[int, int], _Length] = {
    **{(lead, ord("(")): _counted for lead in (ESC, FS, GS)},
    (ESC, ord("*")): _column_picture,
    (ESC, ord("&")): _characters,
    (ESC, ord("D")): _tab_stops,
    (FS, ord("q")): _stored_pictures,
    (FS, ord("a")): _by_function({0x30: 2}, otherwise=1),
    (GS, ord("8")): _counted_large,
    (GS, ord("*")): _downloaded_picture,
    (GS, ord("v")): _raster_picture,
    (GS, ord("Q")): _raster_picture,
    (GS, ord("V")): _cut,
    (GS, ord("k")): _barcode,
    (GS, ord("C")): _by_function({0x30: 3, 0x31: 7, 0x32: 3}, otherwise=1),
    (DLE, 0x04): _by_function({0x07: 2, 0x08: 2, 0x12: 2}, otherwise=1),
    (DLE, 0x14): _by_function({0x01: 3, 0x02: 3, 0x03: 6, 0x07: 2, 0x08: 8}, otherwise=3),
}
