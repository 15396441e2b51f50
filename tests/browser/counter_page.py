"""The front panel as the people around the counter use it: every method is something a hand does or an eye sees."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import ARTEFACTS, WatchedPage

PATIENT_PHONE = "8223281"
PATIENT_KENNITALA = "1111111119"


class CounterPage(WatchedPage):
    """One browser at the counter, in English unless ``language`` says otherwise."""

    def __init__(self, browser: Browser, base_url: str, **options: object) -> None:
        super().__init__(browser, base_url, **options)
        self.open()

    def open(self) -> None:
        self.page.goto("/")
        self._until("() => document.querySelectorAll('#conditions li').length === 3")

    # --- hands --------------------------------------------------------------------------------------------------------

    def ring_up(self, amount: str) -> None:
        self.page.locator("#amount").fill(amount)
        self.page.locator("#pay").click()
        self.expect_till("Waiting for payment")

    def press(self, keys: str) -> None:
        """Click these keys of the terminal, one after the other."""
        for key in keys:
            self.page.locator(f'#keypad [data-key="{key}"]').click()

    def hold(self, key: str) -> None:
        """Keep the mouse down on this key until the page takes it for more than a click."""
        with self.page.expect_request(lambda request: '"hold":true' in (request.post_data or "")):
            self.page.locator(f'#keypad [data-key="{key}"]').hover()
            self.page.mouse.down()
        self.page.mouse.up()

    def pay_by_phone(self) -> None:
        """Type the number on the computer's keys, which is quicker than clicking it."""
        self.page.locator("#device").focus()
        self.page.keyboard.type(f"{PATIENT_PHONE}#")

    def accept(self) -> None:
        self.page.get_by_role("button", name=re.compile("^Accept:")).click()

    def reject(self) -> None:
        self.page.get_by_role("button", name=re.compile("^Reject:")).click()

    def app_code(self) -> str:
        """Ask the phone for an app code: its four digits."""
        self.page.get_by_role("button", name="Show app code").click()
        digits = self.page.locator("#token-digits")
        expect(digits).to_have_text(re.compile(r"\d{4}"))
        return digits.inner_text()

    def sms_code(self) -> str:
        """Wait for the SMS on the phone: the code in it."""
        match = re.search(r"\d{4}", self.page.locator(".bubble").inner_text())
        assert match
        return match[0]

    def press_fault(self, name: str) -> None:
        """Click a fault; the tab with the faults is open."""
        self.page.locator("#tab-faults").click()
        self.page.locator(f"#fault-{name}").click()
        expect(self.page.locator(f"#fault-{name}")).to_have_attribute("aria-busy", "false")

    # --- eyes ---------------------------------------------------------------------------------------------------------

    def expect_till(self, text: str) -> None:
        self._until_text("till-status", text)

    def expect_screen(self, text: str) -> None:
        """The terminal's display says so; read from its text for screen readers."""
        self._until_text("oled-text", text)

    def expect_receipts(self, count: int) -> None:
        """So many pieces of paper, each with a picture that has loaded."""
        self._until(
            """count => {
                const slips = [...document.querySelectorAll("#receipts .slip")];
                return slips.length === count && slips.every((slip) => slip.naturalHeight > 0);
            }""",
            count,
        )

    def receipts(self) -> int:
        """How many pieces of paper have come out so far; the page shows the last dozen."""
        return len(self.page.request.get("/api/receipts").json())

    def _until_text(self, element_id: str, text: str) -> None:
        self._until(
            "([id, text]) => document.getElementById(id).textContent.toLowerCase().includes(text)",
            [element_id, text.lower()],
        )

    def _until(self, condition: str, argument: object = None) -> None:
        """Look at every frame; Playwright's own assertions look again only after up to a second."""
        self.page.wait_for_function(condition, arg=argument, polling="raf")

    def screenshot(self, name: str) -> Path:
        """The whole page, kept for people to look at."""
        path = ARTEFACTS / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path


def overflow_px(page: Page) -> int:
    """By how much the page is wider than its window."""
    return max(0, int(page.evaluate("document.documentElement.scrollWidth - innerWidth")))
