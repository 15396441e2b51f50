"""One Chromium and one demo for all browser tests; every test gets browsers of its own and ends with an idle counter.

Where there is no Chromium these tests are skipped, unless CI=true: there a missing browser is a failure.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.patience import at_most

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.counter_page import CounterPage

FIRST_LOOK = "test_first_look.py"

if importlib.util.find_spec("playwright") is None and os.environ.get("CI") != "true":
    collect_ignore_glob = ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """``make test`` takes a first look at the page, ``make test-all`` looks at everything."""
    here = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        if str(item.path).startswith(here) and item.path.name != FIRST_LOOK:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def executable() -> str:
    """Chromium's path; whoever asks for it is skipped where there is none."""
    from tests.browser import chromium  # noqa: PLC0415

    if (path := chromium.find_chromium()) is not None:
        return path
    missing = f"there is no Chromium on this machine: {chromium.HOW_TO_GET_ONE}"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope="module")
def browser(executable: str) -> Iterator[Browser]:
    """One for each file: Playwright keeps an event loop running meanwhile, which other files' tests cannot have."""
    from playwright.sync_api import expect  # noqa: PLC0415

    from tests.browser.chromium import chromium  # noqa: PLC0415

    expect.set_options(timeout=at_most(10_000))
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def base_url(executable: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo's address."""
    from tests.browser.demo import demo  # noqa: PLC0415

    with demo(tmp_path_factory.mktemp("demo")) as address:
        yield address


@pytest.fixture(scope="session")
def panel(base_url: str) -> Iterator[httpx.Client]:
    """The same counter over HTTP, for what no hand can do."""
    with httpx.Client(base_url=base_url, trust_env=False, timeout=at_most(10)) as client:
        client.put("/sandbox/settings", json={"check_interval_ms": 500})
        yield client


@pytest.fixture
def open_counter(browser: Browser, base_url: str, panel: httpx.Client) -> Iterator[Callable[..., CounterPage]]:
    """Opens a browser at the counter. None may have complained when the test ends."""
    from tests.browser.counter_page import CounterPage  # noqa: PLC0415

    opened: list[CounterPage] = []

    def open_one(**options: object) -> CounterPage:
        opened.append(CounterPage(browser, base_url, **options))
        return opened[-1]

    try:
        yield open_one
        assert [page.complaints for page in opened if page.complaints] == []
    finally:
        for page in opened:
            page.close()
        put_in_order(panel)


@pytest.fixture
def counter(open_counter: Callable[..., CounterPage]) -> CounterPage:
    return open_counter()


def put_in_order(panel: httpx.Client) -> None:
    """Whatever a test left behind is cleared away, so that the next one fails for reasons of its own only."""
    panel.post("/api/scenarios/stop", json={})
    panel.delete("/api/faults")
    if panel.get("/api/state").json()["state"] != "idle":
        panel.post("/api/register", json={"send": "CANCEL"})


@pytest.fixture(autouse=True)
def _artefacts() -> None:
    Path("artefacts/browser").mkdir(parents=True, exist_ok=True)
