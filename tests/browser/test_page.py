"""The page itself: for screen readers, in both languages and colours, and without a terminal behind it."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.chromium import DESKTOP, PHONE

SERIOUS = ("serious", "critical")


def serious_findings(page):
    """What axe-core calls serious or worse, each with the elements it is about."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return {
        finding["id"]: [node["html"] for node in finding["nodes"]] for finding in found if finding["impact"] in SERIOUS
    }


@pytest.mark.parametrize(("colours", "viewport"), [("light", DESKTOP), ("dark", PHONE)])
def test_axe_has_no_serious_finding(open_counter, colours, viewport):
    counter = open_counter(color_scheme=colours, viewport=viewport)
    counter.ring_up("1990")
    counter.pay_by_phone()
    counter.page.get_by_role("button", name="Accept: 1.990 kr.").wait_for()
    assert serious_findings(counter.page) == {}


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_icelandic_speaks_icelandic(open_counter, colours):
    counter = open_counter(language="is", color_scheme=colours)
    expect(counter.page.locator("html")).to_have_attribute("lang", "is")
    expect(counter.page.locator("#pay")).to_have_text("Borga")
    counter.screenshot(f"icelandic-{colours}")
    counter.page.get_by_role("button", name="English").click()
    expect(counter.page.locator("#pay")).to_have_text("Pay")


def test_amount_that_is_none_is_said_at_the_field(counter):
    counter.page.locator("#amount").fill("19,90")
    counter.page.locator("#pay").click()
    expect(counter.page.locator("#amount-problem")).to_contain_text("whole krónur")
    expect(counter.page.locator("#amount")).to_have_attribute("aria-invalid", "true")
