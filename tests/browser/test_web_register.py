"""A register program that is a web page: its script calls the terminal from another origin, if that is named."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.integration.test_http import HttpDemo

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGE = """<!doctype html><title>Kassi</title><script type="module">
const { url, token } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json", "Idempotency-Key": "web-1" };
let told;
try {
  const answer = await fetch(`${url}/v1/payments`, { method: "POST", headers, body: JSON.stringify({ amount: 1990 }) });
  const payment = await answer.json();
  const off = await fetch(`${url}/v1/payments/${payment.id}`, { method: "DELETE", headers });
  told = `${answer.status} ${(await off.json()).outcome}`;
} catch (error) {
  told = "refused";
}
document.title = told;
</script>"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Nobody reads it."""


@contextmanager
def web_site(folder: Path) -> Iterator[str]:
    """Where the page is served."""
    (folder / "index.html").write_text(PAGE)
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()


def told(browser: Browser, site: str, counter: HttpDemo) -> str:
    info = counter.get("/api/register")
    page = browser.new_page()
    try:
        page.goto(f"{site}/#url={info['port']}&token={info['token']}")
        for _ in range(100):
            if (title := page.title()) != "Kassi":
                return title
            page.wait_for_timeout(50)
    finally:
        page.close()
    raise AssertionError("the page's script does not end")


def test_a_page_whose_origin_is_named_takes_a_payment(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    with web_site(tmp_path / "site") as site:
        settings = {"register": {"protocol": "http"}, "http": {"allowed_origins": [site]}}
        with HttpDemo(tmp_path, settings) as counter:
            assert told(browser, site, counter) == "201 cancelled"


def test_no_other_page_does(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    settings = {"register": {"protocol": "http"}, "http": {"allowed_origins": ["https://pos.example.is"]}}
    with web_site(tmp_path / "site") as site, HttpDemo(tmp_path, settings) as counter:
        assert told(browser, site, counter) == "refused"
        assert counter.journal() == []
