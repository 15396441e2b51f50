"""Text from outside, made fit to be printed: what a service, a register or another process wrote steers no terminal.

An escape sequence in a register's id can clear the screen of whoever looks at a list, set its title, or show a line
that nobody wrote; a bidirectional mark can turn an amount around.
"""

from __future__ import annotations

from typing import Any, TextIO

LONGEST = 2000


def shown(text: str, longest: int = LONGEST) -> str:
    r"""The text on one line: what steers a terminal, and what cannot be seen, is written out (``\x1b``, ``\n``)."""
    cut = text[:longest]
    if not cut.isprintable():
        cut = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in cut)
    return cut if len(text) <= longest else cut + "..."


def shown_lines(text: str) -> str:
    """The same for a text of several lines, whose line ends stay."""
    return "\n".join(shown(line) for line in text.split("\n"))


def printable(text: str, longest: int) -> str:
    """For what is kept: the text without anything that :func:`shown` would write out, and no longer than that."""
    return "".join(char for char in text[:longest] if char.isprintable()).strip()


class ShownStream:
    """Standard output or error of a command: steers no terminal, whatever a command prints.

    What cannot be seen is written as JSON and TOML write it, so output for programs stays what it is.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        if not text.replace("\n", "").isprintable():
            text = "".join(char if char.isprintable() or char == "\n" else _escape(char) for char in text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2], 'big'):04x}" for at in range(0, len(units), 2))
