"""The slip by which an installer finds the code page of a printer: the same letters in every page that has them."""

from __future__ import annotations

from hardware.interfaces import Cut, Document, PaperItem, TextLine
from hardware.printer.encoder import ICELANDIC, RASTER, usable_codepages
from hardware.settings import PrinterSettings

HALF = len(ICELANDIC) // 2
PICTURE_BYTES_A_COLUMN = 440
"""Of a usual receipt whose lines with Icelandic letters are pictures."""
BITS_PER_BYTE = 10


def picture_receipt_s(settings: PrinterSettings) -> float | None:
    """How long a receipt with ``codepage = "raster"`` is on the wire; None where that is no matter."""
    if settings.driver != "serial":
        return None
    return settings.columns * PICTURE_BYTES_A_COLUMN * BITS_PER_BYTE / settings.baudrate


def code_page_slip(settings: PrinterSettings) -> Document:
    """A heading in plain ASCII, the letters once for each page and once as a picture, and a ruler for the columns.

    Raises ValueError if python-escpos knows no printer of the profile.
    """
    items: list[PaperItem] = [
        TextLine("netgiro-terminal printer-test", bold=True),
        TextLine(f"profile {settings.profile}"),
        TextLine(),
        TextLine("Which letters are all right?"),
        TextLine("The name above them goes into"),
        TextLine("config.toml: [printer] codepage"),
    ]
    for page in (*usable_codepages(settings.profile), RASTER):
        items += [TextLine(), TextLine(page, bold=True)]
        items += [TextLine(letters, codepage=page) for letters in (ICELANDIC[:HALF], ICELANDIC[HALF:])]
    if (picture_s := picture_receipt_s(settings)) is not None:
        items += [
            TextLine(),
            TextLine("With raster a receipt takes"),
            TextLine(f"{picture_s:.0f} s at {settings.baudrate} baud."),
        ]
    ruler = "".join(str((column + 1) % 10) for column in range(settings.columns))
    return (*items, TextLine(), TextLine(f"one line? {settings.columns} columns:"), TextLine(ruler), Cut())
