"""Makes the README's picture: ``python -m tests.browser.screenshot`` plays a sale, writes terminal/panel/panel.png."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from terminal import panel
from tests.browser.chromium import chromium
from tests.browser.counter_page import CounterPage
from tests.browser.demo import demo

TARGET = Path(panel.__file__).with_name("panel.png")
SIZE = {"width": 1400, "height": 1150}
COLOURS = 256
LARGEST_BYTES = 150_000


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, demo(Path(folder)) as base_url, chromium() as browser:
        counter = CounterPage(browser, base_url, viewport=SIZE)
        counter.ring_up("1.990")
        counter.pay_by_phone()
        counter.accept()
        counter.expect_till("Paid")
        counter.expect_receipts(2)
        expect(counter.page.locator("#promises li.kept")).to_have_count(6)
        picture = Image.open(io.BytesIO(counter.page.screenshot()))
        picture.convert("RGB").quantize(COLOURS, Image.Quantize.FASTOCTREE, kmeans=2, dither=Image.Dither.NONE).save(
            TARGET, optimize=True
        )
        counter.close()
    size = TARGET.stat().st_size
    print(f"{TARGET}: {picture.width} x {picture.height}, {size} bytes")
    return 0 if size < LARGEST_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
