"""Pictures for a receipt printer: ESC/POS raster graphics from text that no code page has, logos and QR codes.

``GS v 0`` is understood by every printer with graphics; a picture goes in strips of at most ``STRIP_DOTS`` lines,
because cheap printers lose the rest of longer ones.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from functools import lru_cache

from PIL import Image, ImageOps, UnidentifiedImageError

from hardware.interfaces import Columns, TextLine
from hardware.printer.paper import Cell, TextRow
from hardware.printer.paper_picture import CELL_PX, draw_strip

STRIP_DOTS = 200
LARGEST_LOGO_DOTS = 600
"""High; what is higher is made smaller."""
LARGEST_LOGO_BYTES = 4 * 1024 * 1024
LARGEST_LOGO_PIXELS = 4_000_000
"""Each takes 12 bytes while it is made to fit, and the service has 256 MiB for everything."""
LONGEST_LOGO_PIXELS = 20_000
"""Each line of pixels takes some bytes more, however short."""
QR_DOTS_PER_MODULE = 5
INK_BELOW = 160
"""Grey values from here on stay paper; letters keep their thin strokes at this value."""


def width_dots(columns: Columns) -> int:
    """What the print head prints: 384 dots on 58 mm paper, 504 or 576 on 80 mm."""
    return columns * CELL_PX[0]


def text_picture(line: TextLine, columns: Columns) -> Image.Image:
    """A line of text in the cells that the printer's own letters would have."""
    size = 2 if line.double else 1
    cells = tuple(Cell(char, size, size, line.bold) for char in line.text[: columns // size])
    return _inked(draw_strip([TextRow(cells, line.align)], columns))


@lru_cache(maxsize=4)
def logo_picture(path: str, columns: Columns) -> Image.Image:
    """The file, no wider than the paper, in ink or no ink. Raises OSError if there is no readable picture in it."""
    if os.stat(path).st_size > LARGEST_LOGO_BYTES:
        raise OSError(errno.EFBIG, f"larger than {LARGEST_LOGO_BYTES} bytes", path)
    try:
        with Image.open(path) as file:
            file.draft("RGB", (width_dots(columns), LARGEST_LOGO_DOTS))  # a photo (JPEG) is read at a part of its size
            if file.width * file.height > LARGEST_LOGO_PIXELS or max(file.size) > LONGEST_LOGO_PIXELS:
                raise OSError(errno.EFBIG, f"larger than {LARGEST_LOGO_PIXELS // 1_000_000} million pixels", path)
            flat = Image.new("RGBA", file.size, "white")
            flat.alpha_composite(file.convert("RGBA"))
    except Image.DecompressionBombError as error:
        raise OSError(errno.EFBIG, "far too many pixels", path) from error
    except (UnidentifiedImageError, NotImplementedError, ValueError, SyntaxError) as error:
        raise OSError(errno.EINVAL, "no picture that can be read", path) from error
    flat.thumbnail((width_dots(columns), LARGEST_LOGO_DOTS))
    return flat.convert("L").convert("1")


def qr_picture(text: str) -> Image.Image:
    """A QR code with its quiet zone, by the library that python-escpos uses, too."""
    import qrcode  # noqa: PLC0415

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=QR_DOTS_PER_MODULE)
    code.add_data(text)
    return _inked(code.make_image().get_image().convert("L"))


def centred(picture: Image.Image, columns: Columns) -> Image.Image:
    """The picture in the middle of a strip as wide as the paper."""
    strip = Image.new("1", (width_dots(columns), picture.height), 1)
    strip.paste(picture, ((strip.width - picture.width) // 2, 0))
    return strip


def commands(picture: Image.Image) -> Iterator[bytes]:
    """ESC/POS for a mode ``"1"`` picture, black is ink, strip by strip."""
    ink = ImageOps.invert(picture.convert("L")).getbbox()
    width_bytes = max(1, -(-(ink[2] if ink else 0) // 8))  # blank paper on the right need not be sent
    padded = Image.new("1", (width_bytes * 8, picture.height), 1)
    padded.paste(picture, (0, 0))
    dots = bytes(byte ^ 0xFF for byte in padded.tobytes())  # in ESC/POS a set bit is ink
    for top in range(0, picture.height, STRIP_DOTS):
        height = min(STRIP_DOTS, picture.height - top)
        head = b"\x1dv0\x00" + width_bytes.to_bytes(2, "little") + height.to_bytes(2, "little")
        yield head + dots[top * width_bytes : (top + height) * width_bytes]


def _inked(picture: Image.Image) -> Image.Image:
    return picture.convert("L").point(lambda grey: 0 if grey < INK_BELOW else 255).convert("1")
