"""The panel behind a password: who gets in, who does not, and how slowly one can guess."""

from __future__ import annotations

import asyncio
import itertools
import logging

import httpx
import pytest
from starlette.requests import Request

from terminal.panel import login
from terminal.panel.login import (
    COOKIE,
    DEVICE_COOKIE,
    FREE_GUESSES,
    LONGEST_PAUSE_S,
    MAX_SESSIONS,
    MOST_WAITING,
    SESSION_S,
    Doorkeeper,
)
from terminal.panel.server import create_panel
from terminal.sale.sensitive import Sensitive
from terminal.system.password import hash_password, is_password_hash, password_matches
from tests.panel_fake import FakeCounter
from tests.patience import at_most
from tests.virtual_time import HandClock

pytestmark = pytest.mark.usefixtures("quick_hashes")

PASSWORD = "kaffi og kleinur"
HERE, THERE = "192.0.2.7", "192.0.2.8"


def doorkeeper(clock=None):
    return Doorkeeper(Sensitive(hash_password(PASSWORD)), clock or HandClock(0.0))


def visit(*requests, headers=None, base_url="http://terminal.shop.example"):
    """Make these requests, each ``(method, path, form)``, one after the other, and keep cookies as browsers do."""

    async def scenario():
        app = create_panel(FakeCounter(), password_hash=Sensitive(hash_password(PASSWORD)))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=base_url, headers=headers) as client:
            return [await client.request(method, path, data=form) for method, path, form in requests]

    return asyncio.run(scenario())


ENTER = ("POST", "/login", {"password": PASSWORD})


@pytest.mark.parametrize("path", ["/api/state", "/api/display.png", "/api/events", "/api/receipts", "/static/main.js"])
def test_nothing_is_shown_before_login(path):
    (answer,) = visit(("GET", path, None))
    assert answer.status_code == 401
    assert "Log in" in answer.json()["error"]


def test_the_page_leads_to_the_login_page_which_is_whole():
    page, form, style = visit(("GET", "/", None), ("GET", "/login", None), ("GET", "/static/panel.css", None))
    assert (page.status_code, page.headers["location"]) == (303, "/login")
    assert 'action="/login"' in form.text
    assert "form-action 'self'" in form.headers["content-security-policy"]
    assert style.status_code == 200


def test_right_password_opens_everything_until_logout():
    entered, state, page, left, again = visit(
        ENTER, ("GET", "/api/state", None), ("GET", "/", None), ("POST", "/logout", None), ("GET", "/api/state", None)
    )
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert (state.status_code, page.status_code) == (200, 200)
    assert (left.status_code, again.status_code) == (303, 401)


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites():
    (entered,) = visit(ENTER)
    cookies = entered.headers.get_list("set-cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == [COOKIE, DEVICE_COOKIE]
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Secure" not in cookie
    (entered,) = visit(ENTER, base_url="https://terminal.shop.example")
    assert all("Secure" in cookie for cookie in entered.headers.get_list("set-cookie"))


def test_wrong_password_gets_no_session():
    entered, state = visit(("POST", "/login", {"password": "kaffi"}), ("GET", "/api/state", None))
    assert entered.headers["location"] == "/login?wrong=1"
    assert "set-cookie" not in entered.headers
    assert state.status_code == 401


def test_a_foreign_page_cannot_log_in_or_act():
    answers = visit(ENTER, ("POST", "/api/keypad", None), headers={"Origin": "http://evil.example"})
    assert {answer.status_code for answer in answers} == {403}


def test_a_form_that_is_too_long_is_refused():
    (answer,) = visit(("POST", "/login", {"password": "x" * 5000}))
    assert answer.status_code == 413


@pytest.mark.parametrize("cookie", ["", "panel_session=", "panel_session=wrong", "panel_session", '=;,"'])
def test_no_cookie_but_ours_opens(cookie):
    async def scenario():
        app = create_panel(FakeCounter(), password_hash=Sensitive(hash_password(PASSWORD)))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return await client.get("/api/state", headers={"Cookie": cookie})

    assert asyncio.run(scenario()).status_code == 401


def test_guesses_get_slower_and_an_early_right_one_does_not_count():
    async def scenario():
        clock = HandClock(0.0)
        door = doorkeeper(clock)
        pauses = []
        for _ in range(FREE_GUESSES + 10):
            assert await door.open_session("wrong", HERE) is None
            pauses.append(door.pause_s(HERE))
            if pauses[-1]:
                assert await door.open_session(PASSWORD, HERE) is None
            clock.now_s += pauses[-1]
        assert await door.open_session(PASSWORD, HERE)
        return pauses

    pauses = asyncio.run(scenario())
    assert pauses[: FREE_GUESSES - 1] == [0.0] * (FREE_GUESSES - 1)
    assert all(later >= earlier for earlier, later in itertools.pairwise(pauses))
    assert pauses[-1] == LONGEST_PAUSE_S


def test_guesses_at_the_same_time_are_tried_one_by_one():
    async def scenario():
        door = doorkeeper()
        await asyncio.gather(*(door.open_session(f"guess {number}", HERE) for number in range(10)))
        return door.pause_s(HERE)

    assert asyncio.run(scenario()) == 2.0  # the third was the last that was tried


def test_who_guesses_locks_nobody_else_out():
    async def scenario():
        door = doorkeeper()
        for _ in range(8):
            await door.open_session("wrong", HERE)
        assert door.pause_s(HERE) > 0
        assert door.pause_s(THERE) == 0
        return await door.open_session(PASSWORD, THERE)

    assert asyncio.run(scenario())


def test_a_browser_that_was_let_in_before_gets_in_although_its_address_must_wait():
    async def scenario():
        door = doorkeeper()
        cookie = door.new_device()
        for _ in range(8):
            await door.open_session("wrong", HERE)
        assert await door.open_session(PASSWORD, HERE) is None
        return await door.open_session(PASSWORD, door.device(cookie))

    assert asyncio.run(scenario())


def test_at_the_page_too_who_guesses_locks_out_neither_another_address_nor_a_browser_that_is_known():
    async def scenario():
        hashed = Sensitive(hash_password(PASSWORD))
        app = create_panel(FakeCounter(), password_hash=hashed)
        known = {"Cookie": f"{DEVICE_COOKIE}={Doorkeeper(hashed).new_device()}"}

        async def guess(word, address, headers=None):
            transport = httpx.ASGITransport(app, client=(address, 4711))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                answer = await client.post("/login", data={"password": word}, headers=headers)
            return answer.headers["location"]

        guessed = [await guess("wrong", HERE) for _ in range(5)]
        assert guessed == ["/login?wrong=1"] * FREE_GUESSES + ["/login?wait=2"] * 2
        return [await guess(PASSWORD, HERE), await guess(PASSWORD, THERE), await guess(PASSWORD, HERE, known)]

    assert asyncio.run(scenario()) == ["/login?wait=2", "/", "/"]


def test_a_known_browser_guesses_as_slowly_as_anybody():
    async def scenario():
        door = doorkeeper()
        device = door.device(door.new_device())
        for _ in range(FREE_GUESSES):
            await door.open_session("wrong", device)
        return door.pause_s(device)

    assert asyncio.run(scenario()) == 2.0


def test_a_crowd_of_strangers_does_not_keep_a_known_browser_waiting():
    async def scenario():
        door = doorkeeper()
        crowd = [asyncio.ensure_future(door.open_session("wrong", f"192.0.2.{number}")) for number in range(200)]
        await asyncio.sleep(0)
        tried = sum(not guess.done() for guess in crowd)
        async with asyncio.timeout(at_most(5)):
            token = await door.open_session(PASSWORD, door.device(door.new_device()))
        await asyncio.gather(*crowd)
        return tried, token

    tried, token = asyncio.run(scenario())
    assert tried == MOST_WAITING
    assert token


@pytest.mark.parametrize("cookie", ["", ".", "x", "x.", "x.00", ".00"])
def test_a_device_cookie_must_be_ours(cookie):
    assert doorkeeper().device(cookie) is None


def test_a_device_cookie_outlives_a_restart_and_ends_with_the_password():
    hashed = Sensitive(hash_password(PASSWORD))
    cookie = Doorkeeper(hashed).new_device()
    assert Doorkeeper(hashed).device(cookie)
    assert doorkeeper().device(cookie) is None
    assert Doorkeeper(hashed).device(cookie + "0") is None


def test_it_opens_nothing_by_itself():
    async def scenario():
        hashed = Sensitive(hash_password(PASSWORD))
        app = create_panel(FakeCounter(), password_hash=hashed)
        cookies = f"{DEVICE_COOKIE}={Doorkeeper(hashed).new_device()}"
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return await client.get("/api/state", headers={"Cookie": cookies})

    assert asyncio.run(scenario()).status_code == 401


def test_what_is_remembered_of_guessers_is_bounded(monkeypatch):
    monkeypatch.setattr("terminal.panel.login.MOST_COUNTED", 20)

    async def scenario():
        door = doorkeeper()
        for number in range(40):
            await door.open_session("wrong", f"caller {number}")
        return len(door._guesses)

    assert asyncio.run(scenario()) == 20


def test_logins_and_logouts_are_in_the_log_with_who_it_was(caplog):
    caplog.set_level(logging.INFO)
    visit(("POST", "/login", {"password": "kaffi"}), ENTER, ("POST", "/logout", None), ("POST", "/logout", None))
    assert [record.getMessage() for record in caplog.records if record.name.startswith("terminal")] == [
        "panel login refused: 127.0.0.1",
        "audit: panel login, by 127.0.0.1: session opened",
        "audit: panel logout, by 127.0.0.1: session ended",
    ]
    assert "kaffi" not in caplog.text


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
        ("", "unknown address"),
    ],
)
def test_a_network_of_ipv6_is_one_caller(host, told):
    assert login._address(Request({"type": "http", "client": (host, 5)})) == told


def test_sessions_end_by_themselves_and_their_number_is_bounded():
    async def scenario():
        clock = HandClock(0.0)
        door = doorkeeper(clock)
        tokens = [await door.open_session(PASSWORD, HERE) for _ in range(MAX_SESSIONS + 1)]
        assert not door.knows(tokens[0])
        assert door.knows(tokens[1])
        clock.now_s = SESSION_S
        assert not door.knows(tokens[-1])

    asyncio.run(scenario())


def test_hash_is_salted_and_matches_its_password_only():
    one, other = hash_password(PASSWORD), hash_password(PASSWORD)
    assert one != other
    assert password_matches(PASSWORD, one)
    assert not password_matches("kaffi", one)
    assert not password_matches("x" * 1000, one)


@pytest.mark.parametrize(
    "text",
    ["", "plain", "scrypt$15$8$1$AAAA$AAAA", "scrypt$31$8$1$" + "A" * 22 + "==$" + "A" * 43 + "=", "scrypt$15$0$1$"],
)
def test_what_is_no_hash_matches_nothing(text):
    assert not is_password_hash(text)
    assert not password_matches("", text)


def test_the_page_of_the_login_needs_no_script():
    assert "<script" not in login._PAGE.read_text(encoding="utf-8")
