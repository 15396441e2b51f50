"""The front panel over HTTP, and who gets in. Behind it stands the counter of ``tests.panel_fake``."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from PIL import Image

from hardware.interfaces import DeviceError, TextLine
from terminal import __version__
from terminal.panel.backend import PrinterCondition
from tests.each import each_of
from tests.panel_fake import FakeCounter
from tests.virtual_time import run_virtual

Check = Callable[[FakeCounter, httpx.AsyncClient], Awaitable[None]]


def at_counter(check: Check) -> None:
    async def scenario() -> None:
        counter = FakeCounter()
        transport = httpx.ASGITransport(counter.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8023") as client:
            await check(counter, client)
        await counter.aclose()

    run_virtual(scenario())


def answer_to(method: str, path: str, **request: Any) -> httpx.Response:
    """The answer to one request at a fresh counter."""
    answers: list[httpx.Response] = []

    async def check(_counter: FakeCounter, client: httpx.AsyncClient) -> None:
        answers.append(await client.request(method, path, **request))

    at_counter(check)
    return answers[0]


# --- what can be seen and done ----------------------------------------------------------------------------------------


def test_state_tells_the_open_sale_and_the_screens_words():
    async def check(_counter, client):
        assert (await client.get("/api/state")).json()["sale"] is None

        await client.post("/api/register", json={"send": "PAY 1990 ID=42"})

        state = (await client.get("/api/state")).json()
        assert state["state"] == "entry"
        assert state["sale"]["register_id"] == "42"
        assert state["sale"]["amount_kr"] == 1990
        assert state["display"][0] == "1.990 kr."
        assert state["network"] == "ok"

    at_counter(check)


def test_page_is_told_what_the_program_is_made_of():
    versions = answer_to("GET", "/api/about").json()["versions"]

    assert versions["netgiro-terminal"] == __version__
    assert versions["httpx"] == httpx.__version__
    assert {"Python", "SQLite"} <= versions.keys()


def test_display_is_the_oleds_picture_pixel_for_pixel():
    answer = answer_to("GET", "/api/display.png")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "no-store"
    assert Image.open(io.BytesIO(answer.content)).size == (128, 64)


def test_keys_reach_the_keypad_in_order():
    async def check(counter, client):
        answer = await client.post("/api/keypad", json={"keys": "8223281#*ABCD"})
        assert answer.json() == {"pressed": 13}
        assert (counter.pressed, counter.held) == ("8223281#*ABCD", "")

    at_counter(check)


def test_the_last_key_may_be_held():
    async def check(counter, client):
        answer = await client.post("/api/keypad", json={"keys": "82*", "hold": True})
        assert answer.json() == {"pressed": 3}
        assert (counter.pressed, counter.held) == ("82*", "*")

    at_counter(check)


def test_register_line_is_sent_and_logged_with_its_answer():
    async def check(_counter, client):
        assert (await client.get("/api/register")).json()["protocol"] == "line"
        assert (await client.post("/api/register", json={"send": "PING"})).json() == {"sent": "PING"}
        log = (await client.get("/api/register/log")).json()
        assert [(entry["sender"], entry["text"]) for entry in log] == [("panel", "PING"), ("terminal", "PONG")]

    at_counter(check)


def test_receipt_is_listed_as_text_and_served_as_picture_and_as_bytes():
    async def check(counter, client):
        await counter.print_receipt(TextLine("Þökkum viðskiptin"))

        (receipt,) = (await client.get("/api/receipts")).json()
        assert "Þökkum viðskiptin" in receipt["text"]
        picture = await client.get(f"/api/receipts/{receipt['id']}.png")
        assert Image.open(io.BytesIO(picture.content)).width > 500
        data = await client.get(f"/api/receipts/{receipt['id']}.bin")
        assert data.headers["content-type"] == "application/octet-stream"
        assert "Þökkum".encode("CP858") in data.content

    at_counter(check)


def test_printer_changes_only_in_what_was_named():
    async def check(counter, client):
        answer = await client.put("/api/printer", json={"paper": "out"})
        assert answer.json() == {"paper": "out", "online": True, "cover": "closed"}
        await client.put("/api/printer", json={"online": False, "cover": "open"})
        assert counter.printer() == PrinterCondition(paper="out", online=False, cover="open")
        assert (await client.get("/api/printer")).json() == {"paper": "out", "online": False, "cover": "open"}

    at_counter(check)


def test_extra_routes_are_served_beside_the_panel():
    assert answer_to("GET", "/sandbox/carts").json() == []


# --- what is refused, and with which words ----------------------------------------------------------------------------


@each_of(
    ("method", "path", "body", "reason"),
    [
        ("POST", "/api/keypad", b"", "not JSON"),
        ("POST", "/api/keypad", b"\xff\x00", "not JSON"),
        ("POST", "/api/keypad", b'{"keys": "\\ud800"}', "not JSON"),
        ("POST", "/api/keypad", b"[]", "Expected `object`"),
        ("POST", "/api/keypad", b"{}", "missing required field `keys`"),
        ("POST", "/api/keypad", b'{"keys": 1}', "Expected `str`, got `int` - at `$.keys`"),
        ("POST", "/api/keypad", b'{"keys": "1", "key": "1"}', "unknown field `key`"),
        ("POST", "/api/keypad", b'{"keys": ""}', "it must be 1 to 100"),
        ("POST", "/api/keypad", b'{"keys": "12E"}', "no key 'E'"),
        ("POST", "/api/register", b'{"send": ""}', "it must be 1 to 1000"),
        ("PUT", "/api/printer", b"{}", "say what to change"),
        ("PUT", "/api/printer", b'{"paper": "wet"}', "Invalid enum value 'wet' - at `$.paper`"),
        ("PUT", "/api/printer", b'{"online": "yes"}', "Expected `bool`"),
    ],
)
def test_bad_request_is_answered_400_with_what_is_wrong(method, path, body, reason):
    answer = answer_to(method, path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert reason in answer.json()["error"]


def test_more_keys_than_anyone_types_are_refused_before_the_first_is_pressed():
    async def check(counter, client):
        assert (await client.post("/api/keypad", json={"keys": "1" * 101})).status_code == 400
        assert counter.pressed == ""

    at_counter(check)


def test_body_is_bounded():
    answer = answer_to("POST", "/api/register", json={"send": "x" * 50_000})
    assert answer.status_code == 413


def test_device_that_is_gone_is_answered_503_with_its_own_words():
    async def check(counter, client):
        async def unplugged(_keys: str, **_hold: bool) -> None:
            raise DeviceError("the keypad is unplugged, plug it in")

        counter.press = unplugged
        answer = await client.post("/api/keypad", json={"keys": "1"})
        assert answer.status_code == 503
        assert answer.json() == {"error": "the keypad is unplugged, plug it in"}

    at_counter(check)


@each_of("path", ["/api/receipts/7.png", "/api/receipts/7.bin", "/api/nothing", "/static/nothing.js"])
def test_what_is_not_there_is_answered_404_as_json(path):
    answer = answer_to("GET", path)
    assert answer.status_code == 404
    assert answer.json()["error"]


def test_files_outside_the_page_are_not_served():
    assert answer_to("GET", "/static/%2e%2e/server.py").status_code == 404


def test_wrong_method_is_answered_405_as_json():
    answer = answer_to("DELETE", "/api/state")
    assert answer.status_code == 405
    assert "DELETE" in answer.json()["error"]


# --- who gets in ------------------------------------------------------------------------------------------------------


@each_of("host", ["localhost:8023", "127.0.0.1", "127.8.8.8:1", "[::1]:8023", "LOCALHOST"])
def test_loopback_names_are_let_in(host):
    assert answer_to("GET", "/api/state", headers={"Host": host}).status_code == 200


@each_of("host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "10.0.0.1", ""])
@each_of("path", ["/", "/api/state", "/api/events", "/sandbox/carts"])
def test_foreign_names_for_this_machine_are_kept_out(host, path):
    answer = answer_to("GET", path, headers={"Host": host})
    assert answer.status_code == 403
    assert "localhost" in answer.json()["error"]


@each_of("origin", ["http://evil.example", "null", "http://127.0.0.1:8024", "http://localhost:8023"])
@each_of("path", ["/api/keypad", "/sandbox/appcodes"])
def test_requests_of_foreign_pages_are_kept_out(origin, path):
    answer = answer_to("POST", path, json={"keys": "1"}, headers={"Origin": origin})
    assert answer.status_code == 403


def test_requests_of_the_own_page_are_let_in():
    answer = answer_to("POST", "/api/keypad", json={"keys": "1"}, headers={"Origin": "http://127.0.0.1:8023"})
    assert answer.status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_body_that_does_not_call_itself_json_is_refused(content_type):
    answer = answer_to("POST", "/api/keypad", content=b'{"keys": "1"}', headers={"Content-Type": content_type})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]
