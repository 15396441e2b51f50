"""Who may call the web server of register programs: tokens, pairing, web pages."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.unit.register.http.server_bench import PAGE, Terminal, at_a_terminal

# --- who may call -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", [None, "", "Bearer", "Bearer x", "Basic x", "Bearer \u00e1"])
def test_without_a_token_nothing_is_answered(tmp_path: Path, shown: str | None) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        del client.headers["Authorization"]
        headers = {} if shown is None else {"Authorization": shown.encode("latin-1")}
        for method, path in (("GET", "/v1/status"), ("POST", "/v1/payments"), ("GET", "/v1/events")):
            refused = await client.request(method, path, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (401, "token")
            assert refused.headers["www-authenticate"] == "Bearer"
            assert refused.headers["content-type"] == "application/problem+json"
        assert terminal.heard == []

    at_a_terminal(tmp_path, scenario)


def test_the_scheme_is_read_in_either_case(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        headers = {"Authorization": f"bearer {terminal.token}"}
        assert (await client.get("/v1/status", headers=headers)).status_code == 200

    at_a_terminal(tmp_path, scenario)


def test_the_reference_needs_no_token(tmp_path: Path) -> None:
    async def scenario(_terminal: Terminal, client: httpx.AsyncClient) -> None:
        del client.headers["Authorization"]
        reference = (await client.get("/openapi.json")).json()
        assert reference["openapi"].startswith("3.1")

    at_a_terminal(tmp_path, scenario)


def test_a_program_is_paired_by_the_digits_that_the_terminal_shows(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        del client.headers["Authorization"]
        form = {"code": terminal.port.programs.new_code().digits.reveal(), "name": "  Kassi\n2 "}
        paired = await client.post("/v1/pair", json=form)
        assert paired.status_code == 200
        assert paired.json() | {"name": "Kassi 2", "terminal": "T7", "certificate_sha256": None} == paired.json()
        assert (await client.post("/v1/pair", json=form)).status_code == 403, "once"
        headers = {"Authorization": f"Bearer {paired.json()['token']}"}
        assert (await client.get("/v1/status", headers=headers)).status_code == 200
        assert terminal.heard[-1]["program"] == "Kassi 2"
        terminal.port.programs.revoke("Kassi 2")
        assert (await client.get("/v1/status", headers=headers)).status_code == 401

    at_a_terminal(tmp_path, scenario)


def test_of_two_programs_that_send_the_digits_at_once_one_is_paired(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        digits = terminal.port.programs.new_code().digits.reveal()
        forms = [{"code": digits, "name": f"Kassi {number}"} for number in (2, 3, 4)]
        paired = await asyncio.gather(*(client.post("/v1/pair", json=form) for form in forms))
        assert sorted(one.status_code for one in paired) == [200, 403, 403]
        assert len(terminal.port.programs.known) == 2, "Kassi 1, and the first of them"

    at_a_terminal(tmp_path, scenario)


def test_five_wrong_codes_end_a_code(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        code = terminal.port.programs.new_code().digits.reveal()
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        answers = [await client.post("/v1/pair", json={"code": wrong, "name": "x"}) for _ in range(5)]
        assert {answer.status_code for answer in answers} == {403}
        assert (await client.post("/v1/pair", json={"code": code, "name": "x"})).status_code == 403

    at_a_terminal(tmp_path, scenario)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"code": "12345", "name": "x"},
        {"code": 123456, "name": "x"},
        {"code": "12345\u0663", "name": "x"},
        {"code": "123456\n", "name": "x"},
        {"code": "123456", "name": ""},
        {"code": "123456", "name": " \n"},
        {"code": "123456", "name": "x" * 41},
        {"code": "123456", "name": "x", "role": "admin"},
    ],
)
def test_a_pairing_that_cannot_be_read_uses_up_nothing(tmp_path: Path, form: dict[str, object]) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        code = terminal.port.programs.new_code().digits.reveal()
        for _ in range(6):
            assert (await client.post("/v1/pair", json=form)).status_code == 400
        assert (await client.post("/v1/pair", json={"code": code, "name": "x"})).status_code == 200

    at_a_terminal(tmp_path, scenario)


# --- web pages --------------------------------------------------------------------------------------------------------


def test_no_web_page_may_call_unless_it_is_named(tmp_path: Path) -> None:
    async def scenario(terminal: Terminal, client: httpx.AsyncClient) -> None:
        for origin in ("https://evil.example", "null", terminal.port.base_url):
            refused = await client.get("/v1/status", headers={"Origin": origin})
            assert (refused.status_code, refused.json()["code"]) == (403, "origin")
            assert "access-control-allow-origin" not in refused.headers
        assert terminal.heard == []

    at_a_terminal(tmp_path, scenario)


def test_a_web_page_that_is_named_may_call(tmp_path: Path) -> None:
    async def scenario(_terminal: Terminal, client: httpx.AsyncClient) -> None:
        asked = {
            "Origin": PAGE,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
            "Access-Control-Request-Private-Network": "true",
        }
        del client.headers["Authorization"]
        preflight = await client.options("/v1/payments", headers=asked)
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == PAGE
        assert "DELETE" in preflight.headers["access-control-allow-methods"]
        assert "Idempotency-Key" in preflight.headers["access-control-allow-headers"]
        assert preflight.headers["access-control-allow-private-network"] == "true"
        refused = await client.get("/v1/status", headers={"Origin": PAGE})
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == PAGE, "or the page's script could not read why"
        assert refused.headers["vary"] == "Origin"

    at_a_terminal(tmp_path, scenario, origins=(PAGE,))
