"""Digits of every script as those of ASCII, and what parts them as a space or a hyphen: one for one. Pure.

A form filled in on a phone, or a register made for another market, writes full-width digits; so do those who want to
get past a mask.
"""

from __future__ import annotations

import re
import unicodedata

SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))
"""Without the parity bit."""

_PARTING = {"Zs": " ", "Cf": "-", "Pd": "-", "Zl": "\n", "Zp": "\n"}
_LINE_ENDS = {0x0B: "\n", 0x0C: "\n", 0x1C: "\n", 0x1D: "\n", 0x1E: "\n", 0x85: "\n"}
_OF_SEVERAL_BYTES = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_CUT_OFF = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{0,2}\Z")


def plain_digits(text: str) -> str:
    """As many characters as there were."""
    return (text if text.isascii() else "".join(map(_plain, text))).translate(_LINE_ENDS)


def _plain(char: str) -> str:
    if char.isascii():
        return char
    if "\udc80" <= char <= "\udcff":  # a byte that is no UTF-8: as Latin-1
        char = chr(ord(char) - 0xDC00)
    digit = unicodedata.digit(char, None)
    return str(digit) if digit is not None else _PARTING.get(unicodedata.category(char), char)


def text_and_places(data: bytes) -> tuple[str, list[int]]:
    """The bytes as UTF-8, what is none as it comes, and where each character begins; and one place more, the end."""
    text = data.decode("utf-8", "surrogateescape")
    if len(text) == len(data):
        return text, list(range(len(data) + 1))
    places = [0]
    for char in text:
        places.append(places[-1] + len(char.encode("utf-8", "surrogateescape")))
    return text, places


def digits_of_bytes(data: bytes) -> bytes:
    """As many bytes as there were, without parity; NULs fill up a digit of several bytes, or its beginning."""

    def plain(match: re.Match[bytes]) -> bytes:
        char = match[0].decode("utf-8", "replace")
        found = plain_digits(char).encode("ascii", "ignore") if len(char) == 1 else b""
        return found.rjust(len(match[0]), b"\0") if found else match[0]

    spelled = _OF_SEVERAL_BYTES.sub(plain, data)
    if is_cut_off(data):
        spelled = _CUT_OFF.sub(lambda match: b"\0" * len(match[0]), spelled)
    return spelled.translate(SEVEN_BITS)


def is_cut_off(data: bytes) -> bool:
    """Whether it ends within a character of several bytes, which may be a digit."""
    return _CUT_OFF.search(_OF_SEVERAL_BYTES.sub(b"x", data)) is not None


def zeros_for(data: bytes) -> bytes:
    """As many bytes, each digit of several bytes replaced by the zero of its script."""

    def zero(match: re.Match[bytes]) -> bytes:
        char = match[0].decode("utf-8", "replace")
        value = unicodedata.digit(char, None) if len(char) == 1 else None
        if value is None:
            return match[0]
        made = chr(ord(char) - value).encode()
        return made if char.isdecimal() and len(made) == len(match[0]) else b"0" * len(match[0])

    return _OF_SEVERAL_BYTES.sub(zero, data)
