"""Whole sales in a real browser, by clicking, by typing, from two browsers, over a reload and on a narrow screen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import PHONE, TABLET
from tests.browser.counter_page import PATIENT_KENNITALA, overflow_px

WATCH_SIGNALS = """() => {
    const becomes = (node, attribute, is) => new Promise((resolve) => {
        new MutationObserver(() => is(node) && resolve(node[attribute])).observe(node, { attributes: true });
    });
    window.lit = becomes(document.getElementById("led"), "ariaLabel", (led) => led.classList.contains("lit"));
    window.beeped = becomes(document.getElementById("beep"), "hidden", (beep) => !beep.hidden);
}"""
"""Promises that are kept at the first light and the first beep, however short."""


def expect_paid(counter, receipts_before):
    counter.expect_till("Paid")
    counter.expect_screen("Paid")
    counter.expect_receipts(min(receipts_before + 2, 12))


def test_kennitala_customer_gets_a_code_by_sms(counter):
    before = counter.receipts()
    counter.ring_up("2500")
    counter.press(f"{PATIENT_KENNITALA}#")
    counter.press(f"{counter.sms_code()}#")
    expect_paid(counter, before)


def test_app_code_pays_at_once(counter):
    before = counter.receipts()
    code = counter.app_code()
    counter.ring_up("850")
    counter.press(f"{code}#")
    expect_paid(counter, before)


def test_a_key_held_down_cancels_whatever_was_typed(counter):
    counter.ring_up("1990")
    counter.press("822")
    counter.hold("*")
    counter.expect_till("Cancelled")


def test_lamp_and_buzzer_are_seen_and_the_lamp_is_named(counter):
    lamp = counter.page.locator("#led")
    expect(lamp).to_have_attribute("aria-label", "The lamp is dark")
    expect(counter.page.locator("#beep")).to_be_hidden()
    counter.page.locator("#sound").check()
    counter.page.evaluate(WATCH_SIGNALS)
    counter.ring_up("1990")
    counter.pay_by_phone()
    counter.accept()
    counter.expect_till("Paid")
    assert counter.page.evaluate("Promise.all([lit, beeped])") == ["The lamp is lit", False]
    expect(counter.page.locator("#beep")).to_be_hidden()


def test_customer_rejects(counter):
    before = counter.receipts()
    counter.ring_up("1990")
    counter.pay_by_phone()
    counter.reject()
    counter.expect_till("Not paid")
    counter.expect_screen("Declined")
    assert counter.receipts() == before


def test_reload_in_mid_sale_loses_nothing(counter):
    before = counter.receipts()
    counter.ring_up("1990")
    counter.pay_by_phone()
    counter.page.get_by_role("button", name="Accept: 1.990 kr.").wait_for()
    counter.page.reload()
    counter.expect_till("Waiting for payment")
    counter.expect_screen("1.990 kr.")
    counter.accept()
    expect_paid(counter, before)


def test_two_browsers_see_the_same_counter(open_counter):
    cashier, customer = open_counter(), open_counter()
    before = cashier.receipts()
    cashier.ring_up("3300")
    customer.expect_till("Waiting for payment")
    cashier.pay_by_phone()
    customer.accept()
    for either in (cashier, customer):
        expect_paid(either, before)


@pytest.mark.parametrize(("name", "viewport"), [("phone", PHONE), ("tablet", TABLET)])
def test_sale_by_touch_on_a_small_screen(open_counter, name, viewport):
    counter = open_counter(viewport=viewport, has_touch=True)
    before = counter.receipts()
    assert overflow_px(counter.page) == 0
    counter.ring_up("1990")
    counter.pay_by_phone()
    counter.accept()
    expect_paid(counter, before)
    assert overflow_px(counter.page) == 0
    counter.screenshot(f"{name}-paid")


@pytest.mark.parametrize("language", ["en", "is"])
def test_a_sale_is_refunded_beside_the_journals_rows(open_counter, language):
    counter = open_counter()
    counter.ring_up("1990")
    counter.pay_by_phone()
    counter.accept()
    counter.expect_till("Paid")
    counter.page.locator(f'[data-language="{language}"]').click()
    counter.page.locator("#refund-amount").fill("none")
    counter.page.locator("#refund").click()
    expect(counter.page.locator("#refund-amount")).to_have_attribute("aria-invalid", "true")
    counter.page.locator("#refund-amount").fill("500")
    counter.page.locator("#refund").click()
    said = {
        "en": r"Refund \d+ of sale \d+, 500.kr.: Refunded",
        "is": r"Endurgreiðsla \d+ á sölu \d+, 500.kr.: Endurgreitt",
    }
    expect(counter.page.locator("#refund-result")).to_have_text(re.compile(said[language]))
    counter.screenshot(f"refund-{language}")
