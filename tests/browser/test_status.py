"""The page of a terminal at a real counter: looked at only, and behind a password if one is set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import expect

from terminal.system.password import hash_password
from tests.browser.chromium import WatchedPage
from tests.browser.test_page import serious_findings
from tests.integration.process import Process, environment

PASSWORD = "kaffi og kleinur"
CONFIG = """
[terminal]
language = "en"
[netgiro]
base_url = "http://127.0.0.1:1/v1"
application_id = "x"
[register]
port = "{folder}/register"
[keypad]
driver = "evdev"
device = "{folder}/keypad"
[printer]
driver = "none"
[display]
driver = "none"
[journal]
path = "{folder}/journal.db"
[panel]
listen = "127.0.0.1:{port}"
password_hash = "{password_hash}"
"""


@contextmanager
def terminal(folder) -> Iterator[str]:
    """``run`` with devices that are not there, behind PASSWORD; the panel's address."""
    from tests.integration.counter import free_port  # noqa: PLC0415

    port = free_port()
    config = folder / "config.toml"
    config.write_text(CONFIG.format(folder=folder, port=port, password_hash=hash_password(PASSWORD)))
    process = Process(
        *("run", "--config", str(config)),
        log_path=folder / "terminal.log",
        env=environment(NETGIRO_SECRET_KEY="secret"),
    )
    try:
        process.wait_for_output("ready")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop()


def test_real_counter_is_shown_and_left_alone(browser, tmp_path):
    with terminal(tmp_path) as base_url:
        watched = WatchedPage(browser, base_url)
        page = watched.page
        page.goto("/")
        page.get_by_role("textbox").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#conditions .bad")).to_have_count(3)
        expect(page.locator("#devices")).to_contain_text(f"{tmp_path}/register")
        for hidden in ("#till", "#keypad", "#phone", "#tab-faults", "#tab-scenarios"):
            expect(page.locator(hidden)).to_be_hidden()
        expect(page.locator("#versions")).to_contain_text("SQLite")
        assert serious_findings(page) == {}
        assert page.request.put("/api/faults", data={"fault": "disk-full"}).status == 404
        assert page.request.post("/api/keypad", data={"keys": "1"}).status == 503
        assert watched.complaints == []
        watched.close()
