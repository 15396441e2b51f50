"""``python -m tests.golden``: draw every golden picture and write every golden receipt anew; see README.md."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from PIL import Image, features

from tests.golden import cases

SHEET_COLUMNS, SHEET_SCALE, SHEET_GAP_PX = 5, 3, 8


def write_all() -> None:
    for folder in ("screens", "receipts"):
        shutil.rmtree(cases.GOLDEN / folder, ignore_errors=True)
    for language in cases.LANGUAGES:
        for name in cases.VIEWS:
            path = cases.picture_path(name, language)
            path.parent.mkdir(parents=True, exist_ok=True)
            cases.picture(name, language).save(path, optimize=True)
    for case in cases.RECEIPT_CASES:
        path = cases.receipt_path(*case)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(cases.as_text(cases.receipt(*case), case[-1]), encoding="utf-8")
    (cases.GOLDEN / "screens" / "freetype-version").write_text(f"{features.version('freetype2')}\n", encoding="ascii")


def write_sheet(path: Path) -> None:
    """All pictures on one page, enlarged, for the eye."""
    pictures = [cases.picture(name, language) for language in cases.LANGUAGES for name in cases.VIEWS]
    width, height = (side * SHEET_SCALE + SHEET_GAP_PX for side in cases.SIZE_PX)
    rows = -(-len(pictures) // SHEET_COLUMNS)
    sheet = Image.new("L", (SHEET_COLUMNS * width, rows * height), 96)
    for index, picture in enumerate(pictures):
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
