"""``python -m tests.golden``: draw every golden picture and write every golden receipt anew; see README.md."""

from __future__ import annotations

import argparse
import shutil
from itertools import product
from pathlib import Path

from PIL import Image

from tests.golden import pictures, samples, slips, views

SHEET_COLUMNS, SHEET_SCALE, SHEET_GAP_PX = 8, 2, 8


def write_all() -> None:
    for folder in ("screens", "receipts", "days"):
        shutil.rmtree(samples.GOLDEN / folder, ignore_errors=True)
    for shown in pictures.PICTURE_CASES:
        path = pictures.picture_path(*shown)
        path.parent.mkdir(parents=True, exist_ok=True)
        pictures.picture(*shown).save(path, optimize=True)
    for case in slips.RECEIPT_CASES:
        path = slips.receipt_path(*case)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(slips.as_text(slips.receipt(*case), case[-1]), encoding="utf-8")
    for day in slips.DAY_CASES:
        path = slips.day_path(*day)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(slips.as_text(slips.day_slip(*day), day[-1]), encoding="utf-8")


def write_sheet(path: Path) -> None:
    """All pictures on one page, enlarged, for the eye."""
    shown = [pictures.picture(*case) for case in product(views.SHOWN, samples.LANGUAGES, samples.SIZES_PX)]
    width = samples.SIZE_PX[0] * SHEET_SCALE + SHEET_GAP_PX
    height = max(picture.height for picture in shown) * SHEET_SCALE + SHEET_GAP_PX
    sheet = Image.new("L", (SHEET_COLUMNS * width, -(-len(shown) // SHEET_COLUMNS) * height), 96)
    for index, picture in enumerate(shown):
        enlarged = picture.convert("L").resize([side * SHEET_SCALE for side in picture.size], Image.Resampling.NEAREST)
        sheet.paste(enlarged, (index % SHEET_COLUMNS * width, index // SHEET_COLUMNS * height))
    sheet.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    parser.add_argument("--sheet", type=Path, metavar="PNG", help="write all screens on one page instead")
    arguments = parser.parse_args()
    if arguments.sheet:
        write_sheet(arguments.sheet)
    else:
        write_all()


if __name__ == "__main__":
    main()
