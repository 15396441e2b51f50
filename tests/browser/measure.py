"""The page's numbers, measured in Chromium: ``python -m tests.browser.measure``. Exit code 1 if one is not reached.

usable     from the start of ``netgiro-terminal demo`` to a page of a terminal that is ready, with a Pay button that
           works, Chromium being open already
served     from the start of the command to the first answer of the panel
click      from a click on a key to the first other picture on the page's OLED
bytes      everything transferred for the first view of the page
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page

from tests.browser.chromium import chromium
from tests.browser.counter_page import CounterPage
from tests.integration.process import Process

MOST_USABLE_S = 1.0
MOST_CLICK_MS = 100.0
MOST_BYTES = 200_000
CLICKS = 60

READY = """() => document.querySelectorAll("#conditions li.ok").length === 3"""
"""Network, register and keypad: none of them is well before the terminal has started."""

WATCH_OLED = """() => {
    const oled = document.getElementById("oled");
    const canvas = new OffscreenCanvas(128, 64).getContext("2d", { willReadFrequently: true });
    const pixels = () => {
        canvas.drawImage(oled, 0, 0, 128, 64);
        return canvas.getImageData(0, 0, 128, 64).data.join();
    };
    window.clickToPixel = (key) => new Promise((resolve) => {
        const before = pixels();
        const started = performance.now();
        const look = () => {
            if (pixels() === before) return;
            oled.removeEventListener("load", look);
            requestAnimationFrame(() => resolve(performance.now() - started));
        };
        oled.addEventListener("load", look);
        document.querySelector(`#keypad [data-key="${key}"]`).click();
    });
}"""


def usable(browser: Browser, folder: Path) -> tuple[Process, str, float, float]:
    """Start the demo; the process, its address, and the seconds until it answered and until a button worked."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    started_s = time.monotonic()
    process = Process(*("demo", "--port", "0", "--headless", "--state", str(folder)), log_path=folder / "terminal.log")
    base_url = process.wait_for_output(r"Front panel +(http://127\.0\.0\.1:\d+)/\n")[1]
    served_s = time.monotonic() - started_s
    page.goto(base_url)
    page.locator("#pay:not([disabled])", has_text="Pay").wait_for()
    page.wait_for_function(READY, polling="raf")
    usable_s = time.monotonic() - started_s
    context.close()
    return process, base_url, served_s, usable_s


def click_times_ms(page: Page) -> list[float]:
    """Digits and ``*`` in turn at a terminal that asks for a number: every click changes the picture."""
    page.evaluate(WATCH_OLED)
    return [float(page.evaluate(f"clickToPixel('{'5*'[number % 2]}')")) for number in range(CLICKS)]


def transferred_bytes(browser: Browser, base_url: str) -> int:
    """Of the first view, headers included, with an empty cache."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    total = 0

    def finished(event: dict[str, float]) -> None:
        nonlocal total
        total += int(event["encodedDataLength"])

    session: CDPSession = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", finished)
    page.goto(base_url)
    page.locator("#conditions li").first.wait_for()
    page.wait_for_timeout(1000)
    context.close()
    return total


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        process, base_url, served_s, usable_s = usable(browser, Path(folder))
        try:
            counter = CounterPage(browser, base_url)
            counter.ring_up("1990")
            times_ms = sorted(click_times_ms(counter.page))
            complaints = counter.complaints
            counter.close()
            size = transferred_bytes(browser, base_url)
        finally:
            process.stop()
    p95_ms = statistics.quantiles(times_ms, n=20)[-1]
    print(f"load average   {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"served         {served_s:.2f} s")
    print(f"usable         {usable_s:.2f} s        (at most {MOST_USABLE_S:g})")
    print(f"click          p50 {statistics.median(times_ms):.0f} ms, p95 {p95_ms:.0f} ms  (at most {MOST_CLICK_MS:g})")
    print(f"transferred    {size / 1000:.0f} kB        (at most {MOST_BYTES / 1000:g})")
    print(f"console errors {len(complaints)}           (at most 0)")
    reached = usable_s <= MOST_USABLE_S and p95_ms <= MOST_CLICK_MS and size <= MOST_BYTES and not complaints
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
