"""What goes wrong at counters, made to go wrong by clicking, and seen on the page: the money stays right."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_page import serious_findings
from tests.patience import at_most


@pytest.fixture
def counter(open_counter):
    counter = open_counter()
    counter.page.locator("#tab-faults").click()
    return counter


def expect_promises_kept(counter):
    counter.page.locator("#tab-story").click()
    lights = counter.page.locator("#promises li")
    expect(lights).to_have_count(6)
    expect(counter.page.locator("#promises li.kept")).to_have_count(6)


def expect_new_receipts(counter, before):
    counter.expect_receipts(min(before + 2, 12))


def test_lost_answer_to_the_confirmation_is_paid_once(counter):
    before = counter.receipts()
    counter.press_fault("server-lost-after")
    counter.ring_up("1990")
    counter.pay_by_phone()
    counter.accept()
    counter.expect_till("Paid")
    expect_new_receipts(counter, before)
    expect_promises_kept(counter)
    expect(counter.page.locator("#timeline .trouble").first).to_contain_text("no answer")


def test_no_network_is_said_and_the_next_sale_works(counter):
    counter.press_fault("network-dns")
    counter.ring_up("1990")
    counter.pay_by_phone()
    counter.expect_till("Not paid")
    expect(counter.page.locator("#conditions .bad")).to_contain_text("No network")
    counter.press_fault("network-dns")
    before = counter.receipts()
    counter.ring_up("1990")
    counter.pay_by_phone()
    counter.accept()
    counter.expect_till("Paid")
    expect(counter.page.locator("#conditions .bad")).to_have_count(0)
    expect_new_receipts(counter, before)


def test_register_unplugged_while_it_is_paid_hears_of_it_later(counter):
    counter.ring_up("1990")
    counter.pay_by_phone()
    counter.press_fault("register-unplugged")
    expect(counter.page.locator("#conditions .bad")).to_contain_text("Register not connected")
    counter.accept()
    counter.expect_screen("1.990 kr.")
    counter.press_fault("register-unplugged")
    counter.expect_till("Paid")
    expect_promises_kept(counter)


def test_power_cut_after_the_confirmation_ends_as_paid(counter):
    before = counter.receipts()
    counter.press_fault("power-cut-after-call")
    counter.ring_up("1990")
    counter.pay_by_phone()
    counter.accept()
    counter.expect_screen("No power")
    counter.expect_till("Paid")
    expect_new_receipts(counter, before)
    expect_promises_kept(counter)
    expect(counter.page.locator("#timeline")).to_contain_text("The power went")


def test_scenario_plays_before_the_eyes(counter):
    counter.page.locator("#tab-scenarios").click()
    counter.page.locator("#scenario-01-phone").click()
    expect(counter.page.locator("#progress")).to_contain_text("went well", timeout=at_most(15_000))
    counter.screenshot("scenario")


def test_a_run_by_hand_is_recorded_and_plays_again(counter, tmp_path):
    counter.page.locator("#tab-scenarios").click()
    counter.page.get_by_role("button", name="Record").click()
    expect(counter.page.locator("#record")).to_have_text("End the recording")
    counter.ring_up("1990")
    counter.pay_by_phone()
    counter.accept()
    counter.expect_till("Paid")
    with counter.page.expect_download() as download:
        counter.page.locator("#record").click()
    saved = tmp_path / "scenario.toml"
    download.value.save_as(saved)
    assert '{ keys = "8223281#" }' in saved.read_text()
    counter.page.locator("#scenario-file").set_input_files(saved)
    expect(counter.page.locator("#progress")).to_contain_text("went well", timeout=at_most(15_000))


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_has_no_serious_finding_on_the_workbench(open_counter, colours):
    counter = open_counter(color_scheme=colours)
    for tab in ("story", "faults", "scenarios"):
        counter.page.locator(f"#tab-{tab}").click()
        assert serious_findings(counter.page) == {}, tab
        counter.screenshot(f"{tab}-{colours}")
