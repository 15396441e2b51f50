"""The golden pictures: which view is drawn in which language and size, and where its picture is kept."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from terminal.sale.sale import State
from terminal.screen.layout import pages
from terminal.screen.pixels import render
from terminal.screen.screens import COUNTED_DOWN, Countdown, Screen, screen_for
from terminal.texts.words import Language
from tests.golden.samples import GOLDEN, SHOP, SIZE_PX, SIZES_PX
from tests.golden.views import SHOWN

ENGLISH_PICTURES = (
    "idle",
    "idle_everything_wrong",
    "entry",
    "entry_typing",
    "customer_phone",
    "code_entry_again",
    "capture_unknown",
    "menu_report",
    "result_paid",
    "result_refund_due",
)
"""English screens that are kept as pictures too; the words of all the others are checked without one."""
PICTURE_CASES: list[tuple[str, Language, tuple[int, int]]] = [
    *((name, "is", size_px) for size_px in SIZES_PX for name in SHOWN),
    *((name, "en", SIZE_PX) for name in ENGLISH_PICTURES),
]


def screen(name: str, language: Language) -> Screen:
    return screen_for(SHOWN[name], language, shop_name=SHOP.name, countdown=countdown(name))


def countdown(name: str) -> Countdown | None:
    if name in ("entry_expiring", "customer_expiring"):
        return Countdown(17, 300)
    sale = SHOWN[name].sale
    waits = sale is not None and sale.state in COUNTED_DOWN and sale.state is not State.ENTRY
    return Countdown(87, 150) if waits else None


def picture(name: str, language: Language, size_px: tuple[int, int]) -> Image.Image:
    """All pages of a screen, one below the other with a line of half-lit dots between them."""
    shown = screen(name, language)
    count = len(pages(shown, size_px))
    strip = Image.new("1", (size_px[0], count * (size_px[1] + 1) - 1))
    for page in range(count):
        strip.paste(render(shown, size_px, page=page), (0, page * (size_px[1] + 1)))
        for x in range(0, size_px[0], 2):
            if page:
                strip.putpixel((x, page * (size_px[1] + 1) - 1), 1)
    return strip


def picture_path(name: str, language: Language, size_px: tuple[int, int]) -> Path:
    return GOLDEN / "screens" / f"{size_px[0]}x{size_px[1]}" / language / f"{name}.png"
