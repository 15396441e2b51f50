"""What a web page in the same browser, a stranger on the network or a crooked path can do to the panel: nothing."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import subprocess
from collections.abc import Mapping

import httpx
import pytest

from hardware.settings import KeypadSettings
from terminal.config.checks import find_problems
from terminal.config.schema import Config, NetgiroSettings, PanelSettings
from terminal.panel.server import create_panel
from terminal.sale.sensitive import Sensitive
from terminal.system.log_limit import MOST_ENTRIES, RateLimit
from terminal.system.password import hash_password
from terminal.system.web import WebServer
from tests.panel_fake import FakeCounter

NOBODY = 65534
Request = tuple[str, str, Mapping[str, str]]


def answers(*requests: Request, password: str = "", content: bytes = b'{"keys": "1"}') -> list[httpx.Response]:
    """Each is ``(method, path, headers)``; the path goes over the wire as it stands."""

    async def ask() -> list[httpx.Response]:
        hashed = Sensitive(hash_password(password)) if password else Sensitive("")
        app = create_panel(FakeCounter(), password_hash=hashed, for_everybody=True)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8023") as client:
            got = []
            for method, path, headers in requests:
                request = client.build_request(method, "/", headers=dict(headers), content=content)
                request.url = request.url.copy_with(raw_path=path.encode())
                got.append(await client.send(request))
            return got

    return asyncio.run(ask())


JSON = {"content-type": "application/json"}
FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:9999"},
    {"origin": "http://127.0.0.1.evil.example:8023"},
    {"host": "evil.example"},
    {"host": "127.0.0.1.evil.example"},
    {"host": "localhost@evil.example"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/keypad"), ("PUT", "/api/printer"), ("GET", "/api/display.png")]
)
def test_another_web_page_presses_no_key_and_sees_nothing(method: str, path: str, headers: dict[str, str]) -> None:
    (answer,) = answers((method, path, JSON | headers))
    assert answer.status_code == 403
    assert b"other web pages" in answer.content or b"localhost" in answer.content


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_form_of_another_web_page_is_no_request(kind: str) -> None:
    (answer,) = answers(("POST", "/api/keypad", {"content-type": kind}))
    assert answer.status_code == 415


def test_a_link_to_the_page_may_be_followed_and_a_frame_of_it_not() -> None:
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    followed, framed, own = answers(
        ("GET", "/", link),
        ("GET", "/", link | {"sec-fetch-dest": "iframe"}),
        ("GET", "/", {"sec-fetch-site": "none"}),
    )
    assert (followed.status_code, framed.status_code, own.status_code) == (200, 403, 200)
    assert "frame-ancestors 'none'" in own.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
        "/static/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/static//etc/passwd",
        "/static/%00",
        "/static/..\\server.py",
        "/%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_no_path_leads_out_of_the_pages_folder(path: str) -> None:
    (answer,) = answers(("GET", path, {}))
    assert answer.status_code in (400, 404, 405)
    assert b"root:" not in answer.content
    assert b"import" not in answer.content


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "1e3", "%31%32x", "%C2%B2", "1" * 10])
@pytest.mark.parametrize("ending", ["png", "bin"])
def test_a_receipts_number_is_a_number_of_a_receipt(number: str, ending: str) -> None:
    (answer,) = answers(("GET", f"/api/receipts/{number}.{ending}", {}))
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "content", [b"[" * 30_000, b'{"keys":' + b"1" * 41_000, b'{"keys": "' + b"1" * 200 + b'"}', b"\xff\xfe", b"{"]
)
def test_a_body_of_any_shape_is_refused(content: bytes) -> None:
    (answer,) = answers(("POST", "/api/keypad", JSON), content=content)
    assert answer.status_code in (400, 413)


def test_a_panel_where_money_is_real_wants_a_password_on_this_machine_too() -> None:
    """Whoever is logged in here reaches 127.0.0.1, and the panel shows what the journal's folder keeps to itself."""

    def problems(**netgiro: str) -> list[str]:
        panel = PanelSettings(listen="127.0.0.1:8023")
        config = Config(panel=panel, keypad=KeypadSettings(driver="simulated"), netgiro=NetgiroSettings(**netgiro))
        return [problem for problem in find_problems(config) if problem.startswith("panel.")]

    (wanted,) = problems(base_url="https://api.netgiro.is/v1")
    assert "panel.password_hash: needed" in wanted
    assert problems(base_url="https://api.test.netgiro.is/v1") == []


def test_a_panel_without_a_password_answers_the_user_it_runs_as_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Over real connections: whose each is, the kernel says. The other user is played by whom the panel runs as."""

    async def ask_as(caller: int, runs_as: int) -> int:
        monkeypatch.setattr(os, "geteuid", lambda: runs_as)
        server = WebServer(create_panel(FakeCounter()), "127.0.0.1", 0)
        await server.start()
        try:
            return await asyncio.to_thread(_status_for, caller, server.base_url)
        finally:
            await server.stop()

    me = os.getuid()
    assert asyncio.run(ask_as(me, me)) == 200
    if me != 0:
        assert asyncio.run(ask_as(me, me + 1)) == 403
    else:
        assert asyncio.run(ask_as(0, NOBODY)) == 200
        assert asyncio.run(ask_as(NOBODY, NOBODY)) == 200
        assert asyncio.run(ask_as(NOBODY, 0)) == 403
        assert asyncio.run(ask_as(NOBODY, NOBODY - 1)) == 403


def _status_for(user: int, url: str) -> int:
    """What a program of that user is answered."""
    program = (
        "import sys, urllib.error, urllib.request\n"
        "try: print(urllib.request.urlopen(sys.argv[1] + '/api/state').status)\n"
        "except urllib.error.HTTPError as refused: print(refused.code)\n"
    )
    words = ["/usr/bin/env", "python3", "-I", "-c", program, url]
    return int(
        subprocess.run(words, user=None if user == os.getuid() else user, capture_output=True, check=True).stdout
    )


def test_behind_a_password_a_stranger_gets_the_login_page_and_nothing_else() -> None:
    paths = ("/api/state", "/api/receipts", "/api/register/log", "/api/about", "/static/main.js", "/api/../api/state")
    got = answers(*((("GET", path, {})) for path in paths), password="kaffi og kleinur")
    assert {answer.status_code for answer in got} == {401}


@pytest.mark.parametrize("target", ["//evil.example", "/login?next=//evil.example", "/\\evil.example"])
def test_nobody_is_led_to_another_site(target: str) -> None:
    (answer,) = answers(("GET", target, {}), password="kaffi og kleinur")
    assert "evil" not in answer.headers.get("location", "")


def test_hundreds_of_refused_guesses_are_a_few_lines() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RateLimit(handler))
    root = logging.getLogger("terminal.panel.login")
    root.addHandler(handler)
    try:
        answers(*(("POST", "/login", {}) for _ in range(300)), password="kaffi og kleinur", content=b"password=x")
    finally:
        root.removeHandler(handler)
    assert len(stream.getvalue().splitlines()) <= MOST_ENTRIES
