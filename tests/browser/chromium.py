"""Where the real browser is, and one page of it that remembers what it complained about."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

from tests.patience import at_most

ARTEFACTS = Path(__file__).parents[2] / "artefacts" / "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW_TO_GET_ONE = "install Debian's package chromium, or name another one in $CHROMIUM"

DESKTOP = {"width": 1440, "height": 1000}
TABLET = {"width": 820, "height": 1180}
PHONE = {"width": 375, "height": 812}


def find_chromium() -> str | None:
    """The executable; None if this machine has none."""
    return os.environ.get("CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's own Chromium under Playwright; nothing is downloaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium())
        try:
            yield browser
        finally:
            browser.close()


class WatchedPage:
    """A page in a fresh browser profile. ``complaints`` are its console errors and uncaught exceptions."""

    def __init__(self, browser: Browser, base_url: str, *, language: str = "en", **options: Any) -> None:
        self.complaints: list[str] = []
        locale = {"en": "en-GB", "is": "is-IS"}[language]
        options = {"viewport": DESKTOP, "reduced_motion": "reduce", **options}
        self._context = browser.new_context(base_url=base_url, locale=locale, **options)
        self._context.set_default_timeout(at_most(10_000))
        self.page: Page = self._context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", self._uncaught)

    def close(self) -> None:
        self._context.close()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _uncaught(self, error: Error) -> None:
        self.complaints.append(f"uncaught: {error.message}")
