"""From a document to the bytes of a receipt printer (ESC/POS), composed by python-escpos.

Code pages are where receipts go wrong: python-escpos prints ``?`` for a letter the page does not have. Here every text
is first brought into the page (:func:`to_codepage`): what is missing is written in other letters, and logged once.
"""

from __future__ import annotations

import logging
import os
import shutil
import unicodedata
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, assert_never

import msgspec

from hardware.interfaces import Columns, Cut, Document, Logo, PaperItem, QrCode, TextLine
from hardware.printer.paper import DOTS_PER_LINE
from hardware.settings import PrinterSettings

if TYPE_CHECKING:
    from PIL.Image import Image

log = logging.getLogger(__name__)

ICELANDIC = "ÁÉÍÓÚÝÞÆÖÐáéíóúýþæöð"
CODEPAGES_BY_MERIT = ("CP858", "CP1252", "ISO_8859-15", "CP850", "CP861")
"""Code pages with every letter of ICELANDIC, by python-escpos' names; the first three have the euro sign too."""
RASTER = "raster"
"""Stands for no code page at all: text is printed as a picture."""
LINES_PER_PIECE = 40
"""As much as a small printer's buffer of 4 KB holds; most receipts are one piece."""
FEED_TO_EDGE_LINES = 6
RESET = b"\x1b@"
"""Every document begins with it."""
NO_CHINESE = b"\x1c."
"""``FS .``: after each reset most cheap printers take two letters beyond ASCII for one Chinese sign."""
DRAWER_PULSES = {"pin2": b"\x1bp\x00\x32\x32", "pin5": b"\x1bp\x01\x32\x32"}
"""``ESC p``: 100 ms on that pin of the drawer's plug, 100 ms off, as python-escpos does it."""

_OTHER_LETTERS = {
    "Þ": "Th", "þ": "th", "Ð": "D", "ð": "d", "Æ": "AE", "æ": "ae", "Ø": "O", "ø": "o", "Œ": "OE", "œ": "oe",
    "ß": "ss", "Ł": "L", "ł": "l", "€": "EUR", "–": "-", "—": "-", "−": "-", "‘": "'", "’": "'", "‚": "'",
    "“": '"', "”": '"', "„": '"', "…": "...", "•": "*", "·": "*", "×": "x", "™": "TM",
}  # fmt: skip
_NO_LETTERS = "*"
"""Stands for a character that has no spelling at all, such as a pictogram. Not ``?``: that looks like a question."""


def _visible(text: str) -> str:
    """Without soft hyphens and zero-width marks."""
    return "".join(char for char in text if unicodedata.category(char) != "Cf")


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


class Typesetting(msgspec.Struct, frozen=True, kw_only=True):
    """What decides how a document becomes bytes. The meanings are those of PrinterSettings."""

    columns: Columns = 48
    codepage: str = "CP858"
    profile: str = "default"
    logo: str = ""
    cut: Literal["partial", "full", "none"] = "partial"
    drawer: Literal["none", "pin2", "pin5"] = "none"

    @classmethod
    def of(cls, settings: PrinterSettings) -> Typesetting:
        """What ``[printer]`` says of it."""
        return cls(**{field: getattr(settings, field) for field in cls.__struct_fields__})


class Piece(NamedTuple):
    """As much of a document as a printer without flow control can hold."""

    data: bytes
    lines: int
    """In normal height; begun ones counted."""


class Sheet(NamedTuple):
    """A document as bytes. What cuts it off is kept apart, so that it can wait until the rest is on paper."""

    pieces: list[Piece]
    """At least one."""
    cut: bytes

    @property
    def data(self) -> bytes:
        return b"".join(piece.data for piece in self.pieces) + self.cut


def encode(document: Document, *, codepage: str, profile: str = "default") -> bytes:
    """The document as ESC/POS in one piece; see :func:`encode_sheet`."""
    return encode_sheet(document, Typesetting(codepage=codepage, profile=profile)).data


def encode_sheet(document: Document, typesetting: Typesetting) -> Sheet:
    """The document as ESC/POS: printer reset, code page chosen, a style command only where the style changes.

    Raises ValueError if python-escpos knows no printer of that profile, or that has no such code page.
    """
    composer = _Composer(typesetting)
    for item in document:
        composer.add(item)
    return composer.sheet()


def usable_codepages(profile: str = "default") -> list[str]:
    """The profile's code pages that have every letter of :data:`ICELANDIC`, the best first."""
    pages = _new_dummy(profile).profile.get_code_pages()
    return [page for page in CODEPAGES_BY_MERIT if page in pages]


class _Composer:
    """Composes with python-escpos, and with raster graphics where no code page will do."""

    def __init__(self, typesetting: Typesetting) -> None:
        self._set = typesetting
        self._escpos = _new_dummy(typesetting.profile)
        self._codepage = ""
        self._style = TextLine()
        self._lines = 0
        self._pieces: list[Piece] = []
        self._cut_at = -1
        self._escpos.hw("INIT")
        self._escpos._raw(NO_CHINESE)
        if typesetting.codepage != RASTER:
            self._choose_codepage(typesetting.codepage)

    def add(self, item: PaperItem) -> None:
        match item:
            case TextLine():
                self._add_text(item)
            case Cut():
                self._end_piece()
                if self._set.cut == "none":
                    self._escpos.print_and_feed(FEED_TO_EDGE_LINES)
                else:
                    self._escpos.cut(mode="FULL" if self._set.cut == "full" else "PART")
                self._cut_at = len(self._pieces)
                self._end_piece(FEED_TO_EDGE_LINES)
            case Logo():
                self._add_logo()
            case QrCode(text):
                self._add_picture(raster().centred(raster().qr_picture(text), self._set.columns))
            case _:
                assert_never(item)

    def sheet(self) -> Sheet:
        self._end_piece()
        if len(self._pieces) > 1 and self._cut_at == len(self._pieces) - 1:
            return Sheet(self._pieces[:-1], self._pieces[-1].data)
        return Sheet(self._pieces, b"")

    def _end_piece(self, lines: int = 0) -> None:
        if data := bytes(self._escpos.output):
            self._pieces.append(Piece(data, self._lines + lines))
        self._escpos.clear()
        self._lines = 0

    def _add_text(self, line: TextLine) -> None:
        codepage = line.codepage or self._set.codepage
        if codepage == RASTER:
            text = _visible(unicodedata.normalize("NFC", line.text))
            if not text.isascii():
                self._add_picture(raster().text_picture(msgspec.structs.replace(line, text=text), self._set.columns))
                return
            codepage = "ascii"  # is the same in every code page, and a hundredth of the bytes
        elif codepage != self._codepage:
            self._choose_codepage(codepage)
        style = self._style
        if (line.align, line.bold, line.double) != (style.align, style.bold, style.double):
            self._escpos.set(
                align=line.align,
                bold=line.bold,
                normal_textsize=not line.double,
                double_width=line.double,
                double_height=line.double,
            )
            self._style = line
        self._escpos.textln(to_codepage(line.text, python_codec(codepage)) if line.text else "")
        self._count(2 if line.double else 1)

    def _choose_codepage(self, codepage: str) -> None:
        if codepage not in self._escpos.profile.get_code_pages():
            raise ValueError(
                f"printer profile {self._set.profile!r} has no code page {codepage}: choose another printer.codepage"
            )
        self._escpos.charcode(codepage)
        self._codepage = codepage

    def _add_logo(self) -> None:
        if not self._set.logo:
            return
        try:
            picture = raster().logo_picture(self._set.logo, self._set.columns)
        except OSError as error:
            log.warning("the logo %s is left out: %s", self._set.logo, error.strerror or error)
            return
        self._add_picture(raster().centred(picture, self._set.columns))

    def _add_picture(self, picture: Image) -> None:
        if self._style.align != "left":  # it has its margin in itself; not all printers align pictures
            self._escpos.set(align="left")
            self._style = msgspec.structs.replace(self._style, align="left")
        for command in raster().commands(picture):
            self._escpos._raw(command)
            self._count(-(-picture.height // DOTS_PER_LINE))

    def _count(self, lines: int) -> None:
        self._lines += lines
        if self._lines >= LINES_PER_PIECE:
            self._end_piece()


def _new_dummy(profile: str) -> Any:
    """python-escpos' printer that keeps the bytes. Raises ValueError for a profile that it does not know."""
    from escpos.exceptions import Error  # noqa: PLC0415  takes 200 ms: not before the first receipt is due
    from escpos.printer import Dummy  # noqa: PLC0415

    _remove_pickle()
    try:
        return Dummy(profile=profile)
    except (KeyError, Error) as error:
        raise ValueError(f"python-escpos knows no printer profile {profile!r}: correct printer.profile") from error


@lru_cache(maxsize=1)  # once: later the name may be somebody else's
def _remove_pickle() -> None:
    """python-escpos 3 makes a folder for itself each time it is loaded, which no later process finds."""
    from escpos import capabilities  # noqa: PLC0415

    if "ESCPOS_CAPABILITIES_PICKLE_DIR" not in os.environ:
        shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)


def raster() -> ModuleType:
    """hardware.printer.raster, which loads Pillow: not before there is a picture to print."""
    from hardware.printer import raster as module  # noqa: PLC0415

    return module


def python_codec(codepage: str) -> str:
    """Python's name of a page that python-escpos names."""
    return codepage.replace("ISO_", "ISO").replace("-", "_") if codepage.startswith("ISO_") else codepage
