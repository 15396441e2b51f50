"""What ``make test`` looks at in a browser: one of each kind of the other files, in one file, so with one browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from terminal.simulation.run import simulate
from tests.browser.chromium import WatchedPage
from tests.browser.counter_page import PATIENT_PHONE
from tests.browser.test_faults import expect_new_receipts
from tests.browser.test_page import serious_findings
from tests.browser.test_sale import expect_paid
from tests.browser.test_simulation import open_world
from tests.browser.test_status import PASSWORD, terminal


def test_phone_customer_accepts_on_the_phone(counter):
    before = counter.receipts()
    counter.ring_up("1.990")
    counter.expect_screen("1.990 kr.")
    counter.press(f"{PATIENT_PHONE}#")
    counter.accept()
    expect_paid(counter, before)
    expect(counter.page.locator("#history")).to_contain_text("Paid")
    counter.screenshot("phone-paid")


def test_whole_sale_without_a_mouse(counter):
    before = counter.receipts()
    keyboard = counter.page.keyboard
    counter.page.locator("#amount").focus()
    keyboard.press("Control+A")
    keyboard.type("1990")
    keyboard.press("Enter")
    expect(counter.page.locator("#device")).to_be_focused()
    keyboard.type(PATIENT_PHONE)
    keyboard.press("Enter")
    accept = counter.page.get_by_role("button", name="Accept: 1.990 kr.")
    accept.wait_for()
    for _ in range(40):
        keyboard.press("Tab")
        if accept.evaluate("button => button === document.activeElement"):
            break
    expect(accept).to_be_focused()
    keyboard.press("Enter")
    expect_paid(counter, before)


@pytest.mark.slow
def test_chosen_language_is_kept(counter):
    counter.page.get_by_role("button", name="Íslenska").click()
    counter.page.reload()
    expect(counter.page.locator("#pay")).to_have_text("Borga")


@pytest.mark.slow
def test_receipts_wait_for_paper(counter):
    before = counter.receipts()
    counter.page.locator("#tab-faults").click()
    counter.press_fault("printer-paper-out")
    counter.ring_up("1990")
    counter.pay_by_phone()
    counter.accept()
    counter.expect_till("Paid")
    expect(counter.page.locator("#printer-status")).to_contain_text("Out of paper · 2 waiting")
    counter.page.locator("#paper-supply").click()
    expect_new_receipts(counter, before)
    expect(counter.page.locator("#fault-count")).to_be_empty()


@pytest.mark.slow
def test_seed_is_opened_and_stepped_through(counter):
    counter.page.locator("#tab-simulation").click()
    page, story = counter.page, simulate(7, tell=True).story
    open_world(page, 7)
    expect(page.locator("#world-lines tr")).to_have_count(len(story))
    said = page.locator("#world-line")
    expect(said).to_have_text(f"line 1 of {len(story)} · {story[0].at_s:.2f} s · Register: {story[0].what}")
    expect(page.locator("#world")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.locator("#next-line").click()
    page.locator("#previous-line").click()
    expect(said).to_contain_text(f"line 3 of {len(story)}")
    lit = page.locator("#world-lines tr[aria-current=step]")
    expect(lit).to_have_count(1)
    expect(lit).to_contain_text(story[2].what)
    expect(page.locator("#world-people .lit")).to_have_text(story[2].who.capitalize())
    page.keyboard.press("End")
    expect(said).to_contain_text(f"line {len(story)} of {len(story)}")
    expect(page.locator("#first-violation")).to_be_disabled()


@pytest.mark.slow
def test_password_opens_and_logout_closes(browser, tmp_path):
    with terminal(tmp_path) as base_url:
        watched = WatchedPage(browser, base_url)
        page = watched.page
        page.goto("/")
        assert serious_findings(page) == {}
        page.get_by_role("textbox").fill("wrong")
        page.get_by_role("button").click()
        page.wait_for_url("**/login?wrong=1")
        page.get_by_role("textbox").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#conditions li")).to_have_count(3)
        page.locator("#logout").click()
        expect(page.get_by_role("textbox")).to_be_visible()
        assert watched.complaints == []
        watched.close()
