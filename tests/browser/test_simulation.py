"""A world of the simulation on the workbench: opened by its seed, read with the mouse and with the arrow keys."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.counter_page import overflow_px
from tests.browser.test_page import serious_findings

BROKEN: dict[str, Any] = {
    **{"seed": 5, "mode": "automatic", "protocol": "line", "sales": 1, "cuts": 0, "outcomes": {"approved": 1}},
    "violations": ["told OK 1, but nothing is captured"],
    "story": [{"at_s": 1.5, "who": "register", "what": "rings up R1, 1 kr."}],
}


@pytest.fixture
def counter(open_counter):
    counter = open_counter()
    counter.page.locator("#tab-simulation").click()
    return counter


def open_world(page, seed):
    page.locator("#seed").fill(str(seed))
    page.locator("#open-world").click()
    expect(page.locator("#world-verdict")).to_contain_text("Every promise kept")


def test_first_violation_is_found(counter):
    page = counter.page
    page.route("**/api/simulation/5", lambda route: route.fulfill(body=json.dumps(BROKEN)))
    page.locator("#seed").fill("5")
    page.locator("#open-world").click()
    expect(page.locator("#world-verdict")).to_contain_text("Broken promises: 1")
    page.locator("#first-violation").click()
    expect(page.locator("#world-line")).to_have_text(f"line 2 of 2 · 1.50 s · Violation: {BROKEN['violations'][0]}")


@pytest.mark.parametrize(("colours", "viewport"), [("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE)])
def test_axe_has_no_serious_finding_in_a_world(open_counter, colours, viewport):
    counter = open_counter(color_scheme=colours, viewport=viewport)
    counter.page.locator("#tab-simulation").click()
    open_world(counter.page, 7)
    for _ in range(3):
        counter.page.locator("#next-line").click()
    assert serious_findings(counter.page) == {}
    assert overflow_px(counter.page) == 0
    counter.screenshot(f"simulation-{colours}-{viewport['width']}")
