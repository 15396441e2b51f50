"""From a document to the bytes of a receipt printer (ESC/POS), composed by python-escpos. Pure, apart from the log.

Code pages are where receipts go wrong: python-escpos prints ``?`` for a letter the page does not have. Here every text
is first brought into the page (:func:`to_codepage`): what is missing is written in other letters, and logged once.
"""

from __future__ import annotations

import logging
import unicodedata
from functools import lru_cache
from typing import assert_never

from hardware.interfaces import Cut, Document, TextLine

log = logging.getLogger(__name__)

_OTHER_LETTERS = {
    "Þ": "Th", "þ": "th", "Ð": "D", "ð": "d", "Æ": "AE", "æ": "ae", "Ø": "O", "ø": "o", "Œ": "OE", "œ": "oe",
    "ß": "ss", "Ł": "L", "ł": "l", "€": "EUR", "–": "-", "—": "-", "−": "-", "‘": "'", "’": "'", "‚": "'",
    "“": '"', "”": '"', "„": '"', "…": "...", "•": "*", "·": "*", "×": "x", "™": "TM",
}  # fmt: skip
_NO_LETTERS = "*"
"""Stands for a character that has no spelling at all, such as a pictogram. Not ``?``: that looks like a question."""


def to_codepage(text: str, codepage: str) -> str:
    """``text`` in characters the code page has, one byte each; control characters can never become commands."""
    return "".join(_to_codepage(char, codepage) for char in unicodedata.normalize("NFC", text))


@lru_cache(maxsize=4096)
def _to_codepage(char: str, codepage: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    if category == "Cf":  # soft hyphens, zero-width marks
        return ""
    if _has(char, codepage):
        return char
    other = _OTHER_LETTERS.get(char) or unicodedata.normalize("NFKD", char)
    spelled = "".join(part for part in other if _has(part, codepage) and not unicodedata.combining(part))
    if not spelled.strip() and category != "Zs":
        spelled = _NO_LETTERS
    log.warning(
        "code page %s has no %r (U+%04X), printed as %r; try printer.codepage = CP858",
        codepage,
        char,
        ord(char),
        spelled,
    )
    return spelled


def _has(char: str, codepage: str) -> bool:
    try:
        return len(char.encode(codepage)) == 1
    except UnicodeEncodeError:
        return False


def encode(document: Document, *, codepage: str, profile: str = "default") -> bytes:
    """The document as ESC/POS: printer reset, code page chosen, a style command only where the style changes.

    ``profile`` names a printer in python-escpos' capability list. Raises ValueError if there is none of that
    name, or it has no such code page.
    """
    from escpos.exceptions import Error  # noqa: PLC0415  takes 200 ms: not before the first receipt is due
    from escpos.printer import Dummy  # noqa: PLC0415

    try:
        composer = Dummy(profile=profile)
    except (KeyError, Error) as error:
        raise ValueError(f"python-escpos knows no printer profile {profile!r}: correct printer.profile") from error
    composer.hw("INIT")
    if codepage not in composer.profile.get_code_pages():
        raise ValueError(f"printer profile {profile!r} has no code page {codepage}: choose another printer.codepage")
    composer.charcode(codepage)
    style = TextLine()
    for item in document:
        match item:
            case TextLine():
                if (item.align, item.bold, item.double) != (style.align, style.bold, style.double):
                    composer.set(
                        align=item.align,
                        bold=item.bold,
                        normal_textsize=not item.double,
                        double_width=item.double,
                        double_height=item.double,
                    )
                    style = item
                composer.textln(to_codepage(item.text, codepage))
            case Cut():
                composer.cut(mode="PART")
            case _:
                assert_never(item)
    output: bytes = composer.output
    return output
