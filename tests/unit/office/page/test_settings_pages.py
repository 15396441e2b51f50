"""Settings on the page: who may set them, what is refused, and what stands there of the counters."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.office_bench import Office
from tests.unit.office.page.test_site import at_page

pytestmark = pytest.mark.usefixtures("quick_hashes")

TEXT = '[shop]\nname = "<b>Kría</b>"\n'


async def form_token(http: httpx.AsyncClient) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', (await http.get("/settings")).text)
    assert found is not None
    return found[1]


def test_who_operates_sets_and_moves_and_the_log_says_so(database: str) -> None:
    async def work(office: Office, http: httpx.AsyncClient) -> None:
        await office.post("/v1/status", {"terminal": "T1", "status": {}})
        token = await form_token(http)
        sent = {"form_token": token, "group": "shops", "document": TEXT}
        assert (await http.post("/settings/set", data=sent)).headers["location"] == "/settings"
        moved = {"form_token": token, "terminal": "T1", "group": "shops"}
        assert (await http.post("/settings/move", data=moved)).headers["location"] == "/settings"
        page = (await http.get("/settings?group=shops")).text
        assert "&lt;b&gt;Kría" in page
        assert "<b>Kría" not in page
        offered = (await office.post("/v1/status", {"terminal": "T1", "status": {}})).json()["settings"]
        told = {"refused_revision": offered["revision"], "refused": "it does not <i>fit</i>"}
        await office.post("/v1/status", {"terminal": "T1", "status": {"settings": told}})
        assert "it does not &lt;i&gt;fit" in (await http.get("/settings")).text
        log = (await http.get("/log?lang=en")).text
        assert "set a group" in log
        assert "moved a counter to a group" in log

    at_page(database, work)


def test_what_no_counter_would_take_is_shown_again_with_the_reason(database: str) -> None:
    async def work(office: Office, http: httpx.AsyncClient) -> None:
        token = await form_token(http)
        for document in ("[journal]\npath = '/'", "[sale", "# " + "x" * 9000):
            sent = {"form_token": token, "group": "shops", "document": document}
            answer = await http.post("/settings/set", data=sent)
            assert answer.status_code == 400
            assert 'role="alert"' in answer.text
        moved = {"form_token": token, "terminal": "T9", "group": ""}
        assert (await http.post("/settings/move", data=moved)).status_code == 400
        assert await office.rows("SELECT count(*)::int FROM settings_document") == [(0,)]

    at_page(database, work)


def test_who_may_only_look_sees_no_form_and_sets_nothing(database: str) -> None:
    async def work(office: Office, http: httpx.AsyncClient) -> None:
        page = (await http.get("/settings")).text
        assert "textarea" not in page
        found = re.search(r'name="form_token" value="([^"]+)"', page)
        assert found is not None
        sent = {"form_token": found[1], "group": "shops", "document": TEXT}
        assert (await http.post("/settings/set", data=sent)).status_code == 403
        assert (await http.post("/settings/set", data={**sent, "form_token": "x"})).status_code == 403
        assert await office.rows("SELECT count(*)::int FROM settings_document") == [(0,)]

    at_page(database, work, role="look")
